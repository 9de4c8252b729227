"""The loudness of a recording: its measurement, and its normalization without clipping.

It follows ITU-R BS.1770-5, "Algorithms to measure audio programme loudness and true-peak audio level": the
sound is weighted by frequency as the human head and ear weight it, its power is averaged over blocks of 400
ms, and blocks that are silent or far quieter than the rest are left out. The unit is LUFS: decibels of full
scale.
"""

import numpy as np

from genre.audio.constants import N_FFT

BLOCK_S = 0.4
STEP_S = 0.1  # step between blocks, which overlap by three quarters
ABSOLUTE_GATE = -70.0  # LUFS; quieter blocks are silence
RELATIVE_GATE = -10.0  # LU below the mean of the blocks that are not silence
OVERSAMPLING = 4  # annex 2: peaks between the samples are exact to 0.6 dB, in music to 0.1 dB
# The two filters of the K-weighting as analogue prototypes, so that they fit any sample rate: a shelf for the
# effect of the head, and a high pass. The values give the standard's table for 48 kHz.
K_SHELF_HZ, K_SHELF_Q, K_SHELF_DB = 1681.974450955533, 0.7071752369554196, 3.999843853973347
K_HIGH_PASS_HZ, K_HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773
# The speed at which the limiter's gain falls before a peak, and rises after it.
ATTACK_DB_S, RELEASE_DB_S = 1_000.0, 40.0
# The largest reduction by the limiter. More would distort music, which stays quieter than the target instead.
MAX_LIMITING_DB = 9.0
_ROUNDS = 6  # corrections of the gain for the loudness that the limiter takes away
_STRETCH, _FILTER = 1 << 20, 64  # samples oversampled at a time; margin around them, wider than the filter


def integrated_loudness(samples: np.ndarray, rate: int) -> float:
    """Measure LUFS of (N,) or, for stereo, (N, 2) at `rate` Hz; -inf for silence.

    A recording that is shorter than 400 ms is measured as one block.
    """
    if not len(samples):
        return -np.inf
    from scipy.signal import sosfilt  # takes a second

    weighted = sosfilt(_k_weighting(rate), np.atleast_2d(samples.T).astype(float))
    power = np.square(weighted).sum(axis=0)  # left and right count alike
    size, step = round(BLOCK_S * rate), round(STEP_S * rate)
    running = np.concatenate([[0.0], np.cumsum(power)])
    first = np.arange(0, max(1, len(power) - size + 1), step)
    last = np.minimum(first + size, len(power))
    blocks = (running[last] - running[first]) / np.maximum(last - first, 1)
    audible = blocks[_lufs(blocks) > ABSOLUTE_GATE]
    if not len(audible):
        return -np.inf
    audible = audible[_lufs(audible) > _lufs(audible.mean()) + RELATIVE_GATE]
    return float(_lufs(audible.mean()))


def true_peak_db(samples: np.ndarray) -> float:
    """Measure the highest point of the curve through samples (N,) or (N, channels), in dB of full scale."""
    return _to_db(_curve(samples))


def normalize_loudness(
    samples: np.ndarray, rate: int, target_lufs: float = -16.0, peak_db: float = -1.0
) -> np.ndarray:
    """Normalize samples (N,) or (N, 2) to `target_lufs`, with a true peak of at most `peak_db` -> float32.

    A limiter reduces peaks for some milliseconds, so that one knock on the table does not keep the whole
    quiet. Where limiting makes the whole quieter, gain is added until peaks are reduced by MAX_LIMITING_DB.
    Silence stays silence.
    """
    loudness = integrated_loudness(samples, rate)
    if not np.isfinite(loudness):
        return samples.astype(np.float32)
    gain_db, curve = target_lufs - loudness, _curve(samples)
    max_gain_db = max(gain_db, peak_db + MAX_LIMITING_DB - _to_db(curve))
    for _ in range(_ROUNDS):  # the gain compensates for the limiter
        gain = 10 ** (min(gain_db, max_gain_db) / 20)
        limited = _limit_curve(samples * gain, curve * gain, rate, peak_db)
        missing_db = target_lufs - integrated_loudness(limited, rate)
        if missing_db < 0.02 or gain_db >= max_gain_db:
            break
        gain_db += missing_db
    return limited.astype(np.float32)


def limit(samples: np.ndarray, rate: int, peak_db: float) -> np.ndarray:
    """Limit the samples to a true peak of at most `peak_db`.

    The gain falls ahead of a peak and recovers after it, both linearly in decibels, and is 1 elsewhere.
    """
    return _limit_curve(samples, _curve(samples), rate, peak_db)


def _limit_curve(samples: np.ndarray, curve: np.ndarray, rate: int, peak_db: float) -> np.ndarray:
    if _to_db(curve) <= peak_db:
        return samples
    seconds = np.arange(len(curve)) / rate
    excess_db = np.maximum(20 * np.log10(curve + 1e-12) - peak_db, 0.0)
    reduction_db = _hold_envelope(excess_db, seconds * RELEASE_DB_S)
    seconds *= ATTACK_DB_S
    np.maximum(reduction_db, _hold_envelope(excess_db[::-1], seconds)[::-1], out=reduction_db)
    gain = 10 ** (-reduction_db / 20)
    limited = samples * (gain if samples.ndim == 1 else gain[:, None])
    # The changing gain may bend the curve between two samples by a hundredth of a decibel.
    return limited * 10 ** (min(0.0, peak_db - true_peak_db(limited)) / 20)


def _hold_envelope(excess_db: np.ndarray, decay_db: np.ndarray) -> np.ndarray:
    """Compute the lowest curve (N,) that is never below `excess_db` and falls no faster than -`decay_db`."""
    envelope = excess_db + decay_db
    np.maximum.accumulate(envelope, out=envelope)
    envelope -= decay_db
    return envelope


def _curve(samples: np.ndarray) -> np.ndarray:
    """Find the largest magnitude around each sample, between them too: (N,) or (N, channels) -> (N,)."""
    if not len(samples):
        return np.zeros(0)
    from scipy.signal import resample_poly  # takes a second

    fine = np.zeros(len(samples))
    for start in range(0, len(samples), _STRETCH):  # a concert in one piece would fill the memory
        first = max(0, start - _FILTER)
        part = samples[first : start + _STRETCH + _FILTER]
        points = np.abs(resample_poly(part, OVERSAMPLING, 1, axis=0)).reshape(len(part), -1)
        fine[start : start + _STRETCH] = points.max(axis=1)[start - first :][:_STRETCH]
    fine = np.maximum(fine, np.abs(samples).reshape(len(samples), -1).max(axis=1))
    return np.maximum(fine, np.concatenate([fine[:1], fine[:-1]]))  # points before and after each sample


def _to_db(curve: np.ndarray) -> float:
    peak = curve.max(initial=0.0)
    return float(20 * np.log10(peak)) if peak > 0 else -np.inf


def _lufs(power: np.ndarray) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, 1e-20)) - 0.691  # a sine of 997 Hz at full scale: -3.01


def _k_weighting(rate: int) -> np.ndarray:
    """Design the K-weighting for `rate` Hz as two second-order sections (2, 6)."""
    k = np.tan(np.pi * K_SHELF_HZ / rate)
    high = 10 ** (K_SHELF_DB / 20)
    middle = high**0.4996667741545416
    a0 = 1 + k / K_SHELF_Q + k * k
    shelf = [
        (high + middle * k / K_SHELF_Q + k * k) / a0,
        2 * (k * k - high) / a0,
        (high - middle * k / K_SHELF_Q + k * k) / a0,
        1.0,
        2 * (k * k - 1) / a0,
        (1 - k / K_SHELF_Q + k * k) / a0,
    ]
    k = np.tan(np.pi * K_HIGH_PASS_HZ / rate)
    a0 = 1 + k / K_HIGH_PASS_Q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2 * (k * k - 1) / a0, (1 - k / K_HIGH_PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])


SILENCE_DBFS = -60.0  # mean level of the loudest tenth of the frames


def is_silent(samples: np.ndarray, frame: int = N_FFT) -> bool:
    """Return whether (N,) samples lie below -60 dBFS, apart from a single click and a constant offset."""
    samples = samples - samples.sum(dtype=float) / max(1, len(samples))  # a cheap sound card adds an offset
    count = max(1, len(samples) // frame)
    level = np.sqrt([np.mean(np.square(part)) for part in np.array_split(samples, count)])
    loud = np.sort(level)[-max(1, count // 10) :]
    return 20.0 * np.log10(loud.mean() + 1e-12) < SILENCE_DBFS
