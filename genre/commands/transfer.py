"""The command `transfer`: train the heads of the pretrained network, which make the Listen page's model."""

import argparse
from pathlib import Path

from genre.commands.shared.program import complain
from genre.errors import OK, USAGE


def add_command(commands: "argparse._SubParsersAction") -> None:
    """Add the parser."""
    parser = commands.add_parser(
        "transfer",
        help="train heads on the pretrained network, and publish them with the from-scratch ensemble",
    )
    parser.add_argument("as_name", metavar="NAME", help="the name of the model in assets/weights")
    parser.add_argument(
        "--scratch", required=True, metavar="NAME", help="the from-scratch ensemble that it is pooled with"
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="GTZAN")
    parser.add_argument("--wild", type=Path, required=True, metavar="DIR", help="songs of other collections")
    parser.add_argument(
        "--metrics-from",
        metavar="NAME",
        help="learn from everything, and take metrics and confidence from this model of the same recipe; "
        "without it the valid list and the development part are kept aside",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the simulated phones' rooms")
    parser.add_argument("--note", default="", help="a sentence for the card")
    parser.set_defaults(run=transfer)


def transfer(options: argparse.Namespace) -> int:
    """Train and publish one model."""
    from genre.logs import configure_logging
    from genre.training.publish import require_model_name
    from genre.training.transfer.fit import TransferRecipe
    from genre.training.transfer.train import load_songs, train_transfer

    configure_logging("transfer")
    try:
        require_model_name(options.as_name)
        songs = load_songs(options.data, options.wild, is_measured=not options.metrics_from)
        folder = train_transfer(
            options.as_name,
            options.scratch,
            songs,
            TransferRecipe(seed=options.seed),
            options.metrics_from or "",
            options.note,
        )
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"Published as {folder}.")
    return OK
