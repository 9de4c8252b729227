"""Custom moods on disk: each is one file, EARMARK_HOME/moods/<key>.safetensors, which is also its export.

The metadata, JSON under "about", holds the format, the name, the network's fingerprint and the time.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from genre.paths import home, write_atomic
from mood import EMOTIONS
from mood.emotion.custom_moods.learning import (
    MAX_MOOD_FRAMES,
    MIN_MOOD_FRAMES,
    N_VARIANTS,
    CustomMood,
    MoodError,
    require_network,
    validate_name,
)
from mood.emotion.recognizer import EmotionNetRecognizer

MAX_MOOD_BYTES = 2 << 20  # 60 frames are half a megabyte
MAX_MOODS = 50
MAX_EMBEDDING_SIZE = 4096
MAX_EMBEDDING_VALUE = 1e4
FORMAT = "earmark-mood-1"

_NOT_A_MOOD = "This file is not a custom mood: choose one that was exported here."


def moods_folder() -> Path:
    return home() / "moods"


def export_mood(mood: CustomMood) -> bytes:
    """Pack the mood as one file."""
    metadata = {"format": FORMAT, "name": mood.name, "network": mood.network, "created": mood.created}
    embeddings = np.ascontiguousarray(mood.embeddings, np.float32)
    return save({"embeddings": embeddings}, {"about": json.dumps(metadata)})


def save_mood(mood: CustomMood) -> CustomMood:
    """Save a new mood. Raises MoodError for a name that is taken; OSError where nothing can be written."""
    moods = list_moods()
    if len(moods) >= MAX_MOODS:
        raise MoodError(f"There are {MAX_MOODS} moods already: delete one first.")
    require_free_name(mood.name, moods)
    mood = replace(mood, key=secrets.token_hex(8))
    write_atomic(_path(mood.key), export_mood(mood))
    return mood


def import_mood(recognizer: EmotionNetRecognizer, content: bytes) -> CustomMood:
    """Check an exported file and save it. Raises MoodError."""
    mood = parse_mood(content)
    require_network(recognizer, [mood])
    return save_mood(mood)


def list_moods() -> list[CustomMood]:
    """List the saved moods, in order of their names; damaged files are left out."""
    moods = []
    for path in sorted(moods_folder().glob("*.safetensors")):
        try:
            if path == _path(path.stem) and path.stat().st_size <= MAX_MOOD_BYTES:
                moods.append(replace(parse_mood(path.read_bytes()), key=path.stem))
        except (MoodError, OSError):
            continue
    return sorted(moods, key=lambda mood: mood.name.casefold())


def rename_mood(key: str, name: str) -> CustomMood:
    """Rename a mood. Raises MoodError where it was deleted, and for a name that is taken or not valid."""
    moods = {mood.key: mood for mood in list_moods()}
    if key not in moods:
        raise MoodError("This mood is gone: choose another.")
    mood = replace(moods.pop(key), name=validate_name(name))
    require_free_name(mood.name, list(moods.values()))
    write_atomic(_path(key), export_mood(mood))
    return mood


def delete_mood(key: str) -> None:
    """Delete a mood; a mood that was deleted before is no error."""
    _path(key).unlink(missing_ok=True)


def parse_mood(content: bytes) -> CustomMood:
    """Parse an exported file -> the mood. Every value is checked. Raises MoodError."""
    if len(content) > MAX_MOOD_BYTES:
        raise MoodError(_NOT_A_MOOD)
    try:
        header_bytes = int.from_bytes(content[:8], "little")
        metadata = json.loads(json.loads(content[8 : 8 + header_bytes])["__metadata__"]["about"])
        tensors = load(content)
        name, network, created = metadata["name"], metadata["network"], float(metadata["created"])
        embeddings = tensors["embeddings"]
        is_valid = (
            metadata["format"] == FORMAT
            and set(tensors) == {"embeddings"}
            and isinstance(name, str)
            and validate_name(name) == name
            and isinstance(network, str)
            and re.fullmatch(r"[0-9a-f]{16}", network)
            and np.isfinite(created)
            and embeddings.dtype == np.float32
            and embeddings.ndim == 3
            and MIN_MOOD_FRAMES <= len(embeddings) <= MAX_MOOD_FRAMES
            and embeddings.shape[1] == N_VARIANTS
            and 1 <= embeddings.shape[2] <= MAX_EMBEDDING_SIZE
            and np.isfinite(embeddings).all()
            and np.abs(embeddings).max() < MAX_EMBEDDING_VALUE
        )
    except (SafetensorError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise MoodError(_NOT_A_MOOD) from error
    if not is_valid:
        raise MoodError(_NOT_A_MOOD)
    return CustomMood(name, embeddings, network, created)


def _path(key: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{16}", key):
        raise MoodError("This mood is gone: choose another.")
    return moods_folder() / f"{key}.safetensors"


def require_free_name(name: str, moods: Sequence[CustomMood]) -> None:
    """Raise MoodError where one of the moods, or an emotion, has this name."""
    name_key = name.casefold()
    if name_key in EMOTIONS and name != name_key:
        raise MoodError(
            f"There is an emotion called {name_key!r}: write it like that to put your own in its "
            "place, or choose another name."
        )
    if name_key in (mood.name.casefold() for mood in moods):
        raise MoodError(f"There is a mood called {name!r} already: choose another name, or delete that one.")
