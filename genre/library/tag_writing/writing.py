"""Genre and mood written into music files, on request only, and taken back.

    plan = plan_tags(library, songs)      what would change, file by file: nothing is written
    apply_tags(index, plan)               written
    restore_tags(index)                   as it was before Earmark wrote

The genre is written where it is a confident prediction, the mood where feelings stand out. A file is copied,
the copy is changed, its packets of audio are compared with the original's, and only then it takes the
original's place in one step. What the two fields held before lies in the index, and survives `forget`.
"""

import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av

from genre.errors import DISK_FULL
from genre.library.index import Index, database_errors
from genre.library.reading import file_hash
from genre.library.search import Library, Song
from genre.library.tag_writing.fields import FIELDS, TagError, get_field, open_file, save, set_field
from genre.library.tags import clean
from genre.paths import may_read
from genre.text import FEELING_WORDS, genre_name

Values = dict[str, list[str]]  # of FIELDS


@dataclass(frozen=True)
class TagChange:
    """What would be written into a file, or the reason why nothing can be."""

    path: str
    before: Values
    after: Values
    error: str = ""  # a sentence


def plan_tags(library: Library, songs: Iterable[Song]) -> Iterator[TagChange]:
    """Yield what would be written into each song's file; those that would not change are left out."""
    for song in songs:
        wanted: Values = {}
        if song.confident and song.genre:
            wanted["genre"] = [genre_name(song.genre).title()]
        position = library.position(song.id)
        if position is not None and (feelings := library.strongest_feelings(position)):
            wanted["mood"] = [FEELING_WORDS[name].capitalize() for name in feelings]
        if not wanted:
            continue
        try:
            tags = open_file(_real_path(song.path)).tags
            before = {field: get_field(tags, field) for field in FIELDS}
        except TagError as error:
            yield TagChange(song.path, {}, wanted, str(error))
            continue
        after = before | wanted
        if after != before:
            yield TagChange(song.path, before, after)


def apply_tags(index: Index, changes: Iterable[TagChange]) -> Iterator[TagChange]:
    """Write each change, and yield it as it was done: with an error where it could not be.

    Raises OSError for a full disk; what was written until then stays.
    """
    for change in changes:
        if change.error:
            yield change
            continue
        try:
            _check_unchanged(index, change.path)
            _note_original(index, change)
            _replace(index, change.path, change.after, keep_tags=True)
            yield change
        except TagError as error:
            yield TagChange(change.path, change.before, change.after, str(error))


def restore_tags(index: Index, apply: bool = True) -> Iterator[TagChange]:
    """Put back what genre and mood were, in every file that Earmark wrote to; yields each.

    A file whose tags somebody has changed since then stays as it is. With `apply` off nothing is written.
    """
    with database_errors():
        rows = index.db.execute("SELECT path, hash, before, written FROM originals ORDER BY path").fetchall()
    for key, digest, before_text, written_text in rows:
        before, written = json.loads(before_text), json.loads(written_text)
        values: Values = {field: before[field] for field in FIELDS}
        path = _present_path(index, key, digest)
        try:
            if path is None:
                raise TagError("The file is not where it was: scan its folder, then restore again.")
            tags = open_file(_real_path(path)).tags
            now = {field: get_field(tags, field) for field in FIELDS}
            if now not in (written, values):
                raise TagError("Its tags were changed since: they stay as they are.")
            if now != values and apply:
                _replace(index, path, values, keep_tags=before["had_tags"])
            if apply:
                with index.transaction():
                    index.db.execute("DELETE FROM originals WHERE path = ?", (key,))
            yield TagChange(path, now, values)
        except TagError as error:
            yield TagChange(path or os.fsdecode(key), written, values, str(error))


def _check_unchanged(index: Index, path: str) -> None:
    entry = index.entry(path)
    try:
        status = os.stat(path)
    except OSError as error:
        raise TagError("The file is gone: scan its folder again.") from error
    if entry is None or (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns):
        raise TagError("The file has changed since the scan: scan its folder again.")


def _note_original(index: Index, change: TagChange) -> None:
    """Store what a file's fields held before the first change, before anything is written."""
    had_tags = has_tags(_real_path(change.path))
    before = json.dumps(change.before | {"had_tags": had_tags})
    with index.transaction():
        index.db.execute(
            "INSERT INTO originals VALUES (?, x'', ?, ?) "
            "ON CONFLICT (path) DO UPDATE SET written = excluded.written",
            (os.fsencode(change.path), before, json.dumps(change.after)),
        )


def has_tags(path: str) -> bool:
    """Whether a file has any tag at all."""
    import mutagen

    with suppress(Exception):  # a file whose tags are damaged was refused before
        file = mutagen.File(path)
        return file is not None and bool(file.tags)
    return False


def _replace(index: Index, path: str, values: Values, keep_tags: bool) -> None:
    """Write the fields of a file: a copy is changed, compared, put in its place. Raises TagError, OSError."""
    target = Path(_real_path(path))
    copy = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        kind = type(open_file(str(target)))
        shutil.copy2(target, copy)
        _write_fields(str(copy), kind, values, keep_tags)
        if audio_hash(str(copy)) != audio_hash(str(target)):
            raise TagError("Writing would change the sound of this file: it stays as it is.")
        with open(copy, "rb") as file:
            os.fsync(file.fileno())
        status = target.stat()
        with suppress(PermissionError):
            os.chown(copy, status.st_uid, status.st_gid)
        copy.replace(target)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise TagError(f"The file cannot be written: {(error.strerror or str(error)).lower()}.") from error
    finally:
        with suppress(OSError):
            copy.unlink(missing_ok=True)
    _update_row(index, path, values)


def _write_fields(path: str, kind: type, values: Values, keep_tags: bool) -> None:
    file: Any = open_file(path, kind)
    for field, texts in values.items():
        set_field(file.tags, field, texts)
    try:
        if not keep_tags and not list(file.tags):
            file.delete(path)
        else:
            save(file, path)
    except OSError:
        raise
    except Exception as error:  # mutagen raises a dozen kinds
        if isinstance(error.__cause__ or error.__context__, OSError):
            raise (error.__cause__ or error.__context__) from error  # type: ignore[misc]
        raise TagError("The tags of this file cannot be written: it stays as it is.") from error


def audio_hash(path: str) -> bytes:
    """Hash the packets of the first audio track, without decoding. Raises TagError."""
    digest = hashlib.blake2b(digest_size=16)
    try:
        with av.open(path) as container:
            for packet in container.demux(container.streams.audio[0]):
                digest.update(bytes(packet))
    except Exception as error:  # any bytes come here, and PyAV raises a dozen kinds
        raise TagError("The sound of this file cannot be compared: it stays as it is.") from error
    return digest.digest()


def _update_row(index: Index, path: str, values: Values) -> None:
    """Let the index know the file as it is now, so that the next scan need not read it."""
    status, digest, key = os.stat(path), file_hash(path), os.fsencode(path)
    with index.transaction():
        index.db.execute(
            "UPDATE songs SET size = ?, mtime_ns = ?, hash = ?, tag_genre = ? WHERE path = ?",
            (status.st_size, status.st_mtime_ns, digest, clean(", ".join(values["genre"])), key),
        )
        index.db.execute("UPDATE originals SET hash = ? WHERE path = ?", (digest, key))


def _present_path(index: Index, key: bytes, digest: bytes) -> str | None:
    """Where a file lies that was written to: its path, or that of a song with its content."""
    if os.path.isfile(path := os.fsdecode(key)):
        return path
    row = index.db.execute("SELECT path FROM songs WHERE hash = ?", (digest,)).fetchone() if digest else None
    return os.fsdecode(row[0]) if row else None


def _real_path(path: str) -> str:
    """The file behind links. Raises TagError where it lies outside EARMARK_MUSIC."""
    if not may_read(Path(path)):
        raise TagError("The file lies outside EARMARK_MUSIC.")
    return os.path.realpath(path)
