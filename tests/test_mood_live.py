"""mood.live: the video is never held up, what is remembered stays small, and threads end."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from mood import EMOTIONS, live
from mood.drawing import COLOURS, draw_faces, mood_line
from mood.faces import Box, FaceError
from mood.live import LiveMood
from mood.reader import Reading
from tests.faces_at_hand import astronaut

FRAME = np.random.default_rng(0).integers(30, 220, (120, 160, 3)).astype(np.uint8)


def reading(emotion: str, box: tuple[int, int, int, int] = (40, 30, 60, 60)) -> Reading:
    scores = {name: 0.88 if name == emotion else 0.02 for name in EMOTIONS}
    return Reading(Box(*box), emotion, scores)


@pytest.fixture
def watch(monkeypatch):
    """watch(read) -> a LiveMood whose frames `read` reads; all of them are closed at the end."""
    opened = []

    def make(read: Callable[[np.ndarray], list[Reading]]) -> LiveMood:
        monkeypatch.setattr(live, "read_image", lambda reader, frame: read(frame))
        opened.append(LiveMood(reader=None))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


def wait_until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.01)


def threads() -> int:
    return sum(thread.name == "live mood" for thread in threading.enumerate())


def test_a_face_becomes_a_mood(watch):
    watched = watch(lambda frame: [reading("happy")])
    assert watched.mood.emotion is None and watched.see(FRAME).boxes == ()
    wait_until(lambda: watched.mood.emotion == "happy")
    seen = watched.see(FRAME)
    assert seen.boxes == (Box(40, 30, 60, 60),) and (seen.leader, seen.emotion) == (0, "happy")


def test_slow_reading_never_holds_the_video_up_and_reads_the_newest(watch):
    gate, read = threading.Event(), []

    def slowly(frame: np.ndarray) -> list[Reading]:
        read.append(int(frame[0, 0, 0]))
        gate.wait(20)
        return [reading("sad")]

    watched = watch(slowly)
    watched.see(np.full((4, 4, 3), 1, np.uint8))
    wait_until(lambda: read == [1])
    began = time.monotonic()
    for number in range(2, 100):
        watched.see(np.full((4, 4, 3), number, np.uint8))
    assert time.monotonic() - began < 5, "taking a frame does not wait for its reading"
    gate.set()
    wait_until(lambda: len(read) == 2)
    assert read == [1, 99], "those in between were let go"
    rates = watched.rates()
    assert rates.shown > rates.read > 0


def test_a_frame_that_cannot_be_read_is_said(watch):
    def refuse(frame: np.ndarray) -> list[Reading]:
        raise FaceError("It is too dark.")

    watched = watch(refuse)
    watched.see(FRAME)
    wait_until(lambda: watched.refusal == "It is too dark.")
    assert watched.mood.state == "no_face"


def test_what_is_remembered_does_not_grow(watch, monkeypatch):
    clock = iter(np.arange(0.0, 4_000.0, 0.02))
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    watched = watch(lambda frame: [])
    with watched._turn:
        for _ in range(20_000):
            watched._shown.append(live.time.monotonic())
            watched._note(FRAME, (reading("happy"),), "")
    line = watched.line()
    assert len(line) == 120 and 55 <= line[-1].time_s - line[0].time_s <= 65
    assert len(watched._shown) <= 512 and not watched.kept()


def test_the_thread_ends_when_it_is_closed_or_left_alone(watch, monkeypatch):
    monkeypatch.setattr(live, "ALONE_S", 0.2)
    watched = watch(lambda frame: [])
    before = threads()
    watched.see(FRAME)
    wait_until(lambda: threads() <= before)
    monkeypatch.setattr(live, "ALONE_S", 600.0)
    watched.see(FRAME)
    wait_until(lambda: len(watched._done) == 2)
    watched.close()
    wait_until(lambda: threads() <= before)


def test_faces_are_kept_only_when_asked_for(watch, monkeypatch):
    monkeypatch.setattr(live, "KEPT_S", 0.0)
    watched = watch(lambda frame: [reading("happy")])
    frame = np.ascontiguousarray(astronaut()[:120, 130:290])

    def see() -> int:
        watched.see(frame)
        return len(watched.kept())

    for _ in range(3):
        assert see() == 0
    watched.keep(3)
    wait_until(lambda: see() == 3)
    wait_until(lambda: len(watched._done) > 12 or not see())
    kept = watched.kept()
    assert len(kept) == 3 and all(face.shape == (48, 48) and face.dtype == np.uint8 for face in kept)
    watched.keep(0)
    assert watched.kept() == []


def test_the_leading_face_is_drawn_in_its_colour():
    image = np.zeros((100, 100, 3), np.uint8)
    drawn = draw_faces(image, [(10, 10, 30, 30), (60, 60, 20, 20)], leader=0, emotion="angry")
    assert not image.any(), "the picture itself stays as it is"
    assert tuple(drawn[10, 25]) == (207, 75, 75) and tuple(drawn[60, 70]) == (215, 215, 215)
    assert draw_faces(image, []).tolist() == image.tolist()


def test_the_line_has_a_gap_where_no_face_was():
    scores = {"happy": 0.9, "punk": 0.1}
    moments = [live.Moment(time_s, {} if time_s == 1.0 else scores) for time_s in (0.0, 0.5, 1.0, 1.5)]
    rows, description = mood_line(moments, 60.0)
    assert len(rows) == 6 and {row["part"] for row in rows} == {0, 1}
    assert [row["ago"] for row in rows[::2]] == [-1.5, -1.0, 0.0]
    colours = description["encoding"]["color"]["scale"]
    assert colours["domain"] == [*COLOURS, "punk"] and len(colours["range"]) == 8
    assert mood_line([], 60.0)[0] == []
