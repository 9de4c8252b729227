"""The Mood screen: a face or a button gives a mood, and the mood a playlist.

YouTube is searched once there is a face or a chosen mood, and never before. Once there is one, the camera is
folded away, and the songs are what the page is about.
"""

from collections.abc import Callable

import streamlit as st

from pages.moods.choices import choose_direction, choose_mood, choose_words, forget_mood, remember_request
from pages.moods.labels import MOODS
from pages.moods.photo import choose_photo, show_photo, show_photo_errors, take_photo
from pages.moods.recognizer import choose_backend, load_default_backend, saved_moods
from pages.moods.state import mood_state
from pages.shared.browser.address import follow_address, write_address
from pages.shared.browser.scripts import scroll_to
from pages.shared.entry import enter
from pages.shared.models import warm_up
from pages.shared.playlist_view import YOUTUBE_NOTICE, show_songs
from pages.shared.style import MOOD_VIEWS
from pages.shared.widgets import escaped

CAMERA, FILE, LIVE = "camera", "file", "live"
WAY_LABELS = {
    CAMERA: ":material/photo_camera: Camera",
    FILE: ":material/image: Photo file",
    LIVE: ":material/videocam: Live video",
}
SONGS, TEACH, ACT = "songs", "teach", "act"
VIEW_LABELS = {
    SONGS: ":material/queue_music: Find songs",
    TEACH: ":material/school: Teach it your face",
    ACT: ":material/theater_comedy: Act this mood",
}
TITLES = {
    SONGS: "Songs for the look on your face",
    TEACH: "Teach Earmark a mood of your own",
    ACT: "Who reads a face better?",
}
# Without an answer of YouTube's, by whether songs of one's own fit the mood.
INSTEAD = {
    True: "Here are songs of My music instead.",
    False: "Earmark makes up a piece for this mood instead.",
}
PRIVATE = (
    "Your face stays private: pictures are read in the memory of the computer that Earmark runs on, "
    "and are never saved."
)


def find_songs() -> None:
    """Find songs: a face or a button becomes a mood, the mood a playlist."""
    state = mood_state()
    if state.live_mood:
        st.session_state.mood, state.live_mood = state.live_mood, None
        state.is_mood_new = True
    custom_moods = [mood.name for mood in saved_moods()]
    has_mood = st.session_state.get("mood") in (*MOODS, *custom_moods)
    is_folded = has_mood and not state.is_face_wanted and st.session_state.way != LIVE
    if state.photo:
        show_photo(state.photo)
    elif is_folded:
        st.empty()  # takes the camera off the page before songs are searched for
    else:
        look = st.container()
        way = choose_way("way", on_change=forget_photo)
        with look:
            _look_at_face(way)
    mood = choose_mood(custom_moods)
    if mood:
        _show_songs(mood, can_unfold=is_folded and not state.photo)
    else:
        st.caption(f":material/public: {YOUTUBE_NOTICE}")
        show_invitations()


def _look_at_face(way: str) -> None:
    """Show the camera, and what becomes of a face."""
    if way == LIVE:
        from pages.moods.live import show_live_mood, show_mood_history, start_video

        live, beside = start_video("Press **Start the camera** and let it watch your face for a while.")
        if live:
            with beside:
                show_live_mood(live)
            show_mood_history(live)
        return
    left, right = st.columns([3, 2], vertical_alignment="center")
    with left:
        (take_photo if way == CAMERA else choose_photo)()
        show_photo_errors()
    with right:
        st.markdown("**Show your face, or press a mood.** Earmark finds songs on YouTube that go with it.")
        st.caption(f":material/lock: {PRIVATE}")


def _show_songs(mood: str, can_unfold: bool) -> None:
    """Show the songs for a mood: of YouTube, of the library, or of the generator."""
    from pages.library.mood_list import show_own_songs
    from pages.moods.own_music import show_own_music

    state = mood_state()
    with st.container(key="mood_songs", gap="small"):
        heading = st.container()
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            direction = choose_direction(mood)
            request = choose_words(mood, direction)
            if can_unfold:
                st.button(
                    "Show my face", icon=":material/photo_camera:", key="show_face", on_click=_want_face
                )
        heading.subheader(escaped(request.heading.text), anchor=False)
    first = st.container()
    show_songs(
        request.find_playlist, repr(request), "songs", request.heading, request.aim, tells_silence=False
    )
    playlist = st.session_state.songs.playlist
    is_offline = bool(playlist.error and not playlist.tracks)
    with first if is_offline else st.container():
        notice = st.empty() if is_offline else None
        has_own_songs = show_own_songs(
            request.mood, request.library_direction, request.heading, is_first_choice=is_offline
        )
        if notice:
            notice.markdown(f"{escaped(playlist.error)} **{INSTEAD[has_own_songs]}**")
        show_own_music(request, at_once=is_offline and not has_own_songs)
    if state.is_photo_new:  # what was read of it, and the first songs
        state.is_photo_new = False
        scroll_to("portrait_large", within=0.15)
    if state.is_mood_new:
        state.is_mood_new = False
        scroll_to("mood_songs", within=0.5)
    remember_request(request)


def _want_face() -> None:
    mood_state().is_face_wanted = True


def show_invitations() -> None:
    """Show what else the camera is for: the best tricks of the page."""
    teaching, acting = st.columns(2)
    with teaching:
        _invite(
            "**Teach it a mood of your own.** Punk? Dreamy? Monday morning? Make the face "
            "for four seconds, and Earmark recognises it from then on.",
            "Teach it",
            ":material/school:",
            TEACH,
        )
    with acting:
        _invite(
            "**Act this mood.** A game for two or more: one of you makes a face, the others and the "
            "machine guess which mood it is.",
            "Play",
            ":material/theater_comedy:",
            ACT,
        )


def _invite(text: str, label: str, icon: str, view: str) -> None:
    with st.container(border=True, height="stretch", vertical_alignment="distribute"):
        st.markdown(text)
        st.button(label, icon=icon, key=f"to_{view}", on_click=_go_to, args=(view,))


def _go_to(view: str) -> None:
    st.session_state.view = view


def forget_photo() -> None:
    """Another way, another picture; and live video begins without the mood of before."""
    mood_state().photo, mood_state().is_face_wanted = None, True
    if st.session_state.way == LIVE:
        forget_mood()


def choose_way(key: str, on_change: Callable[[], None] | None = None) -> str:
    """Show the ways in which a face is seen -> the one chosen."""
    way = st.segmented_control(
        "How shall Earmark see you?",
        list(WAY_LABELS),
        required=True,
        key=key,
        format_func=WAY_LABELS.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
        on_change=on_change,
    )
    return write_address(key, way)


def teach() -> None:
    """Teach a custom mood, and list the others."""
    from pages.moods.teach import teach_by_pictures, teach_by_video

    follow_address("teach_way", WAY_LABELS, LIVE)
    look, rest = st.container(key="teach_look"), st.container()
    with rest:
        way = choose_way("teach_way")
    with look:
        if way == LIVE:
            from pages.moods.live import start_video

            teach_by_video(*start_video())
        else:
            teach_by_pictures(from_camera=way == CAMERA)
    from pages.moods.custom_moods import show_moods

    show_moods()


enter()
follow_address("view", VIEW_LABELS, SONGS)
if follow_address("way", WAY_LABELS, CAMERA):
    forget_photo()
with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
    st.title(TITLES[st.session_state.view])
    with st.popover("Settings", icon=":material/settings:", key="icon_settings", help="Settings"):
        choose_backend()
chosen_view = st.segmented_control(
    "What to do",
    list(VIEW_LABELS),
    required=True,
    key="view",
    format_func=VIEW_LABELS.__getitem__,
    label_visibility="collapsed",
    persist_state="session",
    wrap=False,
)
st.html(MOOD_VIEWS)
match write_address("view", chosen_view):
    case "teach":
        teach()
    case "act":
        from pages.moods.act import show_act

        show_act()
    case _:
        find_songs()
warm_up(load_default_backend)
