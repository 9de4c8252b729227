"""A playlist on the page: played in place, shuffled, made longer, saved, opened in YouTube.

YouTube is searched for a new request or at the press of a button, and never because the page runs again.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape

import streamlit as st

from genre.text import clock, genre_name
from mood.playlist import cache
from mood.playlist.cache import CachedPlaylist
from mood.playlist.playlist import (
    MAX_TRACKS,
    NO_MORE,
    Playlist,
    find_by_query,
    find_more,
    find_playlist,
    normalize_title,
    select_songs,
)
from mood.playlist.youtube import YoutubeTrack
from pages.shared.sharing.song_card import CardHeading, CardSong, offer_song_card
from pages.shared.style import SONG_LIST
from pages.shared.widgets import download_button, escaped, fragment

YOUTUBE_NOTICE = "Earmark sends your search words to YouTube. Pictures and player come from YouTube."
COMMON_WORDS = ("songs", "song", "music")  # of a query, which say nothing about one of its songs


@dataclass
class PlaylistState:
    """The playlist of a visit, and how it is displayed."""

    request: str
    playlist: Playlist
    heading: CardHeading
    aim: str = ""  # a mood whose search words are others
    playing: str | None = None  # id of the video that plays
    message: str = ""  # result of the last press of More
    is_exhausted: bool = False  # whether YouTube has no more songs
    earlier_query: str = ""  # query of the older playlist in its place


def show_songs(
    search: Callable[[], Playlist],
    request: str,
    key: str,
    heading: CardHeading,
    aim: str = "",
    tells_silence: bool = True,
) -> None:
    """Show the songs of a request, fetched with `search` unless the visit has them already.

    `request` identifies the request, `key` the place on the pages; `heading` is for a picture of the list.
    `aim`: the mood, if its name is none of the words searched for. `tells_silence`: whether it is said here
    that YouTube gives no songs.
    """
    state = st.session_state.get(key)
    if state is None or state.request != request:
        with st.spinner("Asking YouTube for songs"):
            state = st.session_state[key] = PlaylistState(request, search(), heading, aim)
    st.html(SONG_LIST)
    _show_playlist(state, search, key, tells_silence)


def show_more_songs(genre: str, feeling: str = "") -> None:
    """Show a button for the Listen page; once it is pressed, songs of that genre and, if named, feeling."""
    kind = " ".join(filter(None, (feeling, genre_name(genre), "songs")))
    request, state = f"more {kind}", st.session_state.get("more_songs")
    heading = CardHeading(f"More {kind}", "neutral", "queue_music")
    st.markdown(f"**{heading.text} on YouTube**", help=YOUTUBE_NOTICE)
    is_pressed = st.button("Find some", icon=":material/queue_music:", key="find_more_songs")
    if is_pressed or (state and state.request == request):
        show_songs(lambda: _find_more(genre, feeling, kind), request, "more_songs", heading)
    else:
        st.caption(YOUTUBE_NOTICE)


def _find_more(genre: str, feeling: str, kind: str) -> Playlist:
    return find_playlist(feeling, genre=genre) if feeling else find_by_query(kind)


@fragment()
def _show_playlist(
    state: PlaylistState, search: Callable[[], Playlist], key: str, tells_silence: bool
) -> None:
    playlist = state.playlist
    if playlist.error:
        reason = st.container()
        _show_ways_on(state, search, key)
        playlist = state.playlist  # an earlier one, when it was chosen
        if playlist.tracks or tells_silence:
            reason.info(playlist.error, icon=":material/wifi_off:")
    if not playlist.tracks:
        return
    reasons = {track.video_id: _why(track, playlist.query) for track in playlist.tracks}
    shared = _shared_reason(list(reasons.values()))
    with st.container(horizontal=True, gap="xsmall", key=f"{key}_origin"):
        for sentence in filter(None, (_origin(state), shared, *_who_chose(state))):
            st.caption(sentence, width="content")
    _show_actions(state, key)
    with st.container(border=True, gap="xsmall", key=f"{key}_songs"):
        for track in state.playlist.tracks:
            _show_song(state, track, key, why="" if shared else reasons[track.video_id])
    if state.message:
        st.info(state.message, icon=":material/playlist_remove:")
    if not state.is_exhausted and st.button("More songs", icon=":material/add:", key=f"{key}_more"):
        with st.spinner("Asking YouTube for more"):
            _add_more(state)
        st.rerun()


def _show_ways_on(state: PlaylistState, search: Callable[[], Playlist], key: str) -> None:
    """Show what can be done without an answer: ask again, go there, take playlists of earlier searches."""
    playlist = state.playlist
    with st.container(horizontal=True):
        if st.button("Try again", icon=":material/refresh:", key=f"{key}_again"):
            with st.spinner("Asking YouTube for songs"):
                state.playlist, state.earlier_query = search(), ""
            st.rerun()
        st.link_button("Search in YouTube", playlist.search_url, icon=":material/open_in_new:")
    if playlist.tracks and not state.earlier_query:
        return
    earlier = {cached.query: cached for cached in cache.recent_playlists()}
    if not earlier:
        return
    query = st.selectbox(
        "Lists found earlier",
        list(earlier),
        index=None,
        key=f"{key}_earlier",
        format_func=lambda query: _earlier_label(earlier[query]),
        placeholder="Choose one of the last lists",
    )
    if query and query != state.earlier_query:
        cached = earlier[query]
        state.earlier_query = query
        state.playlist = replace(
            playlist,
            tracks=select_songs(cached.tracks, MAX_TRACKS),
            provider=cached.provider,
            query=cached.query,
            from_cache=True,
            fetched_at=cached.fetched_at,
        )


def _earlier_label(cached: CachedPlaylist) -> str:
    return f"{cached.query} ({len(select_songs(cached.tracks, MAX_TRACKS))} songs, {_age(cached.fetched_at)})"


def _age(fetched_at: float) -> str:
    hours = (time.time() - fetched_at) / 3600
    if hours < 1:
        return "found just now" if hours < 0.1 else "found within the hour"
    if hours < 48:
        return f"found {hours:.0f} {'hour' if round(hours) == 1 else 'hours'} ago"
    return f"found {hours / 24:.0f} days ago"


def _origin(state: PlaylistState) -> str:
    """Say where the songs come from."""
    playlist = state.playlist
    age = f" ({_age(playlist.fetched_at)})" if playlist.fetched_at is not None else ""
    if state.earlier_query:
        return f"An earlier list, not one for this mood: **{escaped(playlist.query)}**{age}"
    lead = f"For {state.aim} Earmark looks for" if state.aim else "What Earmark asked YouTube for:"
    return f"{lead} **{escaped(playlist.query)}**{age}."


def _who_chose(state: PlaylistState) -> tuple[str, ...]:
    return () if state.earlier_query else ("YouTube chose these songs; Earmark has not heard them.",)


def _why(track: YoutubeTrack, query: str) -> str:
    """Say why a song is in the list: a word of the query in its title, the mood's before the artist's.

    Nothing where YouTube's answer is all there is: the line above the songs has said it.
    """
    title = normalize_title(track.title).split()
    for word in reversed(query.split()):
        if word.casefold() in title and word.casefold() not in COMMON_WORDS:
            return f"Its title says “{word}”."
    return ""


def _shared_reason(reasons: list[str]) -> str:
    """Return what to say once, above the songs, where every song has the same reason."""
    is_shared = len(reasons) > 1 and len(set(reasons)) == 1 and reasons[0]
    return escaped(reasons[0].replace("Its title", "Each title")) if is_shared else ""


def _show_actions(state: PlaylistState, key: str) -> None:
    """Show buttons for the whole playlist."""
    playlist = state.playlist
    with st.container(horizontal=True, gap="small", key=f"{key}_tools"):
        st.link_button(
            "Play all in YouTube",
            playlist.queue_url,
            icon=":material/playlist_play:",
            help="Opens the list as one queue, in YouTube's own page.",
        )
        st.button(
            "Shuffle", icon=":material/shuffle:", key=f"{key}_shuffle", on_click=_shuffle, args=(state,)
        )
        songs = [CardSong(track.title, track.channel) for track in playlist.tracks]
        offer_song_card(state.heading, songs, link=playlist.queue_url, key=f"{key}_card")
        with st.popover("Save", icon=":material/download:"):
            download_button(
                "As a table (CSV)",
                state.playlist.to_csv(),
                "earmark-songs.csv",
                "text/csv",
                key=f"{key}_csv",
                icon=":material/table:",
                width="stretch",
            )
            download_button(
                "For a player (M3U)",
                state.playlist.to_m3u(),
                "earmark-songs.m3u",
                "audio/x-mpegurl",
                key=f"{key}_m3u",
                icon=":material/queue_music:",
                width="stretch",
                help="VLC and some others open YouTube addresses.",
            )


def _show_song(state: PlaylistState, track: YoutubeTrack, key: str, why: str) -> None:
    """Show one song, with its player below it while it plays."""
    is_playing = state.playing == track.video_id
    duration = clock(track.duration_s) if track.duration_s else ""
    facts = escape(" · ".join(filter(None, (track.channel, duration))))
    reason = f'<div class="song-why">{escape(why)}</div>' if why else ""
    with st.container(
        horizontal=True,
        wrap=False,
        vertical_alignment="center",
        gap="small",
        key=f"{key}_song_{track.video_id}",
    ):
        st.html(
            f'<div class="song-picture" style="background-image:url({escape(track.thumbnail)})"></div>',
            width="content",
        )
        st.html(
            f'<div class="song-name">{escape(track.title)}</div><div class="song-facts">{facts}</div>{reason}'
        )
        label, icon = ("Stop", ":material/stop_circle:") if is_playing else ("Play", ":material/play_circle:")
        st.button(
            f"{label} {escaped(track.title)}",
            key=f"icon_{key}_play_{track.video_id}",
            type="tertiary",
            icon=icon,
            help=f"{label} here",
            on_click=_play,
            args=(state, track.video_id),
        )
        st.link_button(
            f"Open {escaped(track.title)} in YouTube",
            track.url,
            type="tertiary",
            key=f"icon_{key}_open_{track.video_id}",
            icon=":material/open_in_new:",
            help="Open in YouTube",
        )
    if is_playing:
        st.video(track.url, autoplay=True)


def _play(state: PlaylistState, video_id: str) -> None:
    state.playing = None if state.playing == video_id else video_id


def _shuffle(state: PlaylistState) -> None:
    """Shuffle the songs; what plays stays where it is, so that it plays on."""
    tracks = list(state.playlist.tracks)
    shuffled = list(state.playlist.shuffled(random.randrange(2**31)).tracks)
    position = next((n for n, track in enumerate(tracks) if track.video_id == state.playing), None)
    if position is not None:
        other = shuffled.index(tracks[position])
        shuffled[position], shuffled[other] = shuffled[other], shuffled[position]
    state.playlist = replace(state.playlist, tracks=tuple(shuffled))


def _add_more(state: PlaylistState) -> None:
    extra = find_more(state.playlist)
    state.playlist = replace(state.playlist, tracks=state.playlist.tracks + extra.tracks)
    state.message = extra.error
    state.is_exhausted = extra.error == NO_MORE
