"""The recordings that come with Earmark: real music that may be shared, with its source."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from genre.paths import REPOSITORY

FOLDER = REPOSITORY / "assets" / "music"  # SOURCES.tsv in it has a row for each recording


@dataclass(frozen=True)
class Recording:
    """A real recording that may be shared."""

    file: str
    genre: str  # as its artist or its collection labels it; "" where none of the ten is named
    title: str
    artist: str
    licence: str
    source_url: str

    @property
    def path(self) -> Path:
        """Where the file lies."""
        return FOLDER / self.file

    @property
    def credit(self) -> str:
        """The title with what its licence asks to be named."""
        return f"{self.title}, {self.artist} ({self.licence})"


@cache
def recordings() -> tuple[Recording, ...]:
    """List the recordings in assets/music that are of one of the ten genres, easy to hard."""
    return tuple(recording for recording in all_recordings() if recording.genre)


@cache
def all_recordings() -> tuple[Recording, ...]:
    """List the recordings in assets/music, those without a genre, too."""
    names = ("file", "genre", "title", "artist", "licence", "source_url")
    with open(FOLDER / "SOURCES.tsv", newline="", encoding="utf-8") as file:
        return tuple(
            Recording(*(row[name] for name in names)) for row in csv.DictReader(file, delimiter="\t")
        )
