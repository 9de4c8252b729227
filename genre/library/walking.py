"""The audio files below folders, wherever links lead and whatever cannot be opened.

Each real folder is entered once, so that links in a circle end; folders that are no links come first, so that
a file keeps the same path however many links lead to it. Names are any bytes: paths are str with
surrogateescape, as Python's os has them. Hidden files and folders are left out.
"""

import os
import stat
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from genre.audio.files import AUDIO_SUFFIXES
from genre.paths import may_read

MAX_DEPTH = 200  # folders inside one another; deeper is no music collection


@dataclass(frozen=True)
class FoundFile:
    """An audio file as the walk saw it."""

    path: str
    size: int  # bytes
    mtime_ns: int
    device: int  # number of the file system


@dataclass(frozen=True)
class Unreadable:
    """A folder that could not be listed, or a file that could not be looked at: what is below stays."""

    path: str
    reason: str  # a sentence


def walk(root: str) -> Iterator[FoundFile | Unreadable]:
    """Yield the audio files below a folder, and what could not be opened; never raises OSError."""
    entered: set[tuple[int, int]] = set()
    folders, links = deque([(root, 0)]), deque[tuple[str, int]]()
    while folders or links:
        folder, depth = folders.pop() if folders else links.popleft()
        try:
            status = os.stat(folder)
            if (status.st_dev, status.st_ino) in entered:
                continue
            entered.add((status.st_dev, status.st_ino))
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Unreadable(folder, f"The folder could not be opened: {_reason(error)}.")
            continue
        inside: list[tuple[str, int]] = []
        for entry in entries:
            if entry.name.startswith("."):
                continue
            try:
                kind = _kind(entry, root)
                if kind == "folder" and depth < MAX_DEPTH:
                    (links if entry.is_symlink() else inside).append((entry.path, depth + 1))
                elif kind == "file" and os.path.splitext(entry.name)[1].lower() in AUDIO_SUFFIXES:
                    status = entry.stat()
                    yield FoundFile(entry.path, status.st_size, status.st_mtime_ns, status.st_dev)
            except OSError as error:
                yield Unreadable(entry.path, f"The file could not be looked at: {_reason(error)}.")
        folders.extend(reversed(inside))


def _kind(entry: "os.DirEntry[str]", root: str) -> str:
    """Tell what an entry is, its link followed: "folder", "file" or "" for all else.

    A link that leads out of EARMARK_MUSIC, where that is set, or nowhere, is nothing, and so is one to a file
    below the root, which is found where it lies.
    """
    if entry.is_symlink():
        if not may_read(Path(entry.path)):
            return ""
        try:
            mode = os.stat(entry.path).st_mode
        except OSError:  # it leads nowhere, or in a circle
            return ""
        if stat.S_ISREG(mode):
            is_inside = Path(entry.path).resolve().is_relative_to(Path(root).resolve())
            return "" if is_inside else "file"
        return "folder" if stat.S_ISDIR(mode) else ""
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else ""  # a pipe might never end


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
