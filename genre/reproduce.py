"""Published figures beside ours: under the paper's own protocol, and under an honest one.

A row is a model and an input. Where a figure was published, it is repeated the way the paper seems
to have taken it; every row is measured honestly as well: on GTZAN's fault-filtered lists where the
data is GTZAN, else on held-out tracks. Rows are runs under EARMARK_HOME/reproduce, the cheap ones
first; what a budget cuts off goes on at the next call.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genre import runs
from genre.cache import key_of
from genre.contests import Kitchen, enter, race, shortened
from genre.dataset import DataError, Dataset, open_dataset
from genre.experiment import Settings, settings
from genre.home import home
from genre.models import MODELS, ModelSpec, find
from genre.splits import LISTS

UNPUBLISHED = ("pictures", "mel3s")  # inputs that have no published figure and all of GTZAN's tracks
BATCH_WEIGHT = 3  # learning from a window costs about three times answering it


@dataclass(frozen=True)
class Row:
    """A model and an input: what was published, and our two experiments for it."""

    spec: ModelSpec
    input: str
    same: Settings | None  # under the paper's protocol; None where nothing was published
    honest: Settings
    folder: Path  # its experiments' runs lie beside one another, their names beginning with this one's

    @property
    def experiments(self) -> dict[str, tuple[Settings, Path]]:
        """What is asked and where it is kept, by column; a paper's protocol may be the honest one."""
        honest = self.honest, self.folder.with_name(f"{self.folder.name}-honest")
        if not self.same:
            return {"honest": honest}
        same = self.same, self.folder.with_name(f"{self.folder.name}-same")
        same = honest if self.same == self.honest else same
        return {"same": same, "honest": honest}


def table_of(data: str, only: list[str] | None = None, epochs: int | None = None) -> list[Row]:
    """Every row that the data can answer, the cheap ones first; `only` those of these models, or of
    these MODEL:INPUT. With `epochs`, networks learn for no more. Raises DataError, ValueError.
    """
    for name in only or ():
        model, _, kind = name.partition(":")
        find(model).input(kind)
    dataset = open_dataset(data)
    honest = "filtered" if _is_gtzan(dataset) else "track"
    root = home() / "reproduce" / (f"{dataset.folder.name}-{_digest(dataset)}"
                                   + (f"-{epochs}-epochs" if epochs else ""))

    def asked(model: str, *protocol: Any) -> Settings:
        whole = settings(model, data, *protocol)
        return shortened(whole, epochs) if epochs else whole

    rows = []
    for spec in MODELS.values():
        for kind in spec.inputs:
            if only and not {spec.name, f"{spec.name}:{kind}"} & set(only):
                continue
            published = spec.published.get(kind)
            ready_made = {"pictures": dataset.pictures, "mel3s": dataset.mel3s}.get(kind)
            ours = not spec.published and kind == spec.default_input
            if not (published or ready_made or ours):
                continue
            same = published and asked(spec.name, kind, published.split, published.windows, published.seconds)
            rows.append(Row(spec, kind, same, asked(spec.name, kind, honest), root / f"{spec.name}-{kind}"))
    if not rows:
        raise DataError("This data can answer none of these rows.")
    return sorted(rows, key=_cost)


def _digest(dataset: Dataset) -> str:
    """Of where the music lies and what there is of it: rows of music that changed are measured anew."""
    found = [Path(track.path) for track in dataset.files]
    found += [path for path in (dataset.pictures, dataset.mel3s, dataset.features_30_sec,
                                dataset.features_3_sec) if path]
    sizes = [(str(path), path.stat().st_size if path.exists() else 0) for path in found]
    return key_of(str(dataset.folder.resolve()), sizes)[:8]


def _is_gtzan(dataset: Dataset) -> bool:
    """Whether the filtered lists name what is here. The built-in music borrows GTZAN's file names."""
    if (dataset.folder / "about.json").exists():
        return False
    if dataset.pictures or dataset.mel3s:
        return True
    listed = set((LISTS / "gtzan-train.txt").read_text().split())
    return len(listed & {track.name for track in dataset.files}) > len(listed) / 2


def _cost(row: Row) -> float:
    """About how long a row takes, by one answer of the untrained network; classical models: nothing."""
    if row.spec.kind != "network":
        return 0.0
    spec = row.spec.input(row.input)
    network = row.spec.build(spec.shape, 10).eval()
    began = time.perf_counter()
    with torch.inference_mode():
        network(torch.zeros(1, *spec.shape))
    windows = 30 / spec.seconds if row.input not in UNPUBLISHED else 1
    return (time.perf_counter() - began) * BATCH_WEIGHT * windows * row.honest.recipe.epochs


def run_rows(
    rows: list[Row], cores: int, deadline: float | None, on_end: Callable[[runs.Run], None],
    say: Callable[[str], None] = lambda line: None,
) -> None:
    """Do what is not done yet, until the deadline, a time.monotonic(); music that is being prepared then is
    prepared to the end. An experiment that fails keeps its reason. What was done with other settings is
    replaced when its turn comes. `say` is told of files that are left out.
    """
    asked_of = {folder: asked for row in rows for asked, folder in row.experiments.values()
                if not _is_done(folder, asked)}
    kitchen = Kitchen(say)

    def before(folder: Path) -> bool:
        asked = asked_of[folder]
        if not _as_wanted(folder, asked) or runs.read(folder).state == "done":
            if folder.exists():
                runs.delete(folder)
            enter(asked, folder)
        try:
            kitchen.prepare(asked)
            return True
        except DataError as error:
            runs.fail(folder, str(error))
            return False

    race(asked_of, cores, deadline, before, on_end)


def _is_done(folder: Path, asked: Settings) -> bool:
    """Whether there is all that the table wants to tell."""
    return runs.is_finished(folder) and _outcome(folder, asked)["state"] == "done"


def _as_wanted(folder: Path, asked: Settings) -> bool:
    try:
        return asked.same_as(runs.load_config(folder)["settings"])
    except runs.RunError:
        return False


def results(rows: list[Row]) -> list[dict]:
    """A dictionary for JSON of each row: published, same, honest; with state and reason of both."""
    table = []
    for row in rows:
        published = row.spec.published.get(row.input)
        entry = {
            "model": row.spec.name, "input": row.input,
            "published": published.figure if published else None,
            "protocol": published.protocol if published else None,
        }
        told = {name: _outcome(folder, asked) for name, (asked, folder) in row.experiments.items()}
        entry |= {"same": None} | told
        table.append(entry)
    return table


def _outcome(folder: Path, asked: Settings) -> dict:
    outcome = {"split": asked.split, "windows": asked.windows}
    if asked.spec.kind == "network":
        outcome["epochs"] = asked.recipe.epochs
    if not _as_wanted(folder, asked):
        return outcome | {"state": "waiting", "reason": "not started yet"}
    run = runs.read(folder)
    if run.state != "done":
        reason = "not started yet" if not run.progress else f"{run.progress:.0%} done" + (
            ", and under way" if run.active else ", the budget was over")
        return outcome | {"state": run.state, "reason": run.message if run.state == "failed" else reason}
    try:
        return outcome | {"state": "done"} | _figures(runs.load_report(folder))
    except (runs.RunError, KeyError, TypeError):
        return outcome | {"state": "damaged", "reason": "its report is damaged, or of another version"}


def _figures(report: dict) -> dict:
    """What the table tells of a report. Raises KeyError or TypeError for what is none."""
    tracks, windows = report["by_track"], report["by_window"]
    return {
        "accuracy": tracks["accuracy"], "interval": tracks["accuracy_interval"],
        "macro_accuracy": tracks["macro_accuracy"], "macro_f1": tracks["macro_f1"],
        "window_accuracy": windows["accuracy"], "window_f1": windows["macro_f1"],
        "test_tracks": tracks["count"], "train_tracks": report["split"]["train_tracks"],
        "source": report["data"]["source"], "leaky": report["split"]["leaky"],
    }


def reproduction_table(rows: list[dict], data: str, epochs: int | None = None) -> str:
    """Lines of Markdown: published figure, ours under the same protocol, ours under the honest one."""
    lines = [
        f"Measured on {data}. Same protocol: accuracy (F1) of windows, as published. Honest: accuracy of "
        "tracks with its 95 % interval, macro accuracy, tested tracks.",
        *([f"Networks learn for {epochs} epochs at most, unless from features."] if epochs else []),
        "",
        "| model | input | published | same protocol | honest | learnt from |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        published = f"{row['published']} ({row['protocol']})" if row["published"] else "-"
        lines.append(
            f"| {row['model']} | {row['input']} | {published} | {_same_cell(row['same'])} "
            f"| {_honest_cell(row['honest'])} | {row['honest'].get('source', '')} |"
        )
    unfinished = sum(bool(row[name]) and row[name]["state"] != "done" for row in rows
                     for name in ("same", "honest"))
    lines += ["", f"{unfinished} of the experiments are unfinished; the same command goes on with them."
              if unfinished else "All experiments are done.",
              "LEAKY: windows of the same recording are in both parts, which says nothing of new music."]
    return "\n".join(lines)


def _same_cell(outcome: dict | None) -> str:
    if outcome is None:
        return "-"
    if outcome["state"] != "done":
        return f"unfinished: {outcome['reason']}"
    leaky = "LEAKY " if outcome["leaky"] else ""
    return (f"{outcome['window_accuracy']:.3f} (F1 {outcome['window_f1']:.3f}), {leaky}{outcome['split']}, "
            f"{outcome['windows']} windows, {_tracks(outcome)} of {outcome['source'].split(',')[0]}")


def _honest_cell(outcome: dict) -> str:
    if outcome["state"] != "done":
        return f"unfinished: {outcome['reason']}"
    low, high = outcome["interval"]
    return (f"{outcome['accuracy']:.3f} ({low:.3f} to {high:.3f}), macro {outcome['macro_accuracy']:.3f}, "
            f"{outcome['split']}, {_tracks(outcome)}")


def _tracks(outcome: dict) -> str:
    return f"{outcome['train_tracks']} + {outcome['test_tracks']} tracks"
