"""The songs of the library as a table: searched, filtered, sorted; chosen ones are played or made a list."""

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from genre import GENRES
from genre.plots.prediction import COLOURS
from genre.text import counted, encodable, genre_name
from pages.library.content import song_table
from pages.library.neighbours import show_playing
from pages.library.player import save_songs
from pages.library.state import library_state

if TYPE_CHECKING:
    import numpy as np

    from genre.library.search import Library

TEMPO_RANGE = (30, 240)
TABLE_HEIGHT = 460
STAGE_ROWS = 9  # songs that a room can read at once
MAX_ROWS = 20_000  # in the browser at once; a table of half a million would be 100 MB
OFTEN_EMPTY = ("Own tag", "Album", "Problem")  # columns that are left out where they say nothing


def show_table(library: "Library") -> None:
    """Show the filters, the table, and what was chosen in it."""
    state = library_state()
    matches = _filters(library)
    rows = matches[:MAX_ROWS]
    table = song_table(library).iloc[rows]
    n_music = int(library.music.sum())
    n_found = int(library.music[matches].sum())
    if not len(matches):
        _say_no_match(library)
        return
    others = f", {counted(len(matches) - n_found, 'other file')}" if n_found < len(matches) else ""
    st.caption(f"{n_found:,} of {counted(n_music, 'song')}{others}. Click a column's title to sort by it.")
    if len(matches) > len(rows):
        st.caption(f"The first {len(rows):,} are listed: narrow them down by a word or a filter.")
    event = st.dataframe(
        table,
        key="library_table",
        height=TABLE_HEIGHT,
        hide_index=True,
        placeholder="\u2013",
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Title": st.column_config.TextColumn(width="medium"),
            "Sure": st.column_config.ProgressColumn(
                format="%.0f %%", min_value=0, max_value=100, width="small"
            ),
            "Tempo": st.column_config.NumberColumn(format="%.0f", width="small", help="Beats a minute"),
            "Length": st.column_config.NumberColumn(format="%.0f s", width="small"),
        },
        column_order=[name for name in table.columns if name not in OFTEN_EMPTY or table[name].any()],
    )
    st.html(_stage_rows(library, [k for k in matches if library.songs[k].genre]))
    selection = [library.songs[rows[k]] for k in event.selection.rows if k < len(rows)]
    ids = [song.id for song in selection]
    if ids != state.table_selection:
        added = [id_ for id_ in ids if id_ not in state.table_selection]
        state.table_selection = ids
        if added:
            state.play(added[-1])
    songs = selection or [library.songs[k] for k in matches if library.songs[k].genre]
    if songs:
        save_songs(songs, "library_list")
    if selection and not selection[-1].error:
        show_playing(library)


def _say_no_match(library: "Library") -> None:
    """Say that no song passes the filters, and offer the way back to all of them."""
    st.info(
        f"None of your {counted(len(library), 'song')} fits. Search looks for each word in titles, artists, "
        "albums and the names of files and folders.",
        icon=":material/search_off:",
    )
    st.button(
        "Show all songs", icon=":material/restart_alt:", key="library_show_all", on_click=_clear_filters
    )


def _clear_filters() -> None:
    st.session_state.update(
        library_search="", library_genres=[], library_feelings=[], library_tempo=TEMPO_RANGE
    )


def _stage_rows(library: "Library", positions: list[int]) -> str:
    """The first songs in large type, for the presenter's view (pages/shared/presenter/scenes)."""
    rows = ""
    for position in positions[:STAGE_ROWS]:
        song = library.songs[position]
        rows += (
            f'<li style="--genre: {COLOURS[song.genre or ""]}"><span>{escape(encodable(song.name))}</span>'
            f"<b>{genre_name(song.genre or '').capitalize()}</b>"
            f"<small>{library.certainty(position)}</small></li>"
        )
    n_more = len(positions) - STAGE_ROWS
    more = f'<li class="stage-more">and {counted(n_more, "more song")}</li>' if n_more > 0 else ""
    return f'<ol class="stage-songs">{rows}{more}</ol>'


def _filters(library: "Library") -> "np.ndarray":
    """Show the filters -> the rows of the songs that pass, in the order of their paths."""
    import numpy as np

    from genre.inference.description import MIN_DEVIATION
    from genre.models.pretrained.heads import MUSIC_EMOTIONS
    from genre.text import FEELING_WORDS

    text = st.text_input(
        "Search in titles, artists, albums and file names",
        key="library_search",
        placeholder="For example: live 1999",
        icon=":material/search:",
    )
    left, middle, right = st.columns(3)
    with left:
        genres = st.multiselect("Genres", GENRES, key="library_genres", format_func=genre_name)
    with middle:
        feelings = st.multiselect(
            "Feels", MUSIC_EMOTIONS, key="library_feelings", format_func=FEELING_WORDS.__getitem__
        )
    with right:
        low, high = st.slider("Tempo", *TEMPO_RANGE, TEMPO_RANGE, step=5, key="library_tempo")
    mask = np.ones(len(library), bool)
    if text.strip():
        mask &= library.text_matches(text)
    if genres:
        mask &= np.isin(library.genres, [GENRES.index(genre) for genre in genres])
    for feeling in feelings:
        mask &= library.heights[:, MUSIC_EMOTIONS.index(feeling)] >= MIN_DEVIATION
    if (low, high) != TEMPO_RANGE:
        mask &= (library.tempi >= low) & (library.tempi <= high)
    return np.flatnonzero(mask)
