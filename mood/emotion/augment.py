"""Random variation of face crops: rotation, distance, an imprecise crop, lighting, blur, occlusion.

FER2013's crops are all alike; those that a face detector gives in front of a webcam are not.
"""

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

ROTATION_STD = math.radians(13)
MAX_SHIFT = 0.12  # fraction of half the width
LOG_ZOOM_RANGE = (-0.28, 0.22)  # logarithm of the fraction of the picture that stays: nearer to farther
MAX_SHEAR = 0.08
MAX_SHADE = 0.6  # fraction by which one side may be darker
MAX_NOISE = 0.06  # standard deviation of the noise
MIN_BLUR_SIZE = 14  # smallest width in pixels to which a blurred face is reduced
BLUR_FRACTION = 0.2  # fraction of the faces that are blurred


def augment_faces(faces: Tensor, size: int, rng: Generator) -> Tensor:
    """Vary each face at random: (B, 1, H, W) in 0 to 1 -> (B, 1, size, size)."""
    faces = vary_light(warp_randomly(faces, size, rng), rng)
    is_far = torch.rand(len(faces), generator=rng) < BLUR_FRACTION
    if is_far.any():
        faces[is_far] = blur(faces[is_far], int(torch.randint(MIN_BLUR_SIZE, size, (1,), generator=rng)))
    return occlude(faces, rng)


def warp_randomly(faces: Tensor, size: int, rng: Generator) -> Tensor:
    """Rotate, shift, zoom, shear and mirror at random: (B, 1, H, W) -> (B, 1, size, size)."""
    count = len(faces)
    angle = torch.randn(count, generator=rng).clamp(-2.5, 2.5) * ROTATION_STD
    zoom = torch.empty(count).uniform_(*LOG_ZOOM_RANGE, generator=rng).exp()
    mirror = torch.randint(0, 2, (count,), generator=rng) * 2.0 - 1
    shear = torch.empty(count).uniform_(-MAX_SHEAR, MAX_SHEAR, generator=rng)
    shift = torch.empty(count, 2).uniform_(-MAX_SHIFT, MAX_SHIFT, generator=rng)
    cos, sin = angle.cos() * zoom, angle.sin() * zoom
    affine = torch.stack([cos * mirror, shear - sin, shift[:, 0], sin * mirror, cos, shift[:, 1]], dim=1)
    grid = F.affine_grid(affine.reshape(-1, 2, 3), [count, 1, size, size], align_corners=False)
    return F.grid_sample(faces, grid, padding_mode="border", align_corners=False)


def vary_light(faces: Tensor, rng: Generator) -> Tensor:
    """Vary the light: (B, 1, H, W) in 0 to 1 -> the same shape.

    Half of the faces get another exposure and light from one side; half get the noise of a cheap camera.
    """
    count, size = len(faces), faces.shape[2]
    gamma = torch.empty(count, 1, 1, 1).uniform_(-0.5, 0.5, generator=rng).exp()
    position = torch.linspace(-1, 1, size)
    slopes = torch.empty(count, 2, 1, 1).uniform_(-MAX_SHADE, MAX_SHADE, generator=rng)
    shade = 1 + slopes[:, :1] * position + slopes[:, 1:] * position[:, None]
    shaded = (faces.clamp(1e-4, 1) ** gamma * shade).clamp(0, 1)
    faces = torch.where(_random_half(count, rng), shaded, faces)
    noise_std = torch.rand(count, 1, 1, 1, generator=rng) * MAX_NOISE
    noisy = faces + torch.randn(faces.shape, generator=rng) * noise_std
    return torch.where(_random_half(count, rng), noisy, faces)


def blur(faces: Tensor, size: int) -> Tensor:
    """Reduce (B, 1, H, W) to `size` pixels and enlarge it again, as if seen from afar -> the same shape."""
    small = F.interpolate(faces, size=(size, size), mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)


def occlude(faces: Tensor, rng: Generator) -> Tensor:
    """Put a grey rectangle in front of a third of (B, 1, H, W) -> the same shape (Zhong et al. 2020)."""
    count, size = len(faces), faces.shape[2]
    sides = torch.empty(count, 2).uniform_(0.1, 0.4, generator=rng) * size
    corner = torch.rand(count, 2, generator=rng) * (size - sides)
    pixel = torch.arange(size)
    rows, columns = (
        (pixel >= corner[:, axis : axis + 1]) & (pixel < (corner + sides)[:, axis : axis + 1])
        for axis in (0, 1)
    )
    mask = (rows[:, :, None] & columns[:, None, :])[:, None]
    mask &= (torch.rand(count, generator=rng) < 1 / 3)[:, None, None, None]
    grey = torch.rand(count, 1, 1, 1, generator=rng)
    return torch.where(mask, grey, faces)


def _random_half(count: int, rng: Generator) -> Tensor:
    """Draw (B, 1, 1, 1) bool, true with probability one half."""
    return (torch.rand(count, generator=rng) < 0.5)[:, None, None, None]
