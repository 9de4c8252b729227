"""Shared parts of all command lines: exit statuses, and the training of a run."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.errors import FAILED, INTERRUPTED, OK, USAGE, error_sentence

if TYPE_CHECKING:
    from genre.runs.worker import Worker


def run_program(parser: argparse.ArgumentParser, arguments: list[str] | None) -> int:
    """Run the command of the arguments, by default the process's own -> the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments.count("--") > 1:  # argparse would take a second one for a value that is a list
        parser.error("-- may stand only once; write ./-- for a file of that name")
    options = parser.parse_args(arguments)
    try:
        return options.run(options)
    except BrokenPipeError:  # the reader, such as `head`, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # no error at exit either
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED


def whole_number(text: str) -> int:
    """Parse a whole number above 0, for argparse."""
    if not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of trainings without a choice of recipe."""
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")
    add_folder_options(parser)


def add_folder_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the run directory, and of the run to resume."""
    parser.add_argument(
        "--run",
        type=Path,
        dest="folder",
        metavar="DIR",
        help="the directory of the run; by default a new folder of EARMARK_HOME/runs",
    )
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")
    parser.set_defaults(default_of=parser.get_default)


def train_here(
    options: argparse.Namespace,
    kind: str,
    program: str,
    create: Callable[[argparse.Namespace], Path],
    execute: "Callable[[Worker], Any]",
    in_words: Callable[[Any], str] | None = None,
) -> int:
    """Train in this process, in the run directory to resume or in the one that `create` makes.

    `create` raises ValueError with a sentence for impossible options; `execute` does its own imports;
    `in_words` turns its result into a text.
    """
    from genre.compute import all_cores
    from genre.runs import directory as runs

    try:
        folder = _find_run_to_resume(options, kind) if options.resume else None
        if options.cores or "OMP_NUM_THREADS" not in os.environ:  # torch reads the variable when it loads
            begun_on = runs.load_config(folder)["cores"] if folder else all_cores()
            os.environ["OMP_NUM_THREADS"] = str(options.cores or begun_on)
        from genre.runs.worker import PARENT_VARIABLE, perform

        folder = folder or create(options)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    if runs.is_finished(folder):
        print(f"{folder} is done already.")
        return OK
    if not options.resume and (runs.read_run(folder).progress or runs.read_metrics(folder)):
        print(f"Going on with {folder}.")
    status, result = perform(folder, program, execute)
    if status == OK and PARENT_VARIABLE not in os.environ:  # else that process tells
        if in_words:
            print(in_words(result))
        print(f"kept in {folder}")
    return status


def _find_run_to_resume(options: argparse.Namespace, kind: str) -> Path:
    """Find the run to resume. Raises RunError for a run that is done, and ValueError."""
    from genre.runs import directory as runs

    theirs = vars(options).keys() - {"resume", "cores", "run", "default_of"}
    if any(getattr(options, name) != options.default_of(name) for name in theirs):
        raise ValueError("A run is gone on with as it was begun: give --resume and its folder alone.")
    folder = runs.find_run(options.resume, kind)
    if runs.is_finished(folder):
        raise runs.RunError(f"{folder.name} is done: start a new run.")
    return folder


def complain(error: Exception | str, status: int) -> int:
    """Print an error -> the exit status, which tells failures of the machine from wrong usage."""
    print(error_sentence(error) if isinstance(error, Exception) else error, file=sys.stderr)
    return FAILED if isinstance(error, OSError) else status
