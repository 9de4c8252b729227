"""The agreement of our 58 features with the table in Kaggle's copy of GTZAN."""

from dataclasses import replace
from pathlib import Path


def agreement(folder: Path) -> tuple[int, dict[str, float]]:
    """Compare features with a table -> (number of tracks that have both, Pearson's correlation by column).

    The length is skipped, since it is the same for nearly all tracks. Raises DataError.
    """
    import numpy as np

    from genre.audio.features import compare_table
    from genre.data.dataset import open_dataset
    from genre.data.examples import DataError
    from genre.data.windows import make_examples
    from genre.models.registry import MODELS

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
