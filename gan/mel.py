"""The picture the generator paints: a log-mel spectrogram, and what can be measured of it.

Values run from -1 (80 dB below the loudest point of the piece, or quieter) to 1 (the loudest).
"""

import torch
from torch import Tensor

from genre.spectrogram import SpectrogramParams

GAN_MEL = SpectrogramParams(range_db=80.0)  # 128 bands; frames of 93 ms every 23 ms
BANDS = GAN_MEL.bands
FRAMES = 128  # of a piece: 3 s
FRAMES_A_COLUMN = 32  # frames that one step along the latent path gives

CONTROLS = ("energy", "brightness", "density")


def to_db(values: Tensor) -> Tensor:
    """-1 to 1 -> decibels, -80 to 0."""
    return (values.clamp(-1, 1) - 1) * (GAN_MEL.range_db / 2)


def from_db(decibels: Tensor) -> Tensor:
    """Decibels, -80 to 0 -> -1 to 1."""
    return decibels.clamp(-GAN_MEL.range_db, 0) / (GAN_MEL.range_db / 2) + 1


def measure_controls(values: Tensor) -> Tensor:
    """(B, bands, frames) in -1 to 1 -> (B, 3): energy, brightness and density, differentiable.

    Energy is the mean level; brightness the centre of gravity of the amplitude over the bands (0 to
    1); density how much the level rises from frame to frame, on average.
    """
    energy = values.mean(dim=(1, 2))
    amplitude = 10 ** (to_db(values) / 20)
    bands = torch.linspace(0, 1, values.shape[1], device=values.device)
    brightness = (amplitude.sum(dim=2) * bands).sum(dim=1) / amplitude.sum(dim=(1, 2))
    density = values.diff(dim=2).relu().mean(dim=(1, 2))
    return torch.stack([energy, brightness, density], dim=1)
