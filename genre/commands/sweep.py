"""The commands `compare` and `sweep`."""

import argparse
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genre.commands.shared.engine import add_engine_options, open_engine
from genre.commands.shared.program import complain, whole_number
from genre.commands.train import add_experiment_options, add_recipe_options, settings_from
from genre.errors import FAILED, OK, USAGE

if TYPE_CHECKING:
    from genre.runs.directory import Run
    from genre.training.experiment import ExperimentSettings

DEFAULT_TRIALS = 20


def add_commands(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("compare", help="train several models and print one table")
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL[:INPUT]",
        help="by default the classical models and the small networks; networks train for "
        "12 epochs at most, unless --epochs is given",
    )
    add_experiment_options(parser)
    add_recipe_options(parser)
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    add_engine_options(parser)
    parser.set_defaults(run=compare)

    parser = commands.add_parser("sweep", help="train one model with a grid of settings")
    parser.add_argument("model", metavar="MODEL")
    add_experiment_options(parser)
    parser.add_argument("--epochs", type=_numbers(int), default=[], metavar="N,N,...")
    parser.add_argument("--batch-size", type=_numbers(int), default=[], metavar="N,N,...")
    parser.add_argument("--lr", type=_numbers(float), default=[], metavar="X,X,...")
    parser.add_argument(
        "--search",
        choices=("grid", "tpe"),
        default="grid",
        help="all combinations, or Optuna's proposals, of which poor ones are stopped early",
    )
    parser.add_argument("--trials", type=whole_number, metavar="N", help="with --search tpe; default 20")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    add_engine_options(parser)
    parser.set_defaults(run=sweep)


def _numbers(kind: type):
    def parse(text: str) -> list:
        try:
            return [kind(part) for part in text.split(",")]
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from error

    return parse


def compare(options: argparse.Namespace) -> int:
    """Train several models on the same tracks and print them side by side."""
    from genre.training.sweep import SMALL_MODELS, with_fewer_epochs

    try:
        experiments = []
        for entry in options.models or SMALL_MODELS:
            model, _, kind = entry.partition(":")
            model_options = argparse.Namespace(**vars(options) | {"input": kind or options.input})
            settings = settings_from(model_options, model)
            experiments.append(settings if options.epochs else with_fewer_epochs(settings))
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    return _train_all(experiments, options, recipe=False)


def sweep(options: argparse.Namespace) -> int:
    """Train one network with several settings and print them side by side."""
    from genre.training.sweep import settings_grid

    if options.search == "tpe":
        return _search(options)
    try:
        if options.trials:
            raise ValueError("--trials goes with --search tpe.")
        plain = argparse.Namespace(**vars(options) | {"epochs": None, "batch_size": None})
        base = settings_from(plain)
        if base.spec.kind != "network":
            raise ValueError(f"{base.model} has no epochs, batches or learning rate to sweep.")
        experiments = settings_grid(base, options.epochs, options.batch_size, options.lr)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    return _train_all(experiments, options, recipe=True)


def _search(options: argparse.Namespace) -> int:
    """Search for a recipe and print the trials."""
    from genre.runs.trials import trial_rows, trial_table
    from genre.training.search import Trials, import_optuna, search_here
    from genre.training.sweep import Prefetcher, with_fewer_epochs

    try:
        if options.lr or options.batch_size or len(options.epochs) > 1:
            raise ValueError(
                "--search tpe chooses rates and batch sizes itself: give one number of --epochs."
            )
        import_optuna()
        plain = argparse.Namespace(**vars(options) | {"epochs": None, "batch_size": None})
        base = settings_from(plain)
        if options.epochs:
            base = replace(base, recipe=replace(base.recipe, epochs=options.epochs[0]))
        trials = Trials(base if options.epochs else with_fewer_epochs(base))
        with stop_in_order(), open_engine(options) as engine:
            Prefetcher(print_line, pack=engine.cluster is not None).prepare(trials.base)
            n_trials = options.trials or DEFAULT_TRIALS
            if engine.cluster is None:
                search_here(trials, n_trials, engine.at_once, print_outcome)
            else:
                from genre.cluster.search import search_on_cluster

                search_on_cluster(engine.ray, trials, n_trials, engine.cluster, print_outcome)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    rows = trial_rows(trials.trials)
    print(json.dumps(rows) if options.json else trial_table(rows))
    return OK if any(row["state"] == "done" for row in rows) else FAILED


def _train_all(experiments: "list[ExperimentSettings]", options: argparse.Namespace, recipe: bool) -> int:
    """Train all experiments and print the table. What an earlier command left unfinished is taken up."""
    from genre.runs import batch
    from genre.runs.directory import is_finished
    from genre.training.sweep import Prefetcher, comparison_rows, comparison_table, create_run, run_all

    all_settings = [settings.to_dict() for settings in experiments]
    try:
        with stop_in_order(), open_engine(options) as engine:
            prefetcher = Prefetcher(print_line, pack=engine.cluster is not None)
            for settings in experiments:
                prefetcher.prepare(settings)
            before = batch.unfinished_batch(all_settings, engine.cluster)
            folders = [
                folder or create_run(settings, cluster=engine.cluster)
                for settings, folder in zip(experiments, before, strict=True)
            ]
            batch.note_batch(all_settings, folders, engine.cluster)
            waiting = [folder for folder in folders if not is_finished(folder)]
            run_all(waiting, engine.at_once, on_end=print_outcome)
            batch.forget_batch(all_settings, engine.cluster)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    rows = comparison_rows(folders)
    print(json.dumps(rows) if options.json else comparison_table(rows, recipe))
    return OK if all(row["state"] == "done" for row in rows) else FAILED


@contextmanager
def stop_in_order() -> Iterator[None]:
    """Treat SIGTERM as Ctrl+C in a `with` block: the trainings are stopped, and can be resumed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def print_outcome(run: "Run") -> None:
    """Print one line on the outcome of a run."""
    settings = run.settings
    print_line(
        f"{settings['model']} on {settings['input']}, split {Path(settings['split']).name}: {run.message}"
    )


def print_line(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
