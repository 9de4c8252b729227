"""The contents of a data set, as a visitor sees them before any training.

The built-in set is listed from the start; its pieces are played when they are needed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from genre import GENRES
from genre.audio.clip import Clip, load_clip
from genre.data.dataset import BUILT_IN, Dataset, decode_tracks, open_dataset
from genre.data.examples import DataError
from genre.data.gtzan import read_mel_3s_zscored, read_mel_30s
from genre.paths import home

BUILT_IN_PIECES = 30  # pieces per genre, as synth.build plays them
BUILT_IN_S = 30.0
CHECKED_AT_ONCE = 4  # files checked between two reports of progress


@dataclass(frozen=True)
class Listing:
    """The tracks of each genre, and the forms in which they are stored."""

    data: str
    by_genre: dict[str, tuple[str, ...]]  # genre -> names of its tracks
    to_play: int = 0  # pieces of the built-in set that are not on disk yet
    recordings: int = 0
    kinds: frozenset[str] = frozenset()  # ready-made arrays beside the audio: "mel_30s", "mel_3s_zscored"

    @property
    def count(self) -> int:
        """The number of tracks."""
        return sum(len(tracks) for tracks in self.by_genre.values())


def look(data: str) -> Listing:
    """List the tracks of a data set without decoding. Raises DataError where nothing can be used."""
    if data == BUILT_IN:
        folder = home() / "datasets" / BUILT_IN
        names = {genre: tuple(f"{genre}.{n:05d}" for n in range(BUILT_IN_PIECES)) for genre in GENRES}
        n_missing = sum(
            not (folder / genre / f"{name}.wav").exists() for genre in GENRES for name in names[genre]
        )
        return Listing(data, names, n_missing, BUILT_IN_PIECES * len(GENRES))
    dataset = open_dataset(data)
    tracks: dict[str, set[str]] = {}
    for track in dataset.files:
        tracks.setdefault(track.genre, set()).add(track.name)
    kinds = frozenset(kind for kind in ("mel_30s", "mel_3s_zscored") if getattr(dataset, kind))
    for kind in kinds:
        examples = (read_mel_30s if kind == "mel_30s" else read_mel_3s_zscored)(getattr(dataset, kind).parent)
        for label, name in zip(examples.labels.tolist(), examples.tracks.tolist(), strict=True):
            tracks.setdefault(examples.genres[label], set()).add(name)
    if not tracks:
        raise DataError(f"{dataset.folder} has tables only: models on features can use it.")
    by_genre = {genre: tuple(sorted(names)) for genre, names in sorted(tracks.items())}
    return Listing(data, by_genre, 0, len(dataset.files), kinds)


def sound_of(data: str, track: str) -> Clip:
    """Load a track to listen to. Raises DataError if it has no recording, AudioError for a damaged one."""
    if data == BUILT_IN:
        genre, _, number = track.partition(".")
        if genre not in GENRES or not re.fullmatch(r"[0-9]{1,5}", number):
            raise DataError(f"{track!r} is no piece of the built-in set.")
        file = home() / "datasets" / BUILT_IN / genre / f"{track}.wav"
        if file.exists():
            return load_clip(file)
        from genre.synth import dataset as synth  # takes a second

        return Clip(synth.render(genre, int(number), BUILT_IN_S), BUILT_IN_S, name=track)
    path = next((file.path for file in open_dataset(data).files if file.name == track), None)
    if path is None:
        raise DataError(f"There is no recording of {track} here, only its picture.")
    return load_clip(path)


def check(data: str) -> Iterator[tuple[int, int]]:
    """Decode every recording once, and yield (done, in all); the results stay in the cache."""
    dataset = _at_hand(data)
    for start in range(0, len(dataset.files), CHECKED_AT_ONCE):
        decode_tracks(replace(dataset, files=dataset.files[start : start + CHECKED_AT_ONCE]))
        yield min(start + CHECKED_AT_ONCE, len(dataset.files)), len(dataset.files)


def faults(data: str) -> list[tuple[str, str]]:
    """List (recording, reason) of all that training skips; it is quick after `check`."""
    return decode_tracks(_at_hand(data))[1]


def _at_hand(data: str) -> Dataset:
    """Open the data set without playing missing pieces."""
    return open_dataset(home() / "datasets" / BUILT_IN if data == BUILT_IN else data)
