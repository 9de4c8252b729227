"""The command `features`: the agreement of our features with the table in Kaggle's copy of GTZAN."""

import argparse
import json
from pathlib import Path

from genre.commands.shared.engine import add_engine_options, open_engine
from genre.commands.shared.program import complain
from genre.errors import OK, USAGE
from genre.evaluation.feature_agreement import agreement


def add_command(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("features", help="compare the 58 features with a table of them")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="recordings with features_30_sec.csv beside them; by default EARMARK_DATA/gtzan",
    )
    parser.add_argument("--json", action="store_true", help="one object")
    add_engine_options(parser)
    parser.set_defaults(run=features)


def features(options: argparse.Namespace) -> int:
    """Print the correlation of each column over the tracks that have both."""
    from genre.paths import gtzan_folder

    try:
        with open_engine(options):
            tracks, correlation = agreement(options.data or gtzan_folder())
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    if options.json:
        print(json.dumps({"tracks": tracks, "correlation": correlation}))
        return OK
    print(f"Correlation of each feature with the table's, over {tracks} tracks:")
    for name, value in sorted(correlation.items(), key=lambda item: item[1]):
        print(f"{name:26}{value:7.3f}")
    return OK
