"""Music for the generator: log-mels of recordings, and GTZAN's 3 s mels where there is no recording."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from gan.mel import BANDS, FRAMES, GAN_MEL, from_db, measure_controls
from genre.audio import load_clip
from genre.cache import kept, key_of, pack, progress_line, unpack
from genre.dataset import (
    DataError,
    Dataset,
    Track,
    listen_to,
    open_dataset,
)
from genre.restoration import restored_mel3s
from genre.spectrogram import Spectrogram
from genre.splits import LISTS

SPLITS = ("filtered", "all")  # GTZAN's train list alone, or everything
QUIET_DB = -65.0  # a piece whose mean level is lower is as good as silent, and left out
STRETCH = 0.08  # pieces are played up to so much faster or slower
SHIFT = 1.5  # mel bands a piece is moved up or down at most
TRIES = 8  # places looked at for a piece that is not silent


@dataclass(frozen=True)
class Piece:
    """What is known of one track."""

    name: str
    genre: str
    mel: np.ndarray  # (128, frames) uint8: 255 is the track's loudest point, 0 is 80 dB below


@dataclass(frozen=True)
class Music:
    """All the tracks to learn from."""

    pieces: tuple[Piece, ...]
    genres: tuple[str, ...]
    account: dict  # how many tracks came from where

    def draw(self, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
        """Random pieces of 3 s, every genre and within it every track alike.

        -> (count, 128, 128) in -1 to 1, labels (count,). Each is a little stretched and shifted.
        """
        labels = torch.randint(len(self.genres), (count,), generator=rng)
        windows = [self._window(int(label), rng) for label in labels]
        return torch.stack(windows), labels

    def controls(self, rng: Generator, a_genre: int = 256) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation of the controls by genre: (genres, 3) each."""
        measured = [
            measure_controls(torch.stack([self._window(k, rng) for _ in range(a_genre)]))
            for k in range(len(self.genres))
        ]
        return (torch.stack([values.mean(dim=0) for values in measured]),
                torch.stack([values.std(dim=0) for values in measured]))

    def _window(self, label: int, rng: Generator) -> Tensor:
        of_genre = [piece for piece in self.pieces if piece.genre == self.genres[label]]
        piece = of_genre[int(torch.randint(len(of_genre), (1,), generator=rng))]
        for _ in range(TRIES):
            window = _cut(torch.from_numpy(piece.mel), rng)
            if (float(window.mean()) - 1) * GAN_MEL.range_db / 2 > QUIET_DB:
                break
        return window


def load_music(data: str, split: str = "filtered") -> Music:
    """A folder of genres, GTZAN's layouts, or "builtin". Raises DataError with a sentence."""
    dataset = open_dataset(data)
    allowed = None
    if split == "filtered":
        allowed = set((LISTS / "gtzan-train.txt").read_text().split())
    heard = listen_to(dataset)[0] if dataset.files else []
    chosen = [track for track in heard if allowed is None or track.name in allowed]
    pieces = _long_enough(_from_recordings(chosen))
    recordings = len(pieces)
    if dataset.mel3s:
        known = {piece.name for piece in pieces}
        pieces += [piece for piece in _long_enough(_from_mel3s(dataset))
                   if piece.name not in known and (allowed is None or piece.name in allowed)]
    if len(pieces) < 2:
        raise DataError("There is not enough music to learn from: it needs two recordings or more, of 3 s "
                        "or longer, each in a folder named after its genre.")
    genres = tuple(sorted({piece.genre for piece in pieces}))
    return Music(tuple(pieces), genres, {"recordings": recordings, "mel3s": len(pieces) - recordings})


def _long_enough(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if piece.mel.shape[1] >= FRAMES]


def _cut(mel: Tensor, rng: Generator) -> Tensor:
    """(128, T) uint8 -> (128, 128) in -1 to 1 from anywhere, a little stretched and shifted."""
    stretch, shift, place = torch.rand(3, generator=rng).tolist()
    room = mel.shape[1] - FRAMES
    length = min(mel.shape[1], round(FRAMES * (1 + STRETCH * (2 * stretch - 1))))
    start = int(place * (room + 1)) if length <= FRAMES else int(place * (mel.shape[1] - length + 1))
    part = mel[:, start : start + length].float()[None, None]
    move = 2 * SHIFT * (2 * shift - 1) / BANDS
    grid = F.affine_grid(torch.tensor([[[1.0, 0, 0], [0, 1, move]]]), [1, 1, BANDS, FRAMES],
                         align_corners=False)
    return F.grid_sample(part, grid, padding_mode="border", align_corners=False)[0, 0] / 127.5 - 1


def _from_recordings(tracks: Sequence[Track]) -> list[Piece]:
    jobs = {key_of("gan", 1, track.sound, GAN_MEL.to_dict()): track.path for track in tracks}
    by_key = dict(zip(jobs, tracks, strict=True))
    return [
        Piece(by_key[key].name, by_key[key].genre, mel)
        for key, mel in kept("gan-mels", jobs, _compute, unpack, progress_line("Computing mels"))
    ]


def _compute(path: str) -> bytes:
    samples = torch.from_numpy(load_clip(path).samples)[None]
    with torch.inference_mode():
        values = from_db(Spectrogram(GAN_MEL)(samples))[0]
    return pack(((values + 1) * 127.5).round().byte().numpy())


def _from_mel3s(dataset: Dataset) -> list[Piece]:
    """GTZAN's mels of the first 3 s."""
    mels, decibels = restored_mel3s(dataset)
    values = ((from_db(torch.from_numpy(decibels)) + 1) * 127.5).round().byte().numpy()
    return [Piece(name, mels.genres[label], mel)
            for name, label, mel in zip(mels.tracks.tolist(), mels.labels, values, strict=True)]
