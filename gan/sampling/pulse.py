"""The pulse of a log-mel: its onsets, the period of its beats, and the beats themselves.

    envelope = onset_envelope(mel_db)            how much begins in each frame
    beat = find_beat(envelope)                   period in frames, and how clear it is
    beats = track_beats(envelope, beat.period)   the frames of the beats

Everything is computed from the spectrogram, without librosa, so that whoever judges the sound with librosa
judges with other means.
"""

from dataclasses import dataclass

import numpy as np

from gan.mel import GAN_MEL

FRAMES_PER_MINUTE = 60.0 / GAN_MEL.seconds_per_frame  # 2584
BPM_RANGE = (50.0, 200.0)  # beats that are looked for
USUAL_BPM, SPREAD_OCTAVES = 115.0, 0.8  # people tap near this tempo (van Noorden and Moelants 1999)
MULTIPLES = (1, 2, 3, 4)  # of a period at which a beat comes again
LOCAL_S = 1.0  # an onset counts by what it exceeds the mean of its surroundings
TIGHTNESS = 12.0  # cost of an interval that is e times too long or short, in deviations of the onsets
SILENCE = 1e-9


@dataclass(frozen=True)
class Beat:
    """The beat of a piece."""

    period: float  # frames
    clarity: float  # mean autocorrelation of the onsets at the period's multiples; 1 at most

    @property
    def bpm(self) -> float:
        """Beats a minute."""
        return FRAMES_PER_MINUTE / self.period


def onset_envelope(mel_db: np.ndarray) -> np.ndarray:
    """Compute the onsets of (bands, frames) in dB -> (frames,): the mean rise, above its surroundings."""
    rise = np.maximum(np.diff(mel_db, axis=1, prepend=mel_db[:, :1]), 0.0).mean(axis=0)
    size = 2 * round(LOCAL_S / GAN_MEL.seconds_per_frame / 2) + 1
    padded = np.pad(rise, size // 2, mode="reflect" if len(rise) > size // 2 else "edge")
    local = np.convolve(padded, np.ones(size) / size, mode="valid")
    return rise - local


def autocorrelation(envelope: np.ndarray, max_lag: int) -> np.ndarray:
    """Compute the autocorrelation of (frames,) at lags 0 to `max_lag`, unbiased, 1 at lag 0."""
    count = len(envelope)
    max_lag = min(max_lag, count - 1)
    spectrum = np.fft.rfft(envelope, 2 * count)
    products = np.fft.irfft(np.square(np.abs(spectrum)))[: max_lag + 1] / (count - np.arange(max_lag + 1))
    return products / max(float(products[0]), SILENCE)


def find_beat(envelope: np.ndarray, bpm_range: tuple[float, float] = BPM_RANGE) -> Beat:
    """Find the beat of an onset envelope (frames,) within a range; its clarity is near 0 without a beat.

    Of half, double and threefold tempos, that wins which is nearest to the usual one.
    """
    shortest, longest = (FRAMES_PER_MINUTE / bpm for bpm in reversed(bpm_range))
    periods = np.arange(shortest, longest, 0.1)
    correlation = autocorrelation(envelope, int(longest * MULTIPLES[-1]) + 2)
    clarity = clarity_at(correlation, periods)
    best = int((np.maximum(clarity, 0.0) * tapping_weight(FRAMES_PER_MINUTE / periods)).argmax())
    return Beat(float(periods[best]), float(clarity[best]))


def clarity_at(correlation: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Compute the clarity of beats of these periods: the mean autocorrelation at their multiples."""
    lags = np.outer(MULTIPLES, periods)
    return np.interp(lags, np.arange(len(correlation)), correlation, right=0.0).mean(axis=0)


def tapping_weight(bpm: np.ndarray | float) -> np.ndarray:
    """Compute how readily people tap to tempos, 1 at the usual one; a normal curve over the octaves."""
    return np.exp(-0.5 * np.square(np.log2(np.asarray(bpm) / USUAL_BPM) / SPREAD_OCTAVES))


def track_beats(envelope: np.ndarray, period: float) -> np.ndarray:
    """Track beats of about this period in an onset envelope (frames,) -> their frames, ascending.

    Dynamic programming (Ellis, "Beat tracking by dynamic programming", 2007).
    """
    onsets = envelope / max(float(envelope.std()), SILENCE)
    lags = np.arange(max(1, round(period / 2)), round(2 * period) + 1)
    cost = TIGHTNESS * np.square(np.log(lags / period))
    score, before = onsets.copy(), np.full(len(onsets), -1)
    for frame in range(lags[0], len(onsets)):
        usable = lags[lags <= frame]
        values = score[frame - usable] - cost[: len(usable)]
        best = int(values.argmax())
        if values[best] > 0:
            score[frame] += values[best]
            before[frame] = frame - usable[best]
    beats = [int(score[-round(period) - 1 :].argmax()) + max(0, len(score) - round(period) - 1)]
    while before[beats[-1]] >= 0:
        beats.append(int(before[beats[-1]]))
    return np.array(beats[::-1])
