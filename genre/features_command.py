"""The command `features`: how our features agree with the table that Kaggle's copy of GTZAN brings."""

import argparse
import json
from dataclasses import replace
from pathlib import Path

from genre.run_command import OK, USAGE, complain


def add_command(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("features", help="compare the 58 features with a table of them")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="recordings with features_30_sec.csv beside them; by default EARMARK_DATA/gtzan")
    parser.add_argument("--json", action="store_true", help="one object")
    parser.set_defaults(run=features)


def features(options: argparse.Namespace) -> int:
    """Print the correlation of each column over the tracks that have both."""
    from genre.home import data_folder

    try:
        tracks, correlation = agreement(options.data or data_folder() / "gtzan")
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    if options.json:
        print(json.dumps({"tracks": tracks, "correlation": correlation}))
        return OK
    print(f"Correlation of each feature with the table's, over {tracks} tracks:")
    for name, value in sorted(correlation.items(), key=lambda item: item[1]):
        print(f"{name:26}{value:7.3f}")
    return OK


def agreement(folder: Path) -> tuple[int, dict[str, float]]:
    """-> how many tracks have both, Pearson's correlation of each column. Raises DataError.

    The length is left out, which is the same for nearly all.
    """
    import numpy as np

    from genre.dataset import DataError, open_dataset
    from genre.features import compare_table
    from genre.inputs import make_examples
    from genre.models import MODELS

    dataset = open_dataset(folder)
    if not dataset.features_30_sec or not dataset.files:
        raise DataError(f"{folder} needs recordings and a features_30_sec.csv: name another with --data.")
    spec = MODELS["forest"].input("features")
    theirs, _ = make_examples(replace(dataset, files=()), spec)
    ours, _ = make_examples(replace(dataset, features_30_sec=None), spec)
    both = sorted(set(ours.tracks.tolist()) & set(theirs.tracks.tolist()))
    if len(both) < 2:
        raise DataError("Fewer than two tracks have both a recording and a row in the table.")
    values = [np.stack([part.values[part.tracks == track][0] for track in both]) for part in (ours, theirs)]
    correlation = compare_table(*values)
    del correlation["length"]
    return len(both), correlation
