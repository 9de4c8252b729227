"""The inputs of a training in one file, to be sent to another machine: EARMARK_HOME/cache/packed.

The file is NumPy's .npz without compression and without pickle: the arrays of `Examples`, a summary as JSON,
and the lists of tracks or artists that the split reads. Its name is a hash of its content, so that a machine
that has it needs it no second time. A process whose EARMARK_INPUTS names such a file trains on it.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from genre.cache import cache_folder, key_of
from genre.data.examples import DataError, Examples
from genre.paths import home, write_atomic
from genre.reading import MAX_LIST_BYTES, read_regular

INPUTS_VARIABLE = "EARMARK_INPUTS"
_NUMBERS = ("scale", "offset", "unit_db", "column_s")


def packed_path(key: str) -> Path:
    """The path of a packed file; it may be evicted as all results are (genre.cache)."""
    return cache_folder() / "packed" / key[:2] / key


def pack_inputs(examples: Examples, summary: dict[str, Any], lists: Sequence[str] = ()) -> str:
    """Pack examples, their summary and files of lists -> the key of the file. Raises OSError."""
    arrays = {"values": examples.values, "labels": examples.labels, "tracks": examples.tracks}
    for number, name in enumerate(lists):
        arrays[f"list-{number}"] = np.frombuffer(read_regular(Path(name), MAX_LIST_BYTES), np.uint8)
    about = {
        "genres": list(examples.genres),
        **{name: getattr(examples, name) for name in _NUMBERS},
        "summary": summary,
        "lists": list(lists),
    }
    digests = [_digest(array) for array in arrays.values()]
    key = key_of(about, digests)
    path = packed_path(key)
    if not path.exists():
        arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{os.getpid()}.0")
        try:
            with open(temporary, "wb") as file:
                np.savez(file, allow_pickle=False, **arrays)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    return key


def _digest(array: np.ndarray) -> str:
    digest = hashlib.blake2b(f"{array.dtype} {array.shape}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(array).view(np.uint8).data if array.size else b"")
    return digest.hexdigest()


def note_inputs(settings: dict[str, Any], key: str) -> None:
    """Note which packed file a training of these settings reads."""
    write_atomic(_note_path(settings), key)


def noted_inputs(settings: dict[str, Any]) -> str | None:
    """The key of the packed file that was noted for the settings; None where there is none any more."""
    try:
        key = _note_path(settings).read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    return key if key and packed_path(key).is_file() else None


def _note_path(settings: dict[str, Any]) -> Path:
    names = ("model", "data", "input", "split", "windows", "seconds", "artists")
    key = key_of(*(settings.get(name) for name in names))
    return cache_folder() / "packed-notes" / key[:2] / key


class PackedInputs:
    """The content of a packed file."""

    def __init__(self, path: Path) -> None:
        """Read the file. Raises DataError with a sentence for a damaged one."""
        try:
            with np.load(path, allow_pickle=False) as arrays:
                about = json.loads(arrays["about"].tobytes())
                self.summary: dict[str, Any] = about["summary"]
                numbers = {name: about[name] for name in _NUMBERS}
                values, labels, tracks = (arrays[name] for name in ("values", "labels", "tracks"))
                self.examples = Examples(values, labels, tracks, tuple(about["genres"]), **numbers)
                self._lists = {
                    name: arrays[f"list-{number}"].tobytes() for number, name in enumerate(about["lists"])
                }
        except (OSError, EOFError, BadZipFile, ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"The inputs in {path} are damaged: delete that file, and resume the run."
            ) from error

    def list_path(self, name: str) -> str:
        """The path of a file that holds the list called `name` where it was packed; others stay."""
        if name not in self._lists:
            return name
        path = home() / "lists" / key_of(name) / Path(name).name
        write_atomic(path, self._lists[name])
        return str(path)


def given_inputs() -> PackedInputs | None:
    """The inputs that EARMARK_INPUTS names; None where it is unset. Raises DataError."""
    path = os.environ.get(INPUTS_VARIABLE)
    return PackedInputs(Path(path)) if path else None
