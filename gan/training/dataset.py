"""Training data of the generator: log-mels of recordings, and GTZAN's 3 s mels of the other tracks."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from gan.mel import CLIP_FRAMES, GAN_MEL, N_BANDS, from_db, measure_controls
from gan.training.beats import count_beats
from genre.audio.clip import load_clip
from genre.audio.spectrogram import Spectrogram
from genre.cache import cached_results, key_of, pack, progress_line, unpack
from genre.data.dataset import DataError, Dataset, Track, decode_tracks, open_dataset
from genre.data.gtzan import mel_3s_decibels
from genre.data.splits import read_track_list

GAN_SPLITS = ("filtered", "all")  # GTZAN's train list alone, or all tracks
MIN_LEVEL_DB = -65.0  # mean level below which a window counts as silent
MAX_STRETCH = 0.08  # largest relative time stretch of a window, either way
MAX_SHIFT_BANDS = 1.5  # largest shift of a window in mel bands, either way
MAX_WINDOW_DRAWS = 8  # windows drawn in search of one that is not silent


@dataclass(frozen=True)
class TrackMel:
    """The log-mel of one track, with its name and genre."""

    name: str
    genre: str
    mel: np.ndarray  # (128, frames) uint8: 255 is the track's maximum, 0 is 80 dB below

    @cached_property
    def beats(self) -> np.ndarray:
        """Return the count of beats up to each frame (frames,)."""
        return count_beats((self.mel.astype(np.float32) / 255 - 1) * GAN_MEL.range_db)


@dataclass(frozen=True)
class MusicDataset:
    """All the tracks of a training."""

    tracks: tuple[TrackMel, ...]
    genres: tuple[str, ...]
    counts: dict  # number of tracks by source: recordings, mel3s

    def sample_batch(self, count: int, rng: Generator) -> tuple[Tensor, Tensor]:
        """Draw random windows of 3 s, uniform over the genres and over the tracks of a genre.

        Returns (count, 128, 128) in -1 to 1, labels (count,). A small stretch and shift augment each window.
        """
        labels = torch.randint(len(self.genres), (count,), generator=rng)
        windows = [self._window(int(label), rng) for label in labels]
        return torch.stack(windows), labels

    def control_statistics(self, rng: Generator, n_per_genre: int = 256) -> tuple[Tensor, Tensor]:
        """Measure mean and standard deviation of the controls by genre: (genres, 3) each."""
        controls_by_genre = [
            measure_controls(torch.stack([self._window(k, rng) for _ in range(n_per_genre)]))
            for k in range(len(self.genres))
        ]
        return (
            torch.stack([values.mean(dim=0) for values in controls_by_genre]),
            torch.stack([values.std(dim=0) for values in controls_by_genre]),
        )

    def _window(self, label: int, rng: Generator) -> Tensor:
        of_genre = [track for track in self.tracks if track.genre == self.genres[label]]
        track = of_genre[int(torch.randint(len(of_genre), (1,), generator=rng))]
        for _ in range(MAX_WINDOW_DRAWS):
            window = _random_window(torch.from_numpy(track.mel), rng)
            if (float(window.mean()) - 1) * GAN_MEL.range_db / 2 > MIN_LEVEL_DB:
                break
        return window


def load_music_dataset(data: str, split: str = "filtered") -> MusicDataset:
    """Load a folder of genres, GTZAN's layouts, or "builtin". Raises DataError with a sentence."""
    dataset = open_dataset(data)
    allowed_names = None
    if split == "filtered":
        allowed_names = read_track_list("gtzan-train")
    audible = decode_tracks(dataset)[0] if dataset.files else []
    allowed_tracks = [track for track in audible if allowed_names is None or track.name in allowed_names]
    tracks = _long_enough(_from_recordings(allowed_tracks))
    n_recordings = len(tracks)
    if dataset.mel_3s_zscored:
        names = {track.name for track in tracks}
        tracks += [
            track
            for track in _long_enough(_from_mel3s(dataset))
            if track.name not in names and (allowed_names is None or track.name in allowed_names)
        ]
    if len(tracks) < 2:
        raise DataError(
            "There is not enough music to learn from: it needs two recordings or more, of 3 s "
            "or longer, each in a folder named after its genre."
        )
    genres = tuple(sorted({track.genre for track in tracks}))
    return MusicDataset(
        tuple(tracks), genres, {"recordings": n_recordings, "mel_3s_zscored": len(tracks) - n_recordings}
    )


def _long_enough(tracks: Sequence[TrackMel]) -> list[TrackMel]:
    return [track for track in tracks if track.mel.shape[1] >= CLIP_FRAMES]


def _random_window(mel: Tensor, rng: Generator) -> Tensor:
    """Draw an augmented window: (128, T) uint8 -> (128, 128) in -1 to 1."""
    stretch, shift, position = torch.rand(3, generator=rng).tolist()
    n_spare = mel.shape[1] - CLIP_FRAMES
    length = min(mel.shape[1], round(CLIP_FRAMES * (1 + MAX_STRETCH * (2 * stretch - 1))))
    start = (
        int(position * (n_spare + 1))
        if length <= CLIP_FRAMES
        else int(position * (mel.shape[1] - length + 1))
    )
    window = mel[:, start : start + length].float()[None, None]
    offset = 2 * MAX_SHIFT_BANDS * (2 * shift - 1) / N_BANDS
    grid = F.affine_grid(
        torch.tensor([[[1.0, 0, 0], [0, 1, offset]]]), [1, 1, N_BANDS, CLIP_FRAMES], align_corners=False
    )
    return F.grid_sample(window, grid, padding_mode="border", align_corners=False)[0, 0] / 127.5 - 1


def _from_recordings(tracks: Sequence[Track]) -> list[TrackMel]:
    paths = {key_of("gan", 1, track.sound_hash, GAN_MEL.to_dict()): track.path for track in tracks}
    track_of = dict(zip(paths, tracks, strict=True))
    return [
        TrackMel(track_of[key].name, track_of[key].genre, mel)
        for key, mel in cached_results(
            "gan-mels", paths, _compute_mel, unpack, progress_line("Computing mels")
        )
    ]


def _compute_mel(path: str) -> bytes:
    samples = torch.from_numpy(load_clip(path).samples)[None]
    with torch.inference_mode():
        values = from_db(Spectrogram(GAN_MEL)(samples))[0]
    return pack(((values + 1) * 127.5).round().byte().numpy())


def _from_mel3s(dataset: Dataset) -> list[TrackMel]:
    """Restore GTZAN's mels of the first 3 s."""
    mels, decibels = mel_3s_decibels(dataset)
    values = ((from_db(torch.from_numpy(decibels)) + 1) * 127.5).round().byte().numpy()
    return [
        TrackMel(name, mels.genres[label], mel)
        for name, label, mel in zip(mels.tracks.tolist(), mels.labels, values, strict=True)
    ]
