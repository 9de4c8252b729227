"""The library in memory: filters, and the nearest neighbours of a song, exactly.

The embeddings have length 1, so that one product of the matrix (songs, 250) with a vector gives all cosine
similarities: 100,000 songs are 100 MB and some 10 ms. That is fast enough to about a million songs, or 1 GB.
An approximate index, such as faiss or hnswlib, would take over there: it answers in a millisecond, misses a
few neighbours, and has to be built and stored.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np

from genre import GENRES
from genre.inference.description import MIN_CORRELATION, MIN_DEVIATION
from genre.library.index import Index, database_errors, index_path, song_name
from genre.library.predictor import MODEL
from genre.models.cards import load_card
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.models.pretrained.networks import N_FEATURES, TAGS
from genre.paths import WEIGHTS
from genre.text import certainty

MUSIC = ("music", "unsure")  # statuses of songs with a genre
# A tag without a threshold of its own, since its labels could not be checked, names the songs of the library
# that have it most: this share of them.
TOP_SHARE = 0.1
MAX_COUNT = 1_000_000
_SONG_COLUMNS = (
    "id, path, status, error, genre, confident, familiar, duration_s, tempo_bpm, loudness_lufs, title, "
    "artist, album, tag_genre, has_cover, hash, x, y"
)


class QueryError(ValueError):
    """A question that cannot be answered; the message is a sentence."""


@dataclass(frozen=True)
class Song:
    """A song of the library, without its vectors."""

    id: int
    path: str  # as the file system has it (surrogateescape)
    status: str
    error: str
    genre: str | None
    confident: bool
    familiar: bool
    duration_s: float
    tempo_bpm: float | None
    loudness_lufs: float | None
    title: str
    artist: str
    album: str
    tag_genre: str
    has_cover: bool
    hash: bytes
    x: float | None
    y: float | None

    @property
    def name(self) -> str:
        """What to call the song: its title and artist, else its file's name without the ending."""
        return song_name(self.title, self.artist, self.path)


@dataclass(frozen=True)
class Query:
    """A question to a library; what is None does not matter."""

    genre: str | None = None
    tag: str | None = None
    feeling: str | None = None
    tempo: tuple[float, float] | None = None  # beats a minute, both included
    like: np.ndarray | None = None  # (250,) the embedding of a song
    exclude: frozenset[int] = frozenset()  # ids, of the song itself perhaps
    text: str = ""  # words that title, artist, album or path have
    confident: bool = False  # only confident predictions
    count: int = 30


@dataclass(frozen=True)
class Match:
    """A song that answers a question, and how well: from 0 to 1, by similarity where there is a `like`."""

    song: Song
    score: float


@dataclass(frozen=True, eq=False)
class Library:
    """All songs of an index, and their vectors: row k of each belongs to songs[k]; without music it is 0."""

    songs: list[Song]
    probabilities: np.ndarray  # (n, 10) float32
    feelings: np.ndarray  # (n, 9)
    tags: np.ndarray  # (n, 50)
    embeddings: np.ndarray  # (n, 250), of length 1
    heights: np.ndarray = field(repr=False)  # (n, 9) feelings in standard deviations above the average song

    def __len__(self) -> int:
        return len(self.songs)

    # Columns of the songs, made once: 100,000 attributes take longer than the product of the matrix.

    @cached_property
    def music(self) -> np.ndarray:
        """Which songs have a genre: (n,) bool."""
        return np.array([song.status in MUSIC for song in self.songs], bool)

    @cached_property
    def confident(self) -> np.ndarray:
        """Which songs have a confident prediction: (n,) bool."""
        return np.array([song.confident for song in self.songs], bool)

    @cached_property
    def genres(self) -> np.ndarray:
        """The position of each song's genre in GENRES, -1 for none: (n,)."""
        positions: dict[str | None, int] = {genre: k for k, genre in enumerate(GENRES)}
        return np.array([positions.get(song.genre, -1) for song in self.songs], int)

    @cached_property
    def tempi(self) -> np.ndarray:
        """The tempo of each song in beats a minute, NaN for none: (n,)."""
        return np.array([np.nan if song.tempo_bpm is None else song.tempo_bpm for song in self.songs], float)

    @cached_property
    def _texts(self) -> list[str]:
        """What words are looked for in, song by song."""
        return [
            f"{song.title} {song.artist} {song.album} {song.tag_genre} {song.path}".casefold()
            for song in self.songs
        ]

    @cached_property
    def _positions(self) -> dict[int, int]:
        return {song.id: k for k, song in enumerate(self.songs)}

    def position(self, id_: int) -> int | None:
        """The row of a song; None where there is none of that id."""
        return self._positions.get(id_)

    def strongest_feelings(self, position: int, count: int = 3) -> list[str]:
        """The feelings in which a song stands out, of those that are predicted well, the strongest first."""
        trusted = [k for k in range(len(MUSIC_EMOTIONS)) if _trusted()[k]]
        named = [k for k in trusted if self.heights[position, k] >= MIN_DEVIATION]
        return [MUSIC_EMOTIONS[k] for k in sorted(named, key=lambda k: -self.heights[position, k])[:count]]

    def named_tags(self, position: int, count: int = 5) -> list[str]:
        """The tags whose probability is above their threshold, the clearest first."""
        clearness = {
            tag: float(self.tags[position, TAGS.index(tag)]) / part["threshold"]
            for tag, part in _own()["tags"].items()
        }
        return sorted((tag for tag in clearness if clearness[tag] >= 1), key=lambda tag: -clearness[tag])[
            :count
        ]

    def certainty(self, position: int) -> str:
        """How sure the model is of a song, in words; empty without a genre."""
        song = self.songs[position]
        if not song.genre:
            return ""
        second, first = np.sort(self.probabilities[position])[-2:].tolist()
        return certainty(first, song.confident, song.familiar, second)

    def find(self, query: Query) -> list[Match]:
        """The songs that answer a question, the best first. Raises QueryError for unknown names."""
        mask, scores = self._filters(query)
        if query.like is not None:
            scores = [self.embeddings @ np.asarray(query.like, np.float32)]
        score = np.mean(scores, axis=0) if scores else self.confident.astype(float)
        rows = np.flatnonzero(mask)
        count = min(query.count, len(rows))
        if count == 0:
            return []
        best = rows[np.argpartition(-score[rows], count - 1)[:count]]
        best = best[np.lexsort((best, -score[best]))]
        return [Match(self.songs[k], float(score[k])) for k in best.tolist()]

    def _filters(self, query: Query) -> tuple[np.ndarray, list[np.ndarray]]:
        """The songs that pass the filters (n,) bool, and the scores (n,) of what was requested."""
        mask, scores = self.music.copy(), []
        if query.genre is not None:
            if query.genre not in GENRES:
                raise QueryError(f"There is no genre {query.genre!r}; there are: {', '.join(GENRES)}.")
            mask &= self.genres == GENRES.index(query.genre)
            scores.append(self.probabilities[:, GENRES.index(query.genre)])
        if query.tag is not None:
            values = self._tag_values(query.tag)
            mask &= values >= self._tag_threshold(query.tag, values)
            scores.append(values)
        if query.feeling is not None:
            if query.feeling not in MUSIC_EMOTIONS:
                raise QueryError(
                    f"There is no feeling {query.feeling!r}; there are: {', '.join(MUSIC_EMOTIONS)}."
                )
            heights = self.heights[:, MUSIC_EMOTIONS.index(query.feeling)]
            mask &= heights >= MIN_DEVIATION
            scores.append(1 / (1 + np.exp(-heights)))
        if query.tempo is not None:
            low, high = query.tempo
            mask &= (self.tempi >= low) & (self.tempi <= high)
        if query.confident:
            mask &= self.confident
        if query.text:
            mask &= self.text_matches(query.text)
        if query.exclude:
            mask[[k for id_ in query.exclude if (k := self.position(id_)) is not None]] = False
        return mask, scores

    def _tag_values(self, tag: str) -> np.ndarray:
        if tag not in TAGS:
            raise QueryError(f"There is no tag {tag!r}; there are: {', '.join(TAGS)}.")
        return self.tags[:, TAGS.index(tag)]

    def _tag_threshold(self, tag: str, values: np.ndarray) -> float:
        """The probability from which a song has the tag."""
        measured_tag = _own()["tags"].get(tag)
        if measured_tag:
            return float(measured_tag["threshold"])
        music = values[self.music]
        return float(np.quantile(music, 1 - TOP_SHARE)) if len(music) else 1.0

    def text_matches(self, text: str) -> np.ndarray:
        """Which songs have all words of a text in title, artist, album, tag or path: (n,) bool."""
        words = text.casefold().split()
        return np.array([all(word in where for word in words) for where in self._texts], bool)

    def duplicates(self) -> list[list[Song]]:
        """Groups of songs with the same content, the largest first."""
        groups: dict[bytes, list[Song]] = {}
        for song in self.songs:
            if song.hash:
                groups.setdefault(song.hash, []).append(song)
        return sorted((group for group in groups.values() if len(group) > 1), key=lambda group: -len(group))

    def disagreements(self) -> list[Song]:
        """Songs whose own tag names one of the ten genres, and a confident prediction another one."""
        return [
            song
            for song in self.songs
            if song.confident and (own := tag_genres(song.tag_genre)) and song.genre not in own
        ]


def tag_genres(text: str) -> set[str]:
    """The genres of ours that a file's tag names: "Hip-Hop/Rap" -> {"hiphop"}; {} for other words."""
    folded = "".join(c for c in text.casefold() if c.isalnum() or c in " /,;|")
    words = {
        "".join(part.split())
        for part in folded.replace(";", "/").replace(",", "/").replace("|", "/").split("/")
    }
    aliases = {"rap": "hiphop", "hiphoprap": "hiphop", "heavymetal": "metal", "classicalmusic": "classical"}
    return {aliases.get(word, word) for word in words} & set(GENRES)


def load_library(path: Path | None = None) -> Library:
    """Read the whole index; an empty library where there is none. Raises LibraryError."""
    if not (path or index_path()).exists():
        return _library([], [])
    with Index(path) as index, database_errors():
        index.db.execute("BEGIN")  # both tables as of one moment
        songs = index.db.execute(f"SELECT {_SONG_COLUMNS} FROM songs ORDER BY path").fetchall()
        vectors = index.db.execute("SELECT * FROM vectors").fetchall()
        index.db.execute("COMMIT")
    return _library(songs, vectors)


def _library(rows: Sequence[tuple], vectors: Iterable[tuple]) -> Library:
    songs = [_song(*row) for row in rows]
    positions = {song.id: k for k, song in enumerate(songs)}
    sizes = len(GENRES), len(MUSIC_EMOTIONS), len(TAGS), N_FEATURES
    rows_with_vectors = [
        (positions[row[0]], row[1:])
        for row in vectors
        if row[0] in positions
        and all(len(blob) == 2 * size for blob, size in zip(row[1:], sizes, strict=True))
    ]
    where = np.array([position for position, _ in rows_with_vectors], int)
    arrays = []
    for k, size in enumerate(sizes):
        array = np.zeros((len(songs), size), np.float32)
        array[where] = np.frombuffer(b"".join(blobs[k] for _, blobs in rows_with_vectors), "<f2").reshape(
            -1, size
        )
        arrays.append(array)
    mean, deviation, _ = feeling_statistics()
    heights = np.zeros_like(arrays[1])
    heights[where] = (arrays[1][where] - mean) / deviation
    probabilities, feelings, tags, embeddings = arrays
    return Library(songs, probabilities, feelings, tags, embeddings, heights)


def _song(id_: int, path: bytes, *values: Any) -> Song:
    return Song(id_, os.fsdecode(path), *values)


@cache
def _own() -> dict:
    """The part of the model's card about tags and feelings."""
    return load_card(WEIGHTS / MODEL).pretrained


@cache
def feeling_statistics() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The card's mean, deviation and correlation with listeners of each feeling: (9,) each."""
    statistics = _own()["emotions"]
    mean, deviation, correlation = (
        np.array([statistics[name][key] for name in MUSIC_EMOTIONS])
        for key in ("mean", "deviation", "correlation")
    )
    return mean, deviation, correlation


def _trusted() -> np.ndarray:
    return feeling_statistics()[2] >= MIN_CORRELATION
