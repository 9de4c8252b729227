"""The command `python -m mood train`."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genre.run_command import add_run_options, train_here

if TYPE_CHECKING:
    from genre.worker import Worker


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train the emotion network on FER2013")
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument("--split", choices=("train", "all"), default="train",
                        help="learn from the train faces (default), or from those of valid too")
    parser.add_argument("--teacher", type=Path, metavar="FOLDER",
                        help="go on from the weights in this folder, taught by them and by the labels")
    parser.add_argument("--epochs", type=int)
    add_run_options(parser)
    parser.set_defaults(run=train)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    return train_here(options, "emotion", "mood", create, _execute)


def _execute(worker: "Worker") -> dict:
    from mood.train import execute

    return execute(worker)


def create(options: argparse.Namespace) -> Path:
    """The run directory for what the options ask. Raises ValueError with a sentence."""
    from genre import runs
    from genre.artefacts import load_artefact
    from genre.home import data_folder
    from mood.train import FIRST, SECOND, Settings

    data = options.data or data_folder() / "faces" / "fer2013.parquet"
    if not data.is_file():
        raise ValueError(f"There is no file {data}: give FER2013 as a parquet file with --data.")
    teacher = options.teacher and options.teacher.expanduser().resolve()
    if teacher and load_artefact(teacher)[1]["model"] != "emotion":
        raise ValueError(f"{teacher.name} does not read faces: give the folder of a training that does.")
    asked = Settings(str(data.expanduser().resolve()), options.split, SECOND if teacher else FIRST,
                     str(teacher or ""))
    given = {name: getattr(options, name) for name in ("epochs", "seed")}
    recipe = replace(asked.recipe, **{name: value for name, value in given.items() if value is not None})
    return runs.open_run("emotion", replace(asked, recipe=recipe), "emotion", options.folder,
                         options.cores)
