"""One plain training loop for all networks.

The loop takes a network, examples and a recipe, and returns the weights; the only file that it writes is its
checkpoint. After an interruption at any point it resumes from the last whole epoch and ends with the same
weights, since the random numbers of an epoch depend on (seed, epoch) alone.
"""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor, nn
from torch.nn import functional as F

from genre.compute import device, has_bfloat16
from genre.data.examples import Examples
from genre.models.predict import predict, with_members
from genre.models.recipe import Recipe
from genre.training.augment import augment, mixup
from genre.training.checkpoint import (
    CHECKPOINT,
    damaged_checkpoint,
    optimiser_groups,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)

Prepare = Callable[[np.ndarray, float, Generator], tuple[Tensor, Tensor]]


@dataclass
class TrainingState:
    """The progress of a training, and the best weights so far."""

    epoch: int = 0  # number of epochs that are done
    best_accuracy: float = -1.0  # best accuracy on the validation examples so far
    best_epoch: int = 0
    best_weights: dict[str, Tensor] | None = None

    def is_out_of_patience(self, recipe: Recipe) -> bool:
        """Return whether there was no better epoch for as long as the recipe's patience."""
        return bool(recipe.patience) and self.epoch - self.best_epoch >= recipe.patience


def fit(
    network: nn.Module,
    train: Examples,
    valid: Examples | None,
    recipe: Recipe,
    on_epoch: Callable[[dict], None] = lambda metrics: None,
    folder: Path | None = None,
    prepare: Prepare | None = None,
) -> dict[str, Tensor]:
    """Train -> the weights of the best epoch with `valid` and `keep_best`, else those of the last epoch.

    `prepare` makes a batch of rows, by default with the recipe's augmentation of spectrograms: (rows,
    progress from 0 to 1, rng) -> inputs (B, ...), targets (B, classes).

    `on_epoch` gets {"epoch", "loss", "accuracy", "learning_rate"} and, with `valid`,
    {"valid_loss", "valid_accuracy"} after each epoch; accuracies are those of single windows. With a
    `folder`, each epoch writes a checkpoint there, and an earlier checkpoint is resumed.
    """
    prepare = prepare or (lambda rows, progress, rng: _augment_batch(train, rows, recipe, rng))
    target = device()
    bfloat16 = recipe.bfloat16 and (target.type == "cuda" or has_bfloat16())
    network.to(target)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster on a CPU
    optimiser = torch.optim.AdamW(
        network.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay
    )
    averaged = copy.deepcopy(network) if recipe.average else network
    weights = _class_weights(train) if recipe.balance else None
    n_steps = math.ceil(len(_epoch_rows(train, recipe, torch.Generator())) / recipe.batch_size)
    state = TrainingState()
    if folder and (folder / CHECKPOINT).exists():
        state = _restore(folder / CHECKPOINT, network, averaged, optimiser)
    while state.epoch < recipe.epochs and not state.is_out_of_patience(recipe):
        epoch = state.epoch
        rng = torch.Generator().manual_seed(recipe.seed * 100_003 + epoch)
        torch.manual_seed(recipe.seed * 100_003 + epoch)  # seeds the dropout
        network.train()
        losses, accuracies = [], []
        for step, rows in enumerate(_batches(_epoch_rows(train, recipe, rng), recipe.batch_size)):
            steps_done = epoch * n_steps + step
            for group in optimiser.param_groups:
                group["lr"] = recipe.learning_rate * _schedule(steps_done, recipe.epochs * n_steps)
            inputs, targets = prepare(rows, steps_done / (recipe.epochs * n_steps), rng)
            with torch.autocast(target.type, torch.bfloat16, enabled=bfloat16):
                logits = with_members(network(inputs.to(target))).float()
            loss = _loss(logits, targets.to(target), weights, recipe.label_smoothing)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            if recipe.average:
                update_average(averaged, network, min(recipe.average, (1 + steps_done) / (10 + steps_done)))
            losses.append(loss.item())
            is_right = logits.mean(1).argmax(1).cpu() == targets.argmax(1)
            accuracies.append(is_right.float().mean().item())
        state.epoch = epoch + 1
        metrics = {
            "epoch": epoch + 1,
            "loss": float(np.mean(losses)),
            "accuracy": float(np.mean(accuracies)),
            "learning_rate": optimiser.param_groups[0]["lr"],
        }
        if not math.isfinite(metrics["loss"]):
            raise FloatingPointError("The loss became infinite. Lower the learning rate and retry.")
        if valid is not None:
            probabilities = predict(averaged, valid, bfloat16=bfloat16)
            true_probabilities = probabilities[np.arange(len(valid)), valid.labels]
            metrics["valid_loss"] = float(-np.log(true_probabilities + 1e-9).mean())
            metrics["valid_accuracy"] = float((probabilities.argmax(1) == valid.labels).mean())
            if recipe.keep_best and metrics["valid_accuracy"] > state.best_accuracy:
                best_weights = copy.deepcopy(averaged.state_dict())
                state = TrainingState(epoch + 1, metrics["valid_accuracy"], epoch + 1, best_weights)
        on_epoch(metrics)  # before the checkpoint, so that no epoch is lost; one may be reported twice
        if folder:
            _save(folder / CHECKPOINT, state, network, averaged, optimiser)
    return state.best_weights or averaged.state_dict()


@torch.no_grad()
def update_average(averaged: nn.Module, network: nn.Module, decay: float) -> None:
    """Update the averaged weights: average = decay * average + (1 - decay) * weight.

    Integers, such as batch norm's counters, are copied.
    """
    for average, current in zip(averaged.state_dict().values(), network.state_dict().values(), strict=True):
        if average.dtype.is_floating_point:
            average.lerp_(current, 1 - decay)
        else:
            average.copy_(current)


def _loss(logits: Tensor, targets: Tensor, weights: Tensor | None, smoothing: float) -> Tensor:
    """Compute the cross-entropy of (B, members, classes) against (B, classes), the mean over members."""
    repeated_targets = targets[:, None].expand_as(logits).flatten(0, 1)
    weights = None if weights is None else weights.to(logits.device)
    return F.cross_entropy(logits.flatten(0, 1), repeated_targets, weight=weights, label_smoothing=smoothing)


def _augment_batch(
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
    """Draw the rows of one epoch, shuffled."""
    if not recipe.windows_per_track:
        return torch.randperm(len(train), generator=rng)
    order = np.argsort(train.tracks, kind="stable")
    _, starts, counts = np.unique(train.tracks[order], return_index=True, return_counts=True)
    positions = torch.rand(len(starts), recipe.windows_per_track, generator=rng).numpy()
    rows = order[starts[:, None] + (positions * counts[:, None]).astype(int)].ravel()
    return torch.from_numpy(rows)[torch.randperm(len(rows), generator=rng)]


def _batches(rows: Tensor, size: int) -> list[np.ndarray]:
    """Cut batches of `size` rows; a last batch of one, which batch norm cannot use, joins its neighbour."""
    parts = list(rows.split(size))
    if len(parts) > 1 and len(parts[-1]) == 1:
        parts[-2:] = [torch.cat(parts[-2:])]
    return [part.numpy() for part in parts]


def _schedule(step: int, steps: int) -> float:
    """Compute the factor of the learning rate: linear warm-up over the first tenth, then a cosine to zero."""
    warm = max(1.0, 0.1 * steps)
    if step < warm:
        return 0.04 + 0.96 * step / warm
    return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1.0, steps - warm)))


def _class_weights(train: Examples) -> Tensor:
    count = np.bincount(train.labels, minlength=len(train.genres)).clip(min=1)
    return torch.from_numpy(count.mean() / count).float()


def _save(
    path: Path,
    state: TrainingState,
    network: nn.Module,
    averaged: nn.Module,
    optimiser: torch.optim.Optimizer,
) -> None:
    groups = {
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "best": state.best_weights or {},
        **optimiser_groups("optimiser", optimiser),
    }
    numbers = {"epoch": state.epoch, "best": state.best_accuracy, "best_epoch": state.best_epoch}
    write_checkpoint(path, groups, numbers)


def _restore(
    path: Path, network: nn.Module, averaged: nn.Module, optimiser: torch.optim.Optimizer
) -> TrainingState:
    """Load a checkpoint. Raises ArtefactError for a damaged one, or for that of another network."""
    groups, numbers = read_checkpoint(path)
    # In older versions, the names of the optimiser groups are numbers.
    groups = {f"optimiser-{name}" if name.isdigit() else name: part for name, part in groups.items()}
    try:
        network.load_state_dict(groups["network"])
        averaged.load_state_dict(groups["averaged"])
        restore_optimiser("optimiser", optimiser, groups)
        best = groups.get("best") or None
        return TrainingState(int(numbers["epoch"]), float(numbers["best"]), int(numbers["best_epoch"]), best)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise damaged_checkpoint(path) from error
