"""The catalogue of all training runs, one's own and the recorded ones; it reads only what has changed.

catalogue = Catalogue()
entries = catalogue.entries()            # 500 folders: a second at first, then some ms
to_csv(entries), bundle(entries[0].run.folder)
free_name(entries[0]), promoted_name(entries[0].run.folder)
"""

import csv
import filecmp
import io
import itertools
import os
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from pathlib import Path
from typing import Any

from genre.paths import PROMOTED, REPOSITORY, WEIGHTS, home, promoted_models
from genre.runs.directory import Run, RunError, read_run, runs_folder
from genre.runs.report import ReportError, load_report
from genre.text import encodable, spreadsheet_cell

RECORDED = REPOSITORY / "assets" / "recorded"
LEAKY = "segment"
_FILES = ("config.json", "status.json", "report.json")
_BUNDLED = ("model.safetensors", "card.json", "report.json")


@dataclass(frozen=True)
class Entry:
    """A run and the metrics of its report."""

    run: Run
    recorded: bool = False  # whether the run comes with Earmark, without weights
    metrics: dict[str, Any] = field(default_factory=dict)  # metrics of the run; empty until it is done

    @property
    def id(self) -> str:
        """The path of the run's folder, as text that can be encoded."""
        return encodable(str(self.run.folder))

    @property
    def model(self) -> str:
        """The registry's name of the model; empty where unknown."""
        return str(self.run.settings.get("model", ""))

    @property
    def title(self) -> str:
        """The run's title, else its model, else its name."""
        return self.run.title or self.model or self.run.name

    @property
    def input(self) -> str:
        """The kind of input; empty where unknown."""
        return str(self.run.settings.get("input", ""))

    @cached_property
    def data(self) -> str:
        """The name of the data set's folder, or "builtin"."""
        return Path(str(self.run.settings.get("data", ""))).name

    @cached_property
    def split(self) -> str:
        """The name of the split."""
        return Path(str(self.run.settings.get("split", ""))).name

    @property
    def leaky(self) -> bool:
        """Return whether windows of one recording may be in both parts."""
        return self.split == LEAKY

    @property
    def recipe(self) -> dict:
        recipe = self.run.settings.get("recipe")
        return recipe if isinstance(recipe, dict) else {}


class Catalogue:
    """A cache of the runs' entries, each valid until one of the run's files changes."""

    def __init__(self, recorded: Path = RECORDED) -> None:
        self._recorded = recorded
        self._entries: dict[str, tuple[tuple, Entry]] = {}

    def entries(self) -> list[Entry]:
        """List the genre runs under EARMARK_HOME, the newest first, then the recorded ones.

        Of the recorded ones, honest splits come before leaky ones.
        """
        before, now = self._entries, {}
        for parent in (runs_folder(), self._recorded):
            for folder in _folders(parent):
                now[folder] = self._entry(folder, before.get(folder))
        self._entries = now  # set in one step: other visitors may be reading
        genre_runs = [entry for _, entry in now.values() if entry.run.kind in ("genre", "")]
        return sorted(
            genre_runs,
            key=lambda e: (not e.recorded, e.recorded and not e.leaky, e.run.created, e.id),
            reverse=True,
        )

    def _entry(self, path: str, previous: tuple[tuple, Entry] | None) -> tuple[tuple, Entry]:
        signature = tuple(_stamp(f"{path}/{name}") for name in _FILES)
        if previous and previous[0] == signature:
            run = previous[1].run
            # The files of an active run do not say whether its process still lives.
            if not (run.active or run.state == "interrupted"):
                return previous
        folder = Path(path)
        run = read_run(folder)
        metrics = _read_metrics(folder) if run.state == "done" else {}
        return signature, Entry(run, folder.parent == self._recorded, metrics)


def _folders(parent: Path) -> list[str]:
    """List the folders as strings: with hundreds of runs, pathlib would take most of the time."""
    try:
        with os.scandir(parent) as items:
            return [item.path for item in items if not item.name.startswith(".") and _is_folder(item)]
    except OSError:
        return []


def _is_folder(item: os.DirEntry) -> bool:
    try:
        return item.is_dir()
    except OSError:  # a link to itself
        return False


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _read_metrics(folder: Path) -> dict:
    """Read the numbers of a report for a table; {} where it is missing or damaged, or has no test."""
    try:
        report = load_report(folder)
        metrics = {"parameters": report.parameters, "source": report.data["source"]}
        metrics |= {"training_s": _number(report.training_s), "inference_ms": _number(report.inference_ms)}
        if report.is_tested:
            tracks = report.by_track
            low, high = tracks["accuracy_interval"]
            metrics |= {name: _number(tracks[name]) for name in ("accuracy", "macro_f1")}
            metrics["accuracy_interval"] = [_number(low), _number(high)]
            metrics["count"] = tracks["count"]
            metrics["window_accuracy"] = _number(report.by_window["accuracy"])
        return metrics
    except (ReportError, KeyError, TypeError, ValueError, OverflowError):
        return {}


def _number(value: Any) -> float:
    """Convert to a finite number. Raises TypeError or ValueError."""
    if not isfinite(value):
        raise ValueError("A number that is not finite.")
    return float(value)


def to_csv(entries: Iterable[Entry]) -> str:
    """Write one line a run, safe to open in a spreadsheet."""
    columns = [
        "name",
        "run",
        "recorded",
        "state",
        "model",
        "input",
        "data",
        "split",
        "leaky",
        "epochs",
        "batch_size",
        "learning_rate",
        "seed",
        "accuracy",
        "accuracy_low",
        "accuracy_high",
        "macro_f1",
        "tracks_tested",
        "window_accuracy",
        "parameters",
        "training_s",
        "inference_ms",
        "note",
        "message",
    ]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    table.writeheader()
    for entry in entries:
        low, high = entry.metrics.get("accuracy_interval", ("", ""))
        row = {
            **entry.recipe,
            **entry.metrics,
            "name": entry.title,
            "run": entry.run.name,
            "recorded": entry.recorded,
            "state": entry.run.state,
            "model": entry.model,
            "input": entry.input,
            "data": entry.data,
            "split": entry.split,
            "leaky": entry.leaky,
            "accuracy_low": low,
            "accuracy_high": high,
            "note": entry.run.note,
            "tracks_tested": entry.metrics.get("count", ""),
            "message": entry.run.message,
        }
        table.writerow({name: spreadsheet_cell(row.get(name)) for name in columns})
    return text.getvalue()


def bundle(folder: Path) -> bytes:
    """Make a ZIP file of a trained run: weights, card and report. Raises RunError where one is missing."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _BUNDLED:
            try:
                archive.writestr(name, (folder / name).read_bytes())
            except OSError as error:
                raise RunError(f"{folder.name} has no {name}: train it again.") from error
    return content.getvalue()


def free_name(entry: Entry) -> str:
    """Choose a name for a run's model on the Listen page: the run's own, numbered where it is taken."""
    names = {*promoted_models(), *(path.name for path in WEIGHTS.iterdir())}
    name = re.sub(r"[^\w.-]+", "-", entry.title).strip("-.")[:30] or "mine"
    others = (f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], others) if free not in names)


def promoted_name(folder: Path) -> str | None:
    """Find the name of a run's model on the Listen page; None if it was not promoted."""
    for name in promoted_models():
        model_folder = home() / PROMOTED / name
        try:
            if all(
                filecmp.cmp(folder / part, model_folder / part, shallow=False)
                for part in ("card.json", "model.safetensors")
            ):
                return name
        except OSError:
            continue
    return None


def leak_pairs(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Pair the newest finished runs of the same model, input, data and recipe -> [(leaky, honest)]."""
    pairs: dict[tuple, dict[bool, Entry]] = {}
    for entry in entries:
        if "window_accuracy" not in entry.metrics or entry.split not in (LEAKY, "track"):
            continue
        recipe = tuple(sorted((name, str(value)) for name, value in entry.recipe.items()))
        settings = [str(entry.run.settings.get(name)) for name in ("data", "options", "previous_recipes")]
        key = (entry.model, entry.input, *settings, entry.recorded, recipe)
        pairs.setdefault(key, {}).setdefault(entry.leaky, entry)
    return [(pair[True], pair[False]) for pair in pairs.values() if len(pair) == 2]
