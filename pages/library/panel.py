"""The library: what it is for while there is none; then how much was read, and its views."""

from typing import TYPE_CHECKING

import streamlit as st

from genre.errors import error_sentence
from genre.library.progress import read_progress
from genre.plots.library import map_to_come
from genre.text import counted
from pages.library.arrivals import has_map
from pages.library.content import current_library, has_library, known_folders
from pages.library.folders import show_folders, show_last_scan, show_scan, take_scan_result
from pages.shared.browser.address import follow_address, write_address
from pages.shared.style import LIBRARY
from pages.shared.widgets import STATIC, escaped

if TYPE_CHECKING:
    from genre.library.search import Library

MAP, SONGS, OVERVIEW, FOLDERS = "map", "songs", "overview", "folders"
LABELS = {
    MAP: ":material/scatter_plot: Map",
    SONGS: ":material/table_rows: Songs",
    OVERVIEW: ":material/bar_chart: Overview",
    FOLDERS: ":material/folder: Folders",
}

SURE = (
    "Earmark calls itself sure only where it was mostly right in its tests: on the page Listen, “How good is "
    "this model?” has the figures. Where it is not, it says so at the song."
)


def show_library() -> None:
    """Show the library of the operator."""
    st.html(LIBRARY)
    result = take_scan_result()
    follow_address("library_view", LABELS, MAP)
    if result and st.session_state.library_view == FOLDERS:
        st.session_state.library_view = MAP
    if _is_new() and not read_progress().active:
        _show_beginning()
    else:
        _show_views(result)


def _is_new() -> bool:
    try:
        return not (has_library() and known_folders())
    except OSError:  # the views say what is wrong with it
        return False


def _show_beginning() -> None:
    """Say what the page is for, with one thing to do first, and an example for who has no music at hand."""
    with st.container(key="library_about"):
        st.markdown(
            "Earmark listens to each of your songs, and draws a map: **songs that sound alike lie "
            "together.** Tap one to hear it."
        )
    show_last_scan()
    show_folders(offers_example=True)
    st.caption(
        ":material/lock: Songs in a folder are read where they lie. Of songs that you choose, Earmark keeps "
        "copies. Nothing leaves the machine that runs it, and no file is changed."
    )
    with st.container(border=True, key="library_to_come"):
        st.markdown("**Your map appears here:** a dot is a song, a colour is a genre.")
        st.plotly_chart(
            map_to_come(), config=STATIC, key="library_map_to_come", alt="A drawing of such a map"
        )


def _show_views(result: str) -> None:
    with st.container(key="library_head", horizontal=True, vertical_alignment="center"):
        choice = st.segmented_control(
            "View of your music",
            list(LABELS),
            required=True,
            key="library_view",
            format_func=LABELS.__getitem__,
            label_visibility="collapsed",
            persist_state="session",
            wrap=False,
        )
        summary = st.container(key="library_summary")  # filled last: loading the songs takes a moment
        if result:
            st.caption(result, width="content")
    view = write_address("library_view", choice)
    is_scanning = show_scan()
    show_last_scan()
    if view == FOLDERS:
        show_folders()
    if is_scanning and not has_map():
        return  # the scan shows its songs
    library = _load()
    if library is None:
        return
    if len(library):
        summary.markdown(_summary(library), help=SURE)
    if view != FOLDERS:
        _show_view(view, library)


def _load() -> "Library | None":
    try:
        return current_library()
    except OSError as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        return None


def _summary(library: "Library") -> str:
    """Say how many songs there are, how sure Earmark is of them, and what could not be read."""
    n_music, n_sure = int(library.music.sum()), int((library.music & library.confident).sum())
    n_damaged = sum(bool(song.error) for song in library.songs)
    parts = [f"**{counted(n_music, 'song')}.** Earmark is sure of the genre of {n_sure:,}"]
    if n_sure < n_music:
        parts.append(f"and guesses that of {n_music - n_sure:,}")
    text = ", ".join(parts) + "."
    n_silent = len(library) - n_music - n_damaged
    if n_silent:
        text += f" {counted(n_silent, 'file')} without music."
    if n_damaged:
        text += f" {counted(n_damaged, 'file')} could not be read: Overview says why."
    return text


def _show_view(view: str, library: "Library") -> None:
    if not len(library):
        st.info("No songs yet: name a folder of music under Folders.", icon=":material/folder:")
    elif view == MAP:
        from pages.library.map.view import show_map

        show_map(library)
    elif view == SONGS:
        from pages.library.table_view import show_table

        show_table(library)
    else:
        from pages.library.overview import show_overview

        show_overview(library)
