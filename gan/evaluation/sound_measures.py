"""Measures of a piece by its sound alone: its pulse, its notes, the seams of its windows, its development.

They are functions of audio (N,) at SAMPLE_RATE, of any level, and no network takes part in them.

measure_pulse(samples)              strength and steadiness
measure_notes(samples)              harmonic energy beside the rest, frames with a lasting pitch
measure_seams(samples, joins_s)     jumps at these times beside the jumps at all others
measure_development(samples)        distant parts beside neighbouring parts
"""

from collections.abc import Sequence

import librosa
import numpy as np

from genre.audio.constants import SAMPLE_RATE

N_FFT, HOP = 2048, 512
FRAMES_PER_S = SAMPLE_RATE / HOP
SILENCE = 1e-9

TEMPO_RANGE_BPM = (40.0, 240.0)
PULSE_WINDOW_S = 4.0  # six beats of a slow piece; ten seconds hold two of these windows side by side
SAME_TEMPO = 0.04  # relative difference up to which a beat is the same
NEARLY_BEST = 0.8  # of the best correlation of a moment: half and double tempo are often as good
MIN_CORRELATION = 0.25  # below it a moment has no beat: that of white noise stays below 0.2 on average

TOP_HZ = 5_000.0  # notes and most of their harmonics lie below
HARMONIC_MARGIN = 2.0  # how many times one part must exceed the other, else a point is residual
PITCH_N_FFT = 4096
PITCH_RANGE_HZ = (80.0, 2_000.0)
SALIENT_DB = (
    15.0  # above the median of the range; the highest of white noise is 11 dB above in one frame of ten
)
PITCH_S = 0.1  # a pitch lasts: the peak of noise is elsewhere by then

AUDIBLE_DB = 40.0  # frames this far below the loudest one are not counted
SEAM_S = 0.1  # length of the sound before and after a join that is compared
BLOCK_S, DISTANT_S = 1.5, 6.0  # blocks that are compared, and how far apart distant ones are at least
N_BANDS = 40


def measure_pulse(samples: np.ndarray) -> dict[str, float]:
    """Measure the tempogram's peak over the piece: how high it is, and how long its tempo stays.

    `strength` is the autocorrelation of the onsets at the best tempo, 1 where each beat is like the last
    and about 0.1 without a beat; `steadiness` the share of moments, windows of 4 s, that have that beat.
    """
    onsets = librosa.onset.onset_strength(y=samples, sr=SAMPLE_RATE, hop_length=HOP)
    size = min(round(PULSE_WINDOW_S * FRAMES_PER_S), len(onsets) - 1)
    tempogram = librosa.feature.tempogram(
        onset_envelope=onsets - onsets.mean(), sr=SAMPLE_RATE, hop_length=HOP, win_length=size, norm=None
    )
    inside = tempogram[:, size // 2 : len(onsets) - size // 2]
    taper = librosa.autocorrelate(librosa.filters.get_window("hann", size))[:, None]
    correlation = inside / np.maximum(inside[:1], SILENCE) * (taper[0] / np.maximum(taper, SILENCE))
    slow, fast = (round(60 * FRAMES_PER_S / bpm) for bpm in TEMPO_RANGE_BPM)
    correlation = correlation[fast : slow + 1]
    mean = correlation.mean(axis=1)
    peak = int(mean.argmax())
    room = max(1, round(SAME_TEMPO * (fast + peak)))
    same = correlation[max(0, peak - room) : peak + room + 1].max(axis=0)
    is_steady = same >= np.maximum(NEARLY_BEST * correlation.max(axis=0), MIN_CORRELATION)
    return {"strength": float(mean[peak]), "steadiness": float(is_steady.mean())}


def measure_notes(samples: np.ndarray) -> dict[str, float]:
    """Measure what is sustained and pitched in the sound.

    `harmonic_db` is the energy of the harmonic part beside all the rest, in dB (Driedger et al. 2014);
    `pitched` the share of audible frames in which one pitch stands out and lasts.
    """
    magnitudes = np.abs(librosa.stft(samples, n_fft=N_FFT, hop_length=HOP))
    low = magnitudes[librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT) <= TOP_HZ]
    harmonic, _ = librosa.decompose.hpss(low, margin=HARMONIC_MARGIN)
    energy, total = (float(np.square(part).sum()) for part in (harmonic, low))
    return {
        "harmonic_db": float(_decibels(energy) - _decibels(max(total - energy, 0.0))),
        "pitched": _pitched_share(samples),
    }


def _pitched_share(samples: np.ndarray) -> float:
    magnitudes = np.abs(librosa.stft(samples, n_fft=PITCH_N_FFT, hop_length=HOP))
    hertz = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=PITCH_N_FFT)
    magnitudes = magnitudes[(hertz >= PITCH_RANGE_HZ[0]) & (hertz <= PITCH_RANGE_HZ[1])]
    later = round(PITCH_S * FRAMES_PER_S)
    peaks = magnitudes.argmax(axis=0)
    lasts = np.abs(peaks[later:] - peaks[:-later]) <= 1
    height = _decibels(magnitudes.max(axis=0) ** 2) - _decibels(np.median(magnitudes, axis=0) ** 2)
    stands_out = np.minimum(height[later:], height[:-later]) >= SALIENT_DB
    audible = _audible(np.square(magnitudes).sum(axis=0))[:-later]
    return float((lasts & stands_out)[audible].mean()) if audible.any() else 0.0


def measure_seams(samples: np.ndarray, joins_s: Sequence[float]) -> dict[str, float]:
    """Measure the jumps of level and of spectrum at joins, beside those at all other times.

    A jump is the change in dB from the 0.1 s before to the 0.1 s after. The figures are ratios: 1 where the
    joins are like any other time.
    """
    bands = _band_decibels(samples)  # (bands, frames)
    level = _decibels((10 ** (bands / 10)).sum(axis=0))[None]
    size = round(SEAM_S * FRAMES_PER_S)
    joins = np.round(np.asarray(joins_s) * FRAMES_PER_S).astype(int)
    figures = {}
    for name, values in (("level", level), ("spectrum", bands)):
        sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
        means = (sums[:, size:] - sums[:, :-size]) / size
        jumps = np.sqrt(np.square(means[:, size:] - means[:, :-size]).mean(axis=0))  # jump k is at k + size
        places = joins[(joins >= size) & (joins - size < len(jumps))] - size
        is_join = np.zeros(len(jumps), bool)
        for shift in (-1, 0, 1):  # the analysis window smears a join over its neighbours
            is_join[np.clip(places + shift, 0, len(jumps) - 1)] = True
        elsewhere = jumps[~is_join]
        figures[name] = (
            float(jumps[is_join].mean() / max(elsewhere.mean(), SILENCE))
            if is_join.any() and len(elsewhere)
            else float("nan")
        )
    return figures


def measure_development(samples: np.ndarray) -> float:
    """Measure how much more the sound differs over 6 s and longer than between neighbouring blocks of 1.5 s.

    It is a ratio of distances of mean spectra: 1 for a sound that stays, or changes at random; more where
    it goes elsewhere. Raises ValueError for less than 9 s.
    """
    bands = _band_decibels(samples)
    size = round(BLOCK_S * FRAMES_PER_S)
    count = bands.shape[1] // size
    blocks = bands[:, : count * size].reshape(N_BANDS, count, size).mean(axis=2).T
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    is_distant = apart >= round(DISTANT_S / BLOCK_S)
    if count * BLOCK_S < DISTANT_S + 2 * BLOCK_S:
        raise ValueError("Development needs 9 s of sound: measure a longer piece.")
    distances = np.sqrt(np.square(blocks[:, None] - blocks[None]).mean(axis=2))
    return float(distances[is_distant].mean() / max(distances[apart == 1].mean(), SILENCE))


def _band_decibels(samples: np.ndarray) -> np.ndarray:
    """Compute the level of each mel band, at least -AUDIBLE_DB below the loudest point: (bands, frames)."""
    power = librosa.feature.melspectrogram(
        y=samples, sr=SAMPLE_RATE, n_fft=N_FFT, hop_length=HOP, n_mels=N_BANDS
    )
    return librosa.power_to_db(power, ref=np.max, top_db=2 * AUDIBLE_DB)


def _audible(power: np.ndarray) -> np.ndarray:
    return power > max(float(power.max(initial=0.0)), SILENCE) * 10 ** (-AUDIBLE_DB / 10)


def _decibels(power: np.ndarray | float) -> np.ndarray:
    return 10 * np.log10(np.maximum(power, 1e-12))
