"""The log-mel spectrogram that the generator produces, and the controls measured on it.

Values run from -1 (80 dB below the maximum of the clip, or quieter) to 1 (the maximum).
"""

import torch
from torch import Tensor

from genre.audio.spectrogram import SpectrogramParams

GAN_MEL = SpectrogramParams(range_db=80.0)  # 128 bands; frames of 93 ms every 23 ms
N_BANDS = GAN_MEL.bands
CLIP_FRAMES = 128  # frames of a training clip: 3 s
FRAMES_PER_MINUTE = 60.0 / GAN_MEL.seconds_per_frame  # 2584
FRAMES_PER_COLUMN = 32  # frames generated from one column of the local latent


def to_db(values: Tensor) -> Tensor:
    """Convert -1 to 1 into decibels, -80 to 0."""
    return (values.clamp(-1, 1) - 1) * (GAN_MEL.range_db / 2)


def from_db(decibels: Tensor) -> Tensor:
    """Convert decibels, -80 to 0, into -1 to 1."""
    return decibels.clamp(-GAN_MEL.range_db, 0) / (GAN_MEL.range_db / 2) + 1


def measure_controls(values: Tensor) -> Tensor:
    """Measure energy, brightness and density: (B, bands, frames) in -1 to 1 -> (B, 3), differentiable.

    Energy is the mean level; brightness the spectral centroid of the amplitude over the bands (0 to
    1); density the mean rise of the level from frame to frame (spectral flux).
    """
    energy = values.mean(dim=(1, 2))
    amplitude = 10 ** (to_db(values) / 20)
    bands = torch.linspace(0, 1, values.shape[1], device=values.device)
    brightness = (amplitude.sum(dim=2) * bands).sum(dim=1) / amplitude.sum(dim=(1, 2))
    density = values.diff(dim=2).relu().mean(dim=(1, 2))
    return torch.stack([energy, brightness, density], dim=1)
