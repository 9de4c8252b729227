"""Two ways to look at the spectrogram of a piece, each with a committee that knows no other.

`Pictures` sees half a minute at once, one column every 90 ms, 40 dB deep; `Excerpts` sees 3 s at a
time with every frame, 60 dB deep. Both are made of the same mel power, so that it is computed once.
What they say is pooled: the word of each counts by the weight in the card and by how much it has heard.
"""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from genre.models.listen import COLUMNS_PER_CELL, MIN_COLUMNS, WINDOW_CELLS, ListenNet
from genre.spectrogram import SpectrogramParams, relative_db


class View(nn.Module, ABC):
    """What a committee sees of (P, bands, frames) mel power with every frame of librosa's."""

    def __init__(self, network: ListenNet, params: SpectrogramParams, weight: float = 1.0) -> None:
        super().__init__()
        self.network = network.eval().to(memory_format=torch.channels_last)  # twice as fast on a CPU
        self.params = params
        self.weight = weight

    @abstractmethod
    def logits(self, power: Tensor) -> Tensor:
        """(P, bands, frames) -> (P, windows, members, G)."""

    @abstractmethod
    def heard(self, frames: int) -> float:
        """How many inputs of its own length there are in a piece: the more, the more its word counts."""

    @abstractmethod
    def centres(self, frames: int) -> np.ndarray:
        """The middle of each window, in frames: (windows,)."""

    def _seen(self, power: Tensor) -> Tensor:
        """Decibels below the loudest point as a network knows them: 1 the loudest, 0 the depth."""
        return 1.0 + relative_db(power, self.params.range_db) / self.params.range_db


class Pictures(View):
    """Some of the frames, all at once; the pooling slides over them."""

    def columns(self, frames: int) -> np.ndarray:
        """Which of the frames are seen: (columns,), ascending."""
        return self.params.frame_indices((frames - 1) * self.params.hop_length)

    def picture(self, power: Tensor) -> Tensor:
        """(P, bands, frames) mel power -> (P, bands, columns) in [0, 1]."""
        picture = self._seen(power[:, :, self.columns(power.shape[2])])
        return _filled(picture, MIN_COLUMNS)

    def features(self, power: Tensor) -> list[Tensor]:
        """What each member makes of the music before it names a genre: (P, channels, cells) each."""
        picture = self.picture(power)
        return [member.features(picture) for member in self.network.members]

    def logits(self, power: Tensor) -> Tensor:
        return self.network.windows(self.picture(power)).transpose(1, 2)

    def heard(self, frames: int) -> float:
        return 1.0  # whatever the length, it is one picture

    def centres(self, frames: int) -> np.ndarray:
        cells = max(len(self.columns(frames)), MIN_COLUMNS) // COLUMNS_PER_CELL
        size = min(WINDOW_CELLS, cells)
        middles = COLUMNS_PER_CELL * (np.arange(cells - size + 1) + size / 2)
        return self.params.first_frame + middles * self.params.frame_step


class Excerpts(View):
    """Windows of 3 s side by side, the last one ending with the music."""

    SIZE = COLUMNS_PER_CELL * WINDOW_CELLS  # frames: 128, as in training

    def starts(self, frames: int) -> np.ndarray:
        room = max(0, frames - self.SIZE)
        return np.linspace(0, room, 1 + -(-room // self.SIZE)).round().astype(int)

    def logits(self, power: Tensor) -> Tensor:
        power = _filled(power, self.SIZE)
        starts = self.starts(power.shape[2])
        windows = torch.stack([power[:, :, start : start + self.SIZE] for start in starts], dim=1)
        return self.network(self._seen(windows.flatten(0, 1))).unflatten(0, windows.shape[:2])

    def heard(self, frames: int) -> float:
        return max(1.0, frames / self.SIZE)

    def centres(self, frames: int) -> np.ndarray:
        return self.starts(frames) + self.SIZE / 2


VIEWS = {"pictures": Pictures, "excerpts": Excerpts}  # by the kind of input they were trained on


def spread(logits: Tensor, centres: np.ndarray, wanted: np.ndarray, reach: float) -> Tensor:
    """Answers of some windows as those of others: (P, W, members, G) -> (P, wanted, members, G).

    Each wanted window gets the mean of those whose middle lies within `reach` frames of its own, or
    else of the nearest.
    """
    distance = np.abs(wanted[:, None] - centres)
    near = distance <= np.maximum(reach, distance.min(axis=1, keepdims=True))
    share = torch.from_numpy(near / near.sum(axis=1, keepdims=True)).to(logits.dtype)
    return torch.einsum("vw,pwmg->pvmg", share, logits)


def _filled(pictures: Tensor, least: int) -> Tensor:
    """A short take (P, bands, columns) is repeated until it fills a window."""
    columns = pictures.shape[2]
    if columns >= least:
        return pictures
    return pictures.repeat(1, 1, -(-least // columns))[:, :, :least]
