"""From my own music: a playlist out of the library for the mood of the Mood page, played right there.

Only songs near the mood are recommended; the others wait behind an expander.
"""

from typing import TYPE_CHECKING

import streamlit as st

from genre.errors import error_sentence
from genre.text import clock, encodable, genre_name
from pages.library.access import may_see_library
from pages.library.content import current_library, has_library
from pages.library.player import play_song, save_songs
from pages.library.state import library_state
from pages.shared.sharing.song_card import CardHeading, CardSong, offer_song_card
from pages.shared.widgets import escaped

if TYPE_CHECKING:
    from genre.library.playlists.mood_path import PathSong

COUNT = 10
TITLE = "From the page My music"


def show_own_songs(mood: str, direction: str, heading: CardHeading, is_first_choice: bool) -> bool:
    """Show the offer of a playlist for a mood, open where it is the first choice -> whether it has songs.

    `direction` is one of genre/library/playlists/mood_path.py, `heading` the page's for the same wish.
    """
    if not may_see_library() or not has_library() or (is_first_choice and not _has_music()):
        return False
    with st.container(border=True, key="own_songs"):
        if is_first_choice:
            st.markdown(f"**{TITLE}.** These songs need no internet.")
        elif not st.toggle(f"{TITLE}, without the internet", key="own_songs_open"):
            return False
        return _show_list(mood, direction, heading, is_first_choice)


def _has_music() -> bool:
    """Whether there is any song to play; an index that cannot be read has none."""
    try:
        return bool(current_library().music.any())
    except OSError:
        return False


def _show_list(mood: str, direction: str, heading: CardHeading, is_first_choice: bool) -> bool:
    """Show the songs near the mood, and further ones behind an expander -> whether any is near."""
    from genre.library.playlists.mood_path import MATCH  # imports torch
    from mood.playlist.own_songs import BEGINNINGS, own_playlist

    try:
        path = own_playlist(current_library(), mood, direction, COUNT)
    except OSError as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        return False
    if not path:
        st.info("There are no songs yet: name a folder of music on the page My music.")
        return False
    if mood not in BEGINNINGS and direction == MATCH:
        st.markdown(
            f"Earmark cannot know what music goes with “{escaped(mood)}”: "
            "these are the songs of yours in which no feeling is strong."
        )
    near = [item for item in path if item.is_near]
    for number, item in enumerate(near, 1):
        _show_song(number, item)
    if not near:
        instead = "Earmark plays a piece of its own." if is_first_choice else "Earmark can make up a piece."
        st.markdown(f"None of your songs is near this mood. {instead}")
    if further := [item for item in path if not item.is_near]:
        with st.expander("More songs, further from this mood", key="further_songs"):
            for number, item in enumerate(further, len(near) + 1):
                _show_song(number, item)
    if near:
        with st.container(horizontal=True, gap="small"):
            songs = [CardSong(encodable(item.song.name), genre_name(item.song.genre or "")) for item in near]
            offer_song_card(heading, songs, key="own_songs_card")
        save_songs([item.song for item in near], "own_songs_list")
    return bool(near)


def _show_song(number: int, item: "PathSong") -> None:
    """Show one song and why it is there, with its player below it while it plays."""
    state, song = library_state(), item.song
    is_playing = song.id == state.playing
    name = escaped(encodable(song.name))
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        st.button(
            f"{'Stop' if is_playing else 'Play'} {name}",
            key=f"icon_own_play_{song.id}",
            type="tertiary",
            icon=":material/stop_circle:" if is_playing else ":material/play_circle:",
            help="Stop" if is_playing else "Play here",
            on_click=state.play,
            args=(None if is_playing else song.id,),
        )
        with st.container(gap=None):
            st.markdown(f"{number}\\. **{name}**")
            facts = f"{genre_name(song.genre or '').capitalize()} · {clock(song.duration_s)}"
            st.caption(f"{escaped(item.reason)} {facts}")
    if is_playing:
        play_song(song, autoplay=state.autoplay)
