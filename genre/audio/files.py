"""The files behind the paths of a command line: the files themselves, and those in folders."""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

AUDIO_SUFFIXES = frozenset(
    (
        ".aac",
        ".aif",
        ".aiff",
        ".au",
        ".caf",
        ".flac",
        ".m4a",
        ".m4b",
        ".mka",
        ".mov",
        ".mp3",
        ".mp4",
        ".oga",
        ".ogg",
        ".opus",
        ".snd",
        ".wav",
        ".webm",
        ".wma",
    )
)


def find_files(
    paths: Iterable[str], suffixes: Collection[str], noun: str
) -> Iterator[tuple[str, str | None]]:
    """Yield (path, None) of every file to read, and (path, a sentence) of folders that give none.

    A folder gives its files with one of the suffixes, in the order of their names; hidden files and
    links to folders are left out. `noun` names such files in the sentence.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path, None
            continue
        errors: list[OSError] = []
        has_files = False
        for folder, subfolders, names in os.walk(path, onerror=errors.append):
            subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
            for name in sorted(names):
                if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                    has_files = True
                    yield os.path.join(folder, name), None
        for error in errors:
            yield error.filename, "The folder could not be opened: check that you may."
        if not (has_files or errors):
            yield path, f"There are no {noun} in this folder: choose another one."


def printable(path: str) -> str:
    """Convert a path to one line of printable text."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
