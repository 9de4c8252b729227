"""Stationary noise under music, as a small microphone or a room adds it: its detection and removal.

Noise sounds all the time: in each mel band it is the power that all but the quietest twentieth of the frames
exceed. Its removal harms dense music, and the networks were not trained on such spectrograms, so only noisy
music is predicted both ways (`genre.inference.ensemble_classifier`). Of the 30 s recordings in GTZAN's train
list 3 % are noisy; of the same recordings through a simulated phone 92 % are.
"""

import torch
from torch import Tensor

QUIET_FRACTION = 0.05  # fraction of a band's frames that counts as quiet
NOISY_DB = -8.0  # noise floor relative to the mean, in the upper quarter of the bands, of noisy music
VISIBLE_DB = -60.0  # floor relative to the peak below which no network sees the noise
SILENCE = 1e-13  # power relative to the peak below which a frame counts as silent
MIN_FRAMES = 345  # frames in 8 s; in shorter clips, dense music cannot be distinguished from noise
MIN_GAIN = 0.1  # least gain of the power, where all of it looks like noise


def noise_floor(power: Tensor) -> Tensor:
    """Estimate the power that sounds all the time: (P, bands, frames) mel power -> (P, bands, 1)."""
    n_sounding = _count_sounding(power)
    rank = power.shape[2] - n_sounding + (QUIET_FRACTION * n_sounding).long()
    return power.detach().sort(dim=2).values.gather(2, rank.clamp(max=power.shape[2] - 1))


def is_noisy(power: Tensor) -> Tensor:
    """Find noisy segments: mel power (P, bands, frames) -> (P,) bool, by the treble, where music is soft."""
    if power.shape[2] < MIN_FRAMES:
        return torch.zeros(len(power), dtype=torch.bool)
    treble = power[:, -(power.shape[1] // 4) :]
    mean = treble.sum(dim=2, keepdim=True) / _count_sounding(treble).clamp(min=1)
    peak = power.amax(dim=(1, 2), keepdim=True)
    floor = noise_floor(treble)
    below_mean, below_peak = (_decibels(floor, reference).median(dim=1).values for reference in (mean, peak))
    return (below_mean > NOISY_DB) & (below_peak > VISIBLE_DB)


def denoise(power: Tensor) -> Tensor:
    """Subtract the noise floor of (P, bands, frames) mel power."""
    return torch.maximum(power - noise_floor(power), MIN_GAIN * power)


def _count_sounding(power: Tensor) -> Tensor:
    """Count the frames that are not silent: (P, bands, frames) -> (P, bands, 1)."""
    return (power > SILENCE * power.amax(dim=(1, 2), keepdim=True)).sum(dim=2, keepdim=True)


def _decibels(power: Tensor, reference: Tensor) -> Tensor:
    """Convert power to decibels over the reference: (P, bands, 1) -> (P, bands)."""
    return 10.0 * torch.log10(power / reference.clamp(min=1e-20) + 1e-9).squeeze(2)
