"""The index of a library: one SQLite file, EARMARK_HOME/library/index.sqlite3.

A row a song in `songs`, and a row in `vectors` with its probabilities, feelings, tags and embedding as blobs
of little-endian float16. Blobs rather than a memory-mapped array beside the database: a song and its vector
are then written in one transaction, and no kill, full disk or power cut can leave them out of step. A search
wants the matrix in memory anyway; of 100,000 songs it takes two seconds to load, once. Write-ahead logging
lets pages read while a scan writes. Each song is committed as soon as it is there.

Paths are stored as the bytes of the file system (os.fsencode), since names need not be UTF-8.
"""

import errno
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from genre.audio.clip import display_name
from genre.library.predictor import SongPrediction
from genre.paths import home
from genre.text import encodable

if TYPE_CHECKING:
    from genre.library.reading import Reading

SCHEMA_VERSION = 1
BUSY_S = 30.0  # patience with another process that writes
MAX_SAME_TIME, MAX_SAME_SIZE = 1000, 50  # songs whose content a new file is compared with
ERROR = "error"  # status of a song that could not be read

_SCHEMA = """
CREATE TABLE folders (path BLOB PRIMARY KEY, added REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE songs (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, device INTEGER NOT NULL, hash BLOB NOT NULL,
    predictor TEXT NOT NULL, status TEXT NOT NULL, error TEXT NOT NULL,
    genre TEXT, confident INTEGER NOT NULL, familiar INTEGER NOT NULL,
    duration_s REAL NOT NULL, tempo_bpm REAL, loudness_lufs REAL,
    title TEXT NOT NULL, artist TEXT NOT NULL, album TEXT NOT NULL, tag_genre TEXT NOT NULL,
    has_cover INTEGER NOT NULL,
    x REAL, y REAL
);
CREATE INDEX songs_by_size ON songs (size, mtime_ns);
CREATE INDEX songs_by_hash ON songs (hash);
CREATE TABLE vectors (
    song INTEGER PRIMARY KEY REFERENCES songs (id) ON DELETE CASCADE,
    probabilities BLOB NOT NULL, feelings BLOB NOT NULL, tags BLOB NOT NULL, embedding BLOB NOT NULL
);
CREATE TABLE originals (
    path BLOB PRIMARY KEY, hash BLOB NOT NULL, before TEXT NOT NULL, written TEXT NOT NULL
) WITHOUT ROWID;
"""
_COLUMNS = (
    "path, size, mtime_ns, device, hash, predictor, status, error, genre, confident, familiar, duration_s, "
    "tempo_bpm, loudness_lufs, title, artist, album, tag_genre, has_cover"
)
_CONTENT = _COLUMNS.split(", ")


def index_version() -> tuple[int, ...]:
    """A number that changes with the songs, without opening the index; () where there is none."""
    try:
        files = [index_path(), index_path().with_name(index_path().name + "-wal")]
        statuses = [file.stat() for file in files if file.exists()]
    except OSError:
        return ()
    return tuple(number for status in statuses for number in (status.st_mtime_ns, status.st_size))


def index_size() -> int:
    """The bytes of the index."""
    return sum(index_version()[1::2])


class LibraryError(OSError):
    """The index cannot be used; the message is a sentence with the next step."""


@dataclass(frozen=True)
class Entry:
    """What a scan compares with a file on disk."""

    id: int
    size: int
    mtime_ns: int
    predictor: str
    status: str


def library_folder() -> Path:
    """The folder of the library: EARMARK_HOME/library."""
    return home() / "library"


def index_path() -> Path:
    return library_folder() / "index.sqlite3"


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn SQLite's errors into LibraryError, and a full disk into the OSError that it is."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error).lower()
        if "full" in text:
            raise OSError(errno.ENOSPC, "No space left on device", str(index_path())) from error
        if "locked" in text or "busy" in text:
            raise LibraryError("Another program is writing to the library: try again in a minute.") from error
        if "readonly" in text or "unable to open" in text:
            raise LibraryError(
                f"The library in {library_folder()} cannot be written: check that you may."
            ) from error
        raise LibraryError(
            f"The library's index is damaged: move {index_path()} away, and scan your folders again."
        ) from error


class Index:
    """An open index. It belongs to one thread; several processes may have it open."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the index, creating it where there is none. Raises LibraryError or OSError."""
        path = path or index_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with database_errors():
            self.db = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)
            try:
                self.db.execute("PRAGMA journal_mode = WAL")
                self.db.execute("PRAGMA synchronous = NORMAL")
                self.db.execute("PRAGMA foreign_keys = ON")
                self._create()
            except BaseException:
                self.db.close()
                raise

    def _create(self) -> None:
        with self.transaction():
            version = self.db.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _SCHEMA.split(";"):
                    self.db.execute(statement)
                self.db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            elif version != SCHEMA_VERSION:
                raise LibraryError(
                    f"The library's index is of another version of Earmark: move {index_path()} away, and "
                    "scan your folders again."
                )

    def close(self) -> None:
        self.db.close()

    def __enter__(self) -> "Index":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Let all that happens inside be written together, or not at all. Raises LibraryError or OSError."""
        with database_errors():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    def add_folder(self, path: str, now: float) -> None:
        """Remember a folder that was scanned."""
        with self.transaction():
            self.db.execute("INSERT OR IGNORE INTO folders VALUES (?, ?)", (os.fsencode(path), now))

    def folders(self) -> list[str]:
        """The folders that were scanned, in order."""
        with database_errors():
            rows = self.db.execute("SELECT path FROM folders ORDER BY path").fetchall()
        return [os.fsdecode(path) for (path,) in rows]

    def entry(self, path: str) -> Entry | None:
        """What is known of a path."""
        row = self.db.execute(
            "SELECT id, size, mtime_ns, predictor, status FROM songs WHERE path = ?", (os.fsencode(path),)
        ).fetchone()
        return Entry(*row) if row else None

    def hashes_like(self, size: int, mtime_ns: int, predictor: str) -> frozenset[bytes]:
        """The hashes of predicted songs that a file of this size and time may be moved or copied from.

        A moved file keeps its time. A copy may not: of songs of the same size alone, MAX_SAME_SIZE are
        considered, since thousands of takes of one length would make the search as slow as a prediction.
        """
        query = "SELECT hash FROM songs WHERE size = ? {} AND predictor = ? AND status != ? LIMIT ?"
        same = self.db.execute(
            query.format("AND mtime_ns = ?"), (size, mtime_ns, predictor, ERROR, MAX_SAME_TIME)
        ).fetchall()
        others = self.db.execute(query.format(""), (size, predictor, ERROR, MAX_SAME_SIZE)).fetchall()
        return frozenset(digest for (digest,) in same + others)

    def put(self, reading: "Reading", predictor: str) -> None:
        """Store what became of a file, in place of what was known of its path.

        A known song takes the prediction of another one with its hash; LookupError where there is none now.
        """
        prediction = reading.prediction or SongPrediction(ERROR, 0.0)
        row: dict[str, object] = _row(reading, prediction, predictor)
        vectors = None
        with self.transaction():
            if reading.prediction is not None:
                parts = prediction.probabilities, prediction.feelings, prediction.tags, prediction.embedding
                vectors = [part.astype("<f2").tobytes() for part in parts]
            elif not reading.error:
                vectors = self._copy_prediction(row, reading.hash, predictor)
            old = self.db.execute(
                "SELECT id, hash, x, y FROM songs WHERE path = ?", (row["path"],)
            ).fetchone()
            if old and old[1] == reading.hash:
                row |= {"x": old[2], "y": old[3]}
            columns = ", ".join(row)
            marks = ", ".join("?" * len(row))
            if old:
                self.db.execute("DELETE FROM songs WHERE id = ?", (old[0],))
                columns, marks, row = f"id, {columns}", f"?, {marks}", {"id": old[0], **row}
            cursor = self.db.execute(f"INSERT INTO songs ({columns}) VALUES ({marks})", tuple(row.values()))
            if vectors and vectors[3]:
                self.db.execute("INSERT INTO vectors VALUES (?, ?, ?, ?, ?)", (cursor.lastrowid, *vectors))

    def _copy_prediction(self, row: dict[str, object], digest: bytes, predictor: str) -> list[bytes] | None:
        names = (
            "status",
            "genre",
            "confident",
            "familiar",
            "duration_s",
            "tempo_bpm",
            "loudness_lufs",
            "x",
            "y",
        )
        original = self.db.execute(
            f"SELECT id, {', '.join(names)} FROM songs WHERE hash = ? AND predictor = ? AND status != ?",
            (digest, predictor, ERROR),
        ).fetchone()
        if original is None:
            raise LookupError("The song that this one is a copy of is gone.")
        row |= dict(zip(names, original[1:], strict=True))
        vectors = self.db.execute(
            "SELECT probabilities, feelings, tags, embedding FROM vectors WHERE song = ?", (original[0],)
        ).fetchone()
        return list(vectors) if vectors else None

    def update_device(self, id_: int, device: int) -> None:
        """Note the file system on which a song was seen."""
        self.db.execute("UPDATE songs SET device = ? WHERE id = ? AND device != ?", (device, id_, device))

    def delete(self, ids: Iterable[int]) -> None:
        """Delete songs."""
        with self.transaction():
            self.db.executemany("DELETE FROM songs WHERE id = ?", [(id_,) for id_ in ids])

    def forget(self, folder: str) -> int:
        """Forget a folder and the songs below it; the files stay -> the number of songs.

        What tags they had before Earmark wrote to them stays known.
        """
        low, high = below(folder)
        with self.transaction():
            path = os.fsencode(folder)
            self.db.execute(
                "DELETE FROM folders WHERE path = ? OR (path >= ? AND path < ?)", (path, low, high)
            )
            condition = "path = ? OR (path >= ? AND path < ?)"
            return self.db.execute(f"DELETE FROM songs WHERE {condition}", (path, low, high)).rowcount

    def counts(self) -> dict[str, int]:
        """The number of songs by status."""
        with database_errors():
            return dict(self.db.execute("SELECT status, COUNT(*) FROM songs GROUP BY status").fetchall())

    def count_below(self, folder: str) -> int:
        """The number of songs below a folder."""
        with database_errors():
            return self.db.execute(
                "SELECT COUNT(*) FROM songs WHERE path >= ? AND path < ?", below(folder)
            ).fetchone()[0]

    def genre_counts(self) -> dict[str, int]:
        """The number of songs by genre; files without music have none."""
        with database_errors():
            return dict(
                self.db.execute(
                    "SELECT genre, COUNT(*) FROM songs WHERE genre IS NOT NULL GROUP BY genre"
                ).fetchall()
            )

    def latest_songs(self, count: int) -> list[tuple[int, str, str]]:
        """The songs that were read last, the very last one first: (id, name, genre)."""
        with database_errors():
            rows = self.db.execute(
                "SELECT id, title, artist, path, genre FROM songs WHERE genre IS NOT NULL "
                "ORDER BY id DESC LIMIT ?",
                (count,),
            ).fetchall()
        return [
            (id_, song_name(title, artist, os.fsdecode(path)), genre)
            for id_, title, artist, path, genre in rows
        ]

    def has_map(self) -> bool:
        """Whether any song has a place on the map."""
        with database_errors():
            return bool(
                self.db.execute("SELECT EXISTS (SELECT 1 FROM songs WHERE x IS NOT NULL)").fetchone()[0]
            )

    def lacks_places(self) -> bool:
        """Whether any song still has no place on the map, since the scan that read it was killed."""
        with database_errors():
            songs = "SELECT 1 FROM songs JOIN vectors ON song = id WHERE x IS NULL"
            return bool(self.db.execute(f"SELECT EXISTS ({songs})").fetchone()[0])

    def content(self) -> list[tuple]:
        """All songs with their vectors, ordered by path, without what depends on the order of scans."""
        with database_errors():
            return self.db.execute(
                f"SELECT {_COLUMNS}, probabilities, feelings, tags, embedding FROM songs "
                "LEFT JOIN vectors ON song = id ORDER BY path"
            ).fetchall()

    def set_map(self, ids: Iterable[int], points: np.ndarray) -> None:
        """Store where songs lie on the map: points (n, 2)."""
        rows = [(float(x), float(y), id_) for id_, (x, y) in zip(ids, points, strict=True)]
        with self.transaction():
            self.db.executemany("UPDATE songs SET x = ?, y = ? WHERE id = ?", rows)


def song_name(title: str, artist: str, path: str) -> str:
    """What to call a song: its title and artist, else its file's name in words, without the ending."""
    if title:
        return f"{title}, {artist}" if artist else title
    stem = encodable(os.path.splitext(os.path.basename(path))[0])
    return " ".join(display_name(stem.replace("_", " ")).split()) or "unnamed"


def below(folder: str) -> tuple[bytes, bytes]:
    """The range of paths below a folder: from the first, to before the second."""
    prefix = os.fsencode(folder).rstrip(b"/") + b"/"
    return prefix, prefix[:-1] + b"0"  # the byte after "/"


def _row(reading: "Reading", prediction: SongPrediction, predictor: str) -> dict[str, object]:
    tags = reading.tags
    values = (
        os.fsencode(reading.path),
        reading.size,
        reading.mtime_ns,
        reading.device,
        reading.hash,
        predictor,
        prediction.status,
        reading.error,
        prediction.genre,
        prediction.confident,
        prediction.familiar,
        prediction.duration_s,
        prediction.tempo_bpm,
        prediction.loudness_lufs,
        tags.title,
        tags.artist,
        tags.album,
        tags.genre,
        tags.has_cover,
    )
    return dict(zip(_CONTENT, values, strict=True))
