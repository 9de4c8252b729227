"""What a training leaves to look at: pieces painted after each epoch, and who had the upper hand.

    history = read_history(folder)           a run's folder, or the `training` folder of shipped weights
    history.film(2)                          one genre after some of the epochs: [(epoch, picture), ...]
    history.balance()                        curves of D(x) and D(G(z)) for Vega-Lite
    history.in_words()                       the same as a sentence

Goodfellow et al. (2014): a training is at its equilibrium when the critic can but guess, with
D(x) = D(G(z)) = 1/2.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from genre import runs
from genre.home import write_atomic
from genre.plots import QUIET

SAMPLED = "samples/genres.json"  # the genres of the pieces in each sample picture, from left to right
QUALITY = 80  # of their pictures as WebP, percent: a quarter of what PNG takes
TILE = 128  # pixels of one piece in a sample picture, both ways
FRAMES_SHOWN = 8  # of a film
REAL, PAINTED = "real music", "painted music"
REAL_COLOUR, PAINTED_COLOUR = "#2A8C8C", "#D9702E"
ALIKE, NEAR = 0.1, 0.3  # two means of D nearer than this are called equal, and nearly balanced
RECENT = 0.2  # the share of all epochs that the sentence is about


@dataclass(frozen=True)
class History:
    """One training as it can be looked at."""

    epochs: tuple[dict, ...]  # the figures of each epoch, as genre.runs.metrics gives them
    samples: dict[int, Path]  # after which epoch -> the picture, in order
    genres: tuple[str, ...]  # of the pieces in each picture, from left to right

    def film(self, genre: int, shown: int = FRAMES_SHOWN) -> list[tuple[int, np.ndarray]]:
        """The piece of one genre as it grew: at most `shown` (epoch, (128, 128) uint8), low bands last.

        The epochs lie closer at the beginning, where more happens. Damaged pictures are left out.
        """
        there = list(self.samples)
        if not there:
            return []
        places = (len(there) - 1) * np.linspace(0, 1, min(shown, len(there))) ** 1.5
        chosen = sorted({there[place] for place in places.round().astype(int)})
        tiles = [(epoch, _tile(self.samples[epoch], genre)) for epoch in chosen]
        return [(epoch, tile) for epoch, tile in tiles if tile is not None]

    def sheet(self, epoch: int) -> list[np.ndarray]:
        """The pieces painted after an epoch, one a genre: (128, 128) uint8 each; none if damaged."""
        path = self.samples.get(epoch)
        pieces = _sheet(path) if path else None
        return [] if pieces is None else list(pieces)

    def balance(self) -> tuple[list[dict], dict]:
        """-> (rows of data, a Vega-Lite description that stays as the training goes on)."""
        rows = [
            {"epoch": line["epoch"], "of": of, "value": line[key]}
            for of, key in ((REAL, "d_real"), (PAINTED, "d_painted"))
            for line in self.epochs if isinstance(line.get(key), (int, float))
        ]  # fmt: skip
        value = {"field": "value", "type": "quantitative", "title": None,
                 "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}, "scale": {"domain": [0, 1]}}
        colours = {"domain": [REAL, PAINTED], "range": [REAL_COLOUR, PAINTED_COLOUR]}
        return rows, {
            "height": 240,
            "layer": [
                {"mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 4]},
                 "encoding": {"y": {"datum": 0.5}}},
                {"mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 14, "filled": True}},
                 "encoding": {
                     "x": {"field": "epoch", "type": "quantitative", "title": "round",
                           "axis": {"grid": False, "tickMinStep": 1, "format": "d"}},
                     "y": value,
                     "color": {"field": "of", "type": "nominal", "scale": colours,
                               "legend": {"title": None, "orient": "top"}},
                     "tooltip": [{"field": "epoch", "title": "round"}, {"field": "of"},
                                 {**value, "format": ".0%"}],
                 }},
            ],
        }  # fmt: skip

    def in_words(self) -> str:
        """How the two stand at the end, in a sentence; "" before the first epoch."""
        told = [line for line in self.epochs
                if all(isinstance(line.get(key), (int, float)) for key in ("d_real", "d_painted"))]
        if not told:
            return ""
        recent = told[-max(1, round(RECENT * len(told))) :]
        real, painted = (float(np.mean([line[key] for line in recent])) for key in ("d_real", "d_painted"))
        standing = (f"In the last rounds the critic gave real music {real:.0%} for looking real, and painted "
                    f"music {painted:.0%}")
        if real - painted < ALIKE:
            return f"{standing}: it could only guess, and neither side won."
        if real - painted < NEAR:
            return f"{standing}: near the balance, it saw small differences only, and neither side won."
        return f"{standing}: it still told them apart, and the painter still learnt from that."


def keep_samples(folder: Path, epoch: int, samples: np.ndarray, genres: Sequence[str]) -> None:
    """Leave the pieces painted after an epoch: (genres, 128 bands, 128 frames) uint8, low bands first.

    One WebP with the pieces side by side, low bands at the bottom. Raises OSError.
    """
    picture = np.concatenate(list(samples[:, ::-1]), axis=1)
    encoded = cv2.imencode(".webp", picture, (cv2.IMWRITE_WEBP_QUALITY, QUALITY))[1].tobytes()
    write_atomic(folder / "samples" / f"{epoch:04d}.webp", encoded)
    write_atomic(folder / SAMPLED, json.dumps(list(genres)) + "\n")


def read_history(folder: Path) -> History:
    """What lies in `folder`, as far as it can be read. Never raises: nothing there is an empty history."""
    samples = {
        int(path.stem): path for path in sorted(folder.glob("samples/*.webp")) if path.stem.isdigit()
    }
    epochs = tuple(runs.metrics(folder))
    count = next((len(sheet) for path in samples.values() if (sheet := _sheet(path)) is not None), 0)
    return History(epochs, samples, _genres(folder, count))


def _genres(folder: Path, count: int) -> tuple[str, ...]:
    """The names that the training noted, or numbers."""
    try:
        names = json.loads((folder / SAMPLED).read_text())
    except (OSError, ValueError):
        names = None
    if isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names):
        return tuple(names)
    return tuple(f"genre {k + 1}" for k in range(count))


def _tile(path: Path, genre: int) -> np.ndarray | None:
    sheet = _sheet(path)
    return sheet[genre] if sheet is not None and genre < len(sheet) else None


def _sheet(path: Path) -> np.ndarray | None:
    """The pieces of a sample picture: (genres, 128, 128) uint8; None when it cannot be read."""
    try:
        picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        return None
    if picture is None or picture.shape[0] != TILE or picture.shape[1] % TILE:
        return None
    return picture.reshape(TILE, -1, TILE).swapaxes(0, 1)
