"""A key for a piece: a share of its sound is played on the notes of that key.

What the network paints is mostly texture with few clear notes. With a key, a share of it is replaced by sine
tones, which follow a cadence of triads: tonic, subdominant, dominant, tonic. Each tone is as loud as the
painted sound is around it at that moment, as in a channel vocoder (Dudley, "Remaking speech", 1939). Then the
mel bands come back most of the way to what was painted, so that the genre stays, and the level of each frame
all the way. One more tone follows the brightest notes of the picture, which makes a melody. The spectrogram
is as the network painted it: the key changes how it is played.
"""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.keys import OCTAVE, is_minor, tonic_of
from gan.mel import GAN_MEL
from gan.sampling.beat import first_beat
from gan.sampling.pulse import onset_envelope
from genre.audio.constants import SAMPLE_RATE
from genre.audio.spectrogram import mel_bank

N_FFT, HOP = 2048, 512  # those of the spectrograms
# On 20 pieces, of which the reference classifier named the genre of 17 without a key. With these values
# it named 16, and the key was detected in 18; without a way back, and with thirds of .8, 9 and 15 (share .5)
# or 8 and 19 (share .7).
TONAL_SHARE = 0.85  # of the power, where it is largest
WAY_BACK = 0.7  # exponent of the correction of the mel bands: 1 gives them the painted levels
MAX_CORRECTION = 1e3  # of a band's power
MAX_LEVEL_CHANGE = 4.0  # of a frame's power
SHARE_HZ = (50.0, 75.0, 2000.0, 5000.0)  # the share begins, is full, declines, and ends
LOWEST, FULL_TRIADS, HIGHEST = 36, 48, 103  # MIDI notes: of the bass, of the triads, and the last
ROOT, THIRD, FIFTH = 1.0, 1.2, 0.6  # amplitudes; the third tells minor from major
MELODY = 1.5
MELODY_NOTES = (67, 91)  # MIDI, 392 to 1,568 Hz: below, bins are too wide to tell notes apart
SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 11))  # major, and harmonic minor
# The triads of a cadence: semitones of root, third and fifth above the tonic; the last one also ends a piece.
CADENCES = (((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)), ((0, 3, 7), (5, 8, 0), (7, 11, 2), (0, 3, 7)))
BAR_S = 2.0  # of a chord, or as near as 2, 4 or 8 beats come
BAR_BEATS = (2, 4, 8)
NOTES_PER_BAR = 4  # of the melody
AROUND_SEMITONES, AROUND_HZ = 4.0, 40.0  # half the width over which levels are matched, the larger of both
SMOOTHING_FRAMES = 3  # over which the level of a tone is averaged
EPSILON = 1e-12


def play_in_key(samples: np.ndarray, key: str, bpm: float | None = None) -> np.ndarray:
    """Play (N,) at SAMPLE_RATE in one of KEYS -> (N,) float32, of the same levels.

    The chords change with the beats where beats a minute are given.
    """
    sound = torch.from_numpy(np.asarray(samples, np.float32))
    spectrum = _stft(sound)
    power = spectrum.abs().square()
    if not float(power.max()) > 0:
        return sound.numpy()
    bars = _bars(power, bpm)
    levels = _tone_levels(bars, key)
    _add_melody(levels, power, bars, key)
    tones = _stft(_sine_tones(levels, len(sound)))
    envelope = F.avg_pool1d(
        _average(power), SMOOTHING_FRAMES, 1, SMOOTHING_FRAMES // 2, count_include_pad=False
    )
    gains = (envelope / _average(tones.abs().square()).clamp_min(EPSILON)).sqrt()
    share = torch.from_numpy(_tonal_share()).float()[:, None]
    mixture = (1 - share).sqrt() * spectrum + share.sqrt() * gains * tones
    mixture = mixture * _way_back(power, mixture.abs().square())
    return torch.istft(mixture, N_FFT, HOP, window=torch.hann_window(N_FFT), length=len(sound)).numpy()


def _stft(samples: Tensor) -> Tensor:
    """Compute the spectrum (N,) -> (bins, frames) complex."""
    window = torch.hann_window(N_FFT)
    return torch.stft(samples, N_FFT, HOP, window=window, pad_mode="constant", return_complex=True)


def _bars(power: Tensor, bpm: float | None) -> np.ndarray:
    """Number the bars: the bar of each frame (frames,) int, from 0."""
    frames = np.arange(power.shape[1])
    length, start = BAR_S * SAMPLE_RATE / HOP, 0.0
    if bpm is not None:
        beat = 60.0 * SAMPLE_RATE / HOP / bpm
        decibels = 10 * np.log10(np.maximum(power.numpy(), float(power.max()) * 1e-8))
        start = first_beat(onset_envelope(decibels), beat)
        length = beat * min(BAR_BEATS, key=lambda count: abs(math.log(count * beat / length)))
    count = max(1, round((len(frames) - start) / length))
    return np.clip((frames - start) // length, 0, count - 1).astype(int)


def _tone_levels(bars: np.ndarray, key: str) -> np.ndarray:
    """Compute the amplitude of each MIDI note from LOWEST to HIGHEST in each frame: (notes, frames)."""
    cadence = np.array(CADENCES[is_minor(key)])
    numbers = np.where(bars == bars[-1], len(cadence) - 1, bars % len(cadence))
    chords = (cadence[numbers] + tonic_of(key)) % OCTAVE  # (frames, 3)
    notes = np.arange(LOWEST, HIGHEST + 1)[:, None]
    amplitudes = np.zeros((len(notes), len(bars)), np.float32)
    for level, lowest, pitch_class in zip(
        (ROOT, THIRD, FIFTH), (LOWEST, FULL_TRIADS, FULL_TRIADS), chords.T, strict=True
    ):
        amplitudes += level * ((notes % OCTAVE == pitch_class) & (notes >= lowest))
    return amplitudes


def _add_melody(levels: np.ndarray, power: Tensor, bars: np.ndarray, key: str) -> None:
    """Raise in each quarter of a bar the note of the scale that stands out most from the sound."""
    scale = {(tonic_of(key) + step) % OCTAVE for step in SCALES[is_minor(key)]}
    low, high = MELODY_NOTES
    notes = np.array([note for note in range(low, high + 1) if note % OCTAVE in scale])
    bins = np.round(_hertz(notes) * N_FFT / SAMPLE_RATE).astype(int)
    contrast = (power / _average(power).clamp_min(EPSILON)).numpy()[bins]
    starts = np.flatnonzero(np.diff(bars, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(bars)], strict=True):
        for part in np.array_split(np.arange(start, end), NOTES_PER_BAR):
            if len(part):
                levels[notes[contrast[:, part].mean(axis=1).argmax()] - LOWEST, part] += MELODY


def _way_back(power: Tensor, mixture: Tensor) -> Tensor:
    """Compute gains (bins, frames) that bring a power most of the way to the mel bands of another."""
    bank = torch.from_numpy(mel_bank(GAN_MEL))  # (bands, bins)
    weights = (bank / bank.sum(dim=0).clamp_min(EPSILON)).T
    ratios = (bank @ power) / (bank @ mixture).clamp_min(EPSILON)
    gains = weights @ ratios.clamp(1 / MAX_CORRECTION, MAX_CORRECTION).pow(WAY_BACK)
    levels = power.sum(dim=0) / (gains * mixture).sum(dim=0).clamp_min(EPSILON)
    return (gains * levels.clamp_max(MAX_LEVEL_CHANGE)).sqrt()


def _sine_tones(levels: np.ndarray, count: int) -> Tensor:
    """Sum the tones of amplitudes (notes, frames) -> (count,) float32; each has a phase of its own."""
    times = torch.arange(count, dtype=torch.float64) * (2 * math.pi / SAMPLE_RATE)
    phases = np.random.default_rng(0).uniform(0, 2 * math.pi, len(levels))
    amplitudes = torch.from_numpy(levels)
    total = torch.zeros(count)
    for note in np.flatnonzero(levels.any(axis=1)).tolist():
        size = (levels.shape[1] - 1) * HOP + 1
        gain = F.interpolate(amplitudes[note][None, None], size, mode="linear", align_corners=True)[0, 0]
        tone = torch.sin(times * float(_hertz(LOWEST + note)) + float(phases[note])).float()
        total += tone * F.pad(gain, (0, max(0, count - size)), value=float(levels[note, -1]))[:count]
    return total


def _average(power: Tensor) -> Tensor:
    """Average (bins, frames) around each bin, over some semitones at least."""
    low, high = (torch.from_numpy(edges) for edges in _surroundings())
    sums = F.pad(power.double().cumsum(dim=0), (0, 0, 1, 0))
    return ((sums[high] - sums[low]) / (high - low)[:, None]).float()


def _surroundings() -> tuple[np.ndarray, np.ndarray]:
    """Return the first bin around each bin, and the bin after the last."""
    hertz = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    factor = 2 ** (AROUND_SEMITONES / OCTAVE)
    low = np.minimum(hertz / factor, hertz - AROUND_HZ)
    high = np.maximum(hertz * factor, hertz + AROUND_HZ)
    edges = np.round(np.stack([low, high]) * N_FFT / SAMPLE_RATE).clip(0, len(hertz) - 1).astype(int)
    return edges[0], edges[1] + 1


def _tonal_share() -> np.ndarray:
    """Compute the share of the power of each bin that the tones have: (bins,)."""
    hertz = np.maximum(np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT, 1.0)
    return np.interp(np.log(hertz), np.log(SHARE_HZ), [0.0, TONAL_SHARE, TONAL_SHARE, 0.0])


def _hertz(note: np.ndarray | int) -> np.ndarray:
    """Convert MIDI notes to Hz, A4 = 440 Hz."""
    return 440.0 * 2.0 ** ((np.asarray(note) - 69) / OCTAVE)
