"""The seven settings of Aurnob et al., trained again: their table beside ours.

Their rows are not ours, so that ours count in optimiser steps: as many as the paper's epochs had on its 9,990
rows. Settings of one batch size are prefixes of one training (genre.training.papers.curves).
"""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from genre.data.builtin import load_examples
from genre.data.dataset import open_dataset
from genre.models.papers import LSTM_SETTINGS, lstm_steps
from genre.models.registry import MODELS
from genre.paths import write_atomic
from genre.reading import read_json
from genre.training.checkpoint import CHECKPOINT, read_checkpoint
from genre.training.papers.curves import Curve, train_curve
from genre.training.papers.reproduce import reproduction_folder

WINDOW_S = 3.0
WORKING_RATE = 1e-3  # Keras's own for Adam
# (activation, batch size, learning rate, split) of all trainings, the most telling first.
TRAININGS = (
    ("tanh", 220, WORKING_RATE, "segment"),
    ("tanh", 220, WORKING_RATE, "track"),
    ("relu", 220, 1e-2, "segment"),
    ("relu", 220, 1e-1, "segment"),
    ("tanh", 220, 1e-1, "segment"),
    ("tanh", 220, 1e-2, "segment"),
    ("tanh", 128, WORKING_RATE, "segment"),
    ("relu", 128, 1e-2, "segment"),
    ("relu", 128, 1e-1, "segment"),
    ("tanh", 128, 1e-1, "segment"),
    ("tanh", 128, 1e-2, "segment"),
    ("relu", 220, WORKING_RATE, "segment"),
    ("relu", 128, WORKING_RATE, "segment"),
    ("tanh", 128, WORKING_RATE, "track"),
)


def curves() -> list[Curve]:
    """Make all trainings, the most telling first."""
    return [
        Curve(
            activation,
            batch_size,
            rate,
            split,
            tuple(lstm_steps(epochs, size) for epochs, size, _ in LSTM_SETTINGS if size == batch_size),
        )
        for activation, batch_size, rate, split in TRAININGS
    ]


def train_settings(data: str, deadline: float | None, notify: Callable[[str], None]) -> list[dict]:
    """Do the trainings that are missing, until the deadline -> the outcomes of all that have begun.

    `data` is a name as for `open_dataset`, `deadline` a time.monotonic(). Raises DataError.
    """
    root = reproduction_folder(open_dataset(data)) / "lstm-settings"
    examples, _ = load_examples(data, replace(MODELS["lstm"].input(), seconds=WINDOW_S), "even")
    for curve in curves():
        path = root / curve.name / "outcome.json"
        if path.exists():
            continue
        if deadline is not None and time.monotonic() > deadline:
            break
        path.parent.mkdir(parents=True, exist_ok=True)
        outcome = train_curve(curve, examples, path.parent, deadline, notify)
        if outcome is not None:
            write_atomic(path, json.dumps(outcome) + "\n")
    outcomes = (_outcome(curve, root / curve.name) for curve in curves())
    return [outcome for outcome in outcomes if outcome]


def _outcome(curve: Curve, folder: Path) -> dict | None:
    """Read the outcome of a training, or what it has come to so far; None before its first checkpoint."""
    if (folder / "outcome.json").exists():
        return read_json(folder / "outcome.json")
    if not (folder / CHECKPOINT).exists():
        return None
    return asdict(curve) | {"points": read_checkpoint(folder / CHECKPOINT)[1]["points"], "end": ""}
