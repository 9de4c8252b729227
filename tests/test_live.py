"""genre.live: a verdict every second from the last ten, steady, and nothing left behind."""

import threading
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre import live
from genre.audio import SAMPLE_RATE
from genre.classifier import Classifier, Verdict
from genre.live import LEAD, WINDOW_S, LiveEar, Steady

PACKET_S = 0.02


def verdict(**probabilities: float) -> Verdict:
    best = max(probabilities, key=probabilities.get)
    return Verdict("music", best, True, probabilities, WINDOW_S, "", sure_above=0.7)


SILENCE = Verdict("not_music", None, False, {}, WINDOW_S, "We hear silence.")


class Judge:
    """A classifier that keeps what it was asked about."""

    def __init__(self, answer: Verdict = SILENCE, takes_s: float = 0.0):
        self.answer, self.takes_s, self.clips = answer, takes_s, []

    def __call__(self, clip):
        self.clips.append(clip)
        time.sleep(self.takes_s)
        return self.answer


def play_into(ear: LiveEar, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    """Push in packets, waiting for the verdict whenever one is due."""
    size = round(PACKET_S * rate)
    for start in range(0, len(samples), size):
        ear.push(samples[start : start + size], rate)
        wait(lambda: not ear._due())


def wait(condition, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def threads() -> int:
    return sum(thread.name == "live ear" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert threads() == 0


def test_a_verdict_every_second_on_the_last_ten():
    judge = Judge()
    ear = LiveEar(judge)
    ramp = np.arange(15 * SAMPLE_RATE, dtype=np.float32) / (15 * SAMPLE_RATE)
    play_into(ear, ramp)
    wait(lambda: ear.heard().verdicts == len(judge.clips))
    ear.stop()
    assert len(judge.clips) == 13  # at 3, 4, ... 15 s
    lengths = [clip.duration_s for clip in judge.clips]
    assert lengths[:7] == pytest.approx([3, 4, 5, 6, 7, 8, 9], abs=0.1) and max(lengths) == WINDOW_S
    for clip in judge.clips:
        assert (np.diff(clip.samples) > 0).all(), "oldest first, with no seam"
    assert judge.clips[-1].samples[-1] > 0.99


@pytest.mark.parametrize(("rate", "channels", "kind"), [
    (48_000, 2, np.int16), (44_100, 1, np.float32), (16_000, 1, np.int32),
])  # fmt: skip
def test_any_rate_and_depth(rate, channels, kind):
    judge = Judge()
    ear = LiveEar(judge)
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
    if kind != np.float32:
        tone = tone * np.iinfo(kind).max
    play_into(ear, np.repeat(tone.astype(kind)[:, None], channels, axis=1), rate)
    ear.stop()
    heard = judge.clips[-1].samples[SAMPLE_RATE:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert spectrum.argmax() * SAMPLE_RATE / len(heard) == pytest.approx(440, abs=1)
    assert np.abs(heard).max() == pytest.approx(0.5, abs=0.01)


def test_music_is_named_as_the_classifier_names_it(play):
    classifier = Classifier.load()
    ear = LiveEar(classifier.classify)
    music = play("metal", 6.0)
    play_into(ear, music)
    wait(lambda: ear.heard().verdicts >= 3)
    heard = ear.heard()
    ear.stop()
    assert set(heard.probabilities) == set(classifier.genres)
    assert sum(heard.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert heard.genre is not None and 0 < heard.level < 1 and heard.took_ms > 0


def test_stopping_forgets_and_a_new_beginning_works():
    judge = Judge(verdict(jazz=0.9, rock=0.1), takes_s=0.05)
    ear = LiveEar(judge)
    for _ in range(3):
        play_into(ear, np.ones(4 * SAMPLE_RATE, np.float32))
        assert ear.running and threads() == 1
        ear.stop()
        assert not ear.running and threads() == 0
        assert ear.heard().genre is None and ear.heard().verdicts == 0 and ear.heard().level == 0
    ear.stop()


def test_left_alone_the_thread_ends(monkeypatch):
    monkeypatch.setattr(live, "ALONE_S", 0.1)
    ear = LiveEar(Judge())
    play_into(ear, np.ones(4 * SAMPLE_RATE, np.float32))
    wait(lambda: not threads())
    assert not ear.running and ear.heard().verdicts == 0


def test_a_slow_machine_skips_verdicts_and_never_lags():
    judge = Judge(takes_s=0.1)
    ear = LiveEar(judge)
    for k in range(200):  # 20 s of sound in next to no time
        ear.push(np.full(SAMPLE_RATE // 10, k, np.float32), SAMPLE_RATE)
    wait(lambda: judge.clips and judge.clips[-1].samples[-1] >= 180)
    ear.stop()
    assert len(judge.clips) <= 4
    assert all(clip.duration_s <= WINDOW_S for clip in judge.clips)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_failing_classifier_leaves_no_thread():
    def fail(_):
        raise ValueError("broken")

    ear = LiveEar(fail)
    ear.push(np.ones(4 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
    wait(lambda: not threads())  # it is still reporting the error when the ear has let go of it
    assert not ear.running


def test_ten_minutes_need_no_more_memory_than_one():
    ear = LiveEar(Judge())
    ear._judged = 10**12  # no verdicts: this is about the ring
    packet = np.ones((SAMPLE_RATE, 2), np.int16)
    tracemalloc.start()
    for minute in range(10):
        for _ in range(60):
            ear.push(packet, SAMPLE_RATE)
        if minute == 0:
            early = tracemalloc.get_traced_memory()[0]
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late - early < 100_000 and threads() == 0


def test_many_visits_leave_no_thread():
    for _ in range(20):
        ear = LiveEar(Judge())
        ear.push(np.ones(4 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
        ear.stop()
    assert threads() == 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=12))
def test_the_ring_holds_the_newest_samples(sizes):
    ear = LiveEar(Judge())
    ear._judged = 10**12
    total = np.arange(sum(sizes), dtype=np.float32)
    place = 0
    for size in sizes:
        ear.push(total[place : place + size], SAMPLE_RATE)
        place += size
    assert np.array_equal(ear._last(len(ear._ring)), total[-round(WINDOW_S * SAMPLE_RATE) :])


def test_broken_samples_are_silence():
    ear = LiveEar(Judge())
    ear.push(np.full(1_000, np.nan, np.float32), SAMPLE_RATE)
    ear.push(np.array([np.inf, -np.inf], np.float32), SAMPLE_RATE)
    assert ear.heard().level == 0


def test_the_answer_does_not_jump():
    """Two genres that take turns in front of one another are not shown in turns."""
    steady = Steady()
    shown = []
    for k in range(20):
        lean = 0.06 if k % 2 else -0.06
        shown.append(steady.update(verdict(jazz=0.5 + lean, blues=0.5 - lean)).genre)
    assert len(set(shown)) == 1


def test_a_new_piece_is_noticed_within_seconds():
    steady = Steady()
    for _ in range(30):
        assert steady.update(verdict(jazz=0.9, rock=0.1)).genre == "jazz"
    answers = [steady.update(verdict(jazz=0.1, rock=0.9)) for _ in range(8)]
    first = [answer.genre for answer in answers].index("rock")
    assert 1 <= first <= 4
    assert answers[-1].sure and answers[-1].probabilities["rock"] > 0.8
    assert not answers[first].sure


def test_it_is_as_sure_as_so_much_music_allows():
    """A verdict on three seconds says from where on it would be sure; so does one on ten, lower."""
    steady, heard = Steady(), verdict(jazz=0.75, rock=0.25)
    assert not steady.update(replace(heard, sure_above=0.8)).sure
    assert steady.update(heard).sure and steady.update(SILENCE).sure, "a pause takes nothing back"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_what_is_shown_leads_or_nearly_so(ps):
    steady = Steady()
    for p in ps:
        heard = steady.update(verdict(jazz=p, blues=1 - p))
        assert heard.probabilities[heard.genre] >= max(heard.probabilities.values()) - LEAD - 1e-9
        assert sum(heard.probabilities.values()) == pytest.approx(1)


def test_a_pause_is_not_the_end_and_silence_is():
    steady = Steady()
    steady.update(verdict(jazz=0.9, rock=0.1))
    assert steady.update(SILENCE).genre == "jazz"
    quiet = steady.update(SILENCE)
    assert quiet.genre is None and quiet.message == "We hear silence." and not quiet.probabilities
    assert steady.update(verdict(jazz=0.2, rock=0.8)).genre == "rock", "nothing of before remains"
