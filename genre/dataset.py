"""Music with known genres, as arrays a model can learn from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genre import GENRES
from genre.spectrogram import PICTURE


class DataError(ValueError):
    """The data cannot be used; the text says why and what to do."""


@dataclass(frozen=True)
class Examples:
    """What a model sees, each row a window of a track: the unit of training and of voting.

    `values` may be stored as integers; a network sees values * scale + offset.
    """

    values: np.ndarray  # (N, ...)
    labels: np.ndarray  # (N,) int, index into genres
    tracks: np.ndarray  # (N,) str, the track each row was cut from
    genres: tuple[str, ...]
    scale: float = 1.0
    offset: float = 0.0
    unit_db: float = 1.0  # decibels to 1.0 of what the network sees

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: np.ndarray | Tensor) -> Tensor:
        """The chosen rows as float32, scaled: (B, ...)."""
        return torch.from_numpy(self.values[rows]).float() * self.scale + self.offset

    def of(self, tracks: set[str]) -> "Examples":
        """The rows cut from these tracks."""
        rows = np.flatnonzero(np.isin(self.tracks, list(tracks)))
        return Examples(self.values[rows], self.labels[rows], self.tracks[rows], self.genres,
                        self.scale, self.offset, self.unit_db)


# jazz.00054 has no picture, and its first seconds (mel3s) are another recording's.
BROKEN_TRACKS = {"jazz.00054"}


def read_pictures(folder: Path) -> Examples:
    """GTZAN's 30-second mel pictures: uint8 (N, 128, 334), 1.0 to the network is the loudest point.

    The pictures are 216 rows of the 128 mel bands, stretched; row r shows band (r + 0.5) * 128 / 216.
    """
    names, pictures = _read_npz(folder / "pictures.npz")
    rows = ((np.arange(PICTURE.n_mels) + 0.5) * pictures.shape[1] / PICTURE.n_mels).astype(int)
    return _examples(names, pictures[:, rows], scale=1 / 255, unit_db=PICTURE.range_db)


def read_mel3s(folder: Path) -> Examples:
    """The first 3 s of each track: uint8 (N, 128, 130), z-scored to the network."""
    names, values = _read_npz(folder / "mel3s.npz")
    return _examples(names, values, scale=1 / 32, offset=-4.0, unit_db=12.0)  # about 12 dB a sigma


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            return archive["track"], archive["value"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path.name} is missing or damaged in the data folder.") from error


def _examples(names: np.ndarray, values: np.ndarray, **scaling: float) -> Examples:
    kept = np.flatnonzero(~np.isin(names, list(BROKEN_TRACKS)))
    labels = np.array([GENRES.index(str(name).split(".")[0]) for name in names[kept]])
    return Examples(values[kept], labels, names[kept].astype(str), GENRES, **scaling)
