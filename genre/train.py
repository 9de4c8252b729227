"""One plain training loop for every network.

The loop knows nothing of files but its checkpoint: give it a network, examples and a recipe, and it
gives back the weights. Interrupted at any point, it goes on from the last whole epoch to the same
final weights, because every epoch draws its chance from (seed, epoch) alone.
"""

import copy
import json
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genre.augment import Augmentation, augment, mixup
from genre.cards import ArtefactError
from genre.dataset import DataError, Examples
from genre.home import write_atomic
from genre.processor import has_bfloat16

CHECKPOINT = "checkpoint.safetensors"
Prepare = Callable[[np.ndarray, float, Generator], tuple[Tensor, Tensor]]


class RunSettings:
    """What the dataclasses in a run's config.json share: they become plain values, and come back."""

    def to_dict(self) -> dict:
        """As they look after a journey through JSON."""
        return json.loads(json.dumps(asdict(self)))

    def same_as(self, values: dict) -> bool:
        """Whether the `values` of a config.json, perhaps of an older version, ask for the same."""
        try:
            return self.from_dict(values).to_dict() == self.to_dict()
        except DataError:
            return False

    @classmethod
    def from_dict(cls, values: dict) -> Self:
        """Undo `to_dict`. Raises DataError for the settings of another version."""
        try:
            return _restored(cls, values)
        except (KeyError, TypeError) as error:
            raise DataError("This run was made by another version of Earmark: start a new one.") from error


def _restored(kind: type, values: dict) -> Any:
    parts = {part.name: _restored(part.type, values[part.name])
             for part in fields(kind) if is_dataclass(part.type)}
    made = kind(**{**values, **parts})
    for part in fields(kind):
        wanted = (int, float) if part.type is float else part.type
        if part.type in (str, int, float, bool, dict) and not isinstance(getattr(made, part.name), wanted):
            raise TypeError(f"{part.name} is no {part.type.__name__}")
    return made


def require_seed(seed: int) -> None:
    """Raises ValueError for what torch or NumPy cannot begin from."""
    if not 0 <= seed < 2**32:
        raise ValueError("A seed is a whole number from 0 to 4,294,967,295.")


@dataclass(frozen=True)
class Recipe(RunSettings):
    """How a network is trained."""

    epochs: int = 30
    batch_size: int = 32
    learning_rate: float = 1e-3  # the highest; it rises over the first tenth and falls as a cosine
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    average: float = 0.0  # decay of the moving average of the weights; 0 keeps the last weights
    patience: int = 0  # epochs without a better validation figure before stopping; 0 never stops
    windows_per_track: int = 0  # drawn anew for each epoch, so that all tracks count alike; 0: all windows
    balance: bool = True  # rarer classes weigh more in the loss
    keep_best: bool = True  # where there are validation examples: the best epoch's weights, not the last
    bfloat16: bool = False  # half the digits in the convolutions, on processors that have them
    seed: int = 0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 2 or self.patience < 0:
            raise ValueError("Epochs must be at least 1, the batch size 2 and the patience 0 or more.")
        if not 0 < self.learning_rate <= 100:
            raise ValueError("The learning rate must be above 0, and 100 at most; 0.001 is usual.")
        require_seed(self.seed)


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def fit(
    network: nn.Module,
    train: Examples,
    valid: Examples | None,
    recipe: Recipe,
    on_epoch: Callable[[dict], None] = lambda metrics: None,
    folder: Path | None = None,
    prepare: Prepare | None = None,
) -> dict[str, Tensor]:
    """Train and return the weights: with `valid`, of the best epoch (if `keep_best`), else of the last.

    `prepare` makes a batch of the chosen rows, by default with the recipe's augmentation of
    spectrograms: (rows, progress from 0 to 1, rng) -> inputs (B, ...), targets (B, classes).

    `on_epoch` gets {"epoch", "loss", "accuracy", "learning_rate"} and, with `valid`,
    {"valid_loss", "valid_accuracy"} after each epoch; accuracies are of single windows. With a
    `folder`, every epoch leaves a checkpoint there, and an earlier one is gone on from.
    """
    prepare = prepare or (lambda rows, progress, rng: _augmented(train, rows, recipe, rng))
    where = device()
    bfloat16 = recipe.bfloat16 and (where.type == "cuda" or has_bfloat16())
    network.to(where, memory_format=torch.channels_last)  # convolutions on a CPU like it
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    averaged = copy.deepcopy(network) if recipe.average else network
    weights = _class_weights(train) if recipe.balance else None
    steps_an_epoch = math.ceil(len(_epoch_rows(train, recipe, torch.Generator())) / recipe.batch_size)
    state = {"epoch": 0, "best": -1.0, "best_epoch": 0, "best_weights": None}
    if folder and (folder / CHECKPOINT).exists():
        state = _restore(folder / CHECKPOINT, network, averaged, optimiser)
    while state["epoch"] < recipe.epochs and not _given_up(state, recipe):
        epoch = state["epoch"]
        rng = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
        torch.manual_seed(recipe.seed * 100_003 + epoch)  # dropout
        network.train()
        losses, hits = [], []
        for step, rows in enumerate(_batches(_epoch_rows(train, recipe, rng), recipe.batch_size)):
            done = epoch * steps_an_epoch + step
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * _schedule(done, recipe.epochs * steps_an_epoch)
            inputs, targets = prepare(rows, done / (recipe.epochs * steps_an_epoch), rng)
            with torch.autocast(where.type, torch.bfloat16, enabled=bfloat16):
                logits = _by_member(network(inputs.to(where))).float()
            loss = _loss(logits, targets.to(where), weights, recipe.label_smoothing)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if recipe.average:
                _move_towards(averaged, network, min(recipe.average, (1 + done) / (10 + done)))
            losses.append(loss.item())
            hits.append((logits.mean(1).argmax(1).cpu() == targets.argmax(1)).float().mean().item())
        state["epoch"] = epoch + 1
        metrics = {
            "epoch": epoch + 1, "loss": float(np.mean(losses)), "accuracy": float(np.mean(hits)),
            "learning_rate": optimiser.param_groups[0]["lr"],
        }
        if not math.isfinite(metrics["loss"]):
            raise FloatingPointError("The loss became infinite. Lower the learning rate and retry.")
        if valid is not None:
            probabilities = predict(averaged, valid, bfloat16=bfloat16)
            truth = probabilities[np.arange(len(valid)), valid.labels]
            metrics["valid_loss"] = float(-np.log(truth + 1e-9).mean())
            metrics["valid_accuracy"] = float((probabilities.argmax(1) == valid.labels).mean())
            if recipe.keep_best and metrics["valid_accuracy"] > state["best"]:
                state |= {"best": metrics["valid_accuracy"], "best_epoch": epoch + 1,
                          "best_weights": copy.deepcopy(averaged.state_dict())}
        on_epoch(metrics)  # before the checkpoint: rather told twice than never
        if folder:
            _save(folder / CHECKPOINT, state, network, averaged, optimiser)
    return state["best_weights"] or averaged.state_dict()


@torch.inference_mode()
def predict(
    network: nn.Module, examples: Examples, batch_size: int = 64, bfloat16: bool = False
) -> np.ndarray:
    """-> probabilities (N, classes), members averaged."""
    where = next(network.parameters()).device
    network.eval()
    parts = []
    for start in range(0, len(examples), batch_size):
        rows = np.arange(start, min(start + batch_size, len(examples)))
        with torch.autocast(where.type, torch.bfloat16, enabled=bfloat16):
            logits = _by_member(network(examples.batch(rows).to(where))).float()
        parts.append(logits.softmax(dim=-1).mean(dim=1).cpu().numpy())
    return np.concatenate(parts)


def _given_up(state: dict, recipe: Recipe) -> bool:
    return bool(recipe.patience) and state["epoch"] - state["best_epoch"] >= recipe.patience


def _by_member(logits: Tensor) -> Tensor:
    """(B, classes) or, of a committee, (B, members, classes) -> (B, members, classes)."""
    return logits if logits.ndim == 3 else logits[:, None]


def _loss(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """Cross-entropy of (B, members, classes) against (B, classes), the mean over members."""
    spread = targets[:, None].expand_as(logits).flatten(0, 1)
    weights = None if weights is None else weights.to(logits.device)
    return F.cross_entropy(logits.flatten(0, 1), spread, weight=weights, label_smoothing=smoothing)


def _augmented(
    train: Examples, rows: np.ndarray, recipe: Recipe, rng: Generator
) -> tuple[Tensor, Tensor]:
    inputs = train.batch(rows)
    targets = F.one_hot(torch.from_numpy(train.labels[rows]), len(train.genres)).float()
    if inputs.ndim == 3:
        inputs = augment(inputs, recipe.augmentation, train.unit_db, rng, train.column_s)
    if recipe.augmentation.mixup:
        inputs, targets = mixup(inputs, targets, recipe.augmentation.mixup, rng)
    return inputs, targets


def _epoch_rows(train: Examples, recipe: Recipe, rng: Generator) -> Tensor:
    """The rows that one epoch learns from, shuffled."""
    if not recipe.windows_per_track:
        return torch.randperm(len(train), generator=rng)
    order = np.argsort(train.tracks, kind="stable")
    _, starts, counts = np.unique(train.tracks[order], return_index=True, return_counts=True)
    places = torch.rand(len(starts), recipe.windows_per_track, generator=rng).numpy()
    chosen = order[starts[:, None] + (places * counts[:, None]).astype(int)].ravel()
    return torch.from_numpy(chosen)[torch.randperm(len(chosen), generator=rng)]


def _batches(rows: Tensor, size: int) -> list[np.ndarray]:
    """A last batch of one, on which batch norm cannot work, joins its neighbour."""
    parts = list(rows.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return [part.numpy() for part in parts]


def _schedule(step: int, steps: int) -> float:
    """One cycle: up in a straight line over the first tenth, then down as a cosine."""
    warm = max(1.0, 0.1 * steps)
    if step < warm:
        return 0.04 + 0.96 * step / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1.0, steps - warm)))


def _class_weights(train: Examples) -> Tensor:
    count = np.bincount(train.labels, minlength=len(train.genres)).clip(min=1)
    return torch.from_numpy(count.mean() / count).float()


def _move_towards(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    with torch.no_grad():
        for old, new in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
            if old.dtype.is_floating_point:
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)


def _save(
    path: Path, state: dict, network: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer
) -> None:
    groups = {"network": network.state_dict(), "averaged": averaged.state_dict(),
              "best": state["best_weights"] or {}, **optimiser.state_dict()["state"]}
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().clone().contiguous()  # none may share memory
        for group, values in groups.items() for name, tensor in values.items()
    }
    numbers = json.dumps({name: state[name] for name in ("epoch", "best", "best_epoch")})
    write_atomic(path, save(tensors, {"state": numbers}))


def _restore(
    path: Path, network: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer
) -> dict:
    """Raises ArtefactError for a checkpoint that is damaged or another network's."""
    groups: dict[str, dict[str, Tensor]] = {"best": {}}
    try:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118
                group, name = key.split("/", 1)
                groups.setdefault(group, {})[name] = file.get_tensor(key)
            state = json.loads(file.metadata()["state"])
        network.load_state_dict(groups.pop("network"))
        averaged.load_state_dict(groups.pop("averaged"))
        state["best_weights"] = groups.pop("best") or None
        moments = {int(index): values for index, values in groups.items()}
        optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ArtefactError(
            f"The checkpoint in {path.parent} is damaged: delete it, or start a new run."
        ) from error
    return state
