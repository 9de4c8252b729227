"""The 58 hand-crafted features of a clip: the input of the LSTM and the classical models.

They are the 57 columns of the Kaggle GTZAN table (means and variances over librosa's frames, plus
the tempo) and the clip's length in samples. Each equals what librosa 0.11 computes by default:

    chroma_stft, rms, spectral_centroid, spectral_bandwidth, rolloff, zero_crossing_rate, mfcc 1-20
                        mean and variance over frames of `librosa.feature.*`
    harmony, perceptr   mean and variance of the two SIGNALS of `librosa.effects.hpss`
    tempo               `librosa.beat.beat_track(y=y)[0]`, beats a minute

The plain calls transform the clip ten times and spend most of their time in two median
filters. Here one spectrum serves every feature, a median filter runs over one long line (for which
scipy has a fast algorithm), and the percussive signal is the clip less the harmonic one. This takes 0.19 s
for 30 s of audio on one core, half of it in the median filters; the plain calls take 1.30 s.
The first clip in a fresh installation also waits for librosa's compiled parts (5 to 60 s, once).

harmony_mean and perceptr_mean are the offset of the wave from zero, some 1e-5. A codec removes it, so these
two features of compressed audio do not agree with the table's columns.
"""

import csv
import fcntl
import functools
import io
from contextlib import suppress
from pathlib import Path

import librosa
import numpy as np
import scipy.fft
import scipy.ndimage

from genre.audio.constants import HOP_LENGTH, N_FFT, N_MELS, SAMPLE_RATE
from genre.reading import read_text

MAX_TABLE_BYTES = 256 << 20  # Kaggle's table of 10,000 rows has 11 MB
N_MFCC = 20
ROLLOFF = 0.85  # fraction of the energy below the roll-off frequency
MEDIAN_WIDTH = 31  # frames or bins in the filters that separate harmonic from percussive sound
TUNING_RANGE = (150.0, 4000.0)  # Hz; librosa.piptrack searches notes in it
MIN_SAMPLES = SAMPLE_RATE  # a shorter clip has no reliable tempo

_PAIRED_FEATURES = (
    "chroma_stft",
    "rms",
    "spectral_centroid",
    "spectral_bandwidth",
    "rolloff",
    "zero_crossing_rate",
    "harmony",
    "perceptr",
)
_MFCC = tuple(f"mfcc{k}" for k in range(1, N_MFCC + 1))
FEATURE_NAMES: tuple[str, ...] = (
    "length",
    *(f"{name}_{kind}" for name in _PAIRED_FEATURES for kind in ("mean", "var")),
    "tempo",
    *(f"{name}_{kind}" for name in _MFCC for kind in ("mean", "var")),
)


def extract(samples: np.ndarray) -> np.ndarray:
    """Compute the features of a mono clip: (N,) at 22,050 Hz -> (58,) float32 in the order FEATURE_NAMES.

    Raises ValueError for a clip of less than a second, of more than one channel or with values
    that are not numbers.
    """
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    if samples.ndim != 1:
        raise ValueError("Features are taken of one channel: mix the clip down to mono first.")
    if len(samples) < MIN_SAMPLES:
        raise ValueError("The clip is shorter than a second: features need at least one second.")
    if not np.isfinite(samples).all():
        raise ValueError("The clip holds values that are not numbers: it is damaged.")
    compile_librosa()
    return _measure(samples)


@functools.cache
def compile_librosa() -> None:
    """Run all of librosa's compiled parts that are used here, one process after the other.

    numba stores them beside librosa in pairs of files. Two processes that write them at once leave pairs that
    do not fit, and every process that reads those crashes (https://github.com/numba/numba/issues/10128).
    """
    with open(librosa.__file__, "rb") as installation:
        with suppress(OSError):  # some file systems have no locks
            fcntl.flock(installation, fcntl.LOCK_EX)
        _measure(np.random.default_rng(0).normal(0, 0.1, MIN_SAMPLES).astype(np.float32))


def _measure(samples: np.ndarray) -> np.ndarray:
    """Compute the result of `extract` for valid samples."""
    spectrum = librosa.stft(samples, n_fft=N_FFT, hop_length=HOP_LENGTH)  # (1025, frames)
    magnitude = np.abs(spectrum)
    power = np.square(magnitude)
    mel = 10.0 * np.log10(np.maximum(1e-10, _MEL_BANK @ power))  # as librosa.power_to_db
    mel = np.maximum(mel, mel.max() - 80.0)
    centroid, bandwidth = _centroid_and_bandwidth(magnitude)
    harmonic = _harmonic_signal(spectrum, magnitude, len(samples))
    series = {
        "chroma_stft": _chroma(power),
        "rms": librosa.feature.rms(y=samples, frame_length=N_FFT, hop_length=HOP_LENGTH),
        "spectral_centroid": centroid,
        "spectral_bandwidth": bandwidth,
        "rolloff": _rolloff(magnitude),
        "zero_crossing_rate": librosa.feature.zero_crossing_rate(
            samples, frame_length=N_FFT, hop_length=HOP_LENGTH
        ),
        "harmony": harmonic,
        "perceptr": samples - harmonic,
    }
    coefficients = scipy.fft.dct(mel, axis=0, type=2, norm="ortho")[:N_MFCC]
    series |= dict(zip(_MFCC, coefficients, strict=True))

    values = {"length": len(samples), "tempo": _tempo(mel)}
    for name, array in series.items():
        values[f"{name}_mean"], values[f"{name}_var"] = np.mean(array), np.var(array)
    return np.array([values[name] for name in FEATURE_NAMES], dtype=np.float32)


def read_table(path: Path | str) -> tuple[list[str], list[str], np.ndarray]:
    """Read Kaggle's features_30_sec.csv or features_3_sec.csv.

    Returns track names ("jazz.00017", in the 3 s table "jazz.00017.4"), genre labels, and values (rows, 58)
    float32 in the order FEATURE_NAMES. Columns are found by name, in any order. Raises ValueError with the
    line at fault.
    """
    names, labels, rows = [], [], []
    try:
        content = read_text(Path(path), MAX_TABLE_BYTES)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} cannot be read as a table: {error}.") from error
    with io.StringIO(content, newline="") as file:
        reader = csv.DictReader(file)
        try:
            missing_names = {"filename", "label", *FEATURE_NAMES} - set(reader.fieldnames or ())
            if missing_names:
                raise ValueError(
                    f"{path} is not a table of the 58 features: it lacks {sorted(missing_names)[0]!r}"
                    f" and {len(missing_names) - 1} more columns."
                )
            for row in reader:
                try:
                    values = [float(row[name]) for name in FEATURE_NAMES]
                except (TypeError, ValueError):
                    values = [np.nan]
                if not np.isfinite(values).all() or not row["filename"] or not row["label"]:
                    raise ValueError(f"{path}, line {reader.line_num}: a value is missing or not a number.")
                names.append(row["filename"].removesuffix(".wav"))
                labels.append(row["label"])
                rows.append(values)
        except csv.Error as error:
            raise ValueError(f"{path} cannot be read as a table: {error}.") from error
    return names, labels, np.array(rows, dtype=np.float32).reshape(len(rows), len(FEATURE_NAMES))


def compare_table(values: np.ndarray, table: np.ndarray) -> dict[str, float]:
    """Compute Pearson's correlation of each feature over the tracks, of two arrays (tracks, 58) -> by name.

    Each row of both is the same track. The correlation is NaN where a column is constant.
    """
    if values.shape != table.shape or values.shape[1:] != (len(FEATURE_NAMES),):
        raise ValueError("Both tables need the same tracks in rows and the 58 features in columns.")
    a, b = (np.asarray(x, dtype=np.float64) for x in (values, table))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norm = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    correlation = np.divide((a * b).sum(axis=0), norm, out=np.full(len(norm), np.nan), where=norm > 0)
    return dict(zip(FEATURE_NAMES, correlation.tolist(), strict=True))


_MEL_BANK = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=N_FFT, n_mels=N_MELS)  # (128, 1025)
_FREQUENCIES = librosa.fft_frequencies(sr=SAMPLE_RATE, n_fft=N_FFT)  # (1025,) Hz


def _centroid_and_bandwidth(magnitude: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compute the centre and the spread of each frame's spectrum: (1025, frames) -> (frames,) Hz each.

    The spread is the square root of E[f^2] - E[f]^2, which needs no array of distances.
    """
    total = magnitude.sum(axis=0, dtype=np.float64)
    total[total < np.finfo(np.float32).tiny] = np.inf  # a silent frame has centre and spread 0
    first, second = np.stack([_FREQUENCIES, _FREQUENCIES**2]) @ magnitude / total
    return first, np.sqrt(np.maximum(second - first**2, 0.0))


def _rolloff(magnitude: np.ndarray) -> np.ndarray:
    """Compute the frequency below which lies 85 % of each frame: (1025, frames) -> (frames,) Hz."""
    cumulated = np.cumsum(magnitude, axis=0)
    return _FREQUENCIES[np.argmax(cumulated >= ROLLOFF * cumulated[-1], axis=0)]


def _chroma(power: np.ndarray) -> np.ndarray:
    """Compute the energy of the twelve pitch classes, each frame's largest 1: (1025, frames) -> (12, frames).

    The tuning is estimated from the bins up to 4 kHz only; librosa would search the others too, and then
    ignore them. `sr` is scaled so that bin k keeps its frequency.
    """
    bins = int(np.searchsorted(_FREQUENCIES, TUNING_RANGE[1])) + 2
    n_fft = 2 * (bins - 1)
    tuning = librosa.estimate_tuning(
        S=power[:bins],
        sr=SAMPLE_RATE * n_fft / N_FFT,
        n_fft=n_fft,
        bins_per_octave=12,
        fmin=TUNING_RANGE[0],
        fmax=TUNING_RANGE[1],
        ref=0.1 * power.max(axis=0, keepdims=True),
    )
    bank = librosa.filters.chroma(sr=SAMPLE_RATE, n_fft=N_FFT, tuning=tuning)
    return librosa.util.normalize(bank @ power, norm=np.inf, axis=0)


def _harmonic_signal(spectrum: np.ndarray, magnitude: np.ndarray, length: int) -> np.ndarray:
    """Compute the first signal of `librosa.effects.hpss`, (N,).

    Its mask and the percussive one add up to 1, so the second signal is the clip less the first.
    """
    harmonic = _median_rows(magnitude)
    percussive = _median_rows(magnitude.T).T
    mask = librosa.util.softmask(harmonic, percussive, power=2.0, split_zeros=True)
    return librosa.istft(spectrum * mask, hop_length=HOP_LENGTH, n_fft=N_FFT, length=length)


def _median_rows(array: np.ndarray) -> np.ndarray:
    """Compute a running median along each row (rows, columns), reflected at the ends.

    scipy's algorithm for one line is ten times as fast as its general one. So the padded rows are
    joined into one line, and the padding separates neighbours.
    """
    half = MEDIAN_WIDTH // 2
    padded = np.pad(array, ((0, 0), (half, half)), mode="symmetric")
    line = scipy.ndimage.median_filter(padded.reshape(-1), size=MEDIAN_WIDTH)
    return line.reshape(padded.shape)[:, half:-half]


def _tempo(mel_db: np.ndarray) -> float:
    """Estimate the tempo: (128, frames) dB -> beats a minute, 0 for a clip without any onset."""
    onsets = librosa.onset.onset_strength(
        S=mel_db, sr=SAMPLE_RATE, hop_length=HOP_LENGTH, aggregate=np.median
    )
    if not onsets.any():
        return 0.0
    return librosa.feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE, hop_length=HOP_LENGTH).item()
