"""The two branches of the from-scratch model, each an ensemble of networks on a segment's spectrogram.

`FullClipBranch` sees half a minute at once, one column every 90 ms, 40 dB deep; `WindowBranch` sees 3 s
at a time with every frame, 60 dB deep. Both take the same mel power, which is computed once. Their
predictions are pooled; each counts by its weight in the card and by its number of windows.
"""

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from genre.audio.spectrogram import SpectrogramParams, relative_db
from genre.models.listen import COLUMNS_PER_CELL, MIN_COLUMNS, WINDOW_CELLS, ListenMember, ListenNet


class Branch(nn.Module, ABC):
    """An ensemble of networks on (P, bands, frames) mel power with all of librosa's frames."""

    def __init__(self, network: ListenNet, params: SpectrogramParams, weight: float = 1.0) -> None:
        super().__init__()
        # Channels last is twice as fast on a CPU.
        self.network = network.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.params = params
        self.weight = weight

    @abstractmethod
    def logits(self, power: Tensor) -> Tensor:
        """Predict (P, bands, frames) -> (P, windows, members, G)."""

    @abstractmethod
    def features(self, power: Tensor) -> list[Tensor]:
        """Compute the last features of each member: (P, bands, frames) -> (P, channels, cells) each."""

    @abstractmethod
    def n_windows(self, frames: int) -> float:
        """Count the inputs that fit into so many frames; the branch's weight is proportional to them."""

    @abstractmethod
    def centres(self, frames: int) -> np.ndarray:
        """Compute the centre of each window, in frames: (windows,)."""

    def _normalize(self, power: Tensor) -> Tensor:
        """Convert to decibels below the peak as the networks take them: 1 at the peak, 0 at the depth."""
        return 1.0 + relative_db(power, self.params.range_db) / self.params.range_db


class FullClipBranch(Branch):
    """A branch that sees some frames of the whole segment at once; only the pooling slides over them."""

    def columns(self, frames: int) -> np.ndarray:
        """Select the indices of the frames: (columns,), ascending."""
        return self.params.frame_indices((frames - 1) * self.params.hop_length)

    def picture(self, power: Tensor) -> Tensor:
        """Compute the picture of mel power (P, bands, frames) -> (P, bands, columns) in [0, 1]."""
        picture = self._normalize(power[:, :, self.columns(power.shape[2])])
        return _repeat_to(picture, MIN_COLUMNS)

    def features(self, power: Tensor) -> list[Tensor]:
        picture = self.picture(power)
        return [member.features(picture) for member in _members(self.network)]

    def logits(self, power: Tensor) -> Tensor:
        return self.network.windows(self.picture(power)).transpose(1, 2)

    def n_windows(self, frames: int) -> float:
        return 1.0  # one picture for any length

    def centres(self, frames: int) -> np.ndarray:
        cells = max(len(self.columns(frames)), MIN_COLUMNS) // COLUMNS_PER_CELL
        size = min(WINDOW_CELLS, cells)
        centres = COLUMNS_PER_CELL * (np.arange(cells - size + 1) + size / 2)
        return self.params.first_frame + centres * self.params.frame_step


class WindowBranch(Branch):
    """A branch that sees windows of 3 s side by side; the last one ends with the segment.

    With a `spacing` above 1 they lie so many windows apart instead, and the sound between them is not seen.
    """

    SIZE = COLUMNS_PER_CELL * WINDOW_CELLS  # frames: 128, as in training
    spacing = 1

    def starts(self, frames: int) -> np.ndarray:
        """Compute the first frame of each window: (windows,)."""
        room = max(0, frames - self.SIZE)
        return np.linspace(0, room, 1 + -(-room // (self.spacing * self.SIZE))).round().astype(int)

    def windows(self, power: Tensor) -> Tensor:
        """Cut (P, bands, frames) into (P, windows, bands, SIZE), normalized window by window."""
        power = _repeat_to(power, self.SIZE)
        starts = self.starts(power.shape[2])
        windows = torch.stack([power[:, :, start : start + self.SIZE] for start in starts], dim=1)
        return self._normalize(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])

    def features(self, power: Tensor) -> list[Tensor]:
        windows = self.windows(power)
        parts = [member.features(windows.flatten(0, 1)) for member in _members(self.network)]
        return [part.unflatten(0, windows.shape[:2]).transpose(1, 2).flatten(2) for part in parts]

    def logits(self, power: Tensor) -> Tensor:
        windows = self.windows(power)
        return self.network(windows.flatten(0, 1)).unflatten(0, windows.shape[:2])

    def n_windows(self, frames: int) -> float:
        return max(1.0, frames / self.SIZE)

    def centres(self, frames: int) -> np.ndarray:
        return self.starts(frames) + self.SIZE / 2


BRANCHES: dict[str, type[Branch]] = {  # kind of input that the branch was trained on -> its class
    "mel_30s": FullClipBranch,
    "mel_3s": WindowBranch,
}


def resample_windows(logits: Tensor, centres: np.ndarray, target_centres: np.ndarray, reach: float) -> Tensor:
    """Resample the logits of windows to other windows: (P, W, members, G) -> (P, targets, members, G).

    Each target window gets the mean of the windows whose centres lie within `reach` frames of its own,
    or the nearest window if there is none.
    """
    distance = np.abs(target_centres[:, None] - centres)
    near = distance <= np.maximum(reach, distance.min(axis=1, keepdims=True))
    weights = torch.from_numpy(near / near.sum(axis=1, keepdims=True)).to(logits.dtype)
    return torch.einsum("vw,pwmg->pvmg", weights, logits)


def _members(network: ListenNet) -> list[ListenMember]:
    return list(network.members)  # type: ignore[arg-type]


def _repeat_to(power: Tensor, min_frames: int) -> Tensor:
    """Repeat a short clip (P, bands, frames) until it fills a window."""
    frames = power.shape[2]
    if frames >= min_frames:
        return power
    return power.repeat(1, 1, -(-min_frames // frames))[:, :, :min_frames]
