"""Many experiments side by side: comparing models, and sweeping the settings of one.

Each is a run of its own (genre/runs.py), in its own process, as many at a time as the cores given
hold. What several of them want to hear is computed once, before.
"""

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from genre import runs
from genre.dataset import Dataset, open_dataset
from genre.evaluate import left_out_in_words
from genre.experiment import Settings
from genre.inputs import prepare
from genre.models import MODELS
from genre.worker import HEARTBEAT_S

SMALL_MODELS = ("knn", "svm", "forest", "linear", "cnn-simple", "cnn-complex", "cnn-dawra", "lstm")
QUICK_EPOCHS = 12
# (epochs, batch size, highest learning rate). Aurnob et al. try seven such settings and get from
# 0.3345 to 0.9178; which seven we do not know. Ours go from far too little to plenty.
SEVEN_SETTINGS = (
    (10, 128, 1e-4), (10, 128, 1e-3), (30, 128, 1e-3), (30, 32, 1e-3), (60, 64, 1e-3), (60, 32, 3e-3),
    (100, 64, 1e-3),
)


def shortened(asked: Settings, epochs: int = QUICK_EPOCHS) -> Settings:
    """The same with so few epochs, for a table that is soon there; features are quick anyway."""
    if asked.input == "features" or asked.recipe.epochs <= epochs:
        return asked
    return replace(asked, recipe=replace(asked.recipe, epochs=epochs))


class Kitchen:
    """Computes the inputs of experiments before they start, each only once.

    Of each folder of music with files that cannot be used, `say` is told once.
    """

    def __init__(self, say: Callable[[str], None] = lambda line: None) -> None:
        self._datasets: dict[str, Dataset] = {}
        self._done: set[tuple] = set()
        self._told: set[str] = set()
        self._say = say

    def prepare(self, asked: Settings) -> None:
        """Raises DataError where the data does not hold what is asked for."""
        if asked.data not in self._datasets:
            self._datasets[asked.data] = open_dataset(asked.data)
        what = (asked.data, asked.input_spec, asked.windows)
        if what not in self._done:
            left_out = prepare(self._datasets[asked.data], asked.input_spec, asked.windows)
            self._done.add(what)
            if left_out and asked.data not in self._told:
                self._told.add(asked.data)
                self._say(left_out_in_words(left_out))


def race(
    folders: Iterable[Path],
    at_once: int,
    deadline: float | None = None,
    before: Callable[[Path], bool] = lambda folder: True,
    on_end: Callable[[runs.Run], None] = lambda run: None,
) -> None:
    """Do the runs in order, `at_once` at a time, until all have ended or the deadline has come.

    `deadline` is a time.monotonic(); runs under way are then stopped, and can be resumed. `before`
    is called just before each is started and may refuse it. A run that is under way already, begun by
    another process, is waited for. Whatever ends this, stops them all.
    """
    waiting, active = list(folders), []
    try:
        while waiting or active:
            for folder in [folder for folder in active if _has_ended(folder)]:
                active.remove(folder)
                on_end(runs.read(folder))
            if deadline is not None and time.monotonic() > deadline:
                return
            if waiting and len(active) < at_once:
                folder = waiting.pop(0)
                if runs.read(folder).active:
                    active.append(folder)
                elif before(folder):
                    runs.start(folder)
                    active.append(folder)
            else:
                time.sleep(0.1)
    finally:
        for folder in active:
            runs.stop(folder)


def _has_ended(folder: Path) -> bool:
    """What has slept along with the machine seems interrupted until its heart beats again."""
    run = runs.read(folder)
    if run.state == "interrupted" and runs.held(folder):
        time.sleep(2 * HEARTBEAT_S)
        run = runs.read(folder)
    return not run.active


def enter(asked: Settings, folder: Path | None = None) -> Path:
    """A run of one core for these settings."""
    return runs.create("genre", asked.to_dict(), asked.model, folder, cores=1)


def grid(asked: Settings, epochs: list[int], batch_sizes: list[int], rates: list[float]) -> list[Settings]:
    """Every combination, or the seven settings where nothing is given. None stops early."""
    combinations: Iterable[tuple[int, int, float]] = SEVEN_SETTINGS
    if epochs or batch_sizes or rates:
        recipe = asked.recipe
        combinations = itertools.product(
            epochs or [recipe.epochs], batch_sizes or [recipe.batch_size], rates or [recipe.learning_rate]
        )
    return [
        replace(asked, recipe=replace(asked.recipe, epochs=count, batch_size=size, learning_rate=rate,
                                      patience=0))
        for count, size, rate in combinations
    ]


def comparison(folders: Iterable[Path]) -> list[dict]:
    """A row for each run, the best first, the unfinished last."""
    rows = []
    for folder in folders:
        run = runs.read(folder)
        recipe = run.settings.get("recipe", {})
        spec = MODELS.get(run.settings.get("model", ""))
        epochs = recipe.get("epochs") if spec and spec.kind == "network" else None
        row = {
            "run": run.name, "model": run.settings.get("model", ""), "input": run.settings.get("input", ""),
            "split": Path(run.settings.get("split", "")).name, "state": run.state, "message": run.message,
            "epochs": epochs, "batch_size": recipe.get("batch_size"),
            "learning_rate": recipe.get("learning_rate"), "accuracy": None,
        }
        if run.state == "done":
            try:
                row |= _figures(runs.load_report(folder))
            except runs.RunError as error:
                row |= {"state": "failed", "message": str(error)}
            except (KeyError, TypeError):
                row |= {"state": "failed", "message": f"The report of {run.name} is of another version, or "
                                                      "damaged: train it again."}
        rows.append(row)
    return sorted(rows, key=lambda row: -1.0 if row["accuracy"] is None else row["accuracy"], reverse=True)


def _figures(report: dict) -> dict:
    """What `comparison` tells of a report. Raises KeyError or TypeError for what is none."""
    told = {name: report[name] for name in ("training_s", "parameters", "inference_ms")}
    told |= {"leaky": report["split"]["leaky"], "source": report["data"]["source"]}
    if "by_track" in report:
        tracks = report["by_track"]
        told |= {name: tracks[name] for name in ("accuracy", "accuracy_interval", "macro_accuracy",
                                                 "macro_f1", "calibration_error", "count")}
        told["window_accuracy"] = report["by_window"]["accuracy"]
    return told


def comparison_table(rows: list[dict], recipe: bool = False) -> str:
    """The rows of `comparison` for a terminal; with the recipe's numbers for a sweep."""
    head = f"{'model':12} {'input':9}{'epochs':>7}"
    if recipe:
        head += f"{'batch':>6}{'rate':>8}"
    lines = [head + f"{'accuracy':>10} {'95 % interval':16}{'macro':>6}{'F1':>7}{'window':>8}{'calib.':>8}"
             f"{'train s':>9}{'parameters':>12}{'ms':>7}"]
    for row in rows:
        line = f"{row['model']:12} {row['input']:9}{row['epochs'] or '-':>7}"
        if recipe:
            line += f"{row['batch_size']:6}{row['learning_rate']:8.0e}"
        if row["accuracy"] is None:
            lines.append(f"{line}  {row['state']}: {row['message']}")
            continue
        low, high = row["accuracy_interval"]
        parameters = f"{row['parameters']:,}" if row["parameters"] else "-"
        lines.append(
            f"{line}{row['accuracy']:10.3f} {f'{low:.3f} to {high:.3f}':16}{row['macro_accuracy']:6.3f}"
            f"{row['macro_f1']:7.3f}{row['window_accuracy']:8.3f}{row['calibration_error']:8.3f}"
            f"{row['training_s']:9.1f}{parameters:>12}{row['inference_ms']:7.1f}"
        )
    lines.append("accuracy, interval, macro accuracy, F1 and calibration error are of tracks")
    if any(row.get("leaky") for row in rows):
        lines.append("LEAKY split: windows of a track are in both parts; this says nothing of new music.")
    return "\n".join(lines)
