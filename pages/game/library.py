"""Songs of the visitor's library for the game: those whose own tag names one of the ten genres."""

import random
from pathlib import Path

import streamlit as st

from genre.paths import may_read
from genre.text import encodable
from pages.game.rounds import CLIP_S, LibrarySong
from pages.library.access import may_see_library
from pages.library.content import current_library, has_library

ORIGINS_OF_PIECES = (
    "A game takes as many recordings as there are: those that came with Earmark, and songs of My music; for "
    "the genres, those whose own tag names one of the ten. Earmark makes the other pieces."
)
MAX_SONGS = 2_000  # songs of a large library that are looked at


def library_songs(needs_genre: bool = True) -> list[LibrarySong]:
    """List songs of the library, each recording once; none for a guest, and none of a damaged library.

    Where the question is not the genre, songs whose tag names none will do, too.
    """
    if not (may_see_library() and has_library()):
        return []
    from genre.library.search import tag_genres  # brings torch

    try:
        songs = current_library().songs
    except OSError:
        return []
    found: dict[bytes, LibrarySong] = {}
    for song in random.sample(songs, min(MAX_SONGS, len(songs))):
        genres, path = tag_genres(song.tag_genre), Path(song.path)
        if needs_genre and len(genres) != 1:
            continue
        if song.genre and song.duration_s >= CLIP_S and may_read(path):
            genre = genres.pop() if len(genres) == 1 else ""
            found[song.hash] = LibrarySong(path, genre, encodable(song.name))
    return list(found.values())


def offer_own_songs() -> None:
    """Show the way to songs of one's own, for more recordings in the game; none for a guest."""
    if may_see_library():
        st.page_link(
            "pages/music.py", label="Play with songs of your own: add them", icon=":material/library_add:"
        )
