"""The training music of the pretrained network's heads: GTZAN, and songs of other collections.

The songs of other collections lie in folders by genre, beside SOURCES.tsv (clip, genre, source, artist or
track) and EMOTIONS.tsv (the share of listeners who felt each of nine feelings). They are split into folds by
artist in a collection that names all artists, else by source, and never by clip.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from genre import GENRES
from genre.data.dataset import open_dataset
from genre.data.examples import DataError
from genre.data.gtzan import mel_3s_decibels
from genre.data.splits import LISTS, read_track_list
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.reading import read_text

MAX_TABLE_BYTES = 64 << 20
OTHER = "other"  # class of music that is none of the ten genres
CLASSES = (*GENRES, OTHER)
DEV_LIST = LISTS / "wild-dev.txt"  # clips that are tested once for each release candidate
DOUBTFUL_LIST = LISTS / "wild-doubtful.tsv"  # clips that are left out, with the reasons
EMOTION_COLLECTION = "RohitJacob/MusicAnalysis"  # Emotify's songs, each with its artist


@dataclass(frozen=True)
class Song:
    """A piece of music with its genre and, where they are known, its feelings."""

    name: str
    genre: str  # one of CLASSES
    group: str  # songs of one group stay in one fold
    collection: str  # name of the collection: "gtzan", "wild" or "resynthesized"
    path: str = ""  # path of the recording
    log_mel: np.ndarray | None = None  # (128, 130) dB; set for a piece that has no recording
    emotions: tuple[float, ...] | None = None

    @property
    def label(self) -> int:
        """The position of the genre in CLASSES."""
        return CLASSES.index(self.genre)


def gtzan_songs(folder: Path, parts: tuple[str, ...]) -> list[Song]:
    """List GTZAN's recordings of the lists `parts` ("train", "valid"), and log-mels of pieces without one.

    Raises DataError.
    """
    names = {name for part in parts for name in read_track_list(f"gtzan-{part}")}
    dataset = open_dataset(folder)
    songs = [
        Song(track.name, track.genre, _block(track.name), "gtzan", track.path)
        for track in dataset.files
        if track.name in names
    ]
    recorded_names = {song.name for song in songs}
    mels, decibels = mel_3s_decibels(dataset)
    for name, values in zip(mels.tracks.tolist(), decibels, strict=True):
        if name in names - recorded_names:
            songs.append(Song(name, name.split(".")[0], _block(name), "resynthesized", log_mel=values))
    return songs


def _block(name: str) -> str:
    """Name a track's block ("jazz.00017" -> "jazz.0001"): neighbours in GTZAN are often by one artist."""
    return name[:-1]


def wild_songs(folder: Path) -> list[Song]:
    """List the songs of other collections, without the doubtful ones. Raises DataError."""
    try:
        sources = _read_table(folder / "SOURCES.tsv")
        emotions = {row["clip"]: row for row in _read_table(folder / "EMOTIONS.tsv")}
        doubtful = {row["clip"] for row in _read_table(DOUBTFUL_LIST)}
        songs = []
        for row in sources:
            if row["clip"] in doubtful or row["genre"] not in CLASSES:
                continue
            by_artist = row["source"] == EMOTION_COLLECTION
            shares = emotions.get(row["clip"])
            songs.append(
                Song(
                    row["clip"],
                    row["genre"],
                    f"artist {row['artist_or_track']}" if by_artist else f"source {row['source']}",
                    "wild",
                    str(folder / row["genre"] / f"{row['clip']}.opus"),
                    emotions=tuple(float(shares[name]) for name in MUSIC_EMOTIONS) if shares else None,
                )
            )
    except (OSError, KeyError, ValueError, csv.Error) as error:
        raise DataError(
            f"{folder} holds no songs of other collections: SOURCES.tsv and EMOTIONS.tsv are needed."
        ) from error
    return songs


def dev_names() -> set[str]:
    """List the clips of the development part."""
    return set(DEV_LIST.read_text().split())


def _read_table(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(read_text(path, MAX_TABLE_BYTES).splitlines(), delimiter="\t"))
