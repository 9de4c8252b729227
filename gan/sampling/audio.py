"""Audio of a spectrogram: its inversion, key, high-pass, fades, loudness normalisation and encoding."""

import io

import numpy as np
import soundfile as sf
from scipy.signal import butter, sosfiltfilt

from gan.sampling.key import play_in_key
from genre.audio.clip import SAMPLE_RATE
from genre.audio.invert import ITERATIONS, invert_mel
from genre.audio.loudness import normalize_loudness
from genre.audio.spectrogram import SpectrogramParams

LOUDNESS_LUFS = -16.0  # the target of podcasts and phones
TRUE_PEAK_DB = -1.2  # true peak; a little below -1 so that rounding to 16 bit stays below
HIGH_PASS_HZ = 20.0  # corner of the high-pass: sound below is inaudible and only uses up headroom
FADE_IN_S, FADE_OUT_S = 0.01, 0.08
SILENCE_PEAK = 1e-5  # peak below which a signal counts as silent
PEAK_BEFORE_NORMALIZING = 0.5  # peak before the loudness is measured, whose gate is absolute
AUDIO_FORMATS = {"wav": "PCM_16", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}
BLOCK = 65_536  # samples: libsndfile's Vorbis encoder overflows its stack on minutes at once


def synthesize_audio(
    mel_db: np.ndarray,
    params: SpectrogramParams,
    iterations: int = ITERATIONS,
    seed: int = 0,
    key: str = "",
    bpm: float | None = None,
) -> np.ndarray:
    """Invert and master a log-mel (bands, T) in dB -> (N,) float32 at params.sample_rate.

    It is played in `key`, one of gan.keys.KEYS, if any, whose chords change with the beats a minute `bpm`.
    Raises the ValueError of `invert_mel`.
    """
    samples = invert_mel(mel_db, params, iterations, seed)
    if key:
        samples = play_in_key(samples, key, bpm)
    return master_audio(samples, params.sample_rate)


def master_audio(samples: np.ndarray, rate: int = SAMPLE_RATE) -> np.ndarray:
    """Master (N,) -> (N,) float32 without DC, at LOUDNESS_LUFS, true peak below -1 dBFS, faded at both ends.

    Audio that would need much limiting stays quieter than LOUDNESS_LUFS; silence becomes zeros.
    """
    samples = _high_pass(samples.astype(float), rate)
    peak = np.abs(samples).max(initial=0.0)
    if not peak > SILENCE_PEAK:
        return np.zeros(len(samples), np.float32)
    samples = samples * (PEAK_BEFORE_NORMALIZING / peak) * _fade_gains(len(samples), rate)
    return normalize_loudness(samples, rate, LOUDNESS_LUFS, TRUE_PEAK_DB)


def encode_audio(samples: np.ndarray, kind: str) -> bytes:
    """Encode (N,) within [-1, 1] as the bytes of a file of one of AUDIO_FORMATS.

    Raises ValueError for another kind.
    """
    if kind not in AUDIO_FORMATS:
        raise ValueError(
            f"Sound can be kept as {', '.join(AUDIO_FORMATS)}, not as {kind!r}: choose one of them."
        )
    buffer = io.BytesIO()
    with sf.SoundFile(buffer, "w", SAMPLE_RATE, 1, AUDIO_FORMATS[kind], format=kind.upper()) as file:
        for start in range(0, len(samples), BLOCK):
            file.write(samples[start : start + BLOCK])
    return buffer.getvalue()


def _high_pass(samples: np.ndarray, rate: int) -> np.ndarray:
    """Remove DC and what is below HIGH_PASS_HZ, with zero phase."""
    if not len(samples):
        return samples
    samples = samples - samples.mean()
    high_pass = butter(2, HIGH_PASS_HZ, "highpass", fs=rate, output="sos")
    return sosfiltfilt(high_pass, samples, padlen=min(len(samples) - 1, rate // 10))


def _fade_gains(length: int, rate: int) -> np.ndarray:
    """Compute gains (length,) that rise from 0 and fall to 0, each over a quarter of the length at most."""
    gain = np.ones(length)
    for seconds, side in ((FADE_IN_S, gain), (FADE_OUT_S, gain[::-1])):
        size = min(round(seconds * rate), length // 4)
        side[:size] *= np.sin(np.arange(size) / max(size, 1) * np.pi / 2) ** 2
    return gain
