"""Many experiments side by side: the comparison of models, and the sweep over the settings of one.

Each experiment is a run (genre.runs) in its own process, and as many run at a time as the cores allow. Inputs
that several of them need are computed once, before the runs start.
"""

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from genre.data.builtin import comes_with_earmark, load_examples
from genre.data.dataset import Dataset, open_dataset
from genre.data.packed import note_inputs, pack_inputs
from genre.data.protocols import PROTOCOLS
from genre.data.windows import prepare
from genre.evaluation.report import skipped_files_line
from genre.models.registry import MODELS
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import Report, ReportError, load_report
from genre.runs.worker import HEARTBEAT_S
from genre.training.experiment import ExperimentSettings

SMALL_MODELS = ("knn", "svm", "forest", "linear", "cnn-simple", "cnn-complex", "cnn-dawra", "lstm")
QUICK_EPOCHS = 12
# (epochs, batch size, highest learning rate), from far too little training to plenty. The seven settings of
# Aurnob et al. stand in genre.models.papers.
SEVEN_SETTINGS = (
    (10, 128, 1e-4),
    (10, 128, 1e-3),
    (30, 128, 1e-3),
    (30, 32, 1e-3),
    (60, 64, 1e-3),
    (60, 32, 3e-3),
    (100, 64, 1e-3),
)


def with_fewer_epochs(settings: ExperimentSettings, epochs: int = QUICK_EPOCHS) -> ExperimentSettings:
    """Limit the settings to `epochs` epochs, for a quick table; those on features are quick anyway."""
    if settings.input == "features" or settings.recipe.epochs <= epochs:
        return settings
    return replace(settings, recipe=replace(settings.recipe, epochs=epochs))


class Prefetcher:
    """A prefetcher, which computes each input of experiments once, before they start.

    `notify` is called once for each folder of music with files that cannot be used. With `pack`, inputs are
    packed for another machine as well.
    """

    def __init__(self, notify: Callable[[str], None] = lambda line: None, pack: bool = False) -> None:
        self._pack = pack
        self._packed: dict[tuple, str] = {}
        self._datasets: dict[str, Dataset] = {}
        self._prepared: set[tuple] = set()
        self._reported: set[str] = set()
        self._notify = notify

    def prepare(self, settings: ExperimentSettings) -> None:
        """Compute the input of the settings. Raises DataError where the data does not have it."""
        self._prepare_here(settings)
        if self._pack:
            lists = settings.split, settings.artists
            key = (settings.data, settings.input_spec, settings.windows, *lists)
            if key in self._packed:
                note_inputs(settings.to_dict(), self._packed[key])
            else:
                self._packed[key] = pack_experiment(settings)

    def _prepare_here(self, settings: ExperimentSettings) -> None:
        if comes_with_earmark(settings.data, settings.input_spec, settings.windows):
            return
        if settings.data not in self._datasets:
            self._datasets[settings.data] = open_dataset(settings.data)
        key = (settings.data, settings.input_spec, settings.windows)
        if key not in self._prepared:
            skipped_files = prepare(self._datasets[settings.data], settings.input_spec, settings.windows)
            self._prepared.add(key)
            if skipped_files and settings.data not in self._reported:
                self._reported.add(settings.data)
                self._notify(skipped_files_line(skipped_files))


def pack_experiment(settings: ExperimentSettings) -> str:
    """Pack what a training reads, and note it -> the key of the file. Raises DataError, OSError."""
    examples, summary = load_examples(settings.data, settings.input_spec, settings.windows)
    lists = [path for path in (settings.split, settings.artists) if path and path not in PROTOCOLS]
    key = pack_inputs(examples, summary, lists)
    note_inputs(settings.to_dict(), key)
    return key


def run_all(
    folders: Iterable[Path],
    at_once: int | Callable[[], int],
    deadline: float | None = None,
    before: Callable[[Path], bool] = lambda folder: True,
    on_end: Callable[[runs.Run], None] = lambda run: None,
) -> None:
    """Do the runs in order, `at_once` at a time, until all have ended or the deadline has come.

    `at_once` may be a function, for a number that changes. `deadline` is a time of time.monotonic().
    `before` is called just before a run starts and may refuse it. The function also waits for runs that
    another process has started. At the end, and after an error, it stops the runs that it has started and
    that are still under way; they can be resumed. Other runs go on.
    """
    waiting = list(folders)
    active: list[Path] = []
    process_ids: dict[Path, int] = {}  # folder of a run -> its process, of the runs started here
    try:
        while waiting or active:
            for folder in [folder for folder in active if _has_ended(folder)]:
                active.remove(folder)
                process_ids.pop(folder, None)
                on_end(runs.read_run(folder))
            if deadline is not None and time.monotonic() > deadline:
                return
            if waiting and len(active) < (at_once() if callable(at_once) else at_once):
                folder = waiting.pop(0)
                if runs.read_run(folder).active:
                    active.append(folder)
                elif before(folder):
                    process_ids[folder] = process.start_run(folder)
                    active.append(folder)
            else:
                time.sleep(0.1)
    finally:
        process.stop_runs(process_ids)


def _has_ended(folder: Path) -> bool:
    """Return whether a run has ended.

    After a sleep of the machine, a run seems interrupted until its next heartbeat.
    """
    run = runs.read_run(folder)
    deadline = time.monotonic() + 2 * HEARTBEAT_S
    while run.state == "interrupted" and runs.is_locked(folder) and time.monotonic() < deadline:
        time.sleep(0.1)
        run = runs.read_run(folder)
    return not run.active


def create_run(settings: ExperimentSettings, folder: Path | None = None, cluster: str | None = None) -> Path:
    """Create a run of one core for these settings, on this machine or the cluster of that address."""
    return runs.create_run_folder("genre", settings.to_dict(), settings.model, folder, 1, cluster)


def settings_grid(
    settings: ExperimentSettings, epochs: list[int], batch_sizes: list[int], rates: list[float]
) -> list[ExperimentSettings]:
    """Make all combinations, or the seven settings for empty lists, without early stopping."""
    combinations: Iterable[tuple[int, int, float]] = SEVEN_SETTINGS
    if epochs or batch_sizes or rates:
        recipe = settings.recipe
        combinations = itertools.product(
            epochs or [recipe.epochs], batch_sizes or [recipe.batch_size], rates or [recipe.learning_rate]
        )
    return [
        replace(
            settings,
            recipe=replace(settings.recipe, epochs=count, batch_size=size, learning_rate=rate, patience=0),
        )
        for count, size, rate in combinations
    ]


def comparison_rows(folders: Iterable[Path]) -> list[dict]:
    """Make a row for each run, the best run first, unfinished runs last."""
    rows = []
    for folder in folders:
        run = runs.read_run(folder)
        recipe = run.settings.get("recipe", {})
        spec = MODELS.get(run.settings.get("model", ""))
        epochs = recipe.get("epochs") if spec and spec.kind == "network" else None
        row = {
            "run": run.name,
            "model": run.settings.get("model", ""),
            "input": run.settings.get("input", ""),
            "split": Path(run.settings.get("split", "")).name,
            "state": run.state,
            "message": run.message,
            "epochs": epochs,
            "batch_size": recipe.get("batch_size"),
            "learning_rate": recipe.get("learning_rate"),
            "accuracy": None,
        }
        if run.state == "done":
            try:
                row |= _metrics(load_report(folder))
            except ReportError as error:
                row |= {"state": "failed", "message": str(error)}
            except (KeyError, TypeError):
                row |= {
                    "state": "failed",
                    "message": f"The report of {run.name} is of another version, or damaged: train it again.",
                }
        rows.append(row)
    return sorted(rows, key=lambda row: -1.0 if row["accuracy"] is None else row["accuracy"], reverse=True)


def _metrics(report: Report) -> dict:
    """Read the parts of a report for `comparison_rows`. Raises KeyError or TypeError for a damaged one."""
    metrics = {name: getattr(report, name) for name in ("training_s", "parameters", "inference_ms")}
    metrics |= {"leaky": report.split["leaky"], "source": report.data["source"]}
    if report.is_tested:
        names = ("accuracy", "accuracy_interval", "balanced_accuracy", "macro_f1", "ece", "count")
        metrics |= {name: report.by_track[name] for name in names}
        metrics["window_accuracy"] = report.by_window["accuracy"]
    return metrics


def comparison_table(rows: list[dict], recipe: bool = False) -> str:
    """Format the rows of `comparison_rows` for a terminal; with the recipe's numbers for a sweep."""
    head = f"{'model':12} {'input':15}{'epochs':>7}"
    if recipe:
        head += f"{'batch':>6}{'rate':>8}"
    lines = [
        head + f"{'accuracy':>10} {'95 % interval':16}{'balanced':>9}{'F1':>7}{'window':>8}{'ECE':>7}"
        f"{'train s':>9}{'parameters':>12}{'ms':>7}"
    ]
    for row in rows:
        line = f"{row['model']:12} {row['input']:15}{row['epochs'] or '-':>7}"
        if recipe:
            line += f"{row['batch_size']:6}{row['learning_rate']:8.0e}"
        if row["accuracy"] is None:
            lines.append(f"{line}  {row['state']}: {row['message']}")
            continue
        low, high = row["accuracy_interval"]
        parameters = f"{row['parameters']:,}" if row["parameters"] else "-"
        lines.append(
            f"{line}{row['accuracy']:10.3f} {f'{low:.3f} to {high:.3f}':16}{row['balanced_accuracy']:9.3f}"
            f"{row['macro_f1']:7.3f}{row['window_accuracy']:8.3f}{row['ece']:7.3f}"
            f"{row['training_s']:9.1f}{parameters:>12}{row['inference_ms']:7.1f}"
        )
    lines.append(
        "accuracy, interval, balanced accuracy, F1 and ECE are of tracks; window: accuracy of windows"
    )
    if any(row.get("leaky") for row in rows):
        lines.append("LEAKY split: windows of a track are in both parts; this says nothing of new music.")
    return "\n".join(lines)
