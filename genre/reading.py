"""Safe reading of files that people name or may have changed, and of any JSON.

A pipe or a device might never end, a file might be larger than the memory, and JSON that is nested a hundred
thousand levels deep crashes an ordinary reader. So only regular files of a bounded size are read.
"""

import json
import os
import stat
from pathlib import Path
from typing import Any

MAX_JSON_BYTES = 64 << 20  # size of a report with the predictions of 500,000 tracks
MAX_NUMBER = 1e15  # largest number in a report or a run; larger ones are damage, and no table could show them
MAX_LIST_BYTES = 16 << 20  # size of a list of names, a line each
MAX_DEPTH = 40  # levels of JSON; our own files have six


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Read a regular file. Raises OSError, with a sentence for any other file and for a larger one."""
    try:
        # Without O_NONBLOCK, opening a pipe waits until a process writes to it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError as error:  # the name holds a NUL
        raise OSError(f"{str(path)[:80]!r} is no file's name: check it.") from error
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is not a file that can be read: choose another one.")
        content = file.read(max_bytes + 1) if status.st_size <= max_bytes else b""
    if status.st_size > max_bytes or len(content) > max_bytes:  # it may have grown, or lie in /proc
        raise OSError(f"{path} is larger than {max_bytes / 1e6:.0f} MB: choose another one.")
    return content


def read_text(path: Path, max_bytes: int) -> str:
    """Read text by `read_regular`. Raises also UnicodeDecodeError, for other bytes than UTF-8."""
    return read_regular(path, max_bytes).decode("utf-8-sig")


def read_json(path: Path, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Read JSON by `read_regular`. Raises also the ValueError of `parse_json`."""
    return parse_json(read_regular(path, max_bytes))


def parse_json(content: bytes | str) -> Any:
    """Parse JSON as plain values.

    Raises ValueError for other content, for JSON that is nested deeper than MAX_DEPTH, and for text that
    cannot be encoded again (one half of a surrogate pair).
    """
    try:
        value = json.loads(content)
    except RecursionError as error:
        raise ValueError("It is nested too deep.") from error
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for part in level for item in _items(part)]
        if not level:
            break
    else:
        raise ValueError("It is nested too deep.")
    if (b"\\ud" if isinstance(content, bytes) else "\\ud") in content:  # type: ignore[operator]
        json.dumps(value, ensure_ascii=False).encode()
    return value


def _items(part: Any) -> Any:
    if isinstance(part, dict):
        return part.values()
    return part if isinstance(part, list) else ()
