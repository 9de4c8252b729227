"""One song read in a process of a scan: its hash, its tags, and its prediction unless that is known already.

A file is read once, from a disk that may be slow or far away. The hash tells a moved or copied song from a
new one. It is of the whole content up to WHOLE_BYTES; of a larger file it is of its length and 16 blocks of a
mebibyte spread over it, since reading a gigabyte takes longer than predicting it.
"""

import hashlib
import os
import signal
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from genre.audio.clip import MAX_BYTES
from genre.audio.decoders import AudioError
from genre.cache import end_with_parent
from genre.library.predictor import Predict, Predictor, SongPrediction
from genre.library.tags import SongTags, read_tags

WHOLE_BYTES = 64 << 20  # a larger file is not held in memory
BLOCKS, BLOCK_BYTES = 16, 1 << 20
TOO_BIG = "The file is larger than 1 GiB: cut out a part or save it as MP3, then scan it again."
EMPTY = "The file is empty: copy or record it again, then scan it again."

# What became of a file.
PREDICTED, KNOWN_SONG, DAMAGED_FILE, CHANGING, GONE, UNREADABLE = (
    "predicted",
    "known",
    "damaged",
    "changing",
    "gone",
    "refused",
)


@dataclass(frozen=True)
class Job:
    """A file to read, and the hashes of songs of the same size that are predicted already."""

    path: str
    known_hashes: frozenset[bytes] = frozenset()


@dataclass(frozen=True)
class Reading:
    """What became of a file.

    PREDICTED has a prediction; KNOWN_SONG has none, since one of the known hashes is its own. DAMAGED_FILE
    has a sentence. Nothing may be concluded from CHANGING (it changed while it was read), GONE (the drive
    or the file went away) and UNREADABLE (no permission).
    """

    path: str
    outcome: str
    size: int = 0
    mtime_ns: int = 0
    device: int = 0
    hash: bytes = b""
    tags: SongTags = field(default_factory=SongTags)
    prediction: SongPrediction | None = None
    error: str = ""


def read_song(job: Job, predict: Predict) -> Reading:
    """Read and predict one file. It never raises for what is in the file or where it lies."""
    for _ in range(2):  # a file that is being written may be complete the second time
        reading = _read_once(job, predict)
        if reading.outcome != CHANGING:
            break
    return reading


def _read_once(job: Job, predict: Predict) -> Reading:
    try:
        descriptor = os.open(job.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return Reading(
            job.path, UNREADABLE, error="The file could not be opened: check that you may read it."
        )
    except (OSError, ValueError):
        return Reading(job.path, GONE)
    try:
        with open(descriptor, "rb") as file:
            before = os.fstat(descriptor)
            if not stat.S_ISREG(before.st_mode):
                return Reading(job.path, GONE)
            content = file.read(WHOLE_BYTES + 1) if before.st_size <= WHOLE_BYTES else None
            digest = content_hash(content) if content is not None else _hash_blocks(file, before.st_size)
        is_known = digest in job.known_hashes
        source = Path(job.path) if content is None else content
        tags, prediction, error = read_tags(source), None, ""
        if not is_known:
            try:
                if not 0 < before.st_size <= MAX_BYTES:
                    raise AudioError(TOO_BIG if before.st_size else EMPTY)
                prediction = predict(source)
            except AudioError as damage:
                error = str(damage)
        after = os.stat(job.path)
    except OSError:  # the drive went away
        return Reading(job.path, GONE)
    identity = before.st_size, before.st_mtime_ns, before.st_dev
    if (after.st_size, after.st_mtime_ns, after.st_dev) != identity:
        return Reading(job.path, CHANGING)
    outcome = DAMAGED_FILE if error else KNOWN_SONG if is_known else PREDICTED
    return Reading(job.path, outcome, *identity, digest, tags, prediction, error)


def content_hash(content: bytes) -> bytes:
    """Hash a file's whole content: (16,) bytes."""
    return hashlib.blake2b(content, digest_size=16).digest()


def file_hash(path: str) -> bytes:
    """Hash a file as a scan does. Raises OSError."""
    size = os.stat(path).st_size
    with open(path, "rb") as file:
        return content_hash(file.read()) if size <= WHOLE_BYTES else _hash_blocks(file, size)


def _hash_blocks(file: BinaryIO, size: int) -> bytes:
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    for number in range(BLOCKS):
        file.seek((size - BLOCK_BYTES) * number // (BLOCKS - 1))
        digest.update(file.read(BLOCK_BYTES))
    return digest.digest()


_predict: Predict | None = None  # of this process


def start_process(predictor: Predictor) -> None:
    """Prepare a process of a scan: it loads the model, ends with its parent, and leaves Ctrl+C to it."""
    global _predict
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    _predict = predictor.load()


def read_in_process(job: Job) -> Reading:
    """Read one file in a process that `start_process` prepared."""
    assert _predict is not None
    return read_song(job, _predict)
