"""The recordings that come with Earmark: real music that may be shared, with its genre and its source."""

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
    genre: str  # as its artist or its collection labels it
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
    """List the recordings in assets/music."""
    names = ("file", "genre", "title", "artist", "licence", "source_url")
    with open(FOLDER / "SOURCES.tsv", newline="", encoding="utf-8") as file:
        return tuple(
            Recording(*(row[name] for name in names)) for row in csv.DictReader(file, delimiter="\t")
        )
