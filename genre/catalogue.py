"""All training runs at a glance: one's own and the recorded ones, read again only when they change.

    catalogue = Catalogue()
    entries = catalogue.entries()            # 500 folders: a second at first, then some ms
    to_csv(entries), bundle(entries[0].run.folder)
    free_name(entries[0]), heard_as(entries[0].run.folder)
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
from math import comb, isfinite
from pathlib import Path
from typing import Any

from genre import runs
from genre.answers import spreadsheet_cell
from genre.home import PROMOTED, REPOSITORY, WEIGHTS, home, promoted_models
from genre.runs import Run, RunError

RECORDED = REPOSITORY / "assets" / "recorded"
LEAKY = "segment"
_FILES = ("config.json", "status.json", "report.json")
_BUNDLED = ("model.safetensors", "card.json", "report.json")


@dataclass(frozen=True)
class Entry:
    """A run and the figures of its report."""

    run: Run
    recorded: bool = False  # it came with Earmark, without weights
    figures: dict[str, Any] = field(default_factory=dict)  # empty until it is done

    @property
    def id(self) -> str:
        return str(self.run.folder)

    @property
    def model(self) -> str:
        return str(self.run.settings.get("model", ""))

    @property
    def title(self) -> str:
        return self.run.title or self.model or self.run.name

    @property
    def input(self) -> str:
        return str(self.run.settings.get("input", ""))

    @cached_property
    def data(self) -> str:
        return Path(str(self.run.settings.get("data", ""))).name

    @cached_property
    def split(self) -> str:
        return Path(str(self.run.settings.get("split", ""))).name

    @property
    def leaky(self) -> bool:
        return self.split == LEAKY

    @property
    def recipe(self) -> dict:
        recipe = self.run.settings.get("recipe")
        return recipe if isinstance(recipe, dict) else {}


class Catalogue:
    """Keeps what was read of each run directory until one of its files changes."""

    def __init__(self, recorded: Path = RECORDED) -> None:
        self._recorded = recorded
        self._read: dict[str, tuple[tuple, Entry]] = {}

    def entries(self) -> list[Entry]:
        """The genre runs under EARMARK_HOME, the newest first, and after them the recorded ones, honest
        splits before leaky ones."""
        before, now = self._read, {}
        for parent in (runs.runs_folder(), self._recorded):
            for folder in _folders(parent):
                now[folder] = self._entry(folder, before.get(folder))
        self._read = now  # in one step: other visitors may be reading
        chosen = [entry for _, entry in now.values() if entry.run.kind in ("genre", "")]
        return sorted(chosen, key=lambda e: (not e.recorded, e.recorded and not e.leaky, e.run.created, e.id),
                      reverse=True)

    def _entry(self, path: str, known: tuple[tuple, Entry] | None) -> tuple[tuple, Entry]:
        signature = tuple(_stamp(f"{path}/{name}") for name in _FILES)
        if known and known[0] == signature:
            run = known[1].run
            # The files of these do not tell whether their process still lives.
            if not (run.active or run.state == "interrupted"):
                return known
        folder = Path(path)
        run = runs.read(folder)
        figures = _figures(folder) if run.state == "done" else {}
        return signature, Entry(run, folder.parent == self._recorded, figures)


def _folders(parent: Path) -> list[str]:
    """As strings: with hundreds of runs, pathlib would take most of the time."""
    try:
        with os.scandir(parent) as found:
            return [each.path for each in found if not each.name.startswith(".") and each.is_dir()]
    except OSError:
        return []


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        about = os.stat(path)
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def _figures(folder: Path) -> dict:
    """The numbers of a report that a table shows; {} when it is missing, damaged, or tested nothing."""
    try:
        report = runs.load_report(folder)
        figures = {"parameters": report["parameters"], "source": report["data"]["source"]}
        figures |= {name: _number(report[name]) for name in ("training_s", "inference_ms")}
        if "by_track" in report:
            tracks = report["by_track"]
            low, high = tracks["accuracy_interval"]
            figures |= {name: _number(tracks[name]) for name in ("accuracy", "macro_f1")}
            figures["accuracy_interval"] = [_number(low), _number(high)]
            figures["count"] = tracks["count"]
            figures["window_accuracy"] = _number(report["by_window"]["accuracy"])
        return figures
    except (RunError, KeyError, TypeError, ValueError):
        return {}


def _number(value: object) -> float:
    """Raises TypeError or ValueError for what is none."""
    if not isfinite(value):
        raise ValueError("A figure that is not finite.")
    return float(value)


def to_csv(entries: Iterable[Entry]) -> str:
    """One line a run, safe to open in a spreadsheet."""
    columns = ["name", "run", "recorded", "state", "model", "input", "data", "split", "leaky", "epochs",
               "batch_size", "learning_rate", "seed", "accuracy", "accuracy_low", "accuracy_high",
               "macro_f1", "tracks_tested", "window_accuracy", "parameters", "training_s",
               "inference_ms", "note", "message"]
    text = io.StringIO()
    table = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
    table.writeheader()
    for entry in entries:
        low, high = entry.figures.get("accuracy_interval", ("", ""))
        row = {
            **entry.recipe, **entry.figures, "name": entry.title, "run": entry.run.name,
            "recorded": entry.recorded, "state": entry.run.state, "model": entry.model,
            "input": entry.input, "data": entry.data, "split": entry.split, "leaky": entry.leaky,
            "accuracy_low": low, "accuracy_high": high, "note": entry.run.note,
            "tracks_tested": entry.figures.get("count", ""), "message": entry.run.message,
        }
        table.writerow({name: spreadsheet_cell(row.get(name)) for name in columns})
    return text.getvalue()


def bundle(folder: Path) -> bytes:
    """A ZIP file of a trained run: weights, card and report. Raises RunError where one is missing."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in _BUNDLED:
            try:
                archive.writestr(name, (folder / name).read_bytes())
            except OSError as error:
                raise RunError(f"{folder.name} has no {name}: train it again.") from error
    return content.getvalue()


def free_name(entry: Entry) -> str:
    """What to call a run's model on the Listen page: as the run is, told apart from those there."""
    taken = {*promoted_models(), *(path.name for path in WEIGHTS.iterdir())}
    name = re.sub(r"[^\w.-]+", "-", entry.title).strip("-.")[:30] or "mine"
    others = (f"{name}-{number}" for number in itertools.count(2))
    return next(each for each in itertools.chain([name], others) if each not in taken)


def heard_as(folder: Path) -> str | None:
    """The name under which the Listen page has a run's model; None if it does not."""
    for name in promoted_models():
        there = home() / PROMOTED / name
        try:
            if all(filecmp.cmp(folder / part, there / part, shallow=False)
                   for part in ("card.json", "model.safetensors")):  # fmt: skip
                return name
        except OSError:
            continue
    return None


def disagreements(reports: list[dict]) -> list[dict]:
    """The tracks that all reports tested and not all answered alike.

    -> [{"data", "track", "genre", "answers": [(answer, probability), ...]}], those fewest got right first.
    """
    by_track = [_by_track(report) for report in reports]
    rows = []
    for track in sorted(_common(by_track)):
        answers = [(table[track]["answer"], table[track]["probability"]) for table in by_track]
        if len({answer for answer, _ in answers}) > 1:
            rows.append({"data": track[0], "track": track[1], "genre": by_track[0][track]["genre"],
                         "answers": answers})  # fmt: skip
    return sorted(rows, key=lambda row: sum(a == row["genre"] for a, _ in row["answers"]))


def in_common(reports: list[dict]) -> int:
    """How many tracks all reports tested."""
    return len(_common([_by_track(report) for report in reports]))


def _by_track(report: dict) -> dict[tuple[str, str], dict]:
    """The answers by data and track: other music may have tracks of the same names."""
    return {(str(report.get("tested_on", "")), row["track"]): row for row in report.get("answers", [])}


def _common(by_track: list[dict]) -> set[tuple[str, str]]:
    return set.intersection(*map(set, by_track)) if by_track else set()


@dataclass(frozen=True)
class Duel:
    """Two trainings on the tracks that both were tested on."""

    common: int
    first: int  # tracks that only the first gets right
    second: int
    gained: tuple[str, ...]  # genres of which the first gets more right, most gained first

    @property
    def chance(self) -> float:
        """How probable so uneven a result is if both are equally good: the exact two-sided McNemar
        test (Dietterich, Neural Computation 10, 1998, recommends it for one split).
        """
        decided = self.first + self.second
        tail = sum(comb(decided, k) for k in range(min(self.first, self.second) + 1))
        return min(1.0, 2 * tail / 2**decided)


def duel(first: dict, second: dict) -> Duel:
    """Compare two reports track by track."""
    one, other = _by_track(first), _by_track(second)
    common = one.keys() & other.keys()
    alone, balance = [0, 0], {}
    for track in common:
        row = one[track]
        right = row["answer"] == row["genre"]
        lead = right - (other[track]["answer"] == row["genre"])
        alone[0] += lead > 0
        alone[1] += lead < 0
        balance[row["genre"]] = balance.get(row["genre"], 0) + lead
    gained = sorted((genre for genre in balance if balance[genre] > 0), key=lambda g: (-balance[g], g))
    return Duel(len(common), *alone, tuple(gained))


def leak_pairs(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """(leaky, honest): the newest finished runs of the same model, input, data and recipe."""
    pairs: dict[tuple, dict[bool, Entry]] = {}
    for entry in entries:
        if "window_accuracy" not in entry.figures or entry.split not in (LEAKY, "track"):
            continue
        recipe = tuple(sorted((name, str(value)) for name, value in entry.recipe.items()))
        asked = [str(entry.run.settings.get(name)) for name in ("data", "options", "begun_with")]
        key = (entry.model, entry.input, *asked, entry.recorded, recipe)
        pairs.setdefault(key, {}).setdefault(entry.leaky, entry)
    return [(both[True], both[False]) for both in pairs.values() if len(both) == 2]
