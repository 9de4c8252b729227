"""The pulse of a log-mel: its onsets, and how clearly they come again after a time.

    envelope = onset_envelope(mel_db)                 how much begins in each frame
    correlation = autocorrelation(envelope, 400)
    clarity_at(correlation, periods)                  how clear beats of these periods are

Everything is computed from the spectrogram, without librosa, so that whoever judges the sound with librosa
judges with other means.
"""

import numpy as np

from gan.mel import GAN_MEL

USUAL_BPM, SPREAD_OCTAVES = 115.0, 0.8  # people tap near this tempo (van Noorden and Moelants 1999)
MULTIPLES = (1, 2, 3, 4)  # of a period at which a beat comes again
LOCAL_S = 1.0  # an onset counts by what it exceeds the mean of its surroundings
SILENCE = 1e-9


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


def clarity_at(correlation: np.ndarray, periods: np.ndarray) -> np.ndarray:
    """Compute the clarity of beats of these periods: the mean autocorrelation at their multiples."""
    lags = np.outer(MULTIPLES, periods)
    return np.interp(lags, np.arange(len(correlation)), correlation, right=0.0).mean(axis=0)


def tapping_weight(bpm: np.ndarray | float) -> np.ndarray:
    """Compute how readily people tap to tempos, 1 at the usual one; a normal curve over the octaves."""
    return np.exp(-0.5 * np.square(np.log2(np.asarray(bpm) / USUAL_BPM) / SPREAD_OCTAVES))
