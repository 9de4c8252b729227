"""Lists of songs as files: M3U for players, CSV for spreadsheets, JSON for programs."""

import csv
import io
import json
import os
from collections.abc import Sequence

from genre.library.search import Song
from genre.text import encodable, spreadsheet_cell

CSV_COLUMNS = (
    "path",
    "title",
    "artist",
    "album",
    "genre",
    "tag_genre",
    "duration_s",
    "tempo_bpm",
    "loudness_lufs",
)


def to_m3u(songs: Sequence[Song]) -> bytes:
    """Write an extended M3U list. Paths are the bytes of the file system, all else is UTF-8.

    A path with a line break, which the format cannot hold, is left out.
    """
    lines = [b"#EXTM3U"]
    for song in songs:
        path = os.fsencode(song.path)
        if b"\n" in path or b"\r" in path:
            continue
        name = f"{song.artist} - {song.title}" if song.artist and song.title else song.name
        lines += [f"#EXTINF:{round(song.duration_s)},{name}".encode(), path]
    return b"\n".join(lines) + b"\n"


def to_csv(songs: Sequence[Song], extra: dict[str, Sequence[object]] | None = None) -> str:
    """Write a line a song, safe to open in a spreadsheet; `extra` are further columns."""
    extra = extra or {}
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([*CSV_COLUMNS, *extra])
    for number, song in enumerate(songs):
        values = song_object(song)
        cells = [values[name] for name in CSV_COLUMNS] + [column[number] for column in extra.values()]
        writer.writerow([spreadsheet_cell(cell) for cell in cells])
    return buffer.getvalue()


def song_object(song: Song) -> dict:
    """A song as JSON has it. Bytes of a path that are not UTF-8 are written as \\udce9, say."""
    return {
        "path": encodable(song.path),
        "title": song.title,
        "artist": song.artist,
        "album": song.album,
        "tag_genre": song.tag_genre,
        "status": song.status,
        "genre": song.genre,
        "confident": song.confident,
        "familiar": song.familiar,
        "duration_s": round(song.duration_s, 2),
        "tempo_bpm": None if song.tempo_bpm is None else round(song.tempo_bpm, 1),
        "loudness_lufs": None if song.loudness_lufs is None else round(song.loudness_lufs, 1),
    }


def to_json_line(values: dict) -> str:
    """An object on one line."""
    return json.dumps(values, ensure_ascii=False)
