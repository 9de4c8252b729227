"""The commands `compare`, `sweep` and `reproduce`."""

import argparse
import json
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from genre.run_command import FAILED, OK, USAGE, complain, whole_number
from genre.zoo import add_experiment_options, add_recipe_options, settings_from

if TYPE_CHECKING:
    from genre.experiment import Settings
    from genre.runs import Run


def add_commands(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("compare", help="train several models and print one table")
    parser.add_argument("models", nargs="*", metavar="MODEL[:INPUT]",
                        help="by default the classical models and the small networks; networks learn for "
                        "12 epochs at most, unless --epochs says more")
    add_experiment_options(parser)
    add_recipe_options(parser)
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.set_defaults(run=compare)

    parser = commands.add_parser("sweep", help="train one model with a grid of settings")
    parser.add_argument("model", metavar="MODEL")
    add_experiment_options(parser)
    parser.add_argument("--epochs", type=_numbers(int), default=[], metavar="N,N,...")
    parser.add_argument("--batch-size", type=_numbers(int), default=[], metavar="N,N,...")
    parser.add_argument("--lr", type=_numbers(float), default=[], metavar="X,X,...")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.set_defaults(run=sweep)

    parser = commands.add_parser("reproduce", help="published figures beside ours")
    parser.add_argument("--data", default="builtin", metavar="DIR",
                        help="GTZAN's or Kaggle's layout, a folder of genres, or builtin (default)")
    parser.add_argument("--budget", type=_minutes, metavar="MINUTES",
                        help="stop after so long, music being prepared to the end; the same command goes "
                        "on later")
    parser.add_argument("--only", metavar="MODEL[:INPUT],...", help="only these models")
    parser.add_argument("--epochs", type=whole_number, help="let networks learn for no more: a table that is "
                        "sooner there, kept apart from the whole one")
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.set_defaults(run=reproduce)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes")
    return minutes


def _numbers(kind: type):
    def parse(text: str) -> list:
        try:
            return [kind(part) for part in text.split(",")]
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is not a list of numbers") from error

    return parse


def compare(options: argparse.Namespace) -> int:
    """Train several models on the same tracks and print them side by side."""
    from genre.contests import SMALL_MODELS, shortened

    try:
        asked = []
        for entry in options.models or SMALL_MODELS:
            model, _, kind = entry.partition(":")
            chosen = argparse.Namespace(**vars(options) | {"input": kind or options.input})
            each = settings_from(chosen, model)
            asked.append(each if options.epochs else shortened(each))
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    return _contest(asked, options, recipe=False)


def sweep(options: argparse.Namespace) -> int:
    """Train one network with several settings and print them side by side."""
    from genre.contests import grid

    try:
        plain = argparse.Namespace(**vars(options) | {"epochs": None, "batch_size": None})
        base = settings_from(plain)
        if base.spec.kind != "network":
            raise ValueError(f"{base.model} has no epochs, batches or learning rate to sweep.")
        asked = grid(base, options.epochs, options.batch_size, options.lr)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    return _contest(asked, options, recipe=True)


def _contest(asked: "list[Settings]", options: argparse.Namespace, recipe: bool) -> int:
    """Train them all, print the table."""
    from genre import runs
    from genre.cache import cores, limited_to
    from genre.contests import Kitchen, comparison, comparison_table, enter, race

    kitchen = Kitchen(_say)
    try:
        with limited_to(options.cores or cores()), _ended_in_good_order():
            for each in asked:
                kitchen.prepare(each)
            folders = [enter(each) for each in asked]
            race(folders, options.cores or runs.all_cores(), on_end=_tell)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    rows = comparison(folders)
    print(json.dumps(rows) if options.json else comparison_table(rows, recipe))
    return OK if all(row["state"] == "done" for row in rows) else FAILED


def reproduce(options: argparse.Namespace) -> int:
    """Repeat the published figures within a budget of time, and print ours beside them."""
    from genre import runs
    from genre.cache import cores, limited_to
    from genre.reproduce import reproduction_table, results, run_rows, table_of

    deadline = None if options.budget is None else time.monotonic() + 60 * options.budget
    only = [name.strip() for name in options.only.split(",")] if options.only else None
    try:
        with limited_to(options.cores or cores()), _ended_in_good_order():
            rows = table_of(options.data, only, options.epochs)
            run_rows(rows, options.cores or runs.all_cores(), deadline, _tell, _say)
            rows = results(rows)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where it was.", file=sys.stderr)
        return 130
    print(json.dumps(rows) if options.json
          else reproduction_table(rows, Path(options.data).name, options.epochs))
    return OK


@contextmanager
def _ended_in_good_order() -> Iterator[None]:
    """Inside, SIGTERM is as Ctrl+C: the processes that train are stopped, and can be resumed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _tell(run: "Run") -> None:
    """One line on how a run ended."""
    settings = run.settings
    _say(f"{settings['model']} on {settings['input']}, split {Path(settings['split']).name}: {run.message}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
