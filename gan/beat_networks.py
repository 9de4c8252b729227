"""The generator that plays to a beat, and the discriminator that sees a window with the beat beside it.

Every layer of the generator is modulated frame by frame: by the style, as in `gan.networks`, and by where the
frame lies within its beat and bar. So a pulse lasts over any length of a piece, and a requested tempo is a
grid of beats that the network was trained to play to. A noise of one value a point gives each layer the grain
that real sound has.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.controls import CONTROLS
from gan.mel import FRAMES_PER_COLUMN, FRAMES_PER_MINUTE, N_BANDS
from gan.networks import LOCAL_DIM, START_BANDS, STYLE_DIM, STYLE_VECTOR_DIM, DownBlock, Latents, pad_circular

USUAL_BPM = 115.0
BEAT_CYCLES = (0.25, 0.5, 1.0, 2.0, 4.0)  # cycles a beat: of a bar, of half a bar, ... of a sixteenth
N_BEAT_FEATURES = 2 * len(BEAT_CYCLES)
WIDEST_BAR = 4  # beats of the longest cycle
DISCRIMINATOR_CYCLES = (
    1.0,
    2.0,
)  # those that the discriminator sees: nobody knows where the bars of the music begin
LAST_DEEP_BANDS = 32  # bands up to which a block has two convolutions; the finer ones cost the most
BEAT_HIDDEN = 128  # units that combine style and beat


def beat_features(beats: Tensor, cycles: tuple[float, ...] = BEAT_CYCLES) -> Tensor:
    """Compute cosine and sine of every cycle: (B, frames) beats -> (B, 2 * cycles, frames)."""
    angles = torch.stack([2 * torch.pi * cycle * beats for cycle in cycles], dim=1)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


def tempo_octaves(beats: Tensor) -> Tensor:
    """Compute the mean tempo of (B, frames) beats in octaves above USUAL_BPM: (B, 1)."""
    per_frame = (beats[:, -1:] - beats[:, :1]) / (beats.shape[1] - 1)
    return (per_frame.clamp_min(1e-3) * (FRAMES_PER_MINUTE / USUAL_BPM)).log2()


def count_beats_at(octaves: Tensor, frames: Tensor) -> Tensor:
    """Count the beats at frames (T,) of tempos (B, 1) in octaves above USUAL_BPM: (B, T)."""
    return frames * (2**octaves * (USUAL_BPM / FRAMES_PER_MINUTE))


@dataclass(frozen=True)
class BeatLatents(Latents):
    """The inputs of a generator that plays to a beat."""

    tempo: Tensor  # (B, 1) octaves above USUAL_BPM
    beats: Tensor  # (B, frames): beats since some bar began
    grain: Tensor  # (B, 128, frames), standard normal

    @classmethod
    def draw_with_beats(cls, genres: Tensor, controls: Tensor, beats: Tensor, rng: torch.Generator) -> Self:
        """Draw style, local latent and grain for given genres, controls (B, 3) and beats (B, frames)."""
        count, frames, device = len(genres), beats.shape[1], genres.device
        normal = lambda *shape: torch.randn(*shape, generator=rng, device=device)  # noqa: E731
        return cls(
            normal(count, STYLE_DIM),
            normal(count, LOCAL_DIM, frames // FRAMES_PER_COLUMN),
            genres,
            controls,
            tempo_octaves(beats),
            beats,
            normal(count, N_BANDS, frames),
        )


class BeatModulation(nn.Module):
    """Grain, pixel normalisation, and scale and shift of each channel from the style and beat of a frame."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.grain = nn.Parameter(torch.zeros(channels))
        self.combine = nn.Conv1d(STYLE_VECTOR_DIM + N_BEAT_FEATURES, BEAT_HIDDEN, 1)
        self.affine = nn.Conv1d(BEAT_HIDDEN, 2 * channels, 1)

    def forward(self, x: Tensor, conditions: Tensor, grain: Tensor) -> Tensor:
        """Modulate (B, C, bands, T) by (B, style and beat, T), with a grain (B, bands, T)."""
        x = torch.addcmul(x, self.grain.to(x.dtype)[:, None, None], grain[:, None])
        inverse_rms = torch.rsqrt(
            torch.linalg.vector_norm(x, dim=1, keepdim=True).square() / x.shape[1] + 1e-6
        )
        hidden = F.leaky_relu(self.combine(conditions), 0.2)
        scale, shift = self.affine(hidden)[:, :, None].chunk(2, dim=1)
        return F.leaky_relu(torch.addcmul(shift, x * inverse_rms, 1 + scale), 0.2)


class BeatBlock(nn.Module):
    """Upsampling by 2 and modulated convolutions; each band has a bias of its own."""

    def __init__(self, inputs: int, outputs: int, bands: int, upsample: bool = True) -> None:
        super().__init__()
        self.upsample = upsample
        sizes = (inputs, outputs) if bands <= LAST_DEEP_BANDS else (inputs,)
        self.convs = nn.ModuleList(nn.Conv2d(n, outputs, 3, padding=(1, 0)) for n in sizes)
        self.band_bias = nn.Parameter(torch.zeros(outputs, bands, 1))
        self.modulations = nn.ModuleList(BeatModulation(outputs) for _ in self.convs)

    def forward(self, x: Tensor, conditions: Tensor, grain: Tensor) -> Tensor:
        if self.upsample:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        for conv, modulation in zip(self.convs, self.modulations, strict=True):
            x = conv(pad_circular(x))
            x = modulation(x + self.band_bias.to(x.dtype), conditions, grain.to(x.dtype))
        return x


class BeatGenerator(nn.Module):
    """The generator: BeatLatents -> log-mels (B, 128, 32 * columns) in -1 to 1."""

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (384, 320, 224, 128, 64, 32)) -> None:
        super().__init__()
        self.genre_embedding = nn.Linear(n_genres, 32, bias=False)
        self.mapping = nn.Sequential(
            nn.Linear(STYLE_DIM + 32 + len(CONTROLS) + 1, STYLE_VECTOR_DIM),
            nn.LeakyReLU(0.2),
            nn.Linear(STYLE_VECTOR_DIM, STYLE_VECTOR_DIM),
            nn.LeakyReLU(0.2),
            nn.Linear(STYLE_VECTOR_DIM, STYLE_VECTOR_DIM),
            nn.LeakyReLU(0.2),
        )
        self.input_layer = nn.Linear(STYLE_VECTOR_DIM + LOCAL_DIM, widths[0] * START_BANDS)
        bands = [START_BANDS << level for level in range(len(widths))]
        self.blocks = nn.ModuleList(
            [BeatBlock(widths[0], widths[0], bands[0], upsample=False)]
            + [BeatBlock(a, b, n) for (a, b), n in zip(pairwise(widths), bands[1:], strict=True)]
        )
        self.to_mel = nn.Conv2d(widths[-1], 1, 3, padding=(1, 0))

    def style_vector(self, latents: BeatLatents) -> Tensor:
        """Map style, genres, controls and tempo to the style vector (B, STYLE_VECTOR_DIM)."""
        genre = self.genre_embedding(latents.genres)
        return self.mapping(torch.cat([latents.style, genre, latents.controls, latents.tempo], dim=1))

    def forward(self, latents: BeatLatents) -> Tensor:
        styles = self.style_vector(latents)[:, None].expand(-1, latents.local.shape[2], -1)
        return self.synthesize(styles, latents.local, latents.beats, latents.grain)

    def synthesize(self, styles: Tensor, local: Tensor, beats: Tensor, grain: Tensor) -> Tensor:
        """Generate from a style vector a column (B, columns, STYLE_VECTOR_DIM), and the other latents."""
        columns = torch.cat([styles, local.transpose(1, 2)], dim=2)
        x = self.input_layer(columns).unflatten(2, (-1, START_BANDS)).permute(0, 2, 3, 1)
        x = x.contiguous(memory_format=torch.channels_last)
        features, by_column = beat_features(beats), styles.transpose(1, 2)
        for block in self.blocks:
            frames = x.shape[3] * (2 if block.upsample else 1)
            step = beats.shape[1] // frames
            conditions = torch.cat(
                [_interpolate_circular(by_column, frames), F.avg_pool1d(features, step)], dim=1
            )
            x = block(x, conditions, grain[:, ::step, ::step])
        return torch.tanh(self.to_mel(pad_circular(x))[:, 0])


def _interpolate_circular(values: Tensor, frames: int) -> Tensor:
    """Interpolate (B, C, columns) linearly and circularly to (B, C, frames)."""
    columns = values.shape[2]
    place = (torch.arange(frames, device=values.device) + 0.5) * (columns / frames) - 0.5
    distance = (place[None] - torch.arange(columns, device=values.device)[:, None]).remainder(columns)
    weights = 1 - torch.minimum(distance, columns - distance)
    return values @ weights.clamp_min(0).to(values.dtype)


class BeatDiscriminator(nn.Module):
    """The discriminator: log-mels of any length, genres, controls, beats -> logits of real, of the genre.

    It sees the beats as further channels; genres, controls and tempo enter as a projection, and the genre is
    an auxiliary task, as in `gan.networks.Discriminator`.
    """

    def __init__(self, n_genres: int, widths: tuple[int, ...] = (48, 96, 192, 256, 384)) -> None:
        super().__init__()
        first, second, *_ = widths
        self.stem = nn.Sequential(
            nn.Conv2d(1 + 2 * len(DISCRIMINATOR_CYCLES), first, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(first, second, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
        )
        self.down_blocks = nn.Sequential(*(DownBlock(a, b) for a, b in pairwise(widths[1:])))
        last = widths[-1]
        self.head = nn.Sequential(
            nn.Conv2d(last + 1, last, (START_BANDS, 3), padding=(0, 1)), nn.LeakyReLU(0.2)
        )
        self.real_output = nn.Linear(last, 1)
        self.genre_output = nn.Linear(last, n_genres)
        self.projection = nn.Linear(n_genres + len(CONTROLS) + 1, last, bias=False)

    def forward(self, mels: Tensor, genres: Tensor, controls: Tensor, beats: Tensor) -> tuple[Tensor, Tensor]:
        """Compute the logits of being real (B,) and of the genre (B, genres)."""
        channels = beat_features(beats, DISCRIMINATOR_CYCLES)[:, :, None].expand(-1, -1, mels.shape[1], -1)
        x = self.down_blocks(self.stem(torch.cat([mels[:, None], channels], dim=1)))
        batch_std = x.std(dim=0).mean().expand(len(x), 1, *x.shape[2:])  # shows mode collapse (Karras 2018)
        features = self.head(torch.cat([x, batch_std], dim=1)).mean(dim=(2, 3))
        conditions = torch.cat([genres, controls, tempo_octaves(beats)], dim=1)
        projected = (features * self.projection(conditions)).sum(dim=1)
        real = self.real_output(features)[:, 0] + projected / features.shape[1] ** 0.5
        return real, self.genre_output(features)
