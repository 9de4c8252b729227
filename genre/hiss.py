"""Steady noise under music, as a small microphone or a room adds it: whether there is any, and the music
without it.

What sounds all the time is taken for noise: in each mel band, the power that is exceeded in all but the
quietest twentieth of the frames. To take it away harms music that is dense itself, and the networks did not
learn from such spectrograms, so that noisy music alone is heard both ways (`genre.classifier`). Of GTZAN's
train list 3 % of the recordings of 30 s are noisy, and through a simulated telephone 92 %.
"""

import torch
from torch import Tensor

QUIETEST = 0.05  # of the frames of a band
NOISY_DB = -8.0  # the floor below the mean, in the upper quarter of the bands: above, it is noise
SEEN_DB = -60.0  # the floor below the loudest point: below, no network sees it
SILENCE = 1e-13  # of the loudest point: no sound at all, and no frame to find a floor by
LEAST_FRAMES = 345  # 8 s: in less, dense music cannot be told from noise
KEPT = 0.1  # of the power at least, where all of it looks like noise


def floor(power: Tensor) -> Tensor:
    """(P, bands, frames) mel power -> (P, bands, 1), what sounds all the time that there is any sound."""
    sounding = _sounding(power)
    rank = power.shape[2] - sounding + (QUIETEST * sounding).long()
    return power.detach().sort(dim=2).values.gather(2, rank.clamp(max=power.shape[2] - 1))


def _sounding(power: Tensor) -> Tensor:
    """(P, bands, frames) -> (P, bands, 1): how many of the frames are not silent."""
    return (power > SILENCE * power.amax(dim=(1, 2), keepdim=True)).sum(dim=2, keepdim=True)


def is_noisy(power: Tensor) -> Tensor:
    """(P, bands, frames) mel power -> (P,) bool: which pieces are. The treble tells: music is soft there."""
    if power.shape[2] < LEAST_FRAMES:
        return torch.zeros(len(power), dtype=torch.bool)
    treble = power[:, -(power.shape[1] // 4) :]
    mean = treble.sum(dim=2, keepdim=True) / _sounding(treble).clamp(min=1)
    loudest = power.amax(dim=(1, 2), keepdim=True)
    steady, seen = (_decibels(floor(treble), beside).median(dim=1).values for beside in (mean, loudest))
    return (steady > NOISY_DB) & (seen > SEEN_DB)


def _decibels(power: Tensor, beside: Tensor) -> Tensor:
    """(P, bands, 1) -> (P, bands)"""
    return 10.0 * torch.log10(power / beside.clamp(min=1e-20) + 1e-9).squeeze(2)


def without_noise(power: Tensor) -> Tensor:
    """(P, bands, frames) mel power, less its floor."""
    return torch.maximum(power - floor(power), KEPT * power)
