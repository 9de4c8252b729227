"""The command `python -m mood train`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from genre.commands.shared.program import add_run_options, train_here

if TYPE_CHECKING:
    from genre.runs.report import Report
    from genre.runs.worker import Worker


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train the emotion network on FER2013")
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument(
        "--split",
        choices=("train", "all"),
        default="train",
        help="learn from the train faces (default), or from those of valid too",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="FOLDER",
        help="start from the weights in this folder, and learn their probabilities along with the labels",
    )
    parser.add_argument("--epochs", type=int)
    add_run_options(parser)
    parser.set_defaults(run=run_train)


def run_train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    return train_here(options, "emotion", "mood", _create_run, _train)


def _train(worker: "Worker") -> "Report":
    from mood.emotion.train import train_emotion_network

    return train_emotion_network(worker)


def _create_run(options: argparse.Namespace) -> Path:
    from mood.emotion.dataset import default_faces
    from mood.emotion.train import create_emotion_run

    return create_emotion_run(
        options.data or default_faces(),
        options.split,
        options.teacher,
        epochs=options.epochs,
        seed=options.seed,
        folder=options.folder,
        cores=options.cores,
    )
