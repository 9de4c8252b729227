"""The files that somebody means on a command line or in a folder: files as they are, folders searched."""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

AUDIO_SUFFIXES = frozenset(
    (".aac", ".aif", ".aiff", ".au", ".caf", ".flac", ".m4a", ".m4b", ".mka", ".mov", ".mp3", ".mp4",
     ".oga", ".ogg", ".opus", ".snd", ".wav", ".webm", ".wma")
)  # fmt: skip


def find_files(
    paths: Iterable[str], suffixes: Collection[str], what: str
) -> Iterator[tuple[str, str | None]]:
    """Yield (path, None) of every file to read, and (path, a sentence) of folders that give none.

    Of a folder the files with one of the suffixes count, in the order of their names; hidden files and
    links to folders are left out. `what` names such files in the sentence.
    """
    for path in paths:
        if not os.path.isdir(path):
            yield path, None
            continue
        refused: list[OSError] = []
        found = False
        for folder, inner, names in os.walk(path, onerror=refused.append):
            inner[:] = sorted(name for name in inner if not name.startswith("."))
            for name in sorted(names):
                if Path(name).suffix.lower() in suffixes and not name.startswith("."):
                    found = True
                    yield os.path.join(folder, name), None
        for error in refused:
            yield error.filename, "The folder could not be opened: check that you may."
        if not (found or refused):
            yield path, f"There are no {what} in this folder: choose another one."


def printable(path: str) -> str:
    """A path on one line, whatever is in it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in path)
