"""Plays the built-in music, and stores its windows in assets/builtin: python -m tests.golden.builtin.

Some minutes of both cores. Needed when the synthesiser or the windows change; tests/genre/data tells.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from genre.data.builtin import FOLDER, SPEC, WINDOWING
from genre.data.dataset import BUILT_IN, open_dataset
from genre.data.examples import Examples
from genre.data.windows import make_examples


def write_pictures(examples: Examples, folder: Path) -> None:
    """A lossless picture a genre: a band of rows for each track, its windows side by side."""
    folder.mkdir(parents=True, exist_ok=True)
    for label, genre in enumerate(examples.genres):
        of_genre = examples.take(np.flatnonzero(examples.labels == label))
        rows = [
            np.concatenate(list(of_genre.values[of_genre.tracks == track]), axis=1)
            for track in sorted(set(of_genre.tracks.tolist()))
        ]
        _, content = cv2.imencode(".webp", np.concatenate(rows), [cv2.IMWRITE_WEBP_QUALITY, 101])
        (folder / f"{genre}.webp").write_bytes(content.tobytes())


def main() -> int:
    examples, _ = make_examples(open_dataset(BUILT_IN), SPEC, WINDOWING)
    write_pictures(examples, FOLDER)
    return 0


if __name__ == "__main__":
    sys.exit(main())
