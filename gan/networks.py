"""The generators and discriminators: ours, conditional and style-modulated, and a plain DCGAN.

The generator is convolutional along time with circular padding, so a longer latent path gives longer
music without seams. The local latent, one vector per column of 32 frames, decides what a moment sounds
like; the style latent, the genres and the controls give the style vector that modulates every layer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.controls import CONTROLS
from gan.mel import CLIP_FRAMES, FRAMES_PER_COLUMN

N_COLUMNS = CLIP_FRAMES // FRAMES_PER_COLUMN
STYLE_DIM, LOCAL_DIM = 64, 16  # sizes of the two parts of the latent
STYLE_VECTOR_DIM = 128  # size of the vector that modulates the layers
START_BANDS = 4  # bands at the coarsest level
CUTOUT_SIZE = 0.4  # side of the cutout of diff_augment, as a fraction of the spectrogram

# Names of submodules in weights and checkpoints of earlier versions -> names now.
OLD_GENERATOR_NAMES = {
    "genre": "genre_embedding",
    "style": "mapping",
    "start": "input_layer",
    "first": "input_modulation",
    "grow": "up_blocks",
    "refine": "refine_conv",
    "refined": "refine_modulation",
    "finer": "upsample",
    "fined": "upsample_modulation",
    "paint": "to_mel",
    "steered": "modulation",
    "steer": "affine",
}
OLD_DISCRIMINATOR_NAMES = {
    "fine": "stem",
    "shrink": "down_blocks",
    "gather": "head",
    "real": "real_output",
    "genre": "genre_output",
    "fitting": "projection",
    "first": "conv1",
    "second": "conv2",
    "short": "shortcut",
}


def with_current_names(weights: Mapping[str, Tensor], old_names: Mapping[str, str]) -> dict[str, Tensor]:
    """Rename the keys of a state dict of an earlier version by one of the tables above."""
    return {
        ".".join(old_names.get(part, part) for part in key.split(".")): tensor
        for key, tensor in weights.items()
    }


@dataclass(frozen=True)
class Latents:
    """The inputs of a generator."""

    style: Tensor  # (B, 64), standard normal
    local: Tensor  # (B, 16, columns), standard normal
    genres: Tensor  # (B, genres), weights that add up to 1
    controls: Tensor  # (B, 3), z-scores over all the training music

    @classmethod
    def draw(
        cls, genres: Tensor, controls: Tensor, rng: torch.Generator, columns: int = N_COLUMNS
    ) -> "Latents":
        """Draw style and local from standard normals for given genres (B, genres) and controls (B, 3)."""
        count = len(genres)
        return cls(
            torch.randn(count, STYLE_DIM, generator=rng),
            torch.randn(count, LOCAL_DIM, columns, generator=rng),
            genres,
            controls,
        )


def pad_circular(x: Tensor) -> Tensor:
    """Pad the last axis circularly by 1; F.pad would lose the channels-last layout, which costs time."""
    return torch.cat([x[..., -1:], x, x[..., :1]], dim=-1)


class StyleModulation(nn.Module):
    """Pixel normalisation, then a scale and a shift of each channel from the style vector (AdaIN-like)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.affine = nn.Linear(STYLE_VECTOR_DIM, 2 * channels)

    def forward(self, x: Tensor, styles: Tensor) -> Tensor:
        """Modulate (B, C, bands, frames) by (B, columns, STYLE_VECTOR_DIM) -> (B, C, bands, frames)."""
        inverse_rms = torch.rsqrt(
            torch.linalg.vector_norm(x, dim=1, keepdim=True).square() / x.shape[1] + 1e-6
        )
        scale, shift = self.affine(styles).transpose(1, 2).chunk(2, dim=1)  # (B, C, columns)
        scale, shift = (_interpolate_columns(values, x.shape[3])[:, :, None] for values in (scale, shift))
        return F.leaky_relu(torch.addcmul(shift, x * inverse_rms, 1 + scale), 0.2)


def _interpolate_columns(values: Tensor, frames: int) -> Tensor:
    """Interpolate (B, C, columns) linearly and circularly to (B, C, frames)."""
    padded = torch.cat([values[:, :, -1:], values, values[:, :, :1]], dim=2)
    factor = frames // values.shape[2]
    wide = F.interpolate(padded, scale_factor=float(factor), mode="linear", align_corners=False)
    return wide[:, :, factor:-factor]


class UpBlock(nn.Module):
    """Nearest-neighbour upsampling by 2, a convolution and style modulation."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=(1, 0))
        self.modulation = StyleModulation(outputs)

    def forward(self, x: Tensor, styles: Tensor) -> Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        return self.modulation(self.conv(pad_circular(x)), styles)


class Generator(nn.Module):
    """The generator: latents -> log-mels (B, 128, 32 * columns) in -1 to 1."""

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (192, 144, 96, 48, 24)) -> None:
        super().__init__()
        self.genre_embedding = nn.Linear(n_genres, 32, bias=False)
        self.mapping = nn.Sequential(
            nn.Linear(STYLE_DIM + 32 + len(CONTROLS), STYLE_VECTOR_DIM),
            nn.LeakyReLU(0.2),
            nn.Linear(STYLE_VECTOR_DIM, STYLE_VECTOR_DIM),
            nn.LeakyReLU(0.2),
        )
        start, *_, fine, finest = widths
        self.input_layer = nn.Linear(STYLE_VECTOR_DIM + LOCAL_DIM, start * START_BANDS)
        self.input_modulation = StyleModulation(start)
        self.up_blocks = nn.ModuleList(UpBlock(a, b) for a, b in pairwise(widths[:-1]))
        self.refine_conv = nn.Conv2d(fine, fine, 3, padding=(1, 0))
        self.refine_modulation = StyleModulation(fine)
        self.upsample = nn.ConvTranspose2d(fine, finest, 4, stride=2, padding=1)
        self.upsample_modulation = StyleModulation(finest)
        self.to_mel = nn.ConvTranspose2d(finest, 1, 4, stride=2, padding=1)

    def style_vector(self, latents: Latents) -> Tensor:
        """Map style, genres and controls to the style vector (B, STYLE_VECTOR_DIM)."""
        genre = self.genre_embedding(latents.genres)
        return self.mapping(torch.cat([latents.style, genre, latents.controls], dim=1))

    def forward(self, latents: Latents) -> Tensor:
        styles = self.style_vector(latents)[:, None].expand(-1, latents.local.shape[2], -1)
        return self.synthesize(styles, latents.local)

    def synthesize(self, styles: Tensor, local: Tensor) -> Tensor:
        """Generate from a style vector per column (B, columns, STYLE_VECTOR_DIM) and the local latent."""
        columns = torch.cat([styles, local.transpose(1, 2)], dim=2)
        x = (
            self.input_layer(columns).unflatten(2, (-1, START_BANDS)).permute(0, 2, 3, 1)
        )  # (B, C, 4, columns)
        x = self.input_modulation(x, styles)
        for block in self.up_blocks:
            x = block(x, styles)
        x = self.refine_modulation(self.refine_conv(pad_circular(x)), styles)
        x = self.upsample_modulation(_conv_transposed_circular(self.upsample, x), styles)
        return torch.tanh(_conv_transposed_circular(self.to_mel, x)[:, 0])


def _conv_transposed_circular(layer: nn.ConvTranspose2d, x: Tensor) -> Tensor:
    """Apply a transposed convolution with circular padding along time."""
    return layer(pad_circular(x))[:, :, :, 2:-2]


class DownBlock(nn.Module):
    """Average pooling by 2, then a residual block of two convolutions (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(x, 2)
        inner = self.conv2(F.leaky_relu(self.conv1(x), 0.2))
        return F.leaky_relu((self.shortcut(x) + inner) * 0.7071, 0.2)


class Discriminator(nn.Module):
    """The discriminator: log-mels (B, 128, 128), genres, controls -> logits of real, logits of the genre.

    The condition enters as a projection (Miyato and Koyama 2018); genre classification is the
    auxiliary task of Odena et al. (2017).
    """

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (32, 64, 128, 192, 256)) -> None:
        super().__init__()
        first, second, *_ = widths
        self.stem = nn.Sequential(
            nn.Conv2d(1, first, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.down_blocks = nn.Sequential(*(DownBlock(a, b) for a, b in pairwise(widths[1:])))
        last = widths[-1]
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear((last + 1) * START_BANDS * N_COLUMNS, last), nn.LeakyReLU(0.2)
        )
        self.real_output = nn.Linear(last, 1)
        self.genre_output = nn.Linear(last, n_genres)
        self.projection = nn.Linear(n_genres + len(CONTROLS), last, bias=False)

    def forward(self, mels: Tensor, genres: Tensor, controls: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits of being real (B,) and of the genre (B, genres)."""
        x = self.down_blocks(self.stem(mels[:, None]))
        batch_std = x.std(dim=0).mean().expand(len(x), 1, *x.shape[2:])  # shows mode collapse (Karras 2018)
        features = self.head(torch.cat([x, batch_std], dim=1))
        projected = (features * self.projection(torch.cat([genres, controls], dim=1))).sum(dim=1)
        return self.real_output(features)[:, 0] + projected / features.shape[1] ** 0.5, self.genre_output(
            features
        )


class DcganGenerator(nn.Module):
    """The unconditional DCGAN of Radford et al. (2016), which Dawra et al. trained; it is our baseline."""

    def __init__(self, n_genres: int, width: int = 32) -> None:
        super().__init__()
        sizes = [STYLE_DIM + LOCAL_DIM * N_COLUMNS, *(width * k for k in (16, 8, 4, 2, 1))]
        layers: list[nn.Module] = [
            nn.ConvTranspose2d(sizes[0], sizes[1], 4),
            nn.BatchNorm2d(sizes[1]),
            nn.ReLU(),
        ]
        for a, b in pairwise(sizes[1:]):
            layers += [nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
        layers += [nn.ConvTranspose2d(sizes[-1], 1, 4, stride=2, padding=1), nn.Tanh()]
        self.body = nn.Sequential(*layers)

    def forward(self, latents: Latents) -> Tensor:
        z = torch.cat([latents.style, latents.local.flatten(1)], dim=1)
        return self.body(z[:, :, None, None])[:, 0]


class DcganDiscriminator(nn.Module):
    """The DCGAN's discriminator, without a genre output (its genre logits are 0)."""

    def __init__(self, n_genres: int, width: int = 32) -> None:
        super().__init__()
        sizes = [width * k for k in (1, 2, 4, 8, 16)]
        layers: list[nn.Module] = [nn.Conv2d(1, sizes[0], 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for a, b in pairwise(sizes):
            layers += [nn.Conv2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Conv2d(sizes[-1], 1, 4), nn.Flatten())
        self.n_genres = n_genres

    def forward(self, mels: Tensor, genres: Tensor, controls: Tensor) -> tuple[Tensor, Tensor]:
        logits = self.body(mels[:, None])[:, 0]
        return logits, logits.new_zeros(len(logits), self.n_genres)


NETWORKS = {"earmark": (Generator, Discriminator), "dcgan": (DcganGenerator, DcganDiscriminator)}


def diff_augment(mels: Tensor, rng: torch.Generator) -> Tensor:
    """Augment real and generated clips alike, differentiably (DiffAugment, Zhao et al. 2020).

    (B, bands, frames) -> the same shape, after a random translation, gain, spectral tilt and cutout.
    """
    count, bands, frames = mels.shape
    shift = torch.rand(count, 2, generator=rng) * 0.25 - 0.125
    identity = torch.tensor([1.0, 0.0, 0.0, 1.0]).expand(count, 4)
    transforms = torch.stack(
        [identity[:, 0], identity[:, 1], shift[:, 0], identity[:, 2], identity[:, 3], shift[:, 1] * 0.5],
        dim=1,
    ).reshape(-1, 2, 3)
    grid = F.affine_grid(transforms, [count, 1, bands, frames], align_corners=False)
    shifted = F.grid_sample(mels[:, None], grid, padding_mode="zeros", align_corners=False)[:, 0]
    gain = torch.rand(count, 1, 1, generator=rng) * 0.3 - 0.15
    tilt = (torch.rand(count, 1, 1, generator=rng) * 0.3 - 0.15) * torch.linspace(-1, 1, bands)[:, None]
    corner = torch.rand(count, 2, generator=rng) * (1 + CUTOUT_SIZE) - CUTOUT_SIZE
    inside = [
        (torch.linspace(0, 1, size) >= corner[:, k : k + 1])
        & (torch.linspace(0, 1, size) < corner[:, k : k + 1] + CUTOUT_SIZE)
        for k, size in enumerate((bands, frames))
    ]
    cutout = inside[0][:, :, None] & inside[1][:, None, :]
    return (shifted + gain + tilt).masked_fill(cutout, 0.0)
