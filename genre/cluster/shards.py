"""Results of many songs as Parquet files: `part-00000.parquet` holds the first so many rows, and so on.

The folder is a path, or an address that fsspec knows. `songs.parquet` in it is the list of the songs, fixed
when the work begins; a part is written in one step when the last of its songs is there, and has their order.
So a part that is there is whole, and what was interrupted goes on with the parts that are missing.
"""

import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genre.library.reading import PREDICTED, Reading
from genre.paths import write_atomic
from genre.text import encodable

SONGS_A_SHARD = 512  # a driver that dies loses the work on some of them, a few minutes of one core
LIST = "songs.parquet"
COLUMNS = ("path", "address", "url", "file")  # names of a list's column of addresses, the best first

_VECTOR = pa.list_(pa.float32())
_NUMBERS = pa.map_(pa.string(), pa.float32())
SCAN_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("status", pa.string()),  # as of classify, or "error"
        ("error", pa.string()),
        ("genre", pa.string()),
        ("confident", pa.bool_()),
        ("familiar", pa.bool_()),
        ("duration_s", pa.float64()),
        ("tempo_bpm", pa.float64()),
        ("loudness_lufs", pa.float64()),
        ("title", pa.string()),
        ("artist", pa.string()),
        ("album", pa.string()),
        ("tag_genre", pa.string()),
        ("size", pa.int64()),  # bytes
        ("hash", pa.binary()),  # of the content, 16 bytes
        ("probabilities", _VECTOR),  # (10,) of the genres
        ("feelings", _VECTOR),  # (9,)
        ("tags", _VECTOR),  # (50,)
        ("embedding", _VECTOR),  # (250,) of length 1
    ]
)
CLASSIFY_SCHEMA = pa.schema(
    [
        ("path", pa.string()),
        ("error", pa.string()),
        ("duration_s", pa.float64()),
        ("status", pa.string()),
        ("genre", pa.string()),
        ("confident", pa.bool_()),
        ("familiar", pa.bool_()),
        ("probabilities", _NUMBERS),
        ("tags", _NUMBERS),
        ("emotions", _NUMBERS),
    ]
)


class ShardError(ValueError):
    """A list or a folder of parts that cannot be used; the message is a sentence."""


def read_list(address: str) -> list[str]:
    """Read the addresses of a Parquet list: its column `path`, or its only one. Raises ShardError."""
    try:
        system, path = fsspec.url_to_fs(address)
        with system.open(path, "rb") as file:
            table = pq.ParquetFile(file)
            names = table.schema_arrow.names
            column = next((name for name in COLUMNS if name in names), names[0] if len(names) == 1 else None)
            if column is None:
                raise ShardError(f"{address} has no column {COLUMNS[0]!r}: name its column of addresses so.")
            values = table.read([column]).column(0).to_pylist()
    except (OSError, ImportError, pa.ArrowException) as error:
        raise ShardError(f"{address} cannot be read as a Parquet list: check its name.") from error
    if any(not isinstance(value, str) or not value for value in values):
        raise ShardError(f"The column {column!r} of {address} holds something else than addresses.")
    return values


class ShardFolder:
    """A folder of parts."""

    def __init__(self, address: str, schema: pa.Schema, size: int = SONGS_A_SHARD) -> None:
        """Raises ShardError for an address of an unknown kind."""
        try:
            self._system, self._root = fsspec.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise ShardError(f"{address} is of no kind that fsspec knows here: name a folder.") from error
        self.address, self.schema, self.size = address, schema, size
        self.songs: list[str] = []

    def open(self, songs: Callable[[], Iterable[str]], key: str) -> None:
        """Fix the list of songs, or take up the one that is there. `key` is a hash of what the work is.

        Raises ShardError for a folder that holds other work, OSError.
        """
        about = {b"key": key.encode(), b"size": str(self.size).encode()}
        if self._system.exists(self._path(LIST)):
            with self._system.open(self._path(LIST), "rb") as file:
                table = pq.read_table(file)
            if (table.schema.metadata or {}).get(b"key") != key.encode():
                raise ShardError(
                    f"{self.address} holds the results of other songs or of another model: name "
                    "another folder."
                )
            self.size = int(table.schema.metadata[b"size"])
            self.songs = [os.fsdecode(song) for song in table.column("bytes").to_pylist()]
            return
        self.songs = list(songs())
        self._system.makedirs(self._root, exist_ok=True)
        columns = {
            "path": pa.array(map(encodable, self.songs), pa.string()),
            "bytes": pa.array(map(os.fsencode, self.songs), pa.binary()),  # names need not be UTF-8
        }
        table = pa.table(columns).replace_schema_metadata(about)
        self._write(LIST, table)

    def __len__(self) -> int:
        return -(-len(self.songs) // self.size)

    def song_indices(self, number: int) -> range:
        """The indices of the songs in a part."""
        return range(number * self.size, min((number + 1) * self.size, len(self.songs)))

    def missing_parts(self) -> list[int]:
        """The numbers of the parts that are not there, or not whole."""
        return [number for number in range(len(self)) if not self._is_whole(number)]

    def _is_whole(self, number: int) -> bool:
        try:
            with self._system.open(self._path(part_name(number)), "rb") as file:
                return pq.ParquetFile(file).metadata.num_rows == len(self.song_indices(number))
        except (OSError, pa.ArrowException):
            return False

    def write(self, number: int, rows: Sequence[dict[str, Any]]) -> None:
        """Write a part. Raises OSError."""
        self._write(part_name(number), pa.Table.from_pylist(list(rows), schema=self.schema))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Read the rows of all parts, in order."""
        for number in range(len(self)):
            with self._system.open(self._path(part_name(number)), "rb") as file:
                yield from pq.read_table(file).to_pylist()

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _write(self, name: str, table: pa.Table) -> None:
        content = io.BytesIO()
        pq.write_table(table, content, compression="zstd")
        if "file" in (self._system.protocol, *self._system.protocol):
            write_atomic(Path(self._path(name)), content.getvalue())
        else:
            self._system.pipe_file(self._path(name), content.getvalue())  # object stores replace in one step


def part_name(number: int) -> str:
    """The name of a part."""
    return f"part-{number:05d}.parquet"


def write_shards(
    folder: ShardFolder,
    read: Callable[[Iterator[str]], Iterator[tuple[int, dict[str, Any]]]],
    progress: Callable[[int, int], None] = lambda n_done, total: None,
) -> tuple[int, int]:
    """Fill the missing parts of an opened folder -> (songs that were read now, those with an error).

    `read` yields (position in what it was given, row), in any order, each position once. `progress` is called
    with the songs that are there, and all.
    """
    numbers = folder.missing_parts()
    indices_to_read = [index for number in numbers for index in folder.song_indices(number)]
    n_done = len(folder.songs) - len(indices_to_read)
    parts: dict[int, dict[int, dict[str, Any]]] = {}
    n_errors = 0
    progress(n_done, len(folder.songs))
    for position, row in read(folder.songs[index] for index in indices_to_read):
        index = indices_to_read[position]
        number = index // folder.size
        part = parts.setdefault(number, {})
        if index in part:
            raise AssertionError(f"The song {index} came twice.")
        part[index] = row
        n_errors += bool(row["error"])
        n_done += 1
        song_indices = folder.song_indices(number)
        if len(part) == len(song_indices):
            folder.write(number, [part[index] for index in song_indices])
            del parts[number]
        progress(n_done, len(folder.songs))
    return len(indices_to_read), n_errors


def scan_row(reading: Reading) -> dict[str, Any]:
    """Make the row of a song that was read; one without a prediction has its error."""
    tags, prediction = reading.tags, reading.prediction
    row: dict[str, Any] = {
        "path": encodable(reading.path),
        "status": "error",
        "error": reading.error,
        "title": tags.title,
        "artist": tags.artist,
        "album": tags.album,
        "tag_genre": tags.genre,
        "size": reading.size,
        "hash": reading.hash,
    }
    if reading.outcome != PREDICTED or prediction is None:
        return row | {"error": reading.error or "The song could not be read."}
    names = "status", "genre", "confident", "familiar", "duration_s", "tempo_bpm", "loudness_lufs"
    row |= {name: getattr(prediction, name) for name in names}
    vectors = ("probabilities", "feelings", "tags", "embedding")
    return row | {name: np.asarray(getattr(prediction, name), np.float32) for name in vectors}


def classify_row(path: str, result: dict[str, Any]) -> dict[str, Any]:
    """Make the row of what `classify --json` prints."""
    maps = {name: list((result.get(name) or {}).items()) for name in ("probabilities", "tags", "emotions")}
    plain = {name: result.get(name) for name in ("duration_s", "status", "genre", "confident", "familiar")}
    return {"path": encodable(path), "error": result.get("error", ""), **plain, **maps}
