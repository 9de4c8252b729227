"""The folders of the library: named, scanned as a process of its own, watched, stopped, forgotten."""

import os
from pathlib import Path

import streamlit as st

from genre.errors import error_sentence
from genre.library.index import Index
from genre.library.progress import ScanProgress, is_scanning, lock_scan, read_progress, start_scan, stop_scan
from genre.paths import music_folder
from genre.text import counted, encodable
from pages.library.access import may_choose_folders, require_folder_choice
from pages.library.arrivals import has_map, show_arrivals
from pages.library.content import known_folders
from pages.library.example import example_folder, forget_example, make_example, n_pieces
from pages.library.keep import delete_songs, keep_songs, songs_folder
from pages.library.state import library_state
from pages.shared.style import SHORT_FILE_LIST
from pages.shared.widgets import escaped, fragment, renew, widget_key

MAX_SUGGESTIONS = 12
EVERY_S = 1.0  # between two looks at a scan
STATES = {
    "looking": "Looking through the folders",
    "reading": "Reading the songs",
    "placing": "Drawing the map",
    "watching": "Watching for changes",
}


def show_folders(offers_example: bool = False) -> None:
    """Show the folders that were scanned, and what can be done with them; or an example to begin with."""
    state = library_state()
    if state.error:
        st.error(escaped(state.error), icon=":material/error:")
        state.error = ""
    for folder in known_folders():
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            name = _folder_name(folder)
            st.markdown(f":material/folder: {name}", width="stretch")
            _offer_to_forget(folder, name)
    is_watching = read_progress().state == "watching"
    if not is_watching:
        _choose_songs()
    if not may_choose_folders():
        st.caption(
            "Folders can be named at the machine that runs Earmark, or anywhere once it is started with "
            "EARMARK_MUSIC."
        )
        return
    if is_watching:
        st.button(
            "Stop watching", icon=":material/stop_circle:", key="library_stop_watching", on_click=stop_scan
        )
        st.caption("Changes in these folders are followed: new songs appear by themselves.")
        return
    _choose_folder(offers_example)
    if known_folders():
        with st.container(horizontal=True, gap="small"):
            st.button(
                "Look for changes",
                icon=":material/refresh:",
                key="library_rescan",
                on_click=_start,
                help="New, changed and moved songs are read; all else stays as it is.",
            )
            st.button(
                "Follow changes",
                icon=":material/visibility:",
                key="library_watch",
                on_click=_start,
                args=(None, "--watch"),
                help="Look for changes again and again until you stop it, also while this page is closed.",
            )


def _offer_to_forget(folder: str, name: str) -> None:
    """Show an icon that asks before the songs of a folder are forgotten."""
    key = folder.encode(errors="surrogateescape").hex()
    with st.popover(
        f"Forget {name}", icon=":material/delete:", type="tertiary", key=f"icon_forget_{key}", help="Forget"
    ):
        with Index() as index:
            n_songs = counted(index.count_below(folder), "song")
        files = (
            "Earmark's copies of them are deleted."
            if folder == str(songs_folder())
            else "Their files stay where they are."
        )
        st.markdown(f"Take **{n_songs}** out of the library? {files}")
        st.button(
            "Forget them", icon=":material/delete:", key=f"forget_{key}", on_click=_forget, args=(folder,)
        )


def _choose_songs() -> None:
    """Show an uploader; what has come is copied and scanned."""
    files = st.file_uploader(
        "Choose songs, or drop them here",
        key=widget_key("library_songs"),
        accept_multiple_files=True,
        help="Earmark keeps copies in a folder of its own. If they are many, name their folder instead.",
    )
    st.html(SHORT_FILE_LIST)
    if files:
        try:
            keep_songs((file.name, file.getvalue()) for file in files)
        except (ValueError, OSError) as error:
            library_state().error = error_sentence(error)
        renew("library_songs")
        st.rerun()


def _folder_name(folder: str) -> str:
    own_names = {
        str(example_folder()): "The example: pieces that come with Earmark",
        str(songs_folder()): "Songs that you chose",
    }
    return own_names.get(folder) or escaped(encodable(folder))


def _choose_folder(offers_example: bool) -> None:
    suggestions = _suggestions()
    with st.form("library_folder_form", border=False, enter_to_submit=True):
        path = st.text_input(
            "Or name a folder of music",
            value=suggestions[0] if suggestions else "",
            placeholder="/home/me/Music",
            key="library_folder",
            help="On the machine that runs Earmark. Its sub-folders count too. The files are only read.",
        )
        with st.container(horizontal=True, gap="small"):
            is_named = st.form_submit_button("Listen to this folder", icon=":material/library_add:")
            if offers_example:
                st.form_submit_button(
                    f"Try it with {n_pieces()} pieces",
                    key="library_example",
                    icon=":material/play_circle:",
                    on_click=start_example,
                )
        if is_named:
            _start(path)
            st.rerun()
    if len(suggestions) > 1:
        st.caption("Here, for example: " + ", ".join(escaped(encodable(name)) for name in suggestions))


def _suggestions() -> list[str]:
    """Folders that music may lie in, the likeliest first, without those that are known."""
    root = music_folder()
    indexed = set(known_folders())
    candidates = [Path.home() / "Music", Path.home() / "music"] if root is None else [root]
    folders = [str(path) for path in candidates if path.is_dir()]
    if root is not None and folders:
        try:
            inside = sorted(
                entry.path for entry in os.scandir(root) if entry.is_dir() and entry.name[0] != "."
            )
        except OSError:
            inside = []
        folders += inside
    return [path for path in folders if path not in indexed][:MAX_SUGGESTIONS]


def _start(folder: str | None = None, *options: str) -> None:
    """Scan a folder, or all that are known; what is wrong is shown by the next run. `options`: of `scan`."""
    from genre.library.scan import check_folders  # imports the decoders

    try:
        require_folder_choice()
        if folder is not None and not folder.strip():
            raise ValueError("Type the path of a folder of music first.")
        folders = (
            check_folders([os.path.expanduser(folder.strip())]) if folder is not None else known_folders()
        )
        if folder is not None and not os.path.isdir(folders[0]):
            raise ValueError(f"There is no folder {folder.strip()}: check its name.")
        if folder is not None and folders[0] != str(example_folder()):
            forget_example()
        start_scan(folders, *options)
    except (ValueError, OSError) as error:
        library_state().error = error_sentence(error)


def start_example() -> None:
    """Scan the pieces that come with Earmark."""
    try:
        require_folder_choice()
        _start(str(make_example()))
    except (ValueError, OSError) as error:
        library_state().error = error_sentence(error)


def _forget(folder: str) -> None:
    try:
        require_folder_choice()
        with lock_scan(), Index() as index:
            index.forget(folder)
            if folder == str(songs_folder()):
                delete_songs()
        st.toast("Forgotten.", icon=":material/delete:")
    except (ValueError, OSError) as error:
        library_state().error = error_sentence(error)


def show_scan() -> bool:
    """Show the scan that is under way -> whether there is one."""
    if not _is_reading(read_progress()):
        return False
    library_state().watches_scan = True
    _watch_scan()
    return True


def _is_reading(progress: ScanProgress) -> bool:
    return progress.active and progress.state != "watching"


def take_scan_result() -> str:
    """Say once what a scan has read that this visit has watched; empty at any other time."""
    state, progress = library_state(), read_progress()
    if not state.watches_scan or _is_reading(progress):
        return ""
    state.watches_scan = False
    if progress.state != "done":
        return ""
    n_read = progress.counts.get("n_predicted", 0)
    n_damaged = progress.counts.get("n_damaged", 0)
    text = f"{counted(n_read, 'file')} read" if n_read else "No new songs"
    return f"{text}, {n_damaged:,} damaged: Overview lists them." if n_damaged else f"{text}."


@fragment(run_every=EVERY_S)
def _watch_scan() -> None:
    progress = read_progress()
    if not _is_reading(progress):
        st.rerun()
    _show_progress(progress)
    if not has_map():
        show_arrivals(progress, _left(progress.eta_s) if progress.eta_s else "")
    elif progress.current:
        st.caption(escaped(progress.current))
    if may_choose_folders() and st.button("Stop", icon=":material/stop_circle:", key="library_stop"):
        with st.spinner("Finishing the songs in work"):
            stop_scan()
        st.rerun()


def _show_progress(progress: ScanProgress) -> None:
    words = STATES[progress.state]
    if progress.state == "reading" and progress.total:
        words += f": {progress.n_done:,} of {progress.total:,}"
        if progress.files_per_s:
            words += f", {progress.files_per_s:.1f} a second"
        if progress.eta_s:
            words += f", {_left(progress.eta_s)} left"
    st.progress(progress.n_done / progress.total if progress.total else 0.0, text=words)


def _left(seconds: float) -> str:
    if seconds < 90:
        return counted(round(seconds), "second")
    minutes = seconds / 60
    return f"{minutes:.0f} minutes" if minutes < 90 else f"{minutes / 60:.1f} hours"


def show_last_scan() -> None:
    """Say how the latest scan ended, where it did not end well."""
    progress = read_progress()
    if progress.state in ("failed", "stopped") and progress.message and not is_scanning():
        st.warning(escaped(progress.message), icon=":material/info:")
