"""The history of a training: clips sampled after each epoch, and the metrics of both networks.

    history = read_training_history(folder)   a run's folder, or the `training` folder of published weights
    history.timeline(2)                       one genre after some of the epochs: [(epoch, mel), ...]
    history.discriminator_curves()            D(x) and D(G(z)) of each epoch
    history.balance()                         their recent means

Goodfellow et al. (2014): a training is at its equilibrium when the discriminator can only guess, with
D(x) = D(G(z)) = 1/2.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from genre.paths import write_atomic
from genre.reading import read_json
from genre.runs.directory import read_metrics

GENRES_FILE = "samples/genres.json"  # the genres of the clips in each sample sheet, from left to right
WEBP_QUALITY = 80  # quality in percent; the file has a quarter of the size of a PNG
TILE_SIZE = 128  # pixels of one clip in a sample sheet, both ways
MAX_TIMELINE = 8  # epochs of a timeline
RECENT_FRACTION = 0.2  # fraction of all epochs over which the balance is averaged
# Keys of metrics.jsonl in runs of earlier versions -> today's keys.
OLD_METRICS = {
    "loss_critic": "loss_discriminator",
    "d_painted": "d_fake",
    "genre_real": "genre_accuracy_real",
    "genre_painted": "genre_accuracy_fake",
    "control_error": "control_rmse",
}


@dataclass(frozen=True)
class TrainingHistory:
    """The metrics and the sample sheets of one training."""

    epochs: tuple[dict, ...]  # the metrics of each epoch, with today's keys
    sample_sheets: dict[int, Path]  # epoch -> its sample sheet, in order
    genres: tuple[str, ...]  # genres of the clips in each sheet, from left to right

    def timeline(self, genre: int, max_epochs: int = MAX_TIMELINE) -> list[tuple[int, np.ndarray]]:
        """Collect the samples of one genre: at most `max_epochs` (epoch, (128, 128) uint8), low bands last.

        The epochs lie closer together at the beginning, where more changes. Damaged sheets are left out.
        """
        epochs = select_epochs(list(self.sample_sheets), max_epochs)
        tiles = [(epoch, _read_tile(self.sample_sheets[epoch], genre)) for epoch in epochs]
        return [(epoch, tile) for epoch, tile in tiles if tile is not None]

    def samples_at(self, epoch: int) -> list[np.ndarray]:
        """Read the samples of an epoch, one per genre: (128, 128) uint8 each; none if damaged."""
        path = self.sample_sheets.get(epoch)
        tiles = _read_sheet(path) if path else None
        return [] if tiles is None else list(tiles)

    def discriminator_curves(self) -> dict[str, list[tuple[int, float]]]:
        """Collect D(x) as "d_real" and D(G(z)) as "d_fake": (epoch, value) pairs of the recorded epochs."""
        return {
            key: [(row["epoch"], row[key]) for row in self.epochs if _is_number(row.get(key))]
            for key in ("d_real", "d_fake")
        }

    def balance(self) -> tuple[float, float] | None:
        """Average D(x) and D(G(z)) over the last fifth of the epochs; None before the first epoch."""
        rows = [row for row in self.epochs if _is_number(row.get("d_real")) and _is_number(row.get("d_fake"))]
        if not rows:
            return None
        recent = rows[-max(1, round(RECENT_FRACTION * len(rows))) :]
        return float(np.mean([row["d_real"] for row in recent])), float(
            np.mean([row["d_fake"] for row in recent])
        )


def select_epochs(epochs: Sequence[int], count: int) -> list[int]:
    """Select at most `count` of the epochs with a sample sheet, more of the early ones."""
    if not epochs:
        return []
    positions = (len(epochs) - 1) * np.linspace(0, 1, min(count, len(epochs))) ** 1.5
    return sorted({epochs[position] for position in positions.round().astype(int)})


def save_samples(folder: Path, epoch: int, samples: np.ndarray, genres: Sequence[str]) -> None:
    """Write the sample sheet of an epoch: (genres, 128 bands, 128 frames) uint8, low bands first.

    The sheet is one WebP with the clips side by side, low bands at the bottom. Raises OSError.
    """
    sheet = np.concatenate(list(samples[:, ::-1]), axis=1)
    content = cv2.imencode(".webp", sheet, (cv2.IMWRITE_WEBP_QUALITY, WEBP_QUALITY))[1].tobytes()
    write_atomic(folder / "samples" / f"{epoch:04d}.webp", content)
    write_atomic(folder / GENRES_FILE, json.dumps(list(genres)) + "\n")


def read_training_history(folder: Path) -> TrainingHistory:
    """Read the history of a training in `folder`. It never raises: without files the history is empty."""
    sample_sheets = {
        int(path.stem): path for path in sorted(folder.glob("samples/*.webp")) if path.stem.isdigit()
    }
    epochs = tuple(
        {OLD_METRICS.get(key, key): value for key, value in row.items()} for row in read_metrics(folder)
    )
    n_genres = next(
        (len(sheet) for path in sample_sheets.values() if (sheet := _read_sheet(path)) is not None), 0
    )
    return TrainingHistory(epochs, sample_sheets, _read_genres(folder, n_genres))


def _read_genres(folder: Path, count: int) -> tuple[str, ...]:
    """Read the genres that the training wrote; the names are numbers where the file does not fit."""
    try:
        names = read_json(folder / GENRES_FILE)
    except (OSError, ValueError):
        names = None
    if isinstance(names, list) and len(names) == count and all(isinstance(name, str) for name in names):
        return tuple(names)
    return tuple(f"genre {k + 1}" for k in range(count))


def _read_tile(path: Path, genre: int) -> np.ndarray | None:
    sheet = _read_sheet(path)
    return sheet[genre] if sheet is not None and genre < len(sheet) else None


def _read_sheet(path: Path) -> np.ndarray | None:
    """Read a sample sheet: (genres, 128, 128) uint8; None when it cannot be read."""
    try:
        sheet = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error):
        return None
    if sheet is None or sheet.shape[0] != TILE_SIZE or sheet.shape[1] % TILE_SIZE:
        return None
    return sheet.reshape(TILE_SIZE, -1, TILE_SIZE).swapaxes(0, 1)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float))
