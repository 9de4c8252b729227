"""My library on the Listen page: closed it is one line, open it is map, table, overview and folders."""

import streamlit as st

from genre.errors import error_sentence
from genre.library.progress import read_progress
from pages.library.access import may_see_library
from pages.library.content import current_library, has_library
from pages.library.folders import show_folders, show_last_scan, show_scan, take_scan_result
from pages.shared.style import LIBRARY
from pages.shared.widgets import escaped

MAP, SONGS, OVERVIEW, FOLDERS = "map", "songs", "overview", "folders"
LABELS = {
    MAP: ":material/scatter_plot: Map",
    SONGS: ":material/table_rows: Songs",
    OVERVIEW: ":material/bar_chart: Overview",
    FOLDERS: ":material/folder: Folders",
}


def show_library() -> None:
    """Show the library of the operator; nothing for a guest."""
    if not may_see_library():
        return
    st.html(LIBRARY)
    with st.container(border=True, key="library"):
        result = take_scan_result()
        if result and st.session_state.get("library_view") == FOLDERS:
            st.session_state.library_view = MAP
        is_new = not has_library() and not read_progress().active
        begins = is_new and st.session_state.get("library_begun", False)
        view = None
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                ":material/library_music: **My library**",
                help="Folders of music on this machine. Each song is predicted once, where it lies; nothing "
                "leaves the machine, and no file is changed.",
                width="stretch",
            )
            if not is_new:
                view = st.segmented_control(
                    "View of the library",
                    list(LABELS),
                    key="library_view",
                    format_func=LABELS.__getitem__,
                    label_visibility="collapsed",
                    persist_state="session",
                )
            elif not begins:
                st.button(
                    "Read a folder of music", icon=":material/folder:", key="library_begin", on_click=_begin
                )
        if result:
            st.success(result, icon=":material/library_music:")
        if begins:
            show_folders()
        elif view:
            _show_view(view)
        elif not is_new:
            show_scan()


def _begin() -> None:
    st.session_state.library_begun = True
    st.session_state.library_view = FOLDERS


def _show_view(view: str) -> None:
    is_scanning = show_scan()
    show_last_scan()
    if view == FOLDERS:
        show_folders()
        return
    try:
        library = current_library()
    except OSError as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        return
    if not len(library):
        if not is_scanning:
            st.info("No songs yet: name a folder of music under Folders.", icon=":material/folder:")
        return
    if view == MAP:
        from pages.library.map_view import show_map

        show_map(library)
    elif view == SONGS:
        from pages.library.table_view import show_table

        show_table(library)
    else:
        from pages.library.overview import show_overview

        show_overview(library)
