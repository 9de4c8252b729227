"""The commands `python -m gan train` and `publish`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from genre.commands.shared.program import OK, USAGE, add_run_options, complain, train_here

if TYPE_CHECKING:
    from genre.runs.report import Report
    from genre.runs.worker import Worker


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train a generator")
    parser.add_argument(
        "--data",
        default="builtin",
        metavar="DIR",
        help="a folder of genres, GTZAN's layouts, or builtin (default)",
    )
    parser.add_argument(
        "--split",
        choices=("filtered", "all"),
        default="all",
        help="GTZAN's train list alone, or everything (default)",
    )
    parser.add_argument(
        "--network",
        choices=("beat", "earmark", "dcgan"),
        default="earmark",
        help="beat: the published one, which takes a GPU; earmark: its small predecessor, for a processor; "
        "dcgan: the plain one of the comparison",
    )
    parser.add_argument("--epochs", type=int, help="number of epochs")
    parser.add_argument("--steps", type=int, help="steps per epoch")
    parser.add_argument("--batch-size", type=int)
    add_run_options(parser)
    parser.set_defaults(run=train)

    parser = commands.add_parser("publish", help="copy a run to assets/weights")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("published_name", metavar="NAME", help="name of the published weights")
    parser.add_argument("--note", help="a sentence for the card, such as the command")
    parser.set_defaults(run=publish)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    return train_here(options, "gan", "gan", _create_run, _execute)


def _execute(worker: "Worker") -> "Report":
    from gan.training.loop import train_gan

    return train_gan(worker)


def _create_run(options: argparse.Namespace) -> Path:
    from gan.training.loop import create_gan_run

    values = {
        "epochs": options.epochs,
        "steps_per_epoch": options.steps,
        "batch_size": options.batch_size,
        "seed": options.seed,
    }
    overrides = {name: value for name, value in values.items() if value is not None}
    return create_gan_run(
        options.data, options.split, options.network, options.folder, options.cores, **overrides
    )


def publish(options: argparse.Namespace) -> int:
    """Copy a run's weights, card and a short history to assets/weights."""
    from gan.training.publish import publish_run
    from genre.training.publish import require_model_name

    try:
        require_model_name(options.published_name)
        target = publish_run(options.name, options.published_name, options.note)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"Published as {target}.")
    return OK
