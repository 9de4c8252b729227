"""Batches of augmented windows with their beats, drawn on the device that trains."""

from typing import NamedTuple

import torch
from torch import Tensor

from gan.beat_networks import WIDEST_BAR
from gan.mel import GAN_MEL, N_BANDS
from gan.training.dataset import MAX_SHIFT_BANDS, MAX_STRETCH, MIN_LEVEL_DB, MusicDataset

MIN_TRACKS = 8  # tracks of a genre from which its longer windows are drawn; fewer would be learnt by heart


class Windows(NamedTuple):
    """A batch of windows."""

    mels: Tensor  # (B, 128, frames) in -1 to 1
    labels: Tensor  # (B,)
    beats: Tensor  # (B, frames): beats since some bar began


class WindowSampler:
    """All tracks of a dataset on one device."""

    def __init__(self, dataset: MusicDataset, device: torch.device) -> None:
        self.genres = dataset.genres
        lengths = [track.mel.shape[1] for track in dataset.tracks]
        self.mels = torch.zeros(len(lengths), max(lengths), N_BANDS, dtype=torch.uint8, device=device)
        self.beats = torch.zeros(len(lengths), max(lengths), device=device)
        for row, track in enumerate(dataset.tracks):
            self.mels[row, : lengths[row]] = torch.from_numpy(track.mel.T.copy())
            self.beats[row, : lengths[row]] = torch.from_numpy(track.beats)
        self.lengths = torch.tensor(lengths, device=device)
        self.labels = torch.tensor(
            [self.genres.index(track.genre) for track in dataset.tracks], device=device
        )
        self._tables: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def draw(self, count: int, frames: int, rng: torch.Generator) -> Windows:
        """Draw windows of `frames`, uniform over the genres and over the tracks of a genre."""
        genres, n_tracks, table = self._long_enough(frames)
        genre = torch.randint(len(genres), (count,), generator=rng, device=genres.device)
        share, *draws = torch.rand(5, count, generator=rng, device=genres.device)
        tracks = table[genre, (share * n_tracks[genre]).long()]
        first = self._cut(tracks, frames, *draws[:3])
        # A silent window gives way to another of the same track.
        second = self._cut(tracks, frames, draws[0].flip(0), draws[1], draws[3])
        silent = (first[0].mean(dim=(1, 2)) - 1) * GAN_MEL.range_db / 2 < MIN_LEVEL_DB
        mels = torch.where(silent[:, None, None], second[0], first[0])
        beats = torch.where(silent[:, None], second[1], first[1])
        offset = torch.randint(WIDEST_BAR, (count, 1), generator=rng, device=genres.device)
        return Windows(mels, self.labels[tracks], beats - beats[:, :1].floor() + offset)

    def _cut(
        self, tracks: Tensor, frames: int, stretch: Tensor, shift: Tensor, position: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Cut windows, stretched in time and shifted in frequency: (B, 128, frames), (B, frames)."""
        spare = (self.lengths[tracks] - 1).float()
        step = torch.minimum(1 + MAX_STRETCH * (2 * stretch - 1), spare / (frames - 1))
        start = position * (spare - step * (frames - 1)).clamp_min(0)
        places = start[:, None] + step[:, None] * torch.arange(frames, device=tracks.device)
        low = places.long().clamp(max=self.mels.shape[1] - 2)
        share = (places - low)[:, :, None]
        rows = tracks[:, None]
        mels = self.mels[rows, low].float().lerp(self.mels[rows, low + 1].float(), share)
        beats = self.beats[rows, low].lerp(self.beats[rows, low + 1], share[:, :, 0])
        bands = torch.arange(N_BANDS, device=tracks.device) + MAX_SHIFT_BANDS * (2 * shift[:, None] - 1)
        bands = bands.clamp(0, N_BANDS - 1)
        lower = bands.long().clamp(max=N_BANDS - 2)
        gather = lambda index: mels.gather(2, index[:, None].expand(-1, frames, -1))  # noqa: E731
        mels = gather(lower).lerp(gather(lower + 1), (bands - lower)[:, None])
        return mels.transpose(1, 2) / 127.5 - 1, beats

    def _long_enough(self, frames: int) -> tuple[Tensor, Tensor, Tensor]:
        """Find the genres with tracks of `frames` (G,), how many each has (G,), and which (G, most)."""
        if frames not in self._tables:
            rows = [
                torch.nonzero((self.labels == label) & (self.lengths >= frames))[:, 0]
                for label in range(len(self.genres))
            ]
            enough = [label for label, part in enumerate(rows) if len(part) >= MIN_TRACKS]
            labels = enough or [label for label, part in enumerate(rows) if len(part)]
            table = torch.nn.utils.rnn.pad_sequence([rows[label] for label in labels], batch_first=True)
            counts = torch.tensor([len(rows[label]) for label in labels], device=table.device)
            self._tables[frames] = torch.tensor(labels, device=table.device), counts, table
        return self._tables[frames]
