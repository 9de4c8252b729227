"""The arrays from which a model learns; each row is a window of a track."""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from genre.audio.constants import FRAME_S
from genre.cache import key_of


@dataclass(frozen=True)
class Examples:
    """The inputs of a model, each row a window of a track: the unit of training and of voting.

    `values` may be stored as integers; a network sees values * scale + offset.
    """

    values: np.ndarray  # (N, ...)
    labels: np.ndarray  # (N,) int, index into genres
    tracks: np.ndarray  # (N,) str, the track of each row
    genres: tuple[str, ...]
    scale: float = 1.0
    offset: float = 0.0
    unit_db: float = 1.0  # decibels that are 1.0 of the network's input
    column_s: float = FRAME_S  # seconds between the columns of a spectrogram

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: np.ndarray | Tensor) -> Tensor:
        """Scale the chosen rows as float32: (B, ...)."""
        return torch.from_numpy(self.values[rows]).float() * self.scale + self.offset

    def take(self, rows: np.ndarray) -> "Examples":
        """Return the chosen rows."""
        return replace(self, values=self.values[rows], labels=self.labels[rows], tracks=self.tracks[rows])

    def fingerprint(self) -> str:
        """Hash the names of the tracks."""
        return key_of(sorted(set(self.tracks.tolist())))[:8]

    def of(self, tracks: set[str]) -> "Examples":
        """Return the rows of these tracks."""
        return self.take(np.flatnonzero(np.isin(self.tracks, list(tracks))))


class DataError(ValueError):
    """The data cannot be used; the message has the reason and the next step."""
