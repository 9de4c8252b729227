"""The networks of a GAN training with their optimisers, and one training step.

It uses the non-saturating logistic loss with R1 (Mescheder et al. 2018), two time scales (Heusel et al.
2017), an exponential moving average of the generator's weights, and differentiable augmentation, which keeps
the discriminator from memorising some hundred tracks.
"""

import copy

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.mel import measure_controls
from gan.networks import (
    NETWORKS,
    OLD_DISCRIMINATOR_NAMES,
    OLD_GENERATOR_NAMES,
    Latents,
    diff_augment,
    with_current_names,
)
from gan.training.dataset import MusicDataset
from gan.training.settings import CONTROL_NOISE_STD, GanSettings
from genre.compute import has_bfloat16
from genre.training.loop import update_average

SAMPLES_SEED = 7  # seed of the samples generated after each epoch
OLD_CHECKPOINT_GROUPS = {
    "critic": "discriminator",
    "averaged": "averaged_generator",
    "adam-critic": "adam-discriminator",
}


class GanTrainer:
    """The two networks with their optimisers, and one training step."""

    def __init__(self, dataset: MusicDataset, settings: GanSettings) -> None:
        self.dataset, self.settings = dataset, settings
        torch.manual_seed(settings.seed)
        generator, discriminator = NETWORKS[settings.network]
        self.generator = generator(len(dataset.genres)).to(memory_format=torch.channels_last)
        self.discriminator = discriminator(len(dataset.genres)).to(memory_format=torch.channels_last)
        self.averaged_generator = copy.deepcopy(self.generator) if settings.ema_decay else self.generator
        betas = (settings.adam_beta1, 0.999 if settings.adam_beta1 else 0.99)
        self.optimisers = {
            "generator": torch.optim.Adam(
                self.generator.parameters(), settings.generator_learning_rate, betas
            ),
            "discriminator": torch.optim.Adam(
                self.discriminator.parameters(), settings.discriminator_learning_rate, betas
            ),
        }
        means, stds = dataset.control_statistics(torch.Generator().manual_seed(settings.seed))
        variance_between = means.var(dim=0, correction=min(1, len(means) - 1))  # 0 where there is one genre
        self.control_mean, self.control_std = (
            means.mean(dim=0),
            (stds.square().mean(dim=0) + variance_between).sqrt(),
        )
        self.control_stats_by_genre = (
            (means - self.control_mean) / self.control_std,
            stds / self.control_std,
        )  # mean and standard deviation: (genres, 3) each
        self.tempo_stats_by_genre: dict[str, list[float]] = {}  # of a network that plays to a beat
        self.bfloat16 = settings.bfloat16 and has_bfloat16()
        self.steps_done = 0

    def normalized_controls(self, mels: Tensor) -> Tensor:
        """Measure the controls as z-scores, as the networks take them: (B, 128, 128) -> (B, 3)."""
        return (measure_controls(mels) - self.control_mean) / self.control_std

    def rng(self, seed: int) -> torch.Generator:
        """Create a source of noise on the device that trains."""
        return torch.Generator().manual_seed(seed)

    def step(self, rng: torch.Generator) -> dict[str, float]:
        """Update the discriminator, then the generator; return the metrics of the step."""
        settings, count = self.settings, self.settings.batch_size
        real, labels = self.dataset.sample_batch(count, rng)
        genres = F.one_hot(labels, len(self.dataset.genres)).float()
        real_controls = self.normalized_controls(real)
        target_controls = real_controls + CONTROL_NOISE_STD * torch.randn(real_controls.shape, generator=rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            fake = self.generator(Latents.draw(genres, target_controls, rng)).float()
            augmented = [diff_augment(x, rng) if settings.diff_augment else x for x in (real, fake.detach())]
            (real_logits, genre_logits), (fake_logits, _) = (
                self.discriminator(x, genres, c)
                for x, c in zip(augmented, (real_controls, target_controls), strict=True)
            )
        loss = F.softplus(-real_logits.float()).mean() + F.softplus(fake_logits.float()).mean()
        loss = loss + settings.genre_loss_weight * F.cross_entropy(genre_logits.float(), labels)
        if settings.r1_gamma and self.steps_done % settings.r1_interval == 0:
            part = slice(0, settings.r1_batch_size)
            loss = loss + settings.r1_interval * settings.r1_gamma / 2 * self._r1_penalty(
                augmented[0][part], genres[part], real_controls[part]
            )
        self._update("discriminator", loss)

        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            augmented_fake = diff_augment(fake, rng) if settings.diff_augment else fake
            generator_logits, fake_genre_logits = self.discriminator(augmented_fake, genres, target_controls)
        control_loss = (self.normalized_controls(fake) - target_controls).square().mean()
        genre_loss = F.cross_entropy(fake_genre_logits.float(), labels)
        generator_loss = F.softplus(-generator_logits.float()).mean()
        self._update(
            "generator",
            generator_loss
            + settings.genre_loss_weight * genre_loss
            + settings.control_loss_weight * control_loss,
        )
        self.steps_done += 1
        if settings.ema_decay:
            decay = min(settings.ema_decay, (1 + self.steps_done) / (10 + self.steps_done))
            update_average(self.averaged_generator, self.generator, decay)
        return {
            "loss_discriminator": loss.item(),
            "loss_generator": generator_loss.item(),
            "d_real": real_logits.float().sigmoid().mean().item(),  # D(x)
            "d_fake": fake_logits.float().sigmoid().mean().item(),  # D(G(z))
            "genre_accuracy_real": (genre_logits.argmax(1) == labels).float().mean().item(),
            "genre_accuracy_fake": (fake_genre_logits.argmax(1) == labels).float().mean().item(),
            "control_rmse": control_loss.sqrt().item(),
        }

    def _r1_penalty(self, real: Tensor, genres: Tensor, controls: Tensor) -> Tensor:
        """Compute R1: the mean squared gradient of the discriminator at real clips."""
        real = real.detach().requires_grad_()
        logits, _ = self.discriminator(real, genres, controls)
        (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
        return gradient.square().sum(dim=(1, 2)).mean()

    def _update(self, name: str, loss: Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()

    @torch.inference_mode()
    def samples(self) -> np.ndarray:
        """Generate one clip per genre from fixed latents: (genres, 128, 128) uint8."""
        rng = torch.Generator().manual_seed(SAMPLES_SEED)
        genres = torch.eye(len(self.dataset.genres))
        self.averaged_generator.eval()
        fake = self.averaged_generator(Latents.draw(genres, self.control_stats_by_genre[0], rng))
        self.averaged_generator.train()
        return ((fake + 1) * 127.5).round().byte().numpy()

    def state(self) -> dict[str, dict[str, Tensor]]:
        """Collect networks and optimiser moments as groups of tensors, for a checkpoint."""
        groups = {"generator": self.generator.state_dict(), "discriminator": self.discriminator.state_dict()}
        if self.settings.ema_decay:
            groups["averaged_generator"] = self.averaged_generator.state_dict()
        for name, optimiser in self.optimisers.items():
            groups[f"adam-{name}"] = {
                f"{index}/{key}": value
                for index, moments in optimiser.state_dict()["state"].items()
                for key, value in moments.items()
            }
        return groups

    def restore(self, groups: dict[str, dict[str, Tensor]]) -> None:
        """Load the groups of `state`, also of an earlier version. Raises KeyError or RuntimeError."""
        groups = {OLD_CHECKPOINT_GROUPS.get(name, name): part for name, part in groups.items()}
        for group, old_names in (
            ("generator", OLD_GENERATOR_NAMES),
            ("averaged_generator", OLD_GENERATOR_NAMES),
            ("discriminator", OLD_DISCRIMINATOR_NAMES),
        ):
            groups[group] = with_current_names(groups.get(group, {}), old_names)
        self.generator.load_state_dict(groups["generator"])
        self.discriminator.load_state_dict(groups["discriminator"])
        if self.settings.ema_decay:
            self.averaged_generator.load_state_dict(groups["averaged_generator"])
        for name, optimiser in self.optimisers.items():
            moments: dict[int, dict] = {}
            for key, tensor in groups[f"adam-{name}"].items():
                index, moment = key.split("/")
                moments.setdefault(int(index), {})[moment] = tensor
            optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
