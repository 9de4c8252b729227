"""Live: music comes in as it is played, and a verdict on the last ten seconds every second.

    ear = LiveEar(classifier.classify)
    ear.push(samples, rate)     # from whatever delivers sound, some hundredths of a second at a time
    ear.heard()                 # the smoothed state, for whoever shows it
    ear.stop()

Sound is pushed from one thread, judged in a second (the ear's own), and shown from a third. Nothing
grows: the sound lies in a ring of ten seconds, and the thread ends when no sound comes any more.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import soxr

from genre.audio import SAMPLE_RATE, Clip
from genre.classifier import NEVER, Verdict

WINDOW_S = 10.0  # of sound behind each verdict
EVERY_S = 1.0  # of new sound between two verdicts
FIRST_S = 3.0  # of sound before the first one
ALONE_S = 5.0  # without sound for so long, the thread ends; new sound starts another
HALF_LIFE_S = 2.0  # of what was heard before, in the smoothed probabilities
LEAD = 0.08  # by which another genre must lead before the page names it instead
PATIENCE = 2  # verdicts in a row without music before a genre that was named is taken back


@dataclass(frozen=True)
class Heard:
    """What the ear makes of the music by now.

    Attributes:
        genre: the one to show; None while there is no music, or not enough of it yet.
        probabilities: smoothed, of each genre; empty where genre is None.
        sure: whether the shown genre is as likely as a sure answer to so much music must be.
        message: one plain sentence.
        level: how loud the last tenth of a second was, 0 (-60 dBFS or less) to 1 (full scale).
        verdicts: how many verdicts there have been.
        took_ms: what the last one took.
    """

    genre: str | None
    probabilities: dict[str, float]
    sure: bool
    message: str
    level: float = 0.0
    verdicts: int = 0
    took_ms: float = 0.0


@dataclass
class Steady:
    """Verdicts in, a state out that does not jump: an exponential mean and some reluctance to change."""

    shown: str | None = None
    probabilities: dict[str, float] = field(default_factory=dict)
    sure_above: float = NEVER  # of the last verdict on music
    without_music: int = 0

    def update(self, verdict: Verdict, passed_s: float = EVERY_S) -> Heard:
        """Take in the verdict on a window that ends `passed_s` after the one before it."""
        if not verdict.probabilities:
            self.without_music += 1
            if self.without_music >= PATIENCE or self.shown is None:
                self.shown, self.probabilities = None, {}
                return Heard(None, {}, False, verdict.message)
        else:
            self.without_music, self.sure_above = 0, verdict.sure_above
            self._blend(verdict.probabilities, 0.5 ** (passed_s / HALF_LIFE_S))
        likely = self.probabilities[self.shown]
        sure = likely >= self.sure_above
        return Heard(self.shown, dict(self.probabilities), sure, "" if sure else "We are not sure yet.")

    def _blend(self, new: dict[str, float], kept: float) -> None:
        if self.shown is None:
            self.probabilities = dict(new)
        else:
            self.probabilities = {
                genre: kept * self.probabilities[genre] + (1 - kept) * p for genre, p in new.items()
            }
        leader = max(self.probabilities, key=self.probabilities.get)
        if self.shown is None or self.probabilities[leader] > self.probabilities[self.shown] + LEAD:
            self.shown = leader


class LiveEar:
    """A ring of sound, and one thread that judges it."""

    def __init__(self, classify: Callable[[Clip], Verdict]) -> None:
        self._classify = classify
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._forget()

    def _forget(self) -> None:
        self._ring = np.zeros(round(WINDOW_S * SAMPLE_RATE), np.float32)
        self._received = 0  # samples since the beginning
        self._judged = 0  # of them, up to the last verdict
        self._resampler: soxr.ResampleStream | None = None
        self._rate = 0
        self._steady = Steady()
        self._heard = Heard(None, {}, False, "Listening. The first answer comes after three seconds.")
        self._stopping = False

    def push(self, samples: np.ndarray, rate: int) -> None:
        """Take in the next (n,) or (n, channels) samples, float or integer, at `rate` Hz.

        Calls must not overlap. Takes less than a millisecond for a usual packet of 20 ms.
        """
        mono = _mono(samples)
        with self._changed:
            if self._stopping:
                return
            if rate != self._rate:
                self._rate = rate
                same = rate == SAMPLE_RATE
                self._resampler = None if same else soxr.ResampleStream(rate, SAMPLE_RATE, 1)
            if self._resampler:
                mono = self._resampler.resample_chunk(mono)
            self._write(mono[-len(self._ring) :], len(mono))
            if self._due():
                if self._thread is None:
                    self._thread = threading.Thread(target=self._work, name="live ear", daemon=True)
                    self._thread.start()
                self._changed.notify()

    def heard(self) -> Heard:
        """The state by now; never waits for a verdict."""
        with self._changed:
            return replace(self._heard, level=self._level())

    def stop(self) -> None:
        """End the thread, once its verdict is done, and forget the sound; `push` begins afresh."""
        with self._changed:
            thread = self._thread
            self._stopping = thread is not None
            self._changed.notify()
        if thread is None:
            self._forget()
        else:
            thread.join()

    @property
    def running(self) -> bool:
        """Whether its thread lives."""
        return self._thread is not None

    def _write(self, samples: np.ndarray, count: int) -> None:
        """Put the last of `count` new samples into the ring."""
        first = (self._received + count - len(samples)) % len(self._ring)
        until_end = min(len(samples), len(self._ring) - first)
        self._ring[first : first + until_end] = samples[:until_end]
        self._ring[: len(samples) - until_end] = samples[until_end:]
        self._received += count

    def _last(self, count: int) -> np.ndarray:
        """The newest `count` samples, oldest first, or as many as there are."""
        count = min(count, self._received, len(self._ring))
        return self._ring[(self._received - count + np.arange(count)) % len(self._ring)]

    def _level(self) -> float:
        last = self._last(SAMPLE_RATE // 10)
        power = float(np.mean(np.square(last))) if len(last) else 0.0
        return float(np.clip(1 + 10 * np.log10(power + 1e-12) / 60, 0, 1))

    def _due(self) -> bool:
        new = (self._received - self._judged) / SAMPLE_RATE
        return new >= (EVERY_S if self._judged else FIRST_S)

    def _work(self) -> None:
        """Judge whenever a second of new sound is there, until told to stop or left alone."""
        try:
            while self._judge_next():
                pass
        finally:
            with self._changed:
                self._thread = None
                self._forget()

    def _judge_next(self) -> bool:
        """Wait for new sound and judge it -> whether to go on.

        What comes during a verdict waits for the next one: a slow machine gives fewer verdicts, and
        none that is about the past.
        """
        with self._changed:
            due = self._changed.wait_for(lambda: self._stopping or self._due(), ALONE_S)
            if self._stopping or not due:
                return False
            samples = self._last(len(self._ring))
            passed_s = (self._received - self._judged) / SAMPLE_RATE
            self._judged = self._received
        started = time.perf_counter()
        verdict = self._classify(Clip(samples, len(samples) / SAMPLE_RATE, name="live"))
        took_ms = 1000 * (time.perf_counter() - started)
        heard = self._steady.update(verdict, passed_s)
        with self._changed:
            self._heard = replace(heard, verdicts=self._heard.verdicts + 1, took_ms=took_ms)
        return True


def _mono(samples: np.ndarray) -> np.ndarray:
    """(n,) or (n, channels), float or integer -> (n,) float32, full scale 1, finite."""
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples.astype(np.float32) / np.float32(np.iinfo(samples.dtype).max + 1)
    samples = np.nan_to_num(samples.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    return samples.mean(axis=1) if samples.ndim == 2 else samples
