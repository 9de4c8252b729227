"""Live classification: every second, a prediction for the last ten seconds of incoming sound.

    live = LiveClassifier(classifier.classify)
    live.push(samples, rate)     # from the source of the sound, some hundredths of a second at a time
    live.latest()                # the smoothed prediction
    live.stop()

One thread pushes sound, a second one (the live classifier's own) classifies it, and a third reads
predictions. Memory is bounded: the sound lies in a ring buffer of ten seconds. The second thread ends when no
sound comes.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import soxr

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.inference.classifier import UNFAMILIAR, UNREACHABLE, Prediction
from genre.text import certainty, runner_up

WINDOW_S = 10.0  # length of the sound for each prediction
UPDATE_S = 1.0  # length of the new sound between two predictions
FIRST_UPDATE_S = 3.0  # length of the sound before the first prediction
IDLE_S = 5.0  # time without sound after which the thread ends; new sound starts another
HALF_LIFE_S = 2.0  # half-life of older predictions in the smoothed probabilities
MAX_FAILURES = 3  # failures of the classifier in a row after which it is not called again
PATIENCE = 2  # predictions without music in a row after which no genre is displayed

FAILURE_MESSAGE = "Something is wrong with the chosen model: press Stop, choose another one, and start again."

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LivePrediction:
    """The smoothed prediction at this moment.

    Attributes:
        genre: the likeliest genre; None while there is no music, or not enough of it yet.
        probabilities: smoothed probability of each genre; empty where genre is None.
        confident: whether the genre's probability reaches the confidence threshold.
        certainty: how sure the model is, in words; empty where genre is None.
        message: one plain sentence.
        level: level of the last tenth of a second, 0 (-60 dBFS or less) to 1 (full scale).
        n_predictions: number of predictions so far.
        inference_ms: time that the last one took.
    """

    genre: str | None
    probabilities: dict[str, float]
    confident: bool
    message: str
    certainty: str = ""
    level: float = 0.0
    n_predictions: int = 0
    inference_ms: float = 0.0


@dataclass
class SmoothedPrediction:
    """Predictions smoothed by an exponential average; the genre is the likeliest after smoothing."""

    genre: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    confidence_threshold: float = UNREACHABLE  # threshold of the last prediction with music
    familiar: bool = True  # whether the last prediction with music was familiar
    is_doubtful: bool = False  # whether that one was no more than a guess
    n_without_music: int = 0

    def update(self, prediction: Prediction, passed_s: float = UPDATE_S) -> LivePrediction:
        """Add the prediction for a window that ends `passed_s` seconds after the window before it."""
        if not prediction.probabilities:
            self.n_without_music += 1
            if self.n_without_music >= PATIENCE or self.genre is None:
                self.genre, self.probabilities = None, {}
                return LivePrediction(None, {}, False, prediction.message)
        else:
            self.n_without_music, self.confidence_threshold = 0, prediction.confidence_threshold
            self.familiar, self.is_doubtful = prediction.description.familiar, prediction.is_doubtful
            self._blend(prediction.probabilities, 0.5 ** (passed_s / HALF_LIFE_S))
        assert self.genre is not None  # set by the first prediction with music
        probability = self.probabilities[self.genre]
        confident = self.familiar and probability >= self.confidence_threshold
        doubt = "Earmark is not sure yet." if self.familiar else UNFAMILIAR
        second = runner_up(self.probabilities)
        word = certainty(probability, confident, not self.is_doubtful, second)
        message = "" if confident else doubt
        return LivePrediction(self.genre, dict(self.probabilities), confident, message, word)

    def _blend(self, new_probabilities: dict[str, float], decay: float) -> None:
        if self.genre is None:
            self.probabilities = dict(new_probabilities)
        else:
            self.probabilities = {
                genre: decay * self.probabilities[genre] + (1 - decay) * p
                for genre, p in new_probabilities.items()
            }
        self.genre = max(self.probabilities, key=self.probabilities.__getitem__)


class LiveClassifier:
    """A ring buffer of sound, and one thread that classifies it."""

    def __init__(self, classify: Callable[[Clip], Prediction]) -> None:
        self._classify = classify
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._reset()

    def _reset(self) -> None:
        self._ring = np.zeros(round(WINDOW_S * SAMPLE_RATE), np.float32)
        self._n_received = 0  # samples since the beginning
        self._n_predicted = 0  # samples up to the last prediction
        self._resampler: soxr.ResampleStream | None = None
        self._rate = 0
        self._smoothed_prediction = SmoothedPrediction()
        self._latest = LivePrediction(
            None, {}, False, "Listening. The first answer comes after three seconds."
        )
        self._stopping = False

    def push(self, samples: np.ndarray, rate: int) -> None:
        """Add the next (n,) or (n, channels) samples, float or integer, at `rate` Hz.

        Calls must not overlap. A call takes less than a millisecond for a usual packet of 20 ms.
        """
        mono = _mono(samples)
        with self._condition:
            if self._stopping or self._failures >= MAX_FAILURES:
                return
            if rate != self._rate:
                self._rate = rate
                same = rate == SAMPLE_RATE
                self._resampler = None if same else soxr.ResampleStream(rate, SAMPLE_RATE, 1)
            if self._resampler:
                mono = self._resampler.resample_chunk(mono)
            self._write(mono[-len(self._ring) :], len(mono))
            if self._is_due():
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="live classifier", daemon=True)
                    self._thread.start()
                self._condition.notify()

    def latest(self) -> LivePrediction:
        """Return the smoothed prediction at this moment, without waiting for the next one."""
        with self._condition:
            if self._failures >= MAX_FAILURES:
                return LivePrediction(None, {}, False, FAILURE_MESSAGE)
            return replace(self._latest, level=self._level())

    def stop(self) -> None:
        """End the thread after its current prediction, and drop the sound; `push` starts again."""
        with self._condition:
            thread, self._failures = self._thread, 0
            self._stopping = thread is not None
            self._condition.notify()
            if thread is None:
                self._reset()
        if thread is not None:
            thread.join()

    @property
    def running(self) -> bool:
        """Return whether the thread is alive."""
        return self._thread is not None

    def _write(self, samples: np.ndarray, count: int) -> None:
        """Write the last of `count` new samples into the ring."""
        first = (self._n_received + count - len(samples)) % len(self._ring)
        until_end = min(len(samples), len(self._ring) - first)
        self._ring[first : first + until_end] = samples[:until_end]
        self._ring[: len(samples) - until_end] = samples[until_end:]
        self._n_received += count

    def _newest(self, count: int) -> np.ndarray:
        """Return the newest `count` samples, oldest first, or as many as there are."""
        count = min(count, self._n_received, len(self._ring))
        return self._ring[(self._n_received - count + np.arange(count)) % len(self._ring)]

    def _level(self) -> float:
        last = self._newest(SAMPLE_RATE // 10)
        power = float(np.mean(np.square(last))) if len(last) else 0.0
        return float(np.clip(1 + 10 * np.log10(power + 1e-12) / 60, 0, 1))

    def _is_due(self) -> bool:
        new_s = (self._n_received - self._n_predicted) / SAMPLE_RATE
        return new_s >= (UPDATE_S if self._n_predicted else FIRST_UPDATE_S)

    def _work(self) -> None:
        """Classify whenever there is a second of new sound, until the thread is stopped or idle."""
        try:
            while self._predict_next():
                self._failures = 0
        except Exception:
            with self._condition:
                self._failures += 1
            logger.exception("Live classification failed, %d times in a row", self._failures)
        finally:
            with self._condition:
                self._thread = None
                self._reset()

    def _predict_next(self) -> bool:
        """Wait for new sound and classify it -> whether to go on.

        Sound that comes during a prediction waits for the next one, so a slow machine gives fewer predictions
        and never falls behind.
        """
        with self._condition:
            due = self._condition.wait_for(lambda: self._stopping or self._is_due(), IDLE_S)
            if self._stopping or not due:
                return False
            samples = self._newest(len(self._ring))
            passed_s = (self._n_received - self._n_predicted) / SAMPLE_RATE
            self._n_predicted = self._n_received
        start_s = time.perf_counter()
        prediction = self._classify(Clip(samples, len(samples) / SAMPLE_RATE, name="live"))
        inference_ms = 1000 * (time.perf_counter() - start_s)
        latest = self._smoothed_prediction.update(prediction, passed_s)
        with self._condition:
            self._latest = replace(
                latest, n_predictions=self._latest.n_predictions + 1, inference_ms=inference_ms
            )
        return True


def _mono(samples: np.ndarray) -> np.ndarray:
    """Convert (n,) or (n, channels), float or integer -> (n,) float32, full scale 1, finite."""
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max + 1)
    samples = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return samples.mean(axis=1) if samples.ndim == 2 else samples
