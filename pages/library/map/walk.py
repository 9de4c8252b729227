"""A walk through the map, to be heard: some seconds each of songs from one side to the other."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from genre.audio.clip import SAMPLE_RATE, AudioError, Clip, load_excerpts
from genre.audio.loudness import normalize_loudness
from genre.library.playlists.map_walk import map_walk
from genre.paths import may_read
from genre.plots.prediction import COLOURS, QUIET
from genre.text import encodable, genre_name
from pages.access.roles import require_operator
from pages.library.player import GONE
from pages.library.state import Walk, library_state

if TYPE_CHECKING:
    from genre.library.search import Library, Song

N_STOPS = 8
STOP_S = 6.0  # of each song; all of them are 2 MB of sound
FADE_S = 0.4  # at both ends of it


def show_walk(library: "Library", rows: Sequence[int]) -> None:
    """Offer a walk through these songs of the library; play the one that was begun."""
    state = library_state()
    with st.container(key="library_walk", horizontal=True, wrap=False, vertical_alignment="center"):
        if state.walk is None or not walk_songs(library):
            if not st.button(
                "Play a walk through the map",
                type="primary",
                icon=":material/route:",
                key="library_walk_start",
            ):
                return
            with st.spinner("Choosing the songs"):
                walk = make_walk(library, rows)
            if not walk.ids:
                st.warning(GONE, icon=":material/link_off:")
                return
            state.begin(walk)
            st.rerun()
        st.button(
            "End the walk", icon=":material/stop_circle:", key="library_walk_end", on_click=state.end_walk
        )
        st.audio(state.walk.wav, format="audio/wav", autoplay=state.autoplay)


def make_walk(library: "Library", rows: Sequence[int]) -> Walk:
    """Choose songs and load some seconds of each; those that cannot be read are left out."""
    require_operator("play the library")
    songs = [library.songs[row] for row in rows]
    points = np.array([(song.x, song.y) for song in songs], float).reshape(-1, 2)
    ids, pieces = [], []
    for row in map_walk(points, [song.genre or "" for song in songs], N_STOPS):
        try:
            pieces.append(_piece(Path(songs[row].path)))
        except (OSError, AudioError):
            continue
        ids.append(songs[row].id)
    if not ids:
        return Walk((), b"")
    return Walk(tuple(ids), Clip(np.concatenate(pieces), len(ids) * STOP_S).to_wav())


def _piece(path: Path) -> np.ndarray:
    """Load STOP_S out of the middle of a song: (N,) float32, as loud as the others, faded in and out."""
    if not may_read(path):
        raise OSError("The file lies outside EARMARK_MUSIC.")
    size, fade = round(STOP_S * SAMPLE_RATE), round(FADE_S * SAMPLE_RATE)
    samples = normalize_loudness(load_excerpts(path, 1, STOP_S).samples[:size], SAMPLE_RATE)
    ramp = np.linspace(0.0, 1.0, min(fade, len(samples)), dtype=np.float32)
    samples[: len(ramp)] *= ramp
    samples[len(samples) - len(ramp) :] *= ramp[::-1]
    return np.pad(samples, (0, size - len(samples)))


def walk_songs(library: "Library") -> "list[Song]":
    """Return the songs of the walk that plays; none of a walk of which one has left the library since."""
    walk = library_state().walk
    positions = [library.position(id_) for id_ in walk.ids] if walk else []
    songs = [library.songs[position] for position in positions if position is not None]
    return songs if len(songs) == len(positions) else []


def show_stops(songs: "Sequence[Song]") -> None:
    """Show the songs of a walk in their order. spotlight.py marks the one that plays."""
    items = "".join(
        f'<li style="--genre: {COLOURS.get(song.genre or "", QUIET)}"><b>{escape(encodable(song.name))}</b> '
        f"<span>{genre_name(song.genre or '').capitalize()}</span></li>"
        for song in songs
    )
    st.html(f'<ol class="walk">{items}</ol>')
