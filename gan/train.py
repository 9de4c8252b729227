"""Train the generator against its critic: music in, a run directory with weights and card out.

Non-saturating loss with R1 (Mescheder et al. 2018), two time scales, a moving average of the
generator's weights, and differentiable augmentation, which is what keeps a critic that has only some
hundred tracks from learning them by heart. Interrupted, it goes on from the last whole epoch.
"""

import copy
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from gan.dataset import SPLITS, Music, load_music
from gan.history import keep_samples
from gan.mel import BANDS, CONTROLS, FRAMES, GAN_MEL, measure_controls
from gan.network import NETWORKS, Latents, unseen
from genre.artefacts import compact, save_artefact
from genre.cards import ArtefactError
from genre.home import write_atomic
from genre.processor import has_bfloat16
from genre.train import RunSettings, require_seed
from genre.worker import Worker

CHECKPOINT = "checkpoint.safetensors"
SEEN = 7  # the seed of the samples that are painted after each epoch
CONTROL_NOISE = 0.3  # how far a wish may lie from the real piece it is drawn from, standard deviations


@dataclass(frozen=True)
class Settings(RunSettings):
    """Everything that decides what a training gives."""

    data: str
    split: str = "filtered"
    network: str = "earmark"
    epochs: int = 40
    steps: int = 200  # an epoch
    batch_size: int = 24
    learning_rate: float = 3e-4  # the generator's
    critic_rate: float = 4e-4
    momentum: float = 0.0  # Adam's first beta
    average: float = 0.998  # decay of the moving average of the generator's weights
    r1: float = 0.15  # about 0.0002 pixels / batch (Karras et al. 2020)
    r1_every: int = 16  # steps
    r1_batch: int = 8
    augment: bool = True
    genre_weight: float = 0.3  # of the critic's guess of the genre in the losses
    control_weight: float = 0.3  # of the squared error of the controls in the generator's loss
    bfloat16: bool = True  # on processors that have it
    seed: int = 0

    def __post_init__(self) -> None:
        if self.split not in SPLITS or self.network not in NETWORKS:
            raise ValueError(f"The split is one of {', '.join(SPLITS)}, the network one of "
                             f"{', '.join(NETWORKS)}.")
        if min(self.epochs, self.steps) < 1 or self.batch_size < 2:
            raise ValueError("Epochs and steps must be at least 1, the batch 2.")
        require_seed(self.seed)


def plain(data: str, split: str = "filtered", **values: object) -> Settings:
    """The recipe of Radford et al. (2016): no condition, no penalty, no average, no augmentation."""
    recipe = {"learning_rate": 2e-4, "critic_rate": 2e-4, "momentum": 0.5, "average": 0.0, "r1": 0.0,
              "augment": False, "genre_weight": 0.0, "control_weight": 0.0}
    return Settings(data, split, "dcgan", **{**recipe, **values})


class Training:
    """The two networks, their optimisers and what one step does to them."""

    def __init__(self, music: Music, asked: Settings) -> None:
        self.music, self.asked = music, asked
        torch.manual_seed(asked.seed)
        generator, critic = NETWORKS[asked.network]
        self.generator = generator(len(music.genres)).to(memory_format=torch.channels_last)
        self.critic = critic(len(music.genres)).to(memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.generator) if asked.average else self.generator
        betas = (asked.momentum, 0.999 if asked.momentum else 0.99)
        self.optimisers = {
            "generator": torch.optim.Adam(self.generator.parameters(), asked.learning_rate, betas),
            "critic": torch.optim.Adam(self.critic.parameters(), asked.critic_rate, betas),
        }
        means, spreads = music.controls(torch.Generator().manual_seed(asked.seed))
        between = means.var(dim=0, correction=min(1, len(means) - 1))  # 0 where there is one genre
        self.control_mean, self.control_spread = means.mean(dim=0), (
            spreads.square().mean(dim=0) + between).sqrt()
        self.typical = ((means - self.control_mean) / self.control_spread,
                        spreads / self.control_spread)  # by genre: (genres, 3) each
        self.bfloat16 = asked.bfloat16 and has_bfloat16()
        self.steps_done = 0

    def standardised(self, pictures: Tensor) -> Tensor:
        """The controls as the networks are told them: (B, 3)."""
        return (measure_controls(pictures) - self.control_mean) / self.control_spread

    def step(self, rng: torch.Generator) -> dict[str, float]:
        """One step of the critic, then one of the generator -> figures."""
        asked, count = self.asked, self.asked.batch_size
        real, labels = self.music.draw(count, rng)
        genres = F.one_hot(labels, len(self.music.genres)).float()
        told = self.standardised(real)
        wished = told + CONTROL_NOISE * torch.randn(told.shape, generator=rng)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            painted = self.generator(Latents.draw(genres, wished, rng)).float()
            seen = [unseen(x, rng) if asked.augment else x for x in (real, painted.detach())]
            (on_real, guess), (on_painted, _) = (
                self.critic(x, genres, c) for x, c in zip(seen, (told, wished), strict=True)
            )
        loss = F.softplus(-on_real.float()).mean() + F.softplus(on_painted.float()).mean()
        loss = loss + asked.genre_weight * F.cross_entropy(guess.float(), labels)
        if asked.r1 and self.steps_done % asked.r1_every == 0:
            part = slice(0, asked.r1_batch)
            loss = loss + asked.r1_every * asked.r1 / 2 * self._slope(
                seen[0][part], genres[part], told[part])
        self._improve("critic", loss)

        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            shown = unseen(painted, rng) if asked.augment else painted
            on_shown, guess_of_shown = self.critic(shown, genres, wished)
        missed = (self.standardised(painted) - wished).square().mean()
        agreed = F.cross_entropy(guess_of_shown.float(), labels)
        generator_loss = F.softplus(-on_shown.float()).mean()
        self._improve("generator", generator_loss + asked.genre_weight * agreed
                      + asked.control_weight * missed)
        self.steps_done += 1
        if asked.average:
            self._follow(min(asked.average, (1 + self.steps_done) / (10 + self.steps_done)))
        return {
            "loss_critic": loss.item(), "loss_generator": generator_loss.item(),
            "d_real": on_real.float().sigmoid().mean().item(),  # D(x)
            "d_painted": on_painted.float().sigmoid().mean().item(),  # D(G(z))
            "genre_real": (guess.argmax(1) == labels).float().mean().item(),
            "genre_painted": (guess_of_shown.argmax(1) == labels).float().mean().item(),
            "control_error": missed.sqrt().item(),
        }

    def _slope(self, real: Tensor, genres: Tensor, controls: Tensor) -> Tensor:
        """R1: the mean squared gradient of the critic at real pictures."""
        real = real.detach().requires_grad_()
        judged, _ = self.critic(real, genres, controls)
        (gradient,) = torch.autograd.grad(judged.sum(), real, create_graph=True)
        return gradient.square().sum(dim=(1, 2)).mean()

    def _improve(self, name: str, loss: Tensor) -> None:
        self.optimisers[name].zero_grad()
        loss.backward()
        self.optimisers[name].step()

    def _follow(self, decay: float) -> None:
        with torch.no_grad():
            for old, new in zip(self.averaged.state_dict().values(),
                                self.generator.state_dict().values(), strict=True):
                old.lerp_(new, 1 - decay)

    @torch.inference_mode()
    def samples(self) -> np.ndarray:
        """One piece of each genre from the same latents every time: (genres, 128, 128) uint8."""
        rng = torch.Generator().manual_seed(SEEN)
        genres = torch.eye(len(self.music.genres))
        self.averaged.eval()
        painted = self.averaged(Latents.draw(genres, self.typical[0], rng))
        self.averaged.train()
        return ((painted + 1) * 127.5).round().byte().numpy()

    def state(self) -> dict[str, Tensor]:
        """Everything a later process needs to go on, as named tensors."""
        modules: dict[str, nn.Module] = {"generator": self.generator, "critic": self.critic}
        if self.asked.average:
            modules["averaged"] = self.averaged
        tensors = {f"{name}/{key}": value for name, module in modules.items()
                   for key, value in module.state_dict().items()}
        for name, optimiser in self.optimisers.items():
            for index, moments in optimiser.state_dict()["state"].items():
                tensors |= {f"adam-{name}/{index}/{key}": value for key, value in moments.items()}
        return {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        groups: dict[str, dict] = {}
        for name, tensor in tensors.items():
            group, key = name.split("/", 1)
            groups.setdefault(group, {})[key] = tensor
        self.generator.load_state_dict(groups["generator"])
        self.critic.load_state_dict(groups["critic"])
        if self.asked.average:
            self.averaged.load_state_dict(groups["averaged"])
        for name, optimiser in self.optimisers.items():
            moments: dict[int, dict] = {}
            for key, tensor in groups[f"adam-{name}"].items():
                index, what = key.split("/")
                moments.setdefault(int(index), {})[what] = tensor
            optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})


def execute(worker: Worker) -> dict:
    """Do what a run's settings say and leave weights, card, samples and report in its folder.

    Raises DataError, ArtefactError, FloatingPointError or OSError with a sentence.
    """
    asked = Settings.from_dict(worker.settings)
    worker.show("Reading the music.")
    training = Training(load_music(asked.data, asked.split), asked)
    checkpoint = worker.folder / CHECKPOINT
    first = _resume(checkpoint, training) if checkpoint.exists() else 0
    for epoch in range(first, asked.epochs):
        began = time.monotonic()
        rng = torch.Generator().manual_seed(asked.seed * 100_003 + epoch)
        steps = []
        for _ in range(asked.steps):
            steps.append(training.step(rng))
        values = {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        if not all(map(math.isfinite, values.values())):
            raise FloatingPointError("The loss became infinite. Start a new training with more or other "
                                     "music, or with another seed.")
        keep_samples(worker.folder, epoch + 1, training.samples(), training.music.genres)
        seconds = round(time.monotonic() - began, 3)
        worker.epoch({"epoch": epoch + 1, **values, "seconds": seconds}, (epoch + 1) / asked.epochs)
        write_atomic(checkpoint, save(training.state(), {"epoch": json.dumps(epoch + 1)}))
    means, spreads = training.typical
    card = {
        "model": "gan", "network": asked.network, "genres": list(training.music.genres),
        "front_end": GAN_MEL.to_dict(), "size": [BANDS, FRAMES], "controls": list(CONTROLS),
        "control_mean": training.control_mean.tolist(), "control_spread": training.control_spread.tolist(),
        "typical": {"mean": means.tolist(), "spread": spreads.tolist()},
        "recipe": asked.to_dict() | {"data": Path(asked.data).name},
        "data": {"name": Path(asked.data).name, "split": asked.split, **training.music.account},
    }
    save_artefact(worker.folder, compact(training.averaged.state_dict()), card)
    report = {"epochs": asked.epochs, "steps": asked.epochs * asked.steps, **training.music.account}
    worker.finish(report)
    checkpoint.unlink(missing_ok=True)  # not before: a run that is not done would begin anew
    return report


def _resume(path: Path, training: Training) -> int:
    """-> how many epochs are done. Raises ArtefactError for a checkpoint that does not fit."""
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            epoch = int(json.loads(file.metadata()["epoch"]))
        training.restore(tensors)
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ArtefactError(
            f"The checkpoint in {path.parent} is damaged: delete it, or start a new run."
        ) from error
    training.steps_done = epoch * training.asked.steps
    return epoch
