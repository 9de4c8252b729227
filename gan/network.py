"""The generator and its critic.

The generator is convolutional along time and knows no edges there: time is a circle to it while it
learns pieces of 3 s, so a longer path through its latent space simply becomes longer music, without
seams. What a moment sounds like comes from `local`, one vector a column of 32 frames; what the whole
is like from `style`, the genres and the controls, which steer every layer.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.mel import CONTROLS, FRAMES, FRAMES_A_COLUMN

COLUMNS = FRAMES // FRAMES_A_COLUMN
STYLE, LOCAL = 64, 16  # sizes of the two parts of the latent
WIDTH = 128  # of the vector that steers the layers
START = 4  # bands at the coarsest level
CUT = 0.4  # side of the rectangle that a critic may not see


@dataclass(frozen=True)
class Latents:
    """What a generator paints from."""

    style: Tensor  # (B, 64), standard normal
    local: Tensor  # (B, 16, columns), standard normal
    genres: Tensor  # (B, genres), shares that add up to 1
    controls: Tensor  # (B, 3), in standard deviations from the mean of all music

    @classmethod
    def draw(
        cls, genres: Tensor, controls: Tensor, rng: torch.Generator, columns: int = COLUMNS
    ) -> "Latents":
        count = len(genres)
        return cls(torch.randn(count, STYLE, generator=rng),
                   torch.randn(count, LOCAL, columns, generator=rng), genres, controls)


def round_in_time(x: Tensor) -> Tensor:
    """Pad the last axis as a circle. (F.pad would lose the channels-last layout, and time with it.)"""
    return torch.cat([x[..., -1:], x, x[..., :1]], dim=-1)


class Steered(nn.Module):
    """Unit length over the channels, then a scale and a shift for each from the steering vector."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.steer = nn.Linear(WIDTH, 2 * channels)

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        """(B, C, bands, frames), (B, columns, WIDTH) -> (B, C, bands, frames)."""
        length = torch.rsqrt(torch.linalg.vector_norm(x, dim=1, keepdim=True).square() / x.shape[1] + 1e-6)
        scale, shift = self.steer(steering).transpose(1, 2).chunk(2, dim=1)  # (B, C, columns)
        scale, shift = (_along(values, x.shape[3])[:, :, None] for values in (scale, shift))
        return F.leaky_relu(torch.addcmul(shift, x * length, 1 + scale), 0.2)


def _along(values: Tensor, frames: int) -> Tensor:
    """(B, C, columns) -> (B, C, frames), in straight lines between the columns on their circle."""
    around = torch.cat([values[:, :, -1:], values, values[:, :, :1]], dim=2)
    each = frames // values.shape[2]
    wide = F.interpolate(around, scale_factor=float(each), mode="linear", align_corners=False)
    return wide[:, :, each:-each]


class Grow(nn.Module):
    """Twice as many bands and frames: enlarge, then a convolution."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=(1, 0))
        self.steered = Steered(outputs)

    def forward(self, x: Tensor, steering: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return self.steered(self.conv(round_in_time(x)), steering)


class Generator(nn.Module):
    """Latents -> pictures (B, 128, 32 * columns) in -1 to 1."""

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (192, 144, 96, 48, 24)) -> None:
        super().__init__()
        self.genre = nn.Linear(n_genres, 32, bias=False)
        self.style = nn.Sequential(
            nn.Linear(STYLE + 32 + len(CONTROLS), WIDTH), nn.LeakyReLU(0.2),
            nn.Linear(WIDTH, WIDTH), nn.LeakyReLU(0.2),
        )
        start, *_, fine, finest = widths
        self.start = nn.Linear(WIDTH + LOCAL, start * START)
        self.first = Steered(start)
        self.grow = nn.ModuleList(Grow(a, b) for a, b in pairwise(widths[:-1]))
        self.refine = nn.Conv2d(fine, fine, 3, padding=(1, 0))
        self.refined = Steered(fine)
        self.finer = nn.ConvTranspose2d(fine, finest, 4, stride=2, padding=1)
        self.fined = Steered(finest)
        self.paint = nn.ConvTranspose2d(finest, 1, 4, stride=2, padding=1)

    def steering(self, latents: Latents) -> Tensor:
        """-> (B, WIDTH)."""
        genre = self.genre(latents.genres)
        return self.style(torch.cat([latents.style, genre, latents.controls], dim=1))

    def forward(self, latents: Latents) -> Tensor:
        steering = self.steering(latents)[:, None].expand(-1, latents.local.shape[2], -1)
        return self.paint_along(steering, latents.local)

    def paint_along(self, steering: Tensor, local: Tensor) -> Tensor:
        """As forward, with steering (B, columns, WIDTH) that may change on the way."""
        columns = torch.cat([steering, local.transpose(1, 2)], dim=2)
        x = self.start(columns).unflatten(2, (-1, START)).permute(0, 2, 3, 1)  # (B, C, 4, columns)
        x = self.first(x, steering)
        for grow in self.grow:
            x = grow(x, steering)
        x = self.refined(self.refine(round_in_time(x)), steering)
        x = self.fined(_transposed(self.finer, x), steering)
        return torch.tanh(_transposed(self.paint, x)[:, 0])


def _transposed(layer: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    """A transposed convolution to which time is a circle."""
    return layer(round_in_time(x))[:, :, :, 2:-2]


class Shrink(nn.Module):
    """Half as many bands and frames, with a shortcut around two convolutions (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.second = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.short = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 2)
        inner = self.second(F.leaky_relu(self.first(x), 0.2))
        return F.leaky_relu((self.short(x) + inner) * 0.7071, 0.2)


class Critic(nn.Module):
    """Pictures (B, 128, 128) -> how real they look for their genre and controls, and their genre.

    The condition comes in as a projection (Miyato and Koyama 2018); the guess of the genre is the
    auxiliary task of Odena et al. (2017).
    """

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (32, 64, 128, 192, 256)) -> None:
        super().__init__()
        first, second, *_ = widths
        self.fine = nn.Sequential(
            nn.Conv2d(1, first, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
            nn.Conv2d(first, second, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        )
        self.shrink = nn.Sequential(*(Shrink(a, b) for a, b in pairwise(widths[1:])))
        last = widths[-1]
        self.gather = nn.Sequential(
            nn.Flatten(), nn.Linear((last + 1) * START * COLUMNS, last), nn.LeakyReLU(0.2)
        )
        self.real = nn.Linear(last, 1)
        self.genre = nn.Linear(last, n_genres)
        self.fitting = nn.Linear(n_genres + len(CONTROLS), last, bias=False)

    def forward(self, pictures: Tensor, genres: Tensor, controls: Tensor) -> tuple[Tensor, Tensor]:
        """-> logits of being real (B,), logits of the genre (B, genres)."""
        x = self.shrink(self.fine(pictures[:, None]))
        spread = x.std(dim=0).mean().expand(len(x), 1, *x.shape[2:])  # sees when all are alike
        features = self.gather(torch.cat([x, spread], dim=1))
        fitting = (features * self.fitting(torch.cat([genres, controls], dim=1))).sum(dim=1)
        return self.real(features)[:, 0] + fitting / features.shape[1] ** 0.5, self.genre(features)


class PlainGenerator(nn.Module):
    """Radford et al.'s DCGAN (2016) without any condition: what Dawra et al. trained, and our yardstick."""

    def __init__(self, n_genres: int, width: int = 32) -> None:
        super().__init__()
        sizes = [STYLE + LOCAL * COLUMNS, *(width * k for k in (16, 8, 4, 2, 1))]
        layers: list[nn.Module] = [nn.ConvTranspose2d(sizes[0], sizes[1], 4), nn.BatchNorm2d(sizes[1]),
                                   nn.ReLU()]
        for a, b in pairwise(sizes[1:]):
            layers += [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        layers += [nn.ConvTranspose2d(sizes[-1], 1, 4, stride=2, padding=1), nn.Tanh()]
        self.body = nn.Sequential(*layers)

    def forward(self, latents: Latents) -> Tensor:
        z = torch.cat([latents.style, latents.local.flatten(1)], dim=1)
        return self.body(z[:, :, None, None])[:, 0]


class PlainCritic(nn.Module):
    """The DCGAN's discriminator; it guesses no genre."""

    def __init__(self, n_genres: int, width: int = 32) -> None:
        super().__init__()
        sizes = [width * k for k in (1, 2, 4, 8, 16)]
        layers: list[nn.Module] = [nn.Conv2d(1, sizes[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(sizes):
            layers += [nn.Conv2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Conv2d(sizes[-1], 1, 4), nn.Flatten())
        self.n_genres = n_genres

    def forward(self, pictures: Tensor, genres: Tensor, controls: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.body(pictures[:, None])[:, 0]
        return logits, logits.new_zeros(len(logits), self.n_genres)


NETWORKS = {"earmark": (Generator, Critic), "dcgan": (PlainGenerator, PlainCritic)}


def unseen(pictures: Tensor, rng: torch.Generator) -> Tensor:
    """Differentiable augmentation (Zhao et al. 2020): what a critic sees of real and painted alike.

    (B, bands, frames): moved, louder or darker, tilted in colour, and with a rectangle cut out.
    """
    count, bands, frames = pictures.shape
    move = torch.rand(count, 2, generator=rng) * 0.25 - 0.125
    identity = torch.tensor([1.0, 0.0, 0.0, 1.0]).expand(count, 4)
    places = torch.stack([identity[:, 0], identity[:, 1], move[:, 0],
                          identity[:, 2], identity[:, 3], move[:, 1] * 0.5], dim=1).reshape(-1, 2, 3)
    grid = F.affine_grid(places, [count, 1, bands, frames], align_corners=False)
    moved = F.grid_sample(pictures[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]
    gain = torch.rand(count, 1, 1, generator=rng) * 0.3 - 0.15
    tilt = (torch.rand(count, 1, 1, generator=rng) * 0.3 - 0.15) * torch.linspace(-1, 1, bands)[:, None]
    corner = torch.rand(count, 2, generator=rng) * (1 + CUT) - CUT
    inside = [
        (torch.linspace(0, 1, size) >= corner[:, k : k + 1]) &
        (torch.linspace(0, 1, size) < corner[:, k : k + 1] + CUT)
        for k, size in enumerate((bands, frames))
    ]
    hidden = inside[0][:, :, None] & inside[1][:, None, :]
    return (moved + gain + tilt).masked_fill(hidden, 0.0)
