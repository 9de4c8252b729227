"""Enhancement of a recording: noise reduction, equalisation, loudness normalization.

    better = enhance(load_clip("rehearsal.mp3"))
    better.clip, better.before, better.after

There are three steps, and none changes sound that is good already: stationary noise is reduced, the tone
moves half of the way to that of produced music, and loudness and peaks are set for streaming. Only numpy,
scipy and torch are needed; the libraries made for this depend on plotting or a compiler.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.signal import firwin2, oaconvolve

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.loudness import integrated_loudness, normalize_loudness, true_peak_db

TARGET_LUFS = -16.0  # about the level at which phones and streaming services play music
PEAK_DB = -1.0  # true peak; an MP3 encoder may add to it

# Noise is reduced by a Wiener filter with the decision-directed estimate of Y. Ephraim and D. Malah, "Speech
# enhancement using a minimum mean-square error short-time spectral amplitude estimator", 1984, as
# P. Scalart and J. Filho use it, 1996. It leaves none of the musical noise of plain gating.
WINDOW, HOP = 1024, 256  # samples: 46 and 12 ms
BLOCK_S, FADE_S = 60.0, 1.0  # length of a block of a long recording, and overlap of neighbours
NOISE_FRACTION = 0.1  # fraction of the time in which a band holds noise alone
AVERAGED_FRAMES = 8  # frames averaged before the quiet ones are selected
QUIET_BIAS = 0.47  # in white noise, the quietest tenth of these averages lies below this fraction of the mean
MEDIAN_BINS = 15  # noise is smooth over frequency: held notes stick out by less than this many bins
MAX_NOISE_POWER = (
    0.03  # fraction of the mean power of all bands (-15 dB): higher values are held notes or dense music
)
SILENT_POWER = 1e-9  # power as a fraction of the loudest frame's (-90 dB)
SMOOTHING = 0.96  # weight of the previous frame in the estimate of the music
MIN_BAND_GAIN = 0.2  # -14 dB: some noise is left, since listeners expect it

# The target tone is the mean octave spectrum (dB) of the recordings of GTZAN's train list, all genres alike.
OCTAVES_HZ = np.array([63, 125, 250, 500, 1_000, 2_000, 4_000, 8_000])
TARGET_TONE_DB = np.array([-2.5, 0.0, 0.0, -1.0, -3.0, -5.5, -10.0, -14.5])
EQ_STRENGTH = 0.5  # fraction of the difference to the target
MAX_GAIN_DB = 4.0
TAPS = 2047  # length of the linear-phase filter: its bins are 11 Hz apart


@dataclass(frozen=True)
class LoudnessMeasures:
    """The measures of a recording that the steps change.

    Attributes:
        loudness: LUFS; -inf for silence.
        peak_db: true peak, dB of full scale.
        noise_db: noise floor relative to the loudness, dB; lower is cleaner.
    """

    loudness: float
    peak_db: float
    noise_db: float

    @classmethod
    def of(cls, samples: np.ndarray) -> "LoudnessMeasures":
        """Measure (N,) at SAMPLE_RATE."""
        loudness = integrated_loudness(samples, SAMPLE_RATE)
        noise_db = floor_db(samples) - loudness if np.isfinite(loudness) else 0.0
        return cls(loudness, true_peak_db(samples), noise_db)


@dataclass(frozen=True)
class Enhanced:
    """The enhanced recording, and the measures before and after."""

    clip: Clip
    before: LoudnessMeasures
    after: LoudnessMeasures


def enhance(clip: Clip) -> Enhanced:
    """Enhance a clip: less noise, a balanced tone, a good loudness; its length stays.

    Silence stays as it is. Half a minute of sound takes a second at most.
    """
    # A cheap sound card adds an offset, which is removed first.
    centred = (samples - samples.sum() / max(1, len(samples)) for _, samples in clip.pieces())
    pieces = [equalise(reduce_noise(samples)) for samples in centred]
    samples = normalize_loudness(np.concatenate(pieces), SAMPLE_RATE, TARGET_LUFS, PEAK_DB)
    return Enhanced(
        replace(clip, samples=samples), LoudnessMeasures.of(clip.samples), LoudnessMeasures.of(samples)
    )


def floor_db(samples: np.ndarray) -> float:
    """Measure the noise floor of (N,) in dB, averaged over the octaves.

    It is the level that an octave exceeds in all but a twentieth of the time. Digital silence is left out.
    """
    octaves = _octave_powers(samples)
    power = octaves.sum(axis=1)
    octaves = octaves[power >= SILENT_POWER * power.max()]
    return float(np.mean(10 * np.log10(np.quantile(octaves, 0.05, axis=0) + 1e-12)))


def reduce_noise(samples: np.ndarray) -> np.ndarray:
    """Reduce stationary noise by at most 14 dB: (N,) float32 -> (N,) float32.

    The noise is the power of each band in its quietest tenth of the time. It is estimated anew about every
    minute, so that it may change.
    """
    fade = round(FADE_S * SAMPLE_RATE)
    length = max(1, len(samples) - fade)
    # The blocks are equally long, since a short one would be too short for an estimate.
    count = max(1, round(length / (BLOCK_S * SAMPLE_RATE)))
    size = -(-length // count)
    cleaned = np.zeros_like(samples, dtype=np.float32)
    for start in range(0, length, size):
        block = _denoise_block(samples[start : start + size + fade])
        if start:  # the previous block fades out while this one fades in
            rising = np.linspace(0, 1, fade, dtype=np.float32)
            block[:fade] *= rising
            cleaned[start : start + fade] *= 1 - rising
        cleaned[start : start + len(block)] += block
    return cleaned


def _denoise_block(samples: np.ndarray) -> np.ndarray:
    if len(samples) < WINDOW:
        return samples.astype(np.float32)
    window = torch.hann_window(WINDOW)
    spectrum = torch.stft(
        torch.from_numpy(samples.astype(np.float32)), WINDOW, HOP, window=window, return_complex=True
    )
    power = (spectrum.real.square() + spectrum.imag.square()).T.contiguous().numpy()
    noise = noise_power(power)
    if not noise.any():
        return samples.astype(np.float32)
    gain = torch.from_numpy(_wiener_gain(power, noise).T)
    cleaned = torch.istft(spectrum * gain, WINDOW, HOP, window=window, length=len(samples))
    return cleaned.numpy()


def noise_power(power: np.ndarray) -> np.ndarray:
    """Estimate the power of the noise: (frames, bins) power -> (bins,). Digital silence is left out."""
    total = power[:, 2:].sum(axis=1)  # without the offset
    audible = power[total >= SILENT_POWER * total.max()]
    power = audible if len(audible) > AVERAGED_FRAMES else power
    running = np.cumsum(power, axis=0, dtype=float)
    width = min(AVERAGED_FRAMES, len(power) - 1)
    averaged = (running[width:] - running[:-width]) / width
    quiet = np.quantile(averaged, NOISE_FRACTION, axis=0) / QUIET_BIAS
    around = np.pad(quiet, MEDIAN_BINS // 2, mode="reflect")
    noise = np.median(np.lib.stride_tricks.sliding_window_view(around, MEDIAN_BINS), axis=1)
    return np.minimum(noise, MAX_NOISE_POWER * power.mean()).astype(np.float32)


def _wiener_gain(power: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Compute the gains, MIN_BAND_GAIN to 1: (frames, bins), (bins,) -> (frames, bins)."""
    gains = np.empty_like(power)
    ratio = power / np.maximum(noise, 1e-12)
    music = np.maximum(ratio[0] - 1, 0)  # ratio of music to noise in the last frame
    for frame, current in enumerate(ratio):
        estimate = SMOOTHING * music + (1 - SMOOTHING) * np.maximum(current - 1, 0)
        gain = estimate / (1 + estimate)
        music = np.square(gain) * current
        gains[frame] = np.maximum(gain, MIN_BAND_GAIN)
    return gains


def equalise(samples: np.ndarray) -> np.ndarray:
    """Move the tone half of the way to TARGET_TONE_DB, by at most 4 dB anywhere: (N,) -> (N,) float32."""
    if len(samples) < WINDOW or not np.any(samples):
        return samples.astype(np.float32)
    gains_db = tone_gains(octave_spectrum(samples))
    fine = np.geomspace(20, SAMPLE_RATE / 2, 200)
    curve = np.interp(np.log(fine), np.log(OCTAVES_HZ), gains_db)
    curve = 10 ** (curve / 20)
    taps = firwin2(TAPS, [0.0, *fine], [curve[0], *curve], fs=SAMPLE_RATE)
    return oaconvolve(samples, taps, mode="full")[TAPS // 2 :][: len(samples)].astype(np.float32)


def octave_spectrum(samples: np.ndarray) -> np.ndarray:
    """Compute the mean power in each octave of OCTAVES_HZ in dB: (N,) -> (octaves,)."""
    return 10 * np.log10(_octave_powers(samples).mean(axis=0) + 1e-12)


def _octave_powers(samples: np.ndarray) -> np.ndarray:
    """Compute the power of each frame: (N,) -> (frames, octaves); the last frame is padded with silence."""
    padded = np.pad(samples, (0, max(0, WINDOW - len(samples))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[:: WINDOW // 2]
    window = np.hanning(WINDOW).astype(np.float32) / WINDOW
    power = np.square(np.abs(np.fft.rfft(frames * window)))
    hertz = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE)
    edges = np.searchsorted(hertz, [*(OCTAVES_HZ / np.sqrt(2)), SAMPLE_RATE / 2])
    return np.add.reduceat(power, edges[:-1], axis=1)


def tone_gains(octaves_db: np.ndarray) -> np.ndarray:
    """Compute the equaliser's gain for each octave (8,) in dB, independent of the level."""
    difference_db = TARGET_TONE_DB - octaves_db
    return np.clip(EQ_STRENGTH * (difference_db - np.median(difference_db)), -MAX_GAIN_DB, MAX_GAIN_DB)
