"""The commands `publish`, `promote` and `unpublish`: the models that the Listen page offers."""

import argparse
from pathlib import Path

from genre.commands.shared.program import complain
from genre.errors import OK, USAGE


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Add the three parsers."""
    parser = commands.add_parser("publish", help="copy a run's model into assets/weights")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("as_name", metavar="NAME", help="the name of the model")
    parser.add_argument(
        "--with",
        metavar="RUN",
        action="append",
        default=[],
        dest="others",
        help="another run of listen, on another input or from another seed, for an ensemble",
    )
    parser.add_argument(
        "--metrics-from",
        metavar="NAME",
        help="the published model of the same recipe whose metrics and calibration apply, where the run "
        "was trained on everything",
    )
    parser.add_argument("--into", type=Path, metavar="DIR", help="target folder; default assets/weights")
    parser.add_argument("--note", help="a sentence for the card: the command, what was tried and read")
    parser.add_argument("--as-measured", dest="metrics_from", help=argparse.SUPPRESS)  # old name
    parser.set_defaults(run=publish)
    commands.add_parser("ship", parents=[parser], add_help=False)  # old name, not in the help

    parser = commands.add_parser("promote", help="offer a trained run on the Listen page")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("as_name", metavar="NAME", help="the name of the model")
    parser.set_defaults(run=promote)

    parser = commands.add_parser("unpublish", help="no longer offer a promoted model; its run stays")
    parser.add_argument("name", metavar="NAME", help="the name that it was promoted under")
    parser.set_defaults(run=unpublish)
    commands.add_parser("withdraw", parents=[parser], add_help=False)  # old name


def publish(options: argparse.Namespace) -> int:
    """Copy weights and card of one run, or of an ensemble of runs, to assets/weights."""
    from genre.paths import WEIGHTS
    from genre.runs.directory import find_run
    from genre.training.publish import publish_runs, require_model_name

    try:
        require_model_name(options.as_name)
        folders = [find_run(name) for name in (options.name, *options.others)]
        target = (options.into or WEIGHTS) / options.as_name
        publish_runs(folders, target, options.metrics_from, options.note)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"Published as {target}.")
    return OK


def promote(options: argparse.Namespace) -> int:
    """Copy a run's model to EARMARK_HOME/models, where the Listen page finds it."""
    from genre.runs.directory import find_run
    from genre.training.publish import promote_run

    try:
        target = promote_run(find_run(options.name), options.as_name)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"The Listen page offers {target.name} now.")
    return OK


def unpublish(options: argparse.Namespace) -> int:
    """Remove a model from EARMARK_HOME/models."""
    from genre.training.publish import unpublish_model

    try:
        unpublish_model(options.name)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"{options.name} is no longer offered on the Listen page.")
    return OK
