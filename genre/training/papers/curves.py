"""Trainings at a constant learning rate, each measured after several numbers of optimiser steps.

Settings of a published table that differ in their epochs alone are prefixes of one training: it is measured
where each of them would have ended. No step is chosen by held-out rows. A training that diverges is stopped,
and the reason is recorded.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from genre.compute import device, has_bfloat16
from genre.data import splits
from genre.data.examples import Examples
from genre.evaluation.report import split_metrics
from genre.models.predict import predict
from genre.models.recurrent import LSTM
from genre.models.registry import MODELS
from genre.training.checkpoint import (
    CHECKPOINT,
    damaged_checkpoint,
    optimiser_groups,
    read_checkpoint,
    restore_optimiser,
    write_checkpoint,
)

STEPS_PER_CHECKPOINT = 60  # about a minute on one core
PATIENCE_STEPS = 300  # steps without a sign of learning after which a training counts as at chance
CHANCE_LOSS = 0.98  # such a sign is a loss below this share of the entropy of the genres' own shares
KERAS_EPSILON = 1e-7  # of Adam
POINT_METRICS = ("accuracy", "accuracy_interval", "balanced_accuracy", "macro_f1", "count", "confusion")


@dataclass(frozen=True)
class Curve:
    """The settings of a training of the lstm, and the numbers of steps after which it is measured."""

    activation: str
    batch_size: int
    learning_rate: float
    split: str  # "segment" or "track"
    steps: tuple[int, ...]
    seed: int = 0

    @property
    def name(self) -> str:
        """The name of its folder and of its outcome."""
        return f"{self.activation}-{self.batch_size}-{self.learning_rate:g}-{self.split}-{self.seed}"


@dataclass
class Progress:
    """The outcome of a training so far, as in its checkpoint."""

    step: int = 0
    losses: list[float] = field(default_factory=list)  # of the latest PATIENCE_STEPS steps
    hits: list[float] = field(default_factory=list)  # shares of their windows that were right
    points: list[dict] = field(default_factory=list)
    end: str = ""  # why it was stopped before the last step
    seconds: float = 0.0

    def note(self, loss: float, hits: float) -> None:
        """Note a step."""
        self.step += 1
        self.losses = [*self.losses, loss][-PATIENCE_STEPS:]
        self.hits = [*self.hits, hits][-PATIENCE_STEPS:]


def train_curve(
    curve: Curve,
    examples: Examples,
    folder: Path,
    deadline: float | None = None,
    notify: Callable[[str], None] = lambda line: None,
) -> dict[str, Any] | None:
    """Train -> the outcome for JSON, or None if the deadline, a time.monotonic(), came first.

    The folder's checkpoint is resumed. Raises ArtefactError for a damaged one.
    """
    split = splits.split(examples, curve.split, curve.seed)
    train, test = (examples.take(rows) for rows in (split.parts[0].train, split.parts[0].test))
    torch.manual_seed(curve.seed)
    network = (
        MODELS["lstm"]
        .build(examples.values.shape[1:], len(examples.genres), activation=curve.activation)
        .to(device())
    )
    _standardise(network, train)
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    optimiser = torch.optim.Adam(weights, curve.learning_rate, eps=KERAS_EPSILON)
    path = folder / CHECKPOINT
    progress = _restore(path, network, optimiser) if path.exists() else Progress()
    start_s = time.monotonic() - progress.seconds
    n_steps_per_epoch = math.ceil(len(train) / curve.batch_size)
    last = max(curve.steps)
    while progress.step < last and not progress.end:
        epoch, first = divmod(progress.step, n_steps_per_epoch)
        for rows in _epoch(len(train), curve, epoch)[first:]:
            torch.manual_seed(curve.seed * 1_000_003 + progress.step)  # seeds the dropout
            progress.note(*_learn(network, optimiser, train, rows))
            progress.end = _divergence(progress, train)
            if progress.end or progress.step in curve.steps:
                progress.points.append(_point(network, progress, curve, n_steps_per_epoch, test))
                notify(f"{curve.name}: {_sentence(progress.points[-1])} {progress.end}".rstrip())
            if progress.end or progress.step >= last:
                break
            if progress.step % STEPS_PER_CHECKPOINT == 0:
                progress.seconds = time.monotonic() - start_s
                _save(path, network, optimiser, progress)
                if deadline is not None and time.monotonic() > deadline:
                    return None
    progress.seconds = time.monotonic() - start_s
    path.unlink(missing_ok=True)
    return asdict(curve) | {
        "points": progress.points,
        "end": progress.end,
        "seconds": round(progress.seconds),
        "train_windows": len(train),
        "test_windows": len(test),
        "train_tracks": len(set(train.tracks)),
        "test_tracks": len(set(test.tracks)),
    }


@torch.no_grad()
def _standardise(network: LSTM, train: Examples) -> None:
    """Scale the features by the exact statistics of the training rows instead of those of each batch."""
    values = train.batch(np.arange(len(train))).to(device())[..., 0]
    network.norm.running_mean.copy_(values.mean(0))
    network.norm.running_var.copy_(values.var(0, correction=0))


def _epoch(n_rows: int, curve: Curve, epoch: int) -> list[np.ndarray]:
    """Draw the batches of an epoch."""
    rng = torch.Generator().manual_seed(curve.seed * 100_003 + epoch)
    return [rows.numpy() for rows in torch.randperm(n_rows, generator=rng).split(curve.batch_size)]


def _learn(
    network: LSTM, optimiser: torch.optim.Optimizer, train: Examples, rows: np.ndarray
) -> tuple[float, float]:
    """Take one step -> (loss, share of the windows that were right).

    Where the processor multiplies in bfloat16, a step takes 0.30 s instead of 0.51 s. Over 150 steps on
    Kaggle's table the losses of every 25 agreed to 0.02.
    """
    network.train()
    network.norm.eval()
    labels = torch.from_numpy(train.labels[rows]).to(device())
    bfloat16 = device().type == "cuda" or has_bfloat16()
    with torch.autocast(device().type, torch.bfloat16, enabled=bfloat16):
        logits = network(train.batch(rows).to(device())).float()
    loss = F.cross_entropy(logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item(), (logits.argmax(1) == labels).float().mean().item()


def _divergence(progress: Progress, train: Examples) -> str:
    """Say why a training need not go on; empty while it should."""
    if not math.isfinite(progress.losses[-1]):
        return f"infinite after {progress.step} steps"
    if progress.step % STEPS_PER_CHECKPOINT == 0 and len(progress.losses) == PATIENCE_STEPS:
        shares = np.bincount(train.labels) / len(train)
        entropy = -sum(share * math.log(share) for share in shares if share)
        if np.mean(progress.losses) > CHANCE_LOSS * entropy:
            return f"at chance after {progress.step} steps"
    return ""


def _point(
    network: nn.Module, progress: Progress, curve: Curve, n_steps_per_epoch: int, test: Examples
) -> dict[str, Any]:
    """Measure a training after a step, on the test rows, as a dictionary for JSON."""
    recent = slice(-n_steps_per_epoch, None)
    point: dict[str, Any] = {
        "steps": progress.step,
        "epochs": round(progress.step / n_steps_per_epoch, 1),
        "loss": _finite(float(np.mean(progress.losses[recent]))),
        "train_accuracy": float(np.mean(progress.hits[recent])),
    }
    probabilities = predict(network, test, curve.batch_size)
    if not np.isfinite(probabilities).all():
        return point | {"by_window": None, "by_track": None}
    parts = split_metrics(probabilities, test.labels, test.tracks, test.genres)
    return point | {
        name: {key: parts[name][key] for key in POINT_METRICS} for name in ("by_window", "by_track")
    }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _sentence(point: dict) -> str:
    windows = point["by_window"]
    accuracy = "none" if windows is None else f"{windows['accuracy']:.3f}"
    return f"step {point['steps']}, accuracy of windows {accuracy}, in training {point['train_accuracy']:.3f}"


def _save(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
    groups = {"network": network.state_dict(), **optimiser_groups("optimiser", optimiser)}
    write_checkpoint(path, groups, asdict(progress))


def _restore(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
    """Load a checkpoint. Raises ArtefactError for a damaged one."""
    groups, numbers = read_checkpoint(path)
    try:
        network.load_state_dict(groups["network"])
        restore_optimiser("optimiser", optimiser, groups)
        return Progress(**numbers)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise damaged_checkpoint(path) from error
