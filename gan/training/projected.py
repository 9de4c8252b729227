"""One training of the generator that plays to a beat, against two discriminators, on any device.

One discriminator sees windows of the log-mel with the beat beside them; the other hears them through a frozen
pretrained network (`gan.feature_discriminator`). Odd steps train on windows of 6 s, cut from whole
recordings; even ones on windows of 3 s, which more tracks have.
"""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.beat_networks import BeatDiscriminator, BeatGenerator, BeatLatents, count_beats_at, tempo_octaves
from gan.feature_discriminator import TAG_WINDOW_FRAMES, FeatureDiscriminator, hinge_losses
from gan.mel import CLIP_FRAMES, FRAMES_PER_COLUMN, measure_controls
from gan.training.dataset import MusicDataset
from gan.training.settings import CONTROL_NOISE_STD, GanSettings
from gan.training.trainer import SAMPLES_SEED, GanTrainer
from gan.training.windows import Windows, WindowSampler
from genre.models.pretrained.vgg import load_vgg
from genre.training.loop import update_average

WINDOW_FRAMES = (CLIP_FRAMES, 2 * CLIP_FRAMES)  # of even and of odd steps
EDGE = (TAG_WINDOW_FRAMES - CLIP_FRAMES) // 2  # frames on either side that only the pretrained network sees
FEATURE_LOSS_WEIGHT = 1.0  # beside the discriminator of windows
STATISTICS_WINDOWS = 2048  # from which the controls' mean and deviation are taken
CUTOUT = 0.3  # largest side of a cutout, as a fraction


class ProjectedTrainer(GanTrainer):
    """The three networks with their optimisers, and one training step."""

    def __init__(self, dataset: MusicDataset, settings: GanSettings, device: torch.device) -> None:
        self.dataset, self.settings, self.device = dataset, settings, device
        torch.manual_seed(settings.seed)
        n_genres = len(dataset.genres)
        self.windows = WindowSampler(dataset, device)
        self.generator = BeatGenerator(n_genres)
        self.discriminator = BeatDiscriminator(n_genres)
        self.feature_discriminator = FeatureDiscriminator(n_genres, load_vgg())
        for network in (self.generator, self.discriminator, self.feature_discriminator):
            network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged_generator = copy.deepcopy(self.generator)
        betas = (settings.adam_beta1, 0.99)
        self.optimisers = {
            "generator": torch.optim.Adam(
                self.generator.parameters(), settings.generator_learning_rate, betas
            ),
            "discriminator": torch.optim.Adam(
                [*self.discriminator.parameters(), *self.feature_discriminator.heads.parameters()],
                settings.discriminator_learning_rate,
                betas,
            ),
        }
        self.one_hot = torch.eye(n_genres, device=device)
        self._measure_statistics()
        self.bfloat16 = settings.bfloat16 and device.type == "cuda"
        self.steps_done = 0

    def _measure_statistics(self) -> None:
        """Measure the controls over all music and by genre, and the tempos of each genre."""
        n_genres = len(self.dataset.genres)
        windows = self.windows.draw(STATISTICS_WINDOWS, CLIP_FRAMES, self.rng(self.settings.seed))
        values = torch.cat([measure_controls(windows.mels), tempo_octaves(windows.beats)], dim=1)
        rows = [values[windows.labels == label] for label in range(n_genres)]
        means = torch.stack([part.mean(dim=0) for part in rows])
        stds = torch.stack([part.std(dim=0) for part in rows])
        within, between = stds.square().mean(dim=0), means.var(dim=0, correction=min(1, n_genres - 1))
        mean, std = means.mean(dim=0), (within + between).sqrt()
        self.control_mean, self.control_std = mean[:-1], std[:-1]
        self.control_stats_by_genre = (
            (means[:, :-1] - self.control_mean) / self.control_std,
            stds[:, :-1] / self.control_std,
        )
        self.tempo_stats_by_genre = {"mean": means[:, -1].tolist(), "std": stds[:, -1].tolist()}

    def rng(self, seed: int) -> torch.Generator:
        """Create a source of noise on the device."""
        return torch.Generator(self.device).manual_seed(seed)

    def normalized_controls(self, mels: Tensor) -> Tensor:
        """Measure the controls as z-scores, as the networks take them: (B, 128, frames) -> (B, 3)."""
        return (measure_controls(mels) - self.control_mean) / self.control_std

    def step(self, rng: torch.Generator) -> dict[str, float]:
        """Update the discriminators, then the generator; return the metrics of the step."""
        settings = self.settings
        frames = WINDOW_FRAMES[self.steps_done % 2]
        real = self.windows.draw(settings.batch_size, frames + 2 * EDGE, rng)
        genres = self.one_hot[real.labels]
        controls = self.normalized_controls(real.mels)
        noise = torch.randn(controls.shape, generator=rng, device=self.device)
        targets = controls + CONTROL_NOISE_STD * noise
        fake = self._generate(genres, targets, real.beats, rng)

        excerpts = _cut_excerpts(fake.detach(), real.mels, rng=rng)
        augmented = [self._augment(mels, rng) for mels in (real.mels, fake.detach())]
        with self._autocast():
            real_logits, genre_logits = self._discriminate(augmented[0], genres, controls, real)
            fake_logits, _ = self._discriminate(augmented[1], genres, targets, real)
            conditions = [(genres, targets), (genres, controls)]
            fake_map_logits, real_map_logits = (
                self.feature_discriminator(augment_spectrum(mels, rng), *condition)
                for mels, condition in zip(excerpts, conditions, strict=True)
            )
        loss = F.softplus(-real_logits.float()).mean() + F.softplus(fake_logits.float()).mean()
        loss = loss + settings.genre_loss_weight * F.cross_entropy(genre_logits.float(), real.labels)
        feature_loss = hinge_losses(real_map_logits, fake_map_logits)
        total = loss + feature_loss
        if self.steps_done % settings.r1_interval in (0, 1):  # of both lengths
            part = slice(0, settings.r1_batch_size)
            penalty = self._r1_of_windows(augmented[0][part], genres[part], controls[part], real.beats[part])
            total = total + settings.r1_interval / 2 * settings.r1_gamma / 2 * penalty
        self._update("discriminator", total)

        self._learn(False)
        with self._autocast():
            logits, fake_genre_logits = self._discriminate(self._augment(fake, rng), genres, targets, real)
            (excerpt,) = _cut_excerpts(fake, rng=rng)
            fake_map_logits = self.feature_discriminator(augment_spectrum(excerpt, rng), genres, targets)
        inner = fake[:, :, EDGE:-EDGE]
        control_loss = (self.normalized_controls(inner) - targets).square().mean()
        genre_loss = F.cross_entropy(fake_genre_logits.float(), real.labels)
        generator_loss = F.softplus(-logits.float()).mean()
        feature_generator_loss = -torch.stack([part.float().mean() for part in fake_map_logits]).mean()
        self._update(
            "generator",
            generator_loss
            + FEATURE_LOSS_WEIGHT * feature_generator_loss
            + settings.genre_loss_weight * genre_loss
            + settings.control_loss_weight * control_loss,
        )
        self._learn(True)
        self.steps_done += 1
        decay = min(settings.ema_decay, (1 + self.steps_done) / (10 + self.steps_done))
        update_average(self.averaged_generator, self.generator, decay)
        metrics = {
            "loss_discriminator": loss,
            "loss_generator": generator_loss,
            "loss_features": feature_loss,
            "loss_generator_features": feature_generator_loss,
            "d_real": real_logits.float().sigmoid().mean(),  # D(x)
            "d_fake": fake_logits.float().sigmoid().mean(),  # D(G(z))
            "genre_accuracy_real": (genre_logits.argmax(1) == real.labels).float().mean(),
            "genre_accuracy_fake": (fake_genre_logits.argmax(1) == real.labels).float().mean(),
            "control_rmse": control_loss.sqrt(),
        }
        return dict(zip(metrics, torch.stack(list(metrics.values())).tolist(), strict=True))

    def state(self) -> dict[str, dict[str, Tensor]]:
        """Collect networks and optimiser moments as groups of tensors, for a checkpoint."""
        return super().state() | {"feature_discriminator": self.feature_discriminator.heads.state_dict()}

    def restore(self, groups: dict[str, dict[str, Tensor]]) -> None:
        """Load the groups of `state`. Raises KeyError or RuntimeError."""
        super().restore(groups)
        self.feature_discriminator.heads.load_state_dict(groups["feature_discriminator"])

    def _generate(self, genres: Tensor, controls: Tensor, beats: Tensor, rng: torch.Generator) -> Tensor:
        """Generate windows as long as `beats` (B, frames): a column more on either side is cut off."""
        margin = FRAMES_PER_COLUMN - EDGE
        slope = (beats[:, -1:] - beats[:, :1]) / (beats.shape[1] - 1)
        outside = slope * torch.arange(1, margin + 1, device=beats.device)
        longer = torch.cat([beats[:, :1] - outside.flip(1), beats, beats[:, -1:] + outside], dim=1)
        latents = BeatLatents.draw_with_beats(genres, controls, longer, rng)
        with self._autocast():
            return self.generator(latents).float()[:, :, margin:-margin]

    def _discriminate(
        self, mels: Tensor, genres: Tensor, controls: Tensor, real: Windows
    ) -> tuple[Tensor, Tensor]:
        return self.discriminator(mels, genres, controls, real.beats[:, EDGE:-EDGE])

    def _augment(self, mels: Tensor, rng: torch.Generator) -> Tensor:
        return cut_out(augment_spectrum(mels[:, :, EDGE:-EDGE], rng), rng)

    def _r1_of_windows(self, real: Tensor, genres: Tensor, controls: Tensor, beats: Tensor) -> Tensor:
        """Compute R1: the mean squared gradient of the discriminator at real windows."""
        real = real.detach().requires_grad_()
        logits, _ = self.discriminator(real, genres, controls, beats[:, EDGE:-EDGE])
        (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
        return gradient.square().sum(dim=(1, 2)).mean()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.bfloat16)

    def _learn(self, both: bool) -> None:
        """Let the discriminators learn, or only pass the gradient on to the generator."""
        self.discriminator.requires_grad_(both)
        self.feature_discriminator.heads.requires_grad_(both)

    def _update(self, name: str, loss: Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()

    @torch.no_grad()
    def samples(self) -> np.ndarray:
        """Generate one clip per genre from fixed latents and beats: (genres, 128, 128) uint8."""
        rng = self.rng(SAMPLES_SEED)
        genres = torch.eye(len(self.dataset.genres), device=self.device)
        octaves = torch.tensor(self.tempo_stats_by_genre["mean"], device=self.device)[:, None]
        frames = torch.arange(CLIP_FRAMES + 2 * FRAMES_PER_COLUMN, device=self.device)
        beats = count_beats_at(octaves, frames)
        latents = BeatLatents.draw_with_beats(genres, self.control_stats_by_genre[0], beats, rng)
        fake = self.averaged_generator(latents)[:, :, FRAMES_PER_COLUMN:-FRAMES_PER_COLUMN]
        return ((fake + 1) * 127.5).round().byte().cpu().numpy()


def augment_spectrum(mels: Tensor, rng: torch.Generator) -> Tensor:
    """Shift, level and tilt the bands of (B, 128, frames) at random, differentiably."""
    count, bands, _ = mels.shape
    shift, gain, tilt = torch.rand(3, count, 1, generator=rng, device=mels.device) * 2 - 1
    places = (torch.arange(bands, device=mels.device) + 6.0 * shift).clamp(0, bands - 1)
    low = places.long().clamp(max=bands - 2)
    share = (places - low)[:, :, None]
    gather = lambda index: mels.gather(1, index[:, :, None].expand_as(mels))  # noqa: E731
    shifted = gather(low).lerp(gather(low + 1), share)
    slope = tilt[:, :, None] * 0.15 * torch.linspace(-1, 1, bands, device=mels.device)[:, None]
    return shifted + 0.15 * gain[:, :, None] + slope


def cut_out(mels: Tensor, rng: torch.Generator) -> Tensor:
    """Set a random rectangle of each of (B, bands, frames) to 0."""
    corner = torch.rand(2, len(mels), 1, generator=rng, device=mels.device) * (1 + CUTOUT) - CUTOUT
    inside = [
        (places >= corner[k]) & (places < corner[k] + CUTOUT)
        for k, places in enumerate(torch.linspace(0, 1, size, device=mels.device) for size in mels.shape[1:])
    ]
    return mels.masked_fill(inside[0][:, :, None] & inside[1][:, None], 0.0)


def _cut_excerpts(*batches: Tensor, rng: torch.Generator) -> list[Tensor]:
    """Cut TAG_WINDOW_FRAMES from each batch (B, 128, frames), at a place of its own."""
    cuts = []
    for mels in batches:
        start = torch.randint(mels.shape[2] - TAG_WINDOW_FRAMES + 1, (1,), generator=rng, device=mels.device)
        cuts.append(mels.index_select(2, start + torch.arange(TAG_WINDOW_FRAMES, device=mels.device)))
    return cuts
