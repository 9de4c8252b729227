"""A song of the library played on the page, and songs saved as a list."""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st
from PIL import Image

from genre.audio.clip import AudioError, load_excerpts
from genre.library.playlists.files import to_csv, to_m3u
from genre.library.tags import read_cover
from genre.paths import may_read
from genre.reading import read_regular
from genre.text import clock, counted, encodable, genre_name
from pages.access.roles import require_operator
from pages.shared.widgets import download_button, escaped

if TYPE_CHECKING:
    from genre.library.search import Library, Song

# What browsers play, by the ending of the name.
TYPES = {
    ".mp3": "audio/mpeg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mp4": "audio/mp4",
    ".m4b": "audio/mp4",
    ".aac": "audio/aac",
    ".webm": "audio/webm",
}
MAX_PLAYED_BYTES = 48 << 20  # of a larger file, or another kind, three excerpts are played
COVER_PIXELS, MAX_COVER_PIXELS = 144, 40_000_000
GONE = "The file cannot be read just now: is its drive connected?"


def play_song(song: "Song", autoplay: bool) -> None:
    """Show a player for a song, or why there is none."""
    require_operator("play the library")
    try:
        content, kind, is_whole = _sound(song.path)
    except (OSError, AudioError):
        st.warning(GONE, icon=":material/link_off:")
        return
    st.audio(content, format=kind, autoplay=autoplay)
    if not is_whole:
        st.caption("Three excerpts: the browser cannot play the whole file.")


def _sound(path: str) -> tuple[bytes, str, bool]:
    """Read what is played -> (bytes, MIME type, whether it is the whole file). Raises OSError, AudioError."""
    file = Path(path)
    if not may_read(file):
        raise OSError("The file lies outside EARMARK_MUSIC.")
    kind = TYPES.get(file.suffix.lower())
    if kind and file.stat().st_size <= MAX_PLAYED_BYTES:
        return read_regular(file, MAX_PLAYED_BYTES), kind, True
    return load_excerpts(file, 3, 10.0).to_wav(), "audio/wav", False


def show_song(library: "Library", position: int, autoplay: bool) -> None:
    """Show a song with its player: cover, name, what is predicted of it, and where it lies."""
    from genre.text import FEELING_WORDS

    song = library.songs[position]
    cover = thumbnail(read_cover(Path(song.path))) if song.has_cover and may_read(Path(song.path)) else None
    with st.container(border=True, key="library_player"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if cover:
                st.image(cover, width=72)
            with st.container(gap="xsmall"):
                st.markdown(f"**{escaped(encodable(song.name))}**")
                st.caption(_facts(song, library.certainty(position)))
            for name in library.strongest_feelings(position):
                st.badge(FEELING_WORDS[name], color="gray", width="content")
        play_song(song, autoplay)


def thumbnail(picture: bytes | None) -> bytes | None:
    """Make a small JPEG of a cover; None for what is no picture, or one that would not fit into memory."""
    if not picture:
        return None
    try:
        with Image.open(BytesIO(picture)) as image:
            if image.width * image.height > MAX_COVER_PIXELS:
                return None
            image.thumbnail((COVER_PIXELS, COVER_PIXELS))
            content = BytesIO()
            image.convert("RGB").save(content, "JPEG")
    except Exception:  # any bytes come here, and Pillow raises a dozen kinds
        return None
    return content.getvalue()


def _facts(song: "Song", certainty: str) -> str:
    sure = f" ({certainty})" if certainty else ""
    facts = [genre_name(song.genre or "no music").capitalize() + sure, clock(song.duration_s)]
    if song.tempo_bpm:
        facts.append(f"{song.tempo_bpm:.0f} beats a minute")
    if song.tag_genre:
        facts.append(f"its own tag: {escaped(song.tag_genre)}")
    return " · ".join(facts)


def save_songs(songs: "Sequence[Song]", key: str) -> None:
    """Show buttons that save songs as a playlist or a table."""
    with st.container(horizontal=True, gap="small"):
        download_button(
            f"Playlist of {counted(len(songs), 'song')}",
            to_m3u(songs),
            "earmark.m3u",
            "audio/x-mpegurl",
            key=f"{key}_m3u",
            icon=":material/queue_music:",
            help="A file (M3U) that music players on this machine open: it names the songs where they lie.",
        )
        download_button(
            "Table",
            to_csv(songs),
            "earmark.csv",
            "text/csv",
            key=f"{key}_csv",
            help="A file (CSV) for a spreadsheet.",
            icon=":material/table:",
        )
