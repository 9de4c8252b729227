"""Published metrics beside ours: under the paper's own protocol, and under an honest one.

A row is a model and an input. A published metric is repeated by the protocol that the paper seems to use.
Every row is also measured by an honest protocol: on GTZAN's fault-filtered lists where the data is GTZAN,
else on held-out tracks. Rows are runs under EARMARK_HOME/reproduce, the cheap ones first; runs that a budget
interrupts are resumed at the next call.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from genre.cache import key_of
from genre.data.dataset import Dataset, open_dataset
from genre.data.examples import DataError
from genre.data.splits import read_track_list
from genre.models.registry import MODELS, ModelSpec, find_model
from genre.paths import home
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import Report, ReportError, load_report
from genre.training.experiment import ExperimentSettings, experiment_settings
from genre.training.sweep import Prefetcher, create_run, run_all, with_fewer_epochs

UNPUBLISHED_INPUTS = ("mel_30s", "mel_3s_zscored")  # inputs without published metrics, of all tracks of GTZAN
BATCH_WEIGHT = 3  # cost of training on a window, in predictions


@dataclass(frozen=True)
class Row:
    """A model and an input: the published metric, and our two experiments for it."""

    spec: ModelSpec
    input: str
    paper: ExperimentSettings | None  # settings under the paper's protocol; None where nothing was published
    honest: ExperimentSettings
    folder: Path  # path of its runs, without the suffixes of their names

    @property
    def experiments(self) -> dict[str, tuple[ExperimentSettings, Path]]:
        """The settings and the folder of each column's run; a paper's protocol may be the honest one."""
        honest = self.honest, self.folder.with_name(f"{self.folder.name}-honest")
        if not self.paper:
            return {"honest": honest}
        paper = self.paper, self.folder.with_name(f"{self.folder.name}-same")
        paper = honest if self.paper == self.honest else paper
        return {"same": paper, "honest": honest}


def build_rows(data: str, only: list[str] | None = None, epochs: int | None = None) -> list[Row]:
    """Build all rows that the data allows, the cheap ones first.

    `only` selects rows by MODEL or MODEL:INPUT; `epochs` is the most that networks train for. Raises
    DataError and ValueError.
    """
    selection = set()
    for name in only or ():
        model, colon, kind = name.partition(":")
        kind = find_model(model).input(kind).kind  # an old name works too
        selection.add(f"{model}:{kind}" if colon else model)
    dataset = open_dataset(data)
    honest = "filtered" if _is_gtzan(dataset) else "track"
    root = reproduction_folder(dataset)
    root = root.with_name(f"{root.name}-{epochs}-epochs") if epochs else root

    def settings(model: str, *protocol: Any) -> ExperimentSettings:
        full = experiment_settings(model, data, *protocol)
        return with_fewer_epochs(full, epochs) if epochs else full

    rows = []
    for spec in MODELS.values():
        for kind in spec.inputs:
            if only and not {spec.name, f"{spec.name}:{kind}"} & selection:
                continue
            published_metric = spec.published.get(kind)
            ready_made = {"mel_30s": dataset.mel_30s, "mel_3s_zscored": dataset.mel_3s_zscored}.get(kind)
            is_ours = not spec.published and kind == spec.default_input
            if not (published_metric or ready_made or is_ours):
                continue
            paper = (
                settings(
                    spec.name,
                    kind,
                    published_metric.split,
                    published_metric.windows,
                    published_metric.seconds,
                )
                if published_metric
                else None
            )
            rows.append(
                Row(spec, kind, paper, settings(spec.name, kind, honest), root / f"{spec.name}-{kind}")
            )
    if not rows:
        raise DataError("This data can answer none of these rows.")
    return sorted(rows, key=_cost)


def reproduction_folder(dataset: Dataset) -> Path:
    """The folder of all that is measured on a data set; another one once its music has changed."""
    return home() / "reproduce" / f"{dataset.folder.name}-{_digest(dataset)}"


def _digest(dataset: Dataset) -> str:
    """Hash the folder and its files."""
    files = [Path(track.path) for track in dataset.files]
    files += [
        path
        for path in (dataset.mel_30s, dataset.mel_3s_zscored, dataset.features_30_sec, dataset.features_3_sec)
        if path
    ]
    sizes = [(str(path), path.stat().st_size if path.exists() else 0) for path in files]
    return key_of(str(dataset.folder.resolve()), sizes)[:8]


def _is_gtzan(dataset: Dataset) -> bool:
    """Return whether the filtered lists name these tracks; the built-in music has GTZAN's file names too."""
    if (dataset.folder / "about.json").exists():
        return False
    if dataset.mel_30s or dataset.mel_3s_zscored:
        return True
    train_list = read_track_list("gtzan-train")
    return len(train_list & {track.name for track in dataset.files}) > len(train_list) / 2


def _cost(row: Row) -> float:
    """Estimate the cost of a row by one prediction of the untrained network; 0 for classical models."""
    if row.spec.kind != "network":
        return 0.0
    spec = row.spec.input(row.input)
    network = row.spec.build(spec.shape, 10).eval()
    start = time.perf_counter()
    with torch.inference_mode():
        network(torch.zeros(1, *spec.shape))
    windows = 30 / spec.seconds if row.input not in UNPUBLISHED_INPUTS else 1
    return (time.perf_counter() - start) * BATCH_WEIGHT * windows * row.honest.recipe.epochs


def run_rows(
    rows: list[Row],
    at_once: int | Callable[[], int],
    deadline: float | None,
    on_end: Callable[[runs.Run], None],
    notify: Callable[[str], None] = lambda line: None,
    cluster: str | None = None,
) -> None:
    """Run unfinished experiments until the deadline, a time.monotonic(); music that is being prepared then is
    prepared to the end. An experiment that fails keeps its reason. What was done with other settings is
    replaced when the row is run. `notify` gets a line on files that are skipped. `cluster` is the address of
    the cluster that trains; None: this machine.
    """
    settings_by_folder = {
        folder: settings
        for row in rows
        for settings, folder in row.experiments.values()
        if not _is_complete(folder, settings)
    }
    prefetcher = Prefetcher(notify, pack=cluster is not None)

    def prepare_run(folder: Path) -> bool:
        settings = settings_by_folder[folder]
        if not _has_settings(folder, settings) or runs.read_run(folder).state == "done":
            if folder.exists():
                process.delete_run(folder)
            create_run(settings, folder, cluster)
        try:
            prefetcher.prepare(settings)
            return True
        except DataError as error:
            process.mark_failed(folder, str(error))
            return False

    run_all(settings_by_folder, at_once, deadline, prepare_run, on_end)


def _is_complete(folder: Path, settings: ExperimentSettings) -> bool:
    """Return whether there is all that the table needs."""
    return runs.is_finished(folder) and _experiment_outcome(folder, settings)["state"] == "done"


def _has_settings(folder: Path, settings: ExperimentSettings) -> bool:
    try:
        return settings.equals(runs.load_config(folder)["settings"])
    except runs.RunError:
        return False


def row_results(rows: list[Row]) -> list[dict]:
    """Collect each row as a dictionary for JSON: published, same, honest; with state and reason of both."""
    table = []
    for row in rows:
        published_metric = row.spec.published.get(row.input)
        entry: dict[str, Any] = {
            "model": row.spec.name,
            "input": row.input,
            "published": published_metric.figure if published_metric else None,
            "protocol": published_metric.protocol if published_metric else None,
        }
        outcomes = {
            name: _experiment_outcome(folder, settings)
            for name, (settings, folder) in row.experiments.items()
        }
        entry |= {"same": None} | outcomes
        table.append(entry)
    return table


def _experiment_outcome(folder: Path, settings: ExperimentSettings) -> dict:
    outcome: dict[str, Any] = {"split": settings.split, "windows": settings.windows}
    if settings.spec.kind == "network":
        outcome["epochs"] = settings.recipe.epochs
    if not _has_settings(folder, settings):
        return outcome | {"state": "waiting", "reason": "not started yet"}
    run = runs.read_run(folder)
    if run.state != "done":
        reason = (
            "not started yet"
            if not run.progress
            else f"{run.progress:.0%} done" + (", and under way" if run.active else ", the budget was over")
        )
        return outcome | {"state": run.state, "reason": run.message if run.state == "failed" else reason}
    try:
        return outcome | {"state": "done"} | _table_metrics(load_report(folder))
    except (ReportError, KeyError, TypeError):
        return outcome | {"state": "damaged", "reason": "its report is damaged, or of another version"}


def _table_metrics(report: Report) -> dict:
    """Read the metrics of a report that the table has. Raises KeyError or TypeError for a damaged one."""
    tracks, windows = report.by_track, report.by_window
    return {
        "accuracy": tracks["accuracy"],
        "interval": tracks["accuracy_interval"],
        "balanced_accuracy": tracks["balanced_accuracy"],
        "macro_f1": tracks["macro_f1"],
        "window_accuracy": windows["accuracy"],
        "window_f1": windows["macro_f1"],
        "window_confusion": windows["confusion"],
        "confusion": tracks["confusion"],
        "test_tracks": tracks["count"],
        "train_tracks": report.split["train_tracks"],
        "source": report.data["source"],
        "leaky": report.split["leaky"],
    }
