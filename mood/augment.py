"""Other views of the same face: tilt, distance, an imprecise crop, light, blur, something in front.

FER2013's crops are all alike; those that a face finder gives in front of a webcam are not.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

TILT = math.radians(13)  # standard deviation
SHIFT = 0.12  # of half the width
ZOOM = (-0.28, 0.22)  # logarithm of how much of the picture is seen: nearer to farther
SHEAR = 0.08
SHADE = 0.6  # how much darker one side may be
NOISE = 0.06
SMALLEST = 14  # pixels a far face is drawn with


def augment_faces(faces: Tensor, size: int, rng: Generator) -> Tensor:
    """(B, 1, H, W) in 0 to 1 -> (B, 1, size, size), each face seen otherwise."""
    faces = light(move(faces, size, rng), rng)
    far = torch.rand(len(faces), generator=rng) < 0.2
    if far.any():
        faces[far] = blur(faces[far], int(torch.randint(SMALLEST, size, (1,), generator=rng)))
    return cover(faces, rng)


def move(faces: Tensor, size: int, rng: Generator) -> Tensor:
    """Tilt, shift, zoom, shear and mirror at random; sampled at `size` pixels."""
    count = len(faces)
    tilt = torch.randn(count, generator=rng).clamp(-2.5, 2.5) * TILT
    zoom = torch.empty(count).uniform_(*ZOOM, generator=rng).exp()
    mirror = torch.randint(0, 2, (count,), generator=rng) * 2.0 - 1
    shear = torch.empty(count).uniform_(-SHEAR, SHEAR, generator=rng)
    shift = torch.empty(count, 2).uniform_(-SHIFT, SHIFT, generator=rng)
    cos, sin = tilt.cos() * zoom, tilt.sin() * zoom
    places = torch.stack([cos * mirror, shear - sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], dim=1)
    grid = F.affine_grid(places.reshape(-1, 2, 3), [count, 1, size, size], align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="border", align_corners=False)


def light(faces: Tensor, rng: Generator) -> Tensor:
    """Another exposure, light from one side, and the noise of a cheap camera, for half of them each."""
    count, size = len(faces), faces.shape[2]
    gamma = torch.empty(count, 1, 1, 1).uniform_(-0.5, 0.5, generator=rng).exp()
    across = torch.linspace(-1, 1, size)
    slopes = torch.empty(count, 2, 1, 1).uniform_(-SHADE, SHADE, generator=rng)
    shade = 1 + slopes[:, :1] * across + slopes[:, 1:] * across[:, None]
    lit = (faces.clamp(1e-4, 1) ** gamma * shade).clamp(0, 1)
    faces = torch.where(_half(count, rng), lit, faces)
    loudness = torch.rand(count, 1, 1, 1, generator=rng) * NOISE
    noisy = faces + torch.randn(faces.shape, generator=rng) * loudness
    return torch.where(_half(count, rng), noisy, faces)


def blur(faces: Tensor, size: int) -> Tensor:
    """As from afar: drawn with `size` pixels, then enlarged again."""
    small = F.interpolate(faces, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)


def cover(faces: Tensor, rng: Generator) -> Tensor:
    """A grey rectangle in front of a third of them (Zhong et al. 2020)."""
    count, size = len(faces), faces.shape[2]
    sides = torch.empty(count, 2).uniform_(0.1, 0.4, generator=rng) * size
    corner = torch.rand(count, 2, generator=rng) * (size - sides)
    place = torch.arange(size)
    rows, columns = (
        (place >= corner[:, axis : axis + 1]) & (place < (corner + sides)[:, axis : axis + 1])
        for axis in (0, 1)
    )
    covered = (rows[:, :, None] & columns[:, None, :])[:, None]
    covered &= (torch.rand(count, generator=rng) < 1 / 3)[:, None, None, None]
    grey = torch.rand(count, 1, 1, 1, generator=rng)
    return torch.where(covered, grey, faces)


def _half(count: int, rng: Generator) -> Tensor:
    return (torch.rand(count, generator=rng) < 0.5)[:, None, None, None]
