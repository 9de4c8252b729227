"""The map of the library: every song a point; a click plays one, a frame around several makes a list."""

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from genre.plots.library import library_map
from genre.plots.prediction import COLOURS, QUIET
from genre.text import encodable, genre_name
from pages.library.map.spotlight import light_up
from pages.library.map.style import MAP
from pages.library.map.walk import STOP_S, show_stops, show_walk, walk_songs
from pages.library.neighbours import show_neighbours
from pages.library.player import save_songs, show_song
from pages.library.state import library_state
from pages.shared.browser.scripts import take_taps

if TYPE_CHECKING:
    from genre.library.search import Library

ABOUT = (
    "**Each dot is one of your songs.** Songs that sound alike lie together, and the colour is the genre. "
    "**Tap a dot to hear it.**"
)
MAX_POINTS = 20_000  # songs on the map; more of them make a browser slow, and hide one another
# Of plotly's buttons those to move, to draw a frame and to see all again remain.
UNUSED_BUTTONS = ["zoom2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "toImage", "lasso2d"]


def show_map(library: "Library") -> None:
    """Show the map, above it what plays, and below it what sounds like it."""
    import numpy as np

    state = library_state()
    all_rows = [k for k, song in enumerate(library.songs) if song.x is not None and song.genre]
    rows = evenly(all_rows, MAX_POINTS)
    if not rows:
        st.info("There is no music on the map yet: scan a folder with songs.", icon=":material/map:")
        return
    songs = [library.songs[k] for k in rows]
    st.html(MAP)
    # Above the map stands what to do, or what plays: nothing covers the dots. Filled last: a tap ends a walk.
    place = st.container(
        key="library_map_top", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    )
    event = st.plotly_chart(
        library_map(
            np.array([(song.x, song.y) for song in songs]),
            [song.genre or "" for song in songs],
            [encodable(song.name) for song in songs],
            [song.id for song in songs],
        ),
        config={
            "displaylogo": False,
            "scrollZoom": True,
            "responsive": True,
            "modeBarButtonsToRemove": UNUSED_BUTTONS,
        },
        height="stretch",
        key="library_map",
        on_select="rerun",
        selection_mode=("points", "box"),
        alt=f"A map of {len(songs):,} songs: those that sound alike lie together, coloured by genre",
    )
    take_taps()
    indices = [int(point["customdata"]) for point in event.selection.points if "customdata" in point]
    if indices != state.map_selection:
        state.map_selection = indices
        if len(indices) == 1:
            state.play(indices[0])
    st.html(_legend([song.genre or "" for song in songs]))
    walk = walk_songs(library)
    position = library.position(state.playing) if state.playing is not None and not walk else None
    with place:
        if position is not None:
            show_song(library, position, autoplay=state.autoplay)
        elif not walk:
            with st.container(key="library_map_about"):
                st.markdown(ABOUT)
        show_walk(library, rows)
    if walk:
        show_stops(walk)
    if position is not None:
        show_neighbours(library, position)
    with st.container(key="library_map_mouse"):
        st.caption(
            "Scroll to zoom, drag to move. To make a list of several songs, press :material/select: at the "
            "top right of the map, then draw a frame around them."
        )
    if len(rows) < len(all_rows):
        st.caption(f"Of {len(all_rows):,} songs {len(rows):,} are drawn.")
    if len(indices) > 1:
        selection = set(indices)
        save_songs([song for song in songs if song.id in selection], "library_map_list")
    if walk:
        light_up(library, walk, STOP_S)
    else:
        light_up(library, [library.songs[position]] if position is not None else [])


def _legend(genres: list[str]) -> str:
    """Which colour is which genre, and how many songs it has."""
    items = "".join(
        f'<li><i style="background: {COLOURS.get(genre, QUIET)}"></i>'
        f"{genre_name(genre).capitalize()} ({count:,})</li>"
        for genre, count in sorted(Counter(genres).items())
    )
    return f'<ul class="map-legend" aria-label="Genres and how many songs they have">{items}</ul>'


def evenly(rows: list[int], count: int) -> list[int]:
    """Take `count` of some rows at equal distances; all where there are no more."""
    return rows if len(rows) <= count else [rows[k * len(rows) // count] for k in range(count)]
