"""What the command lines of all programs share: exit statuses, and how runs are trained."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genre.worker import Worker

OK, FAILED, USAGE = 0, 1, 2  # exit statuses
INTERRUPTED = 130


def run_program(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Do what the arguments, by default the process's own, ask for -> the exit status."""
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:  # the reader, `head` perhaps, has what it wanted
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # quiet at exit too
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def whole_number(text: str) -> int:
    """For argparse."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Of trainings that have no recipe to choose from."""
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")
    add_folder_options(parser)


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Where the run is kept, and which one to go on with."""
    parser.add_argument("--run", type=Path, dest="folder", metavar="DIR",
                        help="where to keep it; by default a new folder of EARMARK_HOME/runs")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")


def train_here(
    options: argparse.Namespace,
    kind: str,
    program: str,
    create: Callable[[argparse.Namespace], Path],
    execute: "Callable[[Worker], Any]",
    in_words: Callable[[Any], str] | None = None,
) -> int:
    """Train in this process, in the run directory to resume or the one that `create` gives.

    `create` raises ValueError with a sentence for what cannot be; `execute` imports what it needs itself;
    `in_words` makes a text of what it returns.
    """
    from genre import runs

    if options.cores or "OMP_NUM_THREADS" not in os.environ:  # read when torch is loaded
        os.environ["OMP_NUM_THREADS"] = str(options.cores or runs.all_cores())
    from genre.worker import perform

    try:
        folder = runs.find(options.resume, kind) if options.resume else create(options)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    status, result = perform(folder, program, execute)
    if status == OK:
        if in_words:
            print(in_words(result))
        print(f"kept in {folder}")
    return status


def complain(error: object, status: int) -> int:
    """Say what was wrong -> the exit status."""
    print(error, file=sys.stderr)
    return status
