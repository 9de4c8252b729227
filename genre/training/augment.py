"""Random changes of spectrograms during training, so that a network learns the music and not the recording.

Each function takes (B, bands, frames) in units of the input (1.0 is `unit_db` decibels), draws random numbers
from `rng` alone, and returns a new tensor, of the same shape unless its docstring says otherwise.
"""

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genre.audio.constants import FRAME_S
from genre.audio.spectrogram import SpectrogramParams, mel_edges
from genre.models.recipe import Augmentation
from genre.training.augment_phone import augment_by_phone


def augment(
    batch: Tensor, how: Augmentation, unit_db: float, rng: Generator, column_s: float = FRAME_S
) -> Tensor:
    """Apply everything but mixup: (B, bands, frames) -> (B, bands, crop_frames or frames).

    Frames are `column_s` seconds apart.
    """
    low, high = batch.aminmax()
    if how.crop_frames:
        batch = crop(batch, min(how.crop_frames, batch.shape[2]), how.stretch, rng)
    if how.pitch_bands:
        batch = shift_pitch(batch, how.pitch_bands, rng)
    if how.equaliser_db:
        batch = random_equalise(batch, how.equaliser_db / unit_db, rng)
    if how.gain_db:
        batch = batch + _uniform(len(batch), rng).sub(0.5) * 3.46 * how.gain_db / unit_db
    if how.noise:
        batch = batch + how.noise * torch.randn(batch.shape, generator=rng)
    batch = batch.clamp(low, high)  # changed inputs keep the range of the batch
    if how.phone:
        far = torch.rand(len(batch), generator=rng) < how.phone
        phone_batch = (
            augment_by_phone(batch[far], unit_db, column_s, rng).clamp(min=low) if far.any() else batch[far]
        )
    if how.band_limit:
        batch = limit_bands(batch, how.band_limit, unit_db, rng)
    if how.noise_floor:
        is_changed = _uniform(len(batch), rng) < how.noise_floor
        batch = torch.maximum(batch, is_changed * 0.4 * _uniform(len(batch), rng))
    if how.renormalize:
        is_changed = _uniform(len(batch), rng) < how.renormalize
        batch = batch + is_changed * (1.0 - batch.amax(dim=(1, 2), keepdim=True))
    if how.phone:
        batch[far] = phone_batch
    for _ in range(2):
        batch = mask(batch, 1, how.mask_bands, rng)
        batch = mask(batch, 2, how.mask_frames, rng)
    return batch


def _uniform(size: int, rng: Generator) -> Tensor:
    return torch.rand(size, 1, 1, generator=rng)


def crop(batch: Tensor, frames: int, stretch: float, rng: Generator) -> Tensor:
    """Cut a random excerpt at a random tempo -> (B, bands, frames), by nearest frames as GTZAN's pictures."""
    size, _, available = batch.shape
    tempo = torch.exp((torch.rand(size, generator=rng) * 2 - 1) * stretch)
    length = (frames * tempo).clamp(max=available) - 1
    start = torch.rand(size, generator=rng) * (available - 1 - length)
    position = start[:, None] + torch.linspace(0, 1, frames) * length[:, None]
    index = position.round().long()[:, None, :].expand(-1, batch.shape[1], -1)
    return batch.gather(2, index)


def shift_pitch(batch: Tensor, bands: float, rng: Generator) -> Tensor:
    """Move each item up or down by a random number of bands (fractions interpolated)."""
    size, count, frames = batch.shape
    shift = (torch.rand(size, 1, generator=rng) * 2 - 1) * bands
    source = (torch.arange(count) - shift).clamp(0, count - 1)
    low = source.floor().long()
    weight = (source - low)[:, :, None]
    high = (low + 1).clamp(max=count - 1)
    below, above = (batch.gather(1, rows[:, :, None].expand(-1, -1, frames)) for rows in (low, high))
    return below.lerp(above, weight)


def random_equalise(batch: Tensor, strength: float, rng: Generator) -> Tensor:
    """Apply a random equaliser: a smooth curve over the bands through six random points."""
    points = torch.randn(len(batch), 1, 6, generator=rng) * strength
    curve = F.interpolate(points, batch.shape[1], mode="linear", align_corners=True)
    return batch + curve.transpose(1, 2)


def limit_bands(batch: Tensor, chance: float, unit_db: float, rng: Generator) -> Tensor:
    """Limit mel bands up to 11,025 Hz like a small microphone: no bass, no treble, and noise.

    Levels are relative to the loudest point that is left, which becomes 1.
    """

    def between(low: float, high: float) -> Tensor:  # draws evenly on a logarithmic scale
        return low * (high / low) ** _uniform(len(batch), rng)

    centres = mel_edges(SpectrogramParams(n_mels=batch.shape[1]))[1:-1]
    hz = torch.from_numpy(centres).float()[None, :, None]
    octaves = (between(50.0, 400.0) / hz).log2().relu() + (hz / between(4_000.0, 11_000.0)).log2().relu()
    limited = batch - between(12.0, 36.0) * octaves / unit_db
    limited = limited + (1.0 - limited.amax(dim=(1, 2), keepdim=True))
    limited = torch.maximum(limited, 0.5 * _uniform(len(batch), rng))
    return torch.where(_uniform(len(batch), rng) < chance, limited, batch)


def mask(batch: Tensor, axis: int, widest: int, rng: Generator) -> Tensor:
    """Replace one random stripe along `axis` of each item by the item's mean."""
    if not widest:
        return batch
    size, count = len(batch), batch.shape[axis]
    width = torch.randint(0, min(widest, count) + 1, (size,), generator=rng)
    start = (torch.rand(size, generator=rng) * (count - width)).long()
    place = torch.arange(count)[None]
    stripe = (place >= start[:, None]) & (place < (start + width)[:, None])
    stripe = stripe[:, :, None] if axis == 1 else stripe[:, None, :]
    return torch.where(stripe, batch.mean(dim=(1, 2), keepdim=True), batch)


def mixup(batch: Tensor, targets: Tensor, alpha: float, rng: Generator) -> tuple[Tensor, Tensor]:
    """Blend each item, and its target, with another of the batch (Zhang et al. 2018).

    (B, ...), (B, classes) -> the same shapes. A batch has one weight, drawn from Beta(alpha, alpha).
    """
    seed = int(torch.randint(2**31, (1,), generator=rng))
    weight = float(np.random.default_rng(seed).beta(alpha, alpha))  # torch's Beta takes no generator
    other = torch.randperm(len(batch), generator=rng)
    return batch.lerp(batch[other], 1 - weight), targets.lerp(targets[other], 1 - weight)
