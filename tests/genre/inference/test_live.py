"""genre.inference.live: a prediction every second from the last ten, smoothed; no thread is left."""

import threading
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.audio.clip import SAMPLE_RATE
from genre.inference import live
from genre.inference.classifier import UNFAMILIAR, Prediction
from genre.inference.description import Description
from genre.inference.live import FAILURE_MESSAGE, MAX_FAILURES, WINDOW_S, LiveClassifier, SmoothedPrediction
from genre.inference.load import load_classifier
from tests.support.patience import wait_until

PACKET_S = 0.02


def prediction(**probabilities: float) -> Prediction:
    best = max(probabilities, key=probabilities.get)
    return Prediction("music", best, True, probabilities, WINDOW_S, "", confidence_threshold=0.7)


SILENCE = Prediction("not_music", None, False, {}, WINDOW_S, "Earmark hears silence.")


class RecordingClassifier:
    """A classifier that keeps the clips it got."""

    def __init__(self, prediction: Prediction = SILENCE, takes_s: float = 0.0):
        self.prediction, self.takes_s, self.clips = prediction, takes_s, []

    def __call__(self, clip):
        self.clips.append(clip)
        time.sleep(self.takes_s)
        return self.prediction


def push_packets(live_classifier: LiveClassifier, samples: np.ndarray, rate: int = SAMPLE_RATE) -> None:
    """Push in packets, waiting for the prediction whenever one is due."""
    size = round(PACKET_S * rate)
    for start in range(0, len(samples), size):
        live_classifier.push(samples[start : start + size], rate)
        wait_until(lambda: not live_classifier._is_due())


def threads() -> int:
    return sum(thread.name == "live classifier" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert threads() == 0


def test_a_prediction_every_second_on_the_last_ten():
    classify = RecordingClassifier()
    live_classifier = LiveClassifier(classify)
    ramp = np.arange(15 * SAMPLE_RATE, dtype=np.float32) / (15 * SAMPLE_RATE)
    push_packets(live_classifier, ramp)
    wait_until(lambda: live_classifier.latest().n_predictions == len(classify.clips))
    live_classifier.stop()
    assert len(classify.clips) == 13  # at 3, 4, ... 15 s
    lengths = [clip.duration_s for clip in classify.clips]
    assert lengths[:7] == pytest.approx([3, 4, 5, 6, 7, 8, 9], abs=0.1) and max(lengths) == WINDOW_S
    for clip in classify.clips:
        assert (np.diff(clip.samples) > 0).all(), "oldest first, with no seam"
    assert classify.clips[-1].samples[-1] > 0.99


@pytest.mark.parametrize(
    ("rate", "channels", "kind"), [(48_000, 2, np.int16), (44_100, 1, np.float32), (16_000, 1, np.int32)]
)
def test_any_rate_and_depth(rate, channels, kind):
    classify = RecordingClassifier()
    live_classifier = LiveClassifier(classify)
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(4 * rate) / rate)
    if kind != np.float32:
        tone = tone * np.iinfo(kind).max
    push_packets(live_classifier, np.repeat(tone.astype(kind)[:, None], channels, axis=1), rate)
    live_classifier.stop()
    samples = classify.clips[-1].samples[SAMPLE_RATE:]
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    assert spectrum.argmax() * SAMPLE_RATE / len(samples) == pytest.approx(440, abs=1)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=0.01)


def test_music_gets_the_genres_of_the_classifier(play):
    classifier = load_classifier()
    live_classifier = LiveClassifier(classifier.classify)
    music = play("metal", 6.0)
    push_packets(live_classifier, music)
    wait_until(lambda: live_classifier.latest().n_predictions >= 3)
    latest = live_classifier.latest()
    live_classifier.stop()
    assert set(latest.probabilities) == set(classifier.genres)
    assert sum(latest.probabilities.values()) == pytest.approx(1, abs=1e-4)
    assert latest.genre is not None and 0 < latest.level < 1 and latest.inference_ms > 0


def test_stopping_resets_and_a_restart_works():
    classify = RecordingClassifier(prediction(jazz=0.9, rock=0.1), takes_s=0.05)
    live_classifier = LiveClassifier(classify)
    for _ in range(3):
        push_packets(live_classifier, np.ones(4 * SAMPLE_RATE, np.float32))
        assert live_classifier.running and threads() == 1
        live_classifier.stop()
        assert not live_classifier.running and threads() == 0
        latest = live_classifier.latest()
        assert latest.genre is None and latest.n_predictions == 0 and latest.level == 0
    live_classifier.stop()


def test_without_sound_the_thread_ends(monkeypatch):
    monkeypatch.setattr(live, "IDLE_S", 0.1)
    live_classifier = LiveClassifier(RecordingClassifier())
    push_packets(live_classifier, np.ones(4 * SAMPLE_RATE, np.float32))
    wait_until(lambda: not threads())
    assert not live_classifier.running and live_classifier.latest().n_predictions == 0


def test_a_slow_machine_skips_predictions_and_never_lags():
    classify = RecordingClassifier(takes_s=0.1)
    live_classifier = LiveClassifier(classify)
    for k in range(200):  # 20 s of sound in next to no time
        live_classifier.push(np.full(SAMPLE_RATE // 10, k, np.float32), SAMPLE_RATE)
    wait_until(lambda: classify.clips and classify.clips[-1].samples[-1] >= 180)
    live_classifier.stop()
    assert len(classify.clips) <= 4
    assert all(clip.duration_s <= WINDOW_S for clip in classify.clips)


def test_a_failing_classifier_is_given_up_with_a_sentence():
    calls = []

    def classify(clip):
        calls.append(clip)
        if len(calls) <= MAX_FAILURES:
            raise ValueError("broken")
        return prediction(jazz=0.9, rock=0.1)

    live_classifier = LiveClassifier(classify)
    for count in range(1, MAX_FAILURES + 3):
        live_classifier.push(np.ones(4 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
        wait_until(lambda: not threads())
        assert not live_classifier.running and len(calls) == min(count, MAX_FAILURES)
    assert live_classifier.latest().message == FAILURE_MESSAGE
    live_classifier.stop()  # and begun again, by the visitor
    push_packets(live_classifier, np.ones(4 * SAMPLE_RATE, np.float32))
    wait_until(lambda: live_classifier.latest().genre == "jazz")
    live_classifier.stop()


def test_ten_minutes_need_no_more_memory_than_one():
    live_classifier = LiveClassifier(RecordingClassifier())
    live_classifier._n_predicted = 10**12  # no predictions: this is about the ring
    packet = np.ones((SAMPLE_RATE, 2), np.int16)
    tracemalloc.start()
    for minute in range(10):
        for _ in range(60):
            live_classifier.push(packet, SAMPLE_RATE)
        if minute == 0:
            early = tracemalloc.get_traced_memory()[0]
    late = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert late - early < 100_000 and threads() == 0


def test_many_visits_leave_no_thread():
    for _ in range(20):
        live_classifier = LiveClassifier(RecordingClassifier())
        live_classifier.push(np.ones(4 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
        live_classifier.stop()
    assert threads() == 0


@settings(max_examples=30)
@given(st.lists(st.integers(0, 60_000), min_size=1, max_size=12))
def test_the_ring_holds_the_newest_samples(sizes):
    live_classifier = LiveClassifier(RecordingClassifier())
    live_classifier._n_predicted = 10**12
    total = np.arange(sum(sizes), dtype=np.float32)
    place = 0
    for size in sizes:
        live_classifier.push(total[place : place + size], SAMPLE_RATE)
        place += size
    assert np.array_equal(
        live_classifier._newest(len(live_classifier._ring)), total[-round(WINDOW_S * SAMPLE_RATE) :]
    )


def test_broken_samples_are_silence():
    live_classifier = LiveClassifier(RecordingClassifier())
    live_classifier.push(np.full(1_000, np.nan, np.float32), SAMPLE_RATE)
    live_classifier.push(np.array([np.inf, -np.inf], np.float32), SAMPLE_RATE)
    assert live_classifier.latest().level == 0


def test_one_odd_second_changes_no_genre():
    smoothed = SmoothedPrediction()
    for _ in range(10):
        smoothed.update(prediction(jazz=0.8, blues=0.2))
    assert smoothed.update(prediction(jazz=0.3, blues=0.7)).genre == "jazz"


def test_a_new_piece_is_noticed_within_seconds():
    smoothed = SmoothedPrediction()
    for _ in range(30):
        assert smoothed.update(prediction(jazz=0.9, rock=0.1)).genre == "jazz"
    predictions = [smoothed.update(prediction(jazz=0.1, rock=0.9)) for _ in range(8)]
    first = [update.genre for update in predictions].index("rock")
    assert 1 <= first <= 4
    assert predictions[-1].confident and predictions[-1].probabilities["rock"] > 0.8
    assert not predictions[first].confident


def test_it_is_as_confident_as_so_much_music_allows():
    """Three seconds have a confidence threshold, and ten a lower one."""
    smoothed, music = SmoothedPrediction(), prediction(jazz=0.75, rock=0.25)
    assert not smoothed.update(replace(music, confidence_threshold=0.8)).confident
    assert smoothed.update(music).confident and smoothed.update(SILENCE).confident, (
        "a pause takes nothing back"
    )


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_genre_is_that_of_the_longest_bar(ps):
    smoothed = SmoothedPrediction()
    for p in ps:
        latest = smoothed.update(prediction(jazz=p, blues=1 - p))
        assert latest.probabilities[latest.genre] >= max(latest.probabilities.values())
        assert sum(latest.probabilities.values()) == pytest.approx(1)


def test_unfamiliar_music_is_not_confident():
    smoothed, music = SmoothedPrediction(), prediction(jazz=0.9, rock=0.1)
    strange = smoothed.update(replace(music, description=Description(familiar=False)))
    assert strange.genre == "jazz" and not strange.confident and strange.message == UNFAMILIAR
    assert smoothed.update(music).confident


def test_a_pause_keeps_the_genre_and_silence_removes_it():
    smoothed = SmoothedPrediction()
    smoothed.update(prediction(jazz=0.9, rock=0.1))
    assert smoothed.update(SILENCE).genre == "jazz"
    quiet = smoothed.update(SILENCE)
    assert quiet.genre is None and quiet.message == "Earmark hears silence." and not quiet.probabilities
    assert smoothed.update(prediction(jazz=0.2, rock=0.8)).genre == "rock", "nothing of before remains"
