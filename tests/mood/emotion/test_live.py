"""mood.emotion.live: the video is never held up, what is remembered stays small, and threads end."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from mood import EMOTIONS
from mood.emotion import live
from mood.emotion.drawing import draw_faces
from mood.emotion.faces import Box, FaceError
from mood.emotion.live import LiveRecognizer
from mood.emotion.recognizer import FaceEmotion
from tests.support.faces import astronaut
from tests.support.patience import PATIENCE_S, wait_until

FRAME = np.random.default_rng(0).integers(30, 220, (120, 160, 3)).astype(np.uint8)


def face_emotion(emotion: str, box: tuple[int, int, int, int] = (40, 30, 60, 60)) -> FaceEmotion:
    scores = {name: 0.88 if name == emotion else 0.02 for name in EMOTIONS}
    return FaceEmotion(Box(*box), emotion, scores)


@pytest.fixture
def watch(monkeypatch):
    """watch(read) -> a LiveRecognizer whose frames `read` reads; all of them are closed at the end."""
    opened = []

    def make(read: Callable[[np.ndarray], list[FaceEmotion]]) -> LiveRecognizer:
        monkeypatch.setattr(live, "recognize_emotions", lambda recognizer, frame: read(frame))
        opened.append(LiveRecognizer(recognizer=None))
        return opened[-1]

    yield make
    for live_mood in opened:
        live_mood.close()


def threads() -> int:
    return sum(thread.name == "live mood" for thread in threading.enumerate())


def test_a_face_becomes_a_mood(watch):
    recognizer = watch(lambda frame: [face_emotion("happy")])
    assert recognizer.mood.emotion is None and recognizer.push_frame(FRAME).boxes == ()
    wait_until(lambda: recognizer.mood.emotion == "happy")
    faces = recognizer.push_frame(FRAME)
    assert faces.boxes == (Box(40, 30, 60, 60),) and (faces.tracked_face, faces.emotion) == (0, "happy")


def test_slow_predictions_never_hold_the_video_up_and_use_the_newest_frame(watch):
    gate, read = threading.Event(), []

    def slowly(frame: np.ndarray) -> list[FaceEmotion]:
        read.append(int(frame[0, 0, 0]))
        gate.wait(PATIENCE_S)
        return [face_emotion("sad")]

    recognizer = watch(slowly)
    recognizer.push_frame(np.full((4, 4, 3), 1, np.uint8))
    wait_until(lambda: read == [1])
    for number in range(2, 100):
        recognizer.push_frame(np.full((4, 4, 3), number, np.uint8))
    assert read == [1], "taking a frame does not wait for its prediction"
    gate.set()
    wait_until(lambda: len(read) == 2)
    assert read == [1, 99], "those in between were let go"
    rates = recognizer.frame_rates()
    assert rates.camera > rates.predictions > 0


def test_a_frame_that_cannot_be_read_gives_an_error(watch):
    def refuse(frame: np.ndarray) -> list[FaceEmotion]:
        raise FaceError("It is too dark.")

    recognizer = watch(refuse)
    recognizer.push_frame(FRAME)
    wait_until(lambda: recognizer.error == "It is too dark.")
    assert recognizer.mood.state == "no_face"


def test_a_recognizer_that_fails_is_given_up_with_a_sentence(watch):
    read = []

    def fail(frame: np.ndarray) -> list[FaceEmotion]:
        read.append(frame)
        if recognizer.recognizer is None:
            raise RuntimeError("broken")
        return [face_emotion("happy")]

    recognizer = watch(fail)
    wait_until(lambda: recognizer.push_frame(FRAME) and recognizer.error == live.FAILURE_MESSAGE)
    for _ in range(20):
        recognizer.push_frame(FRAME)
        time.sleep(0.01)
    assert len(read) == live.MAX_FAILURES
    recognizer.recognizer = "another one"
    wait_until(lambda: recognizer.push_frame(FRAME) and recognizer.mood.emotion == "happy")
    assert recognizer.error == ""


def test_the_history_does_not_grow(watch, monkeypatch):
    clock = iter(np.arange(0.0, 4_000.0, 0.02))
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    recognizer = watch(lambda frame: [])
    with recognizer._condition:
        for _ in range(20_000):
            recognizer._push_times.append(live.time.monotonic())
            recognizer._record(FRAME, (face_emotion("happy"),), "")
    line = recognizer.history()
    assert len(line) == 120 and 55 <= line[-1].time_s - line[0].time_s <= 65
    assert len(recognizer._push_times) <= 512 and not recognizer.captured_faces()


def test_the_thread_ends_when_it_is_closed_or_left_alone(watch, monkeypatch):
    monkeypatch.setattr(live, "IDLE_TIMEOUT_S", 0.2)
    recognizer = watch(lambda frame: [])
    before = threads()
    recognizer.push_frame(FRAME)
    wait_until(lambda: threads() <= before)
    monkeypatch.setattr(live, "IDLE_TIMEOUT_S", 600.0)
    recognizer.push_frame(FRAME)
    wait_until(lambda: len(recognizer._process_times) == 2)
    recognizer.close()
    wait_until(lambda: threads() <= before)


def test_faces_are_captured_only_after_start_capture(watch, monkeypatch):
    monkeypatch.setattr(live, "CAPTURE_INTERVAL_S", 0.0)
    recognizer = watch(lambda frame: [face_emotion("happy")])
    frame = np.ascontiguousarray(astronaut()[:120, 130:290])

    def push() -> int:
        recognizer.push_frame(frame)
        return len(recognizer.captured_faces())

    for _ in range(3):
        assert push() == 0
    recognizer.start_capture(3)
    wait_until(lambda: push() == 3)
    wait_until(lambda: len(recognizer._process_times) > 12 or not push())
    captures = recognizer.captured_faces()
    assert len(captures) == 3 and all(face.shape == (48, 48) and face.dtype == np.uint8 for face in captures)
    recognizer.start_capture(0)
    assert recognizer.captured_faces() == []


def test_the_tracked_face_is_drawn_in_its_colour():
    image = np.zeros((100, 100, 3), np.uint8)
    picture = draw_faces(image, [(10, 10, 30, 30), (60, 60, 20, 20)], tracked_face=0, emotion="angry")
    assert not image.any(), "the picture itself stays as it is"
    assert tuple(picture[10, 25]) == (207, 75, 75) and tuple(picture[60, 70]) == (215, 215, 215)
    assert draw_faces(image, []).tolist() == image.tolist()
