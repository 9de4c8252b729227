"""Songs at addresses: paths of this machine, or of any file system that fsspec knows (s3://, gs://, file://)."""

import time
from dataclasses import replace
from pathlib import Path

from genre.audio.clip import MAX_BYTES
from genre.audio.decoders import AudioError
from genre.library.predictor import Predict
from genre.library.reading import (
    CHANGING,
    DAMAGED_FILE,
    EMPTY,
    GONE,
    PREDICTED,
    TOO_BIG,
    UNREADABLE,
    Job,
    Reading,
    content_hash,
    read_song,
)
from genre.library.tags import read_tags
from genre.paths import may_read

TRIES = 3  # of an address that a network does not give at once
BETWEEN_S = 1.0
NO_FILE_SYSTEM = "No package for this kind of address is installed: install the one that fsspec names for it."
SENTENCES = {
    GONE: "There is no such file, or its drive is away: check the address.",
    CHANGING: "The file changed while it was read: read it again later.",
    UNREADABLE: "The file could not be opened: check that it may be read.",
}


class AddressError(OSError):
    """An address that cannot be read; the message is a sentence."""


def is_remote(address: str) -> bool:
    """Whether an address is no path."""
    return "://" in address


def read_bytes(address: str) -> bytes:
    """Read the file at an address of fsspec. Raises AddressError, or AudioError for one that is too big."""
    import fsspec

    for attempt in range(TRIES):
        try:
            system, path = fsspec.url_to_fs(address)
            with system.open(path, "rb") as file:
                content = file.read(MAX_BYTES + 1)
            if len(content) > MAX_BYTES:
                raise AudioError(TOO_BIG)
            return content
        except FileNotFoundError as error:
            raise AddressError(SENTENCES[GONE]) from error
        except PermissionError as error:
            raise AddressError(SENTENCES[UNREADABLE]) from error
        except (ImportError, ValueError) as error:  # an unknown protocol, or a package that is missing
            raise AddressError(NO_FILE_SYSTEM) from error
        except Exception as error:  # each file system has its own
            if attempt == TRIES - 1:
                raise AddressError(
                    f"The file could not be fetched: {' '.join(str(error).split())[:150]}."
                ) from error
            time.sleep(BETWEEN_S)
    raise AssertionError("never")


def with_sentence(reading: Reading) -> Reading:
    """The reading, with a sentence for what became of the file where it has none."""
    return replace(reading, error=reading.error or SENTENCES.get(reading.outcome, ""))


def read_address(address: str, predict: Predict) -> Reading:
    """Read and predict the song at an address; as `read_song`, but that every failure has its sentence."""
    if not is_remote(address):
        if not may_read(Path(address)):
            return Reading(
                address, UNREADABLE, error="It lies outside EARMARK_MUSIC: choose a file inside it."
            )
        return with_sentence(read_song(Job(address), predict))
    try:
        content = read_bytes(address)
    except AddressError as error:
        return Reading(address, GONE, error=str(error))
    except AudioError as error:
        return Reading(address, DAMAGED_FILE, error=str(error))
    size, digest = len(content), content_hash(content)
    try:
        if not content:
            raise AudioError(EMPTY)
        return Reading(address, PREDICTED, size, 0, 0, digest, read_tags(content), predict(content))
    except AudioError as error:
        return Reading(address, DAMAGED_FILE, size, 0, 0, digest, read_tags(content), error=str(error))
