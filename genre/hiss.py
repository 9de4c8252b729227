"""Steady noise under music, as a small microphone or a room adds it: whether there is any, and the music
without it.

What sounds all the time is taken for noise: in each mel band, the power that is exceeded in all but the
quietest twentieth of the frames. To take it away harms music that is dense itself, and the networks did not
learn from such spectrograms, so that noisy music alone is heard both ways (`genre.classifier`).
"""

import torch
from torch import Tensor

QUIETEST = 0.05  # of the frames of a band
NOISY_DB = -8.0  # the floor below the mean, in the upper quarter of the bands: above, it is noise
LEAST_FRAMES = 345  # 8 s: in less, dense music cannot be told from noise
KEPT = 0.1  # of the power at least, where all of it looks like noise


def floor(power: Tensor) -> Tensor:
    """(P, bands, frames) mel power -> (P, bands, 1), what sounds all the time."""
    rank = max(1, round(QUIETEST * power.shape[2]))
    return power.kthvalue(rank, dim=2, keepdim=True).values  # three times as fast as torch.quantile


def is_noisy(power: Tensor) -> bool:
    """Whether at least half of the pieces (P, bands, frames) are. The treble tells: music is soft there."""
    if power.shape[2] < LEAST_FRAMES:
        return False
    treble = power[:, -(power.shape[1] // 4) :]
    below_mean = floor(treble).squeeze(2) / treble.mean(dim=2).clamp(min=1e-20)
    decibels = 10.0 * torch.log10(below_mean + 1e-9)
    return bool((decibels.median(dim=1).values > NOISY_DB).float().mean() >= 0.5)


def without_noise(power: Tensor) -> Tensor:
    """(P, bands, frames) mel power, less its floor."""
    return torch.maximum(power - floor(power).detach(), KEPT * power)
