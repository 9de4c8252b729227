"""Sound fit to be played to people: without rumble or clicks, as loud as other music, as a file."""

import io

import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfiltfilt

from gan.invert import ITERATIONS, invert
from genre.audio import SAMPLE_RATE
from genre.loudness import level
from genre.spectrogram import SpectrogramParams

LOUDNESS_LUFS = -16.0  # what podcasts and phones are levelled to
PEAK_DB = -1.2  # true peak; a little below -1 so that rounding to 16 bit stays below
LOWEST_HZ = 20.0  # what lies below is not heard and only uses up headroom
FADE_IN_S, FADE_OUT_S = 0.01, 0.08
SILENCE = 1e-5  # a highest peak below is nothing that was meant to be heard
FIRST_PEAK = 0.5  # before levelling: the gate of the loudness knows absolute silence
FORMATS = {"wav": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
BLOCK = 65_536  # samples: libsndfile's Vorbis encoder overflows its stack on minutes at once


def sound_of(
    mel_db: np.ndarray, params: SpectrogramParams, iterations: int = ITERATIONS, seed: int = 0
) -> np.ndarray:
    """A log-mel (bands, T) in dB -> (N,) float32 at params.sample_rate, presentable.

    Raises ValueError as `gan.invert.invert`.
    """
    return presentable(invert(mel_db, params, iterations, seed), params.sample_rate)


def presentable(samples: np.ndarray, rate: int = SAMPLE_RATE) -> np.ndarray:
    """(N,) -> (N,) float32: no DC, LOUDNESS_LUFS, true peak below -1 dBFS, faded at both ends.

    Sound that would need much limiting stays quieter than LOUDNESS_LUFS; silence becomes zeros.
    """
    samples = _without_rumble(samples.astype(float), rate)
    peak = np.abs(samples).max(initial=0.0)
    if not peak > SILENCE:
        return np.zeros(len(samples), np.float32)
    faded = samples * (FIRST_PEAK / peak) * _fades(len(samples), rate)
    return level(faded, rate, LOUDNESS_LUFS, PEAK_DB)


def encode(samples: np.ndarray, kind: str) -> bytes:
    """(N,) within [-1, 1] -> the bytes of a file of one of FORMATS.

    Raises ValueError for another kind.
    """
    if kind not in FORMATS:
        raise ValueError(f"Sound can be kept as {', '.join(FORMATS)}, not as {kind!r}: choose one of them.")
    buffer = io.BytesIO()
    with sf.SoundFile(buffer, "w", SAMPLE_RATE, 1, FORMATS[kind], format=kind.upper()) as file:
        for start in range(0, len(samples), BLOCK):
            file.write(samples[start : start + BLOCK])
    return buffer.getvalue()


def _without_rumble(samples: np.ndarray, rate: int) -> np.ndarray:
    """Without DC and what is below LOWEST_HZ; nothing is moved in time."""
    if not len(samples):
        return samples
    samples = samples - samples.mean()
    high_pass = butter(2, LOWEST_HZ, "highpass", fs=rate, output="sos")
    return sosfiltfilt(high_pass, samples, padlen=min(len(samples) - 1, rate // 10))


def _fades(length: int, rate: int) -> np.ndarray:
    """(length,): from 0 up to 1 and down to 0, each in a quarter of the length at most."""
    gain = np.ones(length)
    for seconds, side in ((FADE_IN_S, gain), (FADE_OUT_S, gain[::-1])):
        size = min(round(seconds * rate), length // 4)
        side[:size] *= np.sin(np.arange(size) / max(size, 1) * np.pi / 2) ** 2
    return gain
