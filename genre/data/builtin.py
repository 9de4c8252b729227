"""The windows of the built-in music that come with Earmark, so that a first training starts at once.

assets/builtin has one WebP picture a genre: 64 rows a track, its windows side by side. They equal the windows
that `make_examples` computes from the music, to 1 dB in the mean; lossless pictures would be four times as
large. `python -m genre.data.builtin` makes them anew.
"""

from functools import cache
from pathlib import Path

import cv2
import numpy as np

from genre import GENRES
from genre.data.dataset import BUILT_IN, open_dataset
from genre.data.examples import Examples
from genre.data.input_spec import InputSpec
from genre.data.windows import SCALING, WINDOWINGS, front_end, make_examples
from genre.paths import REPOSITORY, write_atomic

FOLDER = REPOSITORY / "assets" / "builtin"
SPEC = InputSpec("mel", (64, 100), 3.0, 2048, 667, 64)  # input of the models that a first visitor trains
WINDOWING = "even"
QUALITY = 60  # quality of the pictures, in percent


def comes_with_earmark(data: str, spec: InputSpec, windowing: str = WINDOWING) -> bool:
    """Return whether the windows of this input come with Earmark."""
    return (data, spec, windowing) == (BUILT_IN, SPEC, WINDOWING) and all(
        (FOLDER / f"{genre}.webp").is_file() for genre in GENRES
    )


def load_examples(data: str, spec: InputSpec, windowing: str) -> tuple[Examples, dict]:
    """Load the examples of a data set -> the result of `make_examples`. Raises DataError.

    `data` is a name as for `open_dataset`.
    """
    if not comes_with_earmark(data, spec, windowing):
        return make_examples(open_dataset(data), spec, windowing)
    values = np.stack([_windows(genre) for genre in GENRES])  # (genres, tracks, windows, bands, frames)
    n_genres, n_tracks, n_windows = values.shape[:3]
    tracks = [f"{genre}.{number:05d}" for genre in GENRES for number in range(n_tracks)]
    examples = Examples(
        values.reshape(-1, *spec.shape),
        np.repeat(np.arange(n_genres), n_tracks * n_windows),
        np.repeat(tracks, n_windows),
        GENRES,
        **SCALING["mel"],
        column_s=front_end(spec).seconds_per_frame,
    )
    return examples, {
        "source": f"recordings, {WINDOWINGS[windowing]}",
        "input": spec.kind,
        "tracks": len(tracks),
        "windows": len(examples),
        "skipped": [],
    }


@cache
def _windows(genre: str) -> np.ndarray:
    """Read the windows of a genre: (tracks, windows, bands, frames) uint8."""
    content = np.fromfile(FOLDER / f"{genre}.webp", np.uint8)
    picture = np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR))[..., 0]
    bands, frames = SPEC.shape
    rows, columns = picture.shape
    parts = picture.reshape(rows // bands, bands, columns // frames, frames)
    return np.ascontiguousarray(parts.swapaxes(1, 2))


def write_pictures() -> None:
    """Play the built-in music, compute its windows and write assets/builtin."""
    examples, _ = make_examples(open_dataset(BUILT_IN), SPEC, WINDOWING)
    bands, frames = SPEC.shape
    for label, genre in enumerate(GENRES):
        values = examples.values[examples.labels == label]
        n_tracks = len(np.unique(examples.tracks[examples.labels == label]))
        picture = values.reshape(n_tracks, -1, bands, frames).swapaxes(1, 2).reshape(n_tracks * bands, -1)
        write_picture(FOLDER / f"{genre}.webp", picture)


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write (rows, columns) uint8 as a WebP picture."""
    _, content = cv2.imencode(
        ".webp", np.repeat(picture[..., None], 3, axis=2), [cv2.IMWRITE_WEBP_QUALITY, QUALITY]
    )
    write_atomic(path, content.tobytes())


if __name__ == "__main__":
    write_pictures()
