"""Protocols that split a data set into training and test rows.

A protocol makes one or more parts out of examples; each part has training rows and test
rows. Under every protocol but `segment` no track is in both: windows of one recording are so
alike that a model which was trained on one recognises the others, and its metrics do not hold for new music.
"""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genre.audio.files import AUDIO_SUFFIXES
from genre.data.examples import DataError, Examples
from genre.data.protocols import PROTOCOLS
from genre.paths import REPOSITORY, may_read, music_folder
from genre.reading import MAX_LIST_BYTES, read_text

LISTS = REPOSITORY / "assets" / "splits"
FOLDS = 5
TEST_SHARE = 0.2
HELD_OUT = 0.15  # fraction of the training tracks that is held out to choose the best epoch


@dataclass(frozen=True)
class Part:
    """The training rows and the test rows of the examples; without test rows, nothing is tested."""

    train: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Split:
    """The parts that a protocol makes. After several tested parts, a last one has all rows for training."""

    name: str
    leaky: bool
    note: str
    parts: tuple[Part, ...]


def split(examples: Examples, protocol: str, seed: int = 0, artists: Path | None = None) -> Split:
    """Apply a protocol, or a file that lists the tracks to test on. Raises DataError."""
    tracks = np.unique(examples.tracks)
    genre_of = dict(zip(examples.tracks.tolist(), examples.labels.tolist(), strict=True))
    genres = np.array([genre_of[track] for track in tracks.tolist()])
    note = PROTOCOLS.get(protocol, f"tested on the tracks listed in {Path(protocol).name}")
    rng = np.random.default_rng(seed)
    everything = Part(np.arange(len(examples)), np.zeros(0, dtype=int))
    match protocol:
        case "all":
            return Split(protocol, False, note, (everything,))
        case "segment":
            rows = rng.permutation(len(examples))
            count = max(1, round(TEST_SHARE * len(rows)))
            return Split(protocol, True, note, (Part(np.sort(rows[count:]), np.sort(rows[:count])),))
        case "filtered":
            train_names, test_names = (read_track_list(f"gtzan-{name}") for name in ("train", "valid"))
            masks = [(np.isin(tracks, list(train_names)), np.isin(tracks, list(test_names)))]
            if not (masks[0][0].any() and masks[0][1].any()):
                raise DataError(
                    "The split 'filtered' names tracks of GTZAN, and this data has none of them: "
                    "choose another, track for instance."
                )
        case "track":
            fold = _folds(genres, rng, round(1 / TEST_SHARE))
            masks = [(fold != 0, fold == 0)]
        case "kfold" | "blocks":
            fold = _folds(genres, rng if protocol == "kfold" else None, FOLDS)
            masks = [(fold != k, fold == k) for k in range(FOLDS)]
        case "artist":
            test = _by_artist(tracks, genres, _read_artists(artists, tracks), rng)
            masks = [(~test, test)]
        case _:
            names = _Names(tracks)
            test_tracks = set().union(*map(names.find, _read_names(Path(protocol))))
            test = np.isin(tracks, list(test_tracks))
            masks = [(~test, test)]
    parts = [Part(_rows(examples, tracks[a]), _rows(examples, tracks[b])) for a, b in masks if b.any()]
    if not parts:
        raise DataError(f"No track of this data is in {protocol!r}: nothing would be tested.")
    for part in parts:
        _require_every_genre(examples, part)
    if len(parts) > 1:
        parts.append(everything)
        note += "; for the weights that are kept there are all tracks to learn from"
    return Split(protocol, False, note, tuple(parts))


def hold_out(examples: Examples, seed: int, leaky: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Split training rows into (training rows, validation rows that choose the best epoch).

    Whole tracks of each genre are held out; windows only where the protocol is leaky anyway.
    """
    rng = np.random.default_rng([seed, 1])
    if leaky:
        rows = rng.permutation(len(examples))
        count = max(1, round(HELD_OUT * len(rows)))
        return np.sort(rows[count:]), np.sort(rows[:count])
    held_out = []
    for label in range(len(examples.genres)):
        tracks = np.unique(examples.tracks[examples.labels == label])
        if len(tracks) > 1:
            count = max(1, round(HELD_OUT * len(tracks)))
            held_out += rng.permutation(tracks)[:count].tolist()
    is_held_out = np.isin(examples.tracks, held_out)
    return np.flatnonzero(~is_held_out), np.flatnonzero(is_held_out)


def _rows(examples: Examples, tracks: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.isin(examples.tracks, tracks))


def _folds(genres: np.ndarray, rng: np.random.Generator | None, count: int) -> np.ndarray:
    """Assign a fold (0 .. count - 1) to each track, even within each genre: (tracks,) -> (tracks,).

    Without `rng`, folds are blocks of neighbouring tracks, in the order of their names.
    """
    fold = np.zeros(len(genres), dtype=int)
    for genre in np.unique(genres):
        members = np.flatnonzero(genres == genre)
        if rng is not None:
            members = rng.permutation(members)
        fold[members] = np.arange(len(members)) * count // len(members)
    return fold


def _by_artist(
    tracks: np.ndarray, genres: np.ndarray, artist_of: dict[str, str], rng: np.random.Generator
) -> np.ndarray:
    """Choose the test tracks: (tracks,) bool. Artists are drawn until each genre has its share."""
    artists = np.array([artist_of[track] for track in tracks.tolist()])
    test = np.zeros(len(tracks), dtype=bool)
    for genre in np.unique(genres):
        inside = genres == genre
        names = np.unique(artists[inside])
        if len(names) < 2:
            raise DataError("One of the genres has a single artist: it cannot be split by artist.")
        for name in rng.permutation(names):
            if test[inside].sum() >= TEST_SHARE * inside.sum():
                break
            others = inside & ~test & (artists != name)
            if others.any():
                test |= artists == name
    return test


def read_track_list(name: str) -> set[str]:
    """Read the tracks' names of a list that comes with Earmark, such as gtzan-valid."""
    return _read_names(LISTS / f"{name}.txt")


def _read_names(path: Path) -> set[str]:
    try:
        lines = read_text(path, MAX_LIST_BYTES).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(PROTOCOLS)
        raise DataError(
            f"{str(path)!r} is neither a split nor a readable list of track names. Splits: {names}."
        ) from error
    return {line.strip() for line in lines if line.strip()}


class _Names:
    """The tracks by their possible entries in a list: name, file name, or file name without its suffix."""

    def __init__(self, tracks: np.ndarray) -> None:
        self._tracks: dict[str, set[str]] = {}
        for track in tracks.tolist():
            for alias in {track, Path(track).name, _less_suffix(Path(track).name)}:
                self._tracks.setdefault(alias, set()).add(track)

    def find(self, name: str) -> set[str]:
        """Find the tracks of one entry; empty where there are none."""
        last = Path(name).name
        matches = (self._tracks.get(alias) for alias in (name, last, _less_suffix(last)))
        return next((tracks for tracks in matches if tracks), set())


def _less_suffix(name: str) -> str:
    path = Path(name)
    return path.stem if path.suffix.lower() in AUDIO_SUFFIXES else name


def _read_artists(path: Path | None, tracks: np.ndarray) -> dict[str, str]:
    if path is None:
        raise DataError("The split 'artist' needs a list of artists: a file of lines `track,artist`.")
    if not may_read(path):
        raise DataError(f"{path} is not in {music_folder()}, the folder of music: choose a list inside it.")
    try:
        lines = io.StringIO(read_text(path, MAX_LIST_BYTES), newline="")
        rows = [row for row in csv.reader(lines) if len(row) >= 2]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(
            f"The list of artists {path} cannot be read: it is a file of lines `track,artist`, "
            f"smaller than {MAX_LIST_BYTES >> 20} MB."
        ) from error
    names = _Names(tracks)
    artist_of = {
        track: artist.strip().lower() for name, artist, *_ in rows for track in names.find(name.strip())
    }
    if nameless := sorted(set(tracks.tolist()) - set(artist_of)):
        raise DataError(
            f"The list of artists does not name {len(nameless)} of the tracks, {nameless[0]!r} for one."
        )
    return artist_of


def _require_every_genre(examples: Examples, part: Part) -> None:
    missing_genres = set(range(len(examples.genres))) - set(examples.labels[part.train].tolist())
    if missing_genres:
        genre = examples.genres[min(missing_genres)]
        raise DataError(f"The split leaves no track of {genre!r} to learn from.")
