"""Songs of the library that sound like something: a clip of the Listen page, or the song that plays."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from genre.errors import error_sentence
from genre.text import encodable, genre_name
from pages.library.access import may_see_library
from pages.library.content import current_library, has_library
from pages.library.player import play_song, show_song
from pages.library.state import library_state
from pages.shared.widgets import escaped

if TYPE_CHECKING:
    import numpy as np

    from genre.library.search import Library, Match

N_NEIGHBOURS = 3


def show_library_neighbours(embedding: "np.ndarray | None") -> None:
    """Show the songs of the library nearest to a clip, by its embedding of the shipped model (250,)."""
    if embedding is None or not may_see_library() or not has_library():
        return
    from genre.library.search import Query
    from genre.models.pretrained.networks import N_FEATURES

    if embedding.shape != (N_FEATURES,):  # another model's
        return
    try:
        matches = current_library().find(Query(like=embedding, count=N_NEIGHBOURS))
    except OSError as error:
        st.caption(escaped(error_sentence(error)))
        return
    if matches:
        show_matches(matches, "like_clip", "Nearest in your own music")
        playing = library_state().playing
        for match in matches:
            if match.song.id == playing:
                play_song(match.song, autoplay=library_state().autoplay)


def show_matches(matches: "Sequence[Match]", key: str, title: str) -> None:
    """Show songs, one a line, each with a button that plays it."""
    st.markdown(f"**{title}**")
    for match in matches:
        song = match.song
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
            st.button(
                f"Play {escaped(encodable(song.name))}",
                key=f"icon_{key}_{song.id}",
                type="tertiary",
                icon=":material/play_circle:",
                help="Play here",
                on_click=library_state().play,
                args=(song.id,),
            )
            st.markdown(escaped(encodable(song.name)), width="stretch")
            st.caption(genre_name(song.genre or "").capitalize(), width="content")


def show_playing(library: "Library") -> None:
    """Show the song that plays, and what sounds like it."""
    state = library_state()
    position = library.position(state.playing) if state.playing is not None else None
    if position is None:
        return
    show_song(library, position, autoplay=state.autoplay)
    show_neighbours(library, position)


def show_neighbours(library: "Library", position: int) -> None:
    """Show what sounds like a song of the library."""
    if matches := nearest(library, position):
        with st.container(key="library_neighbours"):
            show_matches(matches, "like_playing", "Sounds like it")


def nearest(library: "Library", position: int) -> "list[Match]":
    """Find the songs that sound most like one of the library; none for what is no music."""
    from genre.library.search import Query

    if not library.music[position]:
        return []
    song = library.songs[position]
    return library.find(
        Query(like=library.embeddings[position], exclude=frozenset((song.id,)), count=N_NEIGHBOURS)
    )
