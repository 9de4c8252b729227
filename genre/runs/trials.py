"""The trials of searches for a recipe: EARMARK_HOME/searches/KEY/trials.json, read without torch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from genre.paths import home
from genre.reading import read_json
from genre.runs import directory as runs

VALUE = "valid_accuracy"  # the metric of an epoch that is made as large as possible
# Numbers: (lowest, highest, whether on a logarithmic scale); tuples of more than three: choices.
SPACE: dict[str, tuple] = {
    "learning_rate": (1e-4, 1e-2, True),
    "batch_size": ("choice", 16, 32, 64, 128),
    "weight_decay": (1e-4, 1e-1, True),
    "label_smoothing": (0.0, 0.2, False),
    "mixup": (0.0, 0.4, False),
}

Params = dict[str, float]


@dataclass
class Trial:
    """A setting that was tried."""

    params: Params
    run: str  # its folder
    state: str = "running"  # "running", "done", "pruned" or "failed"
    value: float | None = None  # the best validation accuracy so far
    epochs: int = 0
    values: list[float] = field(default_factory=list)  # validation accuracy after each epoch

    @property
    def folder(self) -> Path:
        return Path(self.run)

    def follow(self) -> list[float]:
        """Read the epochs so far -> the values of those that are new."""
        values = [epoch[VALUE] for epoch in runs.read_metrics(self.folder) if VALUE in epoch]
        new, self.values = values[len(self.values) :], values
        self.epochs, self.value = len(values), max(values, default=None)
        return new


def trial_rows(trials: list[Trial]) -> list[dict[str, Any]]:
    """Make a row for each trial, the best first."""
    ordered = sorted(trials, key=lambda trial: (trial.state == "done", trial.value or 0.0), reverse=True)
    return [
        {"run": t.folder.name, "state": t.state, VALUE: t.value, "epochs": t.epochs, **t.params}
        for t in ordered
    ]


def trial_table(rows: list[dict[str, Any]]) -> str:
    """Format rows of `trial_rows` for a terminal."""
    lines = [f"{'valid':>7}{'epochs':>8}  {'state':8}" + "".join(f"{name:>17}" for name in SPACE) + "  run"]
    for row in rows:
        value = "-" if row[VALUE] is None else f"{row[VALUE]:.3f}"
        numbers = "".join(f"{row[name]:17.4g}" for name in SPACE)
        lines.append(f"{value:>7}{row['epochs']:8}  {row['state']:8}{numbers}  {row['run']}")
    lines.append("valid: the best accuracy of windows of validation tracks, by which the recipe is chosen")
    return "\n".join(lines)


def read_searches() -> list[list[Trial]]:
    """The trials of every search under EARMARK_HOME, the latest search first; a damaged one is left out."""
    searches = []
    for path in (home() / "searches").glob("*/trials.json"):
        try:
            trials = [Trial(**entry) for entry in read_json(path)["trials"]]
            searches.append((path.stat().st_mtime, trials))
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return [trials for _, trials in sorted(searches, key=lambda entry: -entry[0])]
