"""What the commands `train` of every program share: a run directory in, an exit status out."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from genre.worker import Worker

OK, USAGE = 0, 2  # exit statuses


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """Where the run is kept, what it may use, and which one to go on with."""
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=int, help="cores to use; by default all")
    parser.add_argument("--run", type=Path, dest="folder", metavar="DIR",
                        help="where to keep it; by default a new folder of EARMARK_HOME/runs")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")


def train_here(
    options: argparse.Namespace,
    kind: str,
    program: str,
    create: Callable[[argparse.Namespace], Path],
    execute: "Callable[[Worker], Any]",
) -> int:
    """Train in this process, in the run directory to resume or the one that `create` gives.

    `create` raises ValueError with a sentence for what cannot be; `execute` imports what it needs itself.
    """
    if options.cores:
        os.environ["OMP_NUM_THREADS"] = str(options.cores)  # read when torch is loaded
    from genre import runs
    from genre.worker import perform

    try:
        folder = runs.find(options.resume, kind) if options.resume else create(options)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    status, _ = perform(folder, program, execute)
    if status == OK:
        print(f"kept in {folder}")
    return status
