"""The command `python -m mood train`."""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genre.worker import Worker

OK, USAGE = 0, 2  # exit statuses


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train the emotion network on FER2013")
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument("--split", choices=("train", "all"), default="train",
                        help="learn from the train faces (default), or from those of valid too")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=int, help="cores to use; by default all")
    parser.add_argument("--run", type=Path, dest="folder", metavar="DIR",
                        help="where to keep it; by default a new folder of EARMARK_HOME/runs")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")
    parser.set_defaults(run=train)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    if options.cores:
        os.environ["OMP_NUM_THREADS"] = str(options.cores)  # read when torch is loaded
    from genre import runs
    from genre.worker import perform

    try:
        folder = runs.find(options.resume, "emotion") if options.resume else create(options)
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return USAGE
    status, _ = perform(folder, "mood", _execute)
    if status == OK:
        print(f"kept in {folder}")
    return status


def _execute(worker: "Worker") -> dict:
    from mood.train import execute

    return execute(worker)


def create(options: argparse.Namespace) -> Path:
    """The run directory for what the options ask. Raises ValueError with a sentence."""
    from genre import runs
    from genre.home import data_folder
    from mood.train import Settings

    data = options.data or data_folder() / "faces" / "fer2013.parquet"
    if not data.is_file():
        raise ValueError(f"There is no file {data}: give FER2013 as a parquet file with --data.")
    asked = Settings(str(data.expanduser().resolve()), options.split)
    given = {name: getattr(options, name) for name in ("epochs", "seed")}
    recipe = replace(asked.recipe, **{name: value for name, value in given.items() if value is not None})
    return runs.open_run("emotion", replace(asked, recipe=recipe).to_dict(), "emotion", options.folder,
                         options.cores)
