"""Genre and mood inside a music file, whatever its kind of tag: ID3, Vorbis comments, MP4, ASF or APE.

`open_file` finds the kind; `get_field` and `set_field` read and replace the values of "genre" and "mood". ID3
2.3 has no frame for the mood: there it is a user text frame, as other programs have it.
"""

from typing import Any

import mutagen
from mutagen.apev2 import APEv2
from mutagen.asf import ASFTags
from mutagen.id3 import ID3, TCON, TMOO, TXXX
from mutagen.mp4 import MP4FreeForm, MP4Tags

FIELDS = ("genre", "mood")
NO_TAGS = "This kind of file has no place for tags: save it as FLAC, MP3 or M4A first."
_MP4_KEYS = {"genre": "\xa9gen", "mood": "----:com.apple.iTunes:MOOD"}
_ASF_KEYS = {"genre": "WM/Genre", "mood": "WM/Mood"}
_USER_MOOD = "TXXX:MOOD"
_SEPARATOR = "; "  # of ID3 2.3's moods: a frame of that version holds one text


class TagError(ValueError):
    """A file's tags cannot be written; the message is a sentence."""


def open_file(path: str, kind: type | None = None) -> Any:
    """Open a file's tags, of the class `kind` where its name has lost its ending. Raises TagError."""
    try:
        file = kind(path) if kind else mutagen.File(path)
    except Exception as error:  # mutagen raises a dozen kinds for damaged tags
        raise TagError("The tags of this file are damaged, and stay as they are: export it again.") from error
    if file is None:
        raise TagError(NO_TAGS)
    if file.tags is None:
        try:
            file.add_tags()
        except Exception as error:  # a kind of file that mutagen knows, and that has none
            raise TagError(NO_TAGS) from error
    return file


def get_field(tags: Any, field: str) -> list[str]:
    """The values of a field, as they are stored; [] where it is missing."""
    if isinstance(tags, ID3):
        if field == "mood" and _USER_MOOD in tags:
            return [part for text in tags[_USER_MOOD].text for part in str(text).split(_SEPARATOR)]
        key = "TCON" if field == "genre" else "TMOO"
        return [str(text) for text in tags[key].text] if key in tags else []
    key = _key(tags, field)
    if key not in tags:
        return []
    values = tags[key]
    if isinstance(tags, APEv2):
        return [str(value) for value in values]
    return [
        bytes(value).decode("utf-8", "replace") if isinstance(value, MP4FreeForm) else str(value)
        for value in values
    ]


def set_field(tags: Any, field: str, values: list[str]) -> None:
    """Replace the values of a field; without any it is removed."""
    if isinstance(tags, ID3):
        for key in ("TCON",) if field == "genre" else ("TMOO", _USER_MOOD):
            tags.delall(key)
        if values and field == "genre":
            tags.add(TCON(encoding=3, text=values))
        elif values and is_version_3(tags):
            tags.add(TXXX(encoding=1, desc="MOOD", text=[_SEPARATOR.join(values)]))
        elif values:
            tags.add(TMOO(encoding=3, text=values))
        return
    key = _key(tags, field)
    if not values:
        if key in tags:
            del tags[key]
    elif isinstance(tags, MP4Tags) and field == "mood":
        tags[key] = [MP4FreeForm(value.encode()) for value in values]
    else:
        tags[key] = values


def save(file: Any, path: str) -> None:
    """Write a file's tags to `path`, ID3 in the version that it has."""
    if isinstance(file.tags, ID3) and is_version_3(file.tags):
        file.tags.update_to_v23()
        file.save(path, v2_version=3)
    else:
        file.save(path)


def is_version_3(tags: ID3) -> bool:
    """Whether tags are of ID3 2.3, or older."""
    return tags.version < (2, 4, 0)


def _key(tags: Any, field: str) -> str:
    if isinstance(tags, MP4Tags):
        return _MP4_KEYS[field]
    if isinstance(tags, ASFTags):
        return _ASF_KEYS[field]
    return field.upper() if not isinstance(tags, APEv2) else field.capitalize()
