"""A list of songs on the page: played in place, shuffled, made longer, saved, opened in YouTube.

YouTube is asked when a wish is new or a button is pressed, and never because the page is drawn again.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from genre.names import spoken
from genre.plots import clock
from mood import saved_lists
from mood.playlist import MOST_TRACKS, NO_MORE, Playlist, find, more, songs
from mood.saved_lists import Saved
from mood.youtube import Track
from pages._shared import escaped, fragment

ASKS_YOUTUBE = (
    "Searching and playing contact YouTube: it gets the words of the search, and its pictures and "
    "player come from there."
)
STYLE = """<style>
    .song-picture { width: 6.5rem; aspect-ratio: 16 / 9; border-radius: .4rem;
                    background: #8A909940 center / cover; }
    .song-name, .song-facts { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden;
                              overflow-wrap: anywhere; }
    .song-name { line-height: 1.3; -webkit-line-clamp: 2; }
    .song-facts { font-size: .85rem; opacity: .7; line-height: 1.45; -webkit-line-clamp: 1; }
    [class*="_song_"] button [data-testid=stIconMaterial] { font-size: 1.7rem !important; }
    [class*="_song_"] a [data-testid=stIconMaterial] { font-size: 1.4rem !important; }
    @media (max-width: 640px) { .song-picture { width: 4.6rem; } .song-name { font-size: .93rem; } }
</style>"""


@dataclass
class Held:
    """A list as this visit has it."""

    wish: str
    playlist: Playlist
    playing: str | None = None  # a video's id
    remark: str = ""  # on the last press of More
    ended: bool = False  # there is no more to be had
    earlier: str = ""  # the query of the older list that is shown in its stead


def show_songs(find_songs: Callable[[], Playlist], wish: str, key: str) -> None:
    """The songs of a wish, searched for with `find_songs` unless the visit has them already.

    `wish` tells one wish from another, `key` one place on the pages from another.
    """
    held = st.session_state.get(key)
    if held is None or held.wish != wish:
        with st.spinner("Asking YouTube for songs"):
            held = st.session_state[key] = Held(wish, find_songs())
    st.html(STYLE)
    _show(held, find_songs, key)


def cheer_up(genre: str) -> None:
    """For the Listen page: a button, and once it is pressed songs of that genre that may cheer one up."""
    wish, wished = f"cheer up with {genre}", st.session_state.get("cheer_up_held")
    st.markdown("**These may cheer you up**", help=ASKS_YOUTUBE)
    asked = st.button(f"Find cheerful {spoken(genre)} songs", icon=":material/queue_music:",
                      key="cheer_up")  # fmt: skip
    if asked or (wished and wished.wish == wish):
        show_songs(lambda: find("happy", genre=genre), wish, "cheer_up_held")
    else:
        st.caption(ASKS_YOUTUBE)


@fragment()
def _show(held: Held, find_songs: Callable[[], Playlist], key: str) -> None:
    playlist = held.playlist
    if playlist.error:
        _trouble(held, find_songs, key)
        playlist = held.playlist
    if not playlist.tracks:
        return
    st.caption(_origin(playlist))
    _tools(held, key)
    with st.container(border=True, gap="xsmall", key=f"{key}_songs"):
        for track in held.playlist.tracks:
            _song(held, track, key)
    if held.remark:
        st.info(held.remark, icon=":material/playlist_remove:")
    if not held.ended and st.button("More songs", icon=":material/add:", key=f"{key}_more"):
        with st.spinner("Asking YouTube for more"):
            _lengthen(held)
        st.rerun()


def _trouble(held: Held, find_songs: Callable[[], Playlist], key: str) -> None:
    """No answer: a sentence, the search itself, and the lists that were found before."""
    playlist = held.playlist
    st.warning(playlist.error, icon=":material/wifi_off:")
    with st.container(horizontal=True):
        if st.button("Try again", icon=":material/refresh:", key=f"{key}_again"):
            with st.spinner("Asking YouTube for songs"):
                held.playlist, held.earlier = find_songs(), ""
            st.rerun()
        st.link_button("Search in YouTube", playlist.search_url, icon=":material/open_in_new:")
    if playlist.tracks and not held.earlier:
        return
    lists = {saved.query: saved for saved in saved_lists.latest()}
    if not lists:
        return
    chosen = st.selectbox(
        "Lists found earlier", list(lists), index=None, key=f"{key}_earlier",
        format_func=lambda query: _name(lists[query]), placeholder="Choose one of the last lists",
    )  # fmt: skip
    if chosen and chosen != held.earlier:
        saved = lists[chosen]
        held.earlier = chosen
        held.playlist = replace(
            playlist, tracks=songs(saved.tracks, MOST_TRACKS), provider=saved.provider, query=saved.query,
            from_cache=True, found_at=saved.found_at,
        )  # fmt: skip


def _name(saved: Saved) -> str:
    return f"{saved.query} ({len(songs(saved.tracks, MOST_TRACKS))} songs, {_age(saved.found_at)})"


def _age(found_at: float) -> str:
    hours = (time.time() - found_at) / 3600
    if hours < 1:
        return "found just now" if hours < 0.1 else "found within the hour"
    if hours < 48:
        return f"found {hours:.0f} {'hour' if round(hours) == 1 else 'hours'} ago"
    return f"found {hours / 24:.0f} days ago"


def _origin(playlist: Playlist) -> str:
    words = f"What we asked YouTube for: **{escaped(playlist.query)}**"
    return words + (f" ({_age(playlist.found_at)})" if playlist.from_cache else "")


def _tools(held: Held, key: str) -> None:
    """What can be done with the whole list."""
    playlist = held.playlist
    with st.container(horizontal=True, gap="small", key=f"{key}_tools"):
        st.link_button("Play all in YouTube", playlist.queue_url, icon=":material/playlist_play:",
                       help="Opens the list as one queue, in YouTube's own page.")  # fmt: skip
        st.button("Shuffle", icon=":material/shuffle:", key=f"{key}_shuffle", on_click=_shuffle, args=(held,))
        with st.popover("Save", icon=":material/download:"):
            st.download_button(
                "As a table (CSV)", held.playlist.to_csv(), "earmark-songs.csv", "text/csv",
                key=f"{key}_csv", on_click="ignore", icon=":material/table:", width="stretch",
            )  # fmt: skip
            st.download_button(
                "For a player (M3U)", held.playlist.to_m3u(), "earmark-songs.m3u", "audio/x-mpegurl",
                key=f"{key}_m3u", on_click="ignore", icon=":material/queue_music:", width="stretch",
                help="VLC and some others open YouTube addresses.",
            )  # fmt: skip


def _song(held: Held, track: Track, key: str) -> None:
    """One song, with its player below it while it is the one that plays."""
    playing = held.playing == track.video_id
    facts = [track.channel, clock(track.duration_s) if track.duration_s else ""]
    facts = escape(" · ".join(fact for fact in facts if fact))
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small",
                      key=f"{key}_song_{track.video_id}"):  # fmt: skip
        st.html(f'<div class="song-picture" style="background-image:url({escape(track.thumbnail)})"></div>',
                width="content")  # fmt: skip
        st.html(f'<div class="song-name">{escape(track.title)}</div><div class="song-facts">{facts}</div>')
        label, icon = ("Stop", ":material/stop_circle:") if playing else ("Play", ":material/play_circle:")
        st.button(f"{label} {escaped(track.title)}", key=f"icon_{key}_play_{track.video_id}", type="tertiary",
                  icon=icon, help=f"{label} here", on_click=_play, args=(held, track.video_id))  # fmt: skip
        st.link_button(f"Open {escaped(track.title)} in YouTube", track.url, type="tertiary",
                       key=f"icon_{key}_open_{track.video_id}", icon=":material/open_in_new:",
                       help="Open in YouTube")  # fmt: skip
    if playing:
        st.video(track.url, autoplay=True)


def _play(held: Held, video_id: str) -> None:
    held.playing = None if held.playing == video_id else video_id


def _shuffle(held: Held) -> None:
    """Another order; what plays stays where it is, so that it plays on."""
    tracks = list(held.playlist.tracks)
    mixed = list(held.playlist.shuffled(random.randrange(2**31)).tracks)
    place = next((n for n, track in enumerate(tracks) if track.video_id == held.playing), None)
    if place is not None:
        other = mixed.index(tracks[place])
        mixed[place], mixed[other] = mixed[other], mixed[place]
    held.playlist = replace(held.playlist, tracks=tuple(mixed))


def _lengthen(held: Held) -> None:
    found = more(held.playlist)
    held.playlist = replace(held.playlist, tracks=held.playlist.tracks + found.tracks)
    held.remark = found.error
    held.ended = found.error == NO_MORE
