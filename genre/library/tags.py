"""The tags that a music file has already: title, artist, album, genre and cover, read with mutagen.

Whatever mutagen makes of a damaged tag, nothing is raised: such a file has no tags. Texts are put on one line
and bounded, since they come from anywhere and go onto pages.
"""

import io
import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen

MAX_TEXT_CHARS = 200
MAX_COVER_BYTES = 8 << 20
# Keys by what they hold: mutagen's easy names, ID3 frames, MP4 atoms, ASF attributes.
TITLE = ("title", "TIT2", "\xa9nam", "Title")
ARTIST = ("artist", "TPE1", "\xa9ART", "Author")
ALBUM = ("album", "TALB", "\xa9alb", "WM/AlbumTitle")
GENRE = ("genre", "TCON", "\xa9gen", "WM/Genre")


@dataclass(frozen=True)
class SongTags:
    """The tags of a song; what it lacks is empty."""

    title: str = ""
    artist: str = ""
    album: str = ""
    genre: str = ""
    has_cover: bool = False


def read_tags(source: bytes | Path) -> SongTags:
    """Read the tags of a file's bytes, or of a path. It never raises for what is in the file."""
    try:
        file = mutagen.File(io.BytesIO(source) if isinstance(source, bytes) else os.fspath(source))
    except Exception:  # mutagen raises a dozen kinds for damaged tags
        return SongTags()
    if file is None or file.tags is None:
        return SongTags()
    try:
        return SongTags(
            _text(file.tags, TITLE),
            _text(file.tags, ARTIST),
            _text(file.tags, ALBUM),
            _text(file.tags, GENRE),
            _cover(file) is not None,
        )
    except Exception:  # a frame may be of another type than its name promises
        return SongTags()


def read_cover(path: Path) -> bytes | None:
    """Read the picture in a file; None where it has none, or one larger than MAX_COVER_BYTES."""
    try:
        file = mutagen.File(os.fspath(path))
        picture = _cover(file) if file is not None else None
    except Exception:  # mutagen raises a dozen kinds for damaged tags
        return None
    return picture if picture and len(picture) <= MAX_COVER_BYTES else None


def clean(text: object) -> str:
    """Put a tag's text on one line of at most MAX_TEXT_CHARS that can be written and shown."""
    characters = " ".join(str(text)[: 4 * MAX_TEXT_CHARS].split())
    return "".join(c for c in characters if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))[
        :MAX_TEXT_CHARS
    ].strip()


def _text(tags: Any, keys: Iterable[str]) -> str:
    for key in keys:
        try:
            value = tags[key]
        except (KeyError, ValueError):
            continue
        values = getattr(value, "text", value)
        values = values if isinstance(values, list) else [values]
        if text := clean(", ".join(str(getattr(part, "value", part)) for part in values[:8])):
            return text
    return ""


def _cover(file: Any) -> bytes | None:
    """The first picture of a file, whatever its kind of tag."""
    if pictures := getattr(file, "pictures", None):  # FLAC
        return bytes(pictures[0].data)
    tags = file.tags or {}
    for key in list(tags.keys()):
        if key.startswith("APIC"):  # ID3
            return bytes(tags[key].data)
    if tags.get("covr"):  # MP4
        return bytes(tags["covr"][0])
    if "metadata_block_picture" in tags:  # Ogg
        import base64

        from mutagen.flac import Picture

        return bytes(Picture(base64.b64decode(tags["metadata_block_picture"][0])).data)
    return None
