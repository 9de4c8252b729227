"""The Mood screen: a face or a button gives a mood, and the mood a playlist.

YouTube is searched once there is a face or a chosen mood, and never before.
"""

import streamlit as st

from pages.moods.choices import choose_mood, choose_request, remember_request
from pages.moods.photo import choose_photo, show_photo, show_photo_errors, take_photo
from pages.moods.recognizer import choose_backend, load_default_backend, saved_moods
from pages.moods.state import mood_state
from pages.shared.browser.address import follow_address, write_address
from pages.shared.entry import enter
from pages.shared.models import warm_up
from pages.shared.playlist_view import YOUTUBE_NOTICE, show_songs
from pages.shared.widgets import escaped

CAMERA, FILE, LIVE = "camera", "file", "live"
INPUT_LABELS = {
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
PRIVATE = (
    "Your face stays private: pictures are read in the memory of the computer that Earmark runs on, "
    "and are never saved."
)


def forget_photo() -> None:
    """Another way, another picture; and live video begins without the mood of before."""
    mood_state().photo = None
    if st.session_state.way == LIVE:
        st.session_state.mood = None


def find_songs(way: str) -> None:
    """Find songs: a face or a button becomes a mood, the mood a playlist."""
    state = mood_state()
    if state.live_mood:
        st.session_state.mood, state.live_mood = state.live_mood, None
    if way == LIVE:
        from pages.moods.live import show_live_mood, show_mood_history, start_video

        live, beside = start_video()
        if live:
            with beside:
                show_live_mood(live)
            show_mood_history(live)
    elif state.photo:
        show_photo(state.photo)
    else:
        left, right = st.columns([3, 2])
        with left:
            (take_photo if way == CAMERA else choose_photo)()
            show_photo_errors()
        with right:
            st.markdown(
                "1. Show your face, with light from the front.\n"
                "2. Earmark reads the mood on it. You can correct it.\n"
                "3. Earmark finds songs on YouTube that go with it."
            )
            st.caption(f":material/lock: {PRIVATE}")
            st.caption(f":material/public: {YOUTUBE_NOTICE}")
    mood = choose_mood([mood.name for mood in saved_moods()])
    if mood:
        request = choose_request(mood)
        st.subheader(escaped(request.heading.text), anchor=False)
        own = st.container()
        show_songs(request.find_playlist, repr(request), "songs", request.heading)
        playlist = st.session_state.songs.playlist
        with own:
            from pages.library.mood_list import show_own_songs
            from pages.moods.own_music import show_own_music

            is_offline = bool(playlist.error and not playlist.tracks)
            has_own_songs = show_own_songs(
                request.mood, request.library_direction, request.heading, is_first_choice=is_offline
            )
            show_own_music(request, at_once=is_offline and not has_own_songs)
        remember_request(request)
    else:
        with st.container(border=True):
            st.markdown("**Your songs appear here.** Show your face, or press the mood that fits.")
        show_invitation_to_teach()


def show_invitation_to_teach() -> None:
    """Show what else the camera is for: the best trick of the page."""
    with st.container(
        border=True,
        horizontal=True,
        wrap=False,
        vertical_alignment="center",
        key="teach_invitation",
        gap="medium",
    ):
        st.markdown(
            "**Teach it a mood of your own.** Punk? Dreamy? Monday morning? Make the face "
            "for four seconds, give it a name, and Earmark recognises it from then on.",
            width="stretch",
        )
        st.button("Teach it", icon=":material/school:", key="to_teach", on_click=_go_to_teach)


def _go_to_teach() -> None:
    st.session_state.view = TEACH


def teach(way: str) -> None:
    """Teach a custom mood, and list the others."""
    from pages.moods.teach import teach_by_pictures, teach_by_video

    if way == LIVE:
        from pages.moods.live import start_video

        teach_by_video(*start_video())
    else:
        teach_by_pictures(from_camera=way == CAMERA)


enter()
with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
    st.title("Songs for the look on your face")
    with st.popover("Settings", icon=":material/settings:", key="icon_settings", help="Settings"):
        choose_backend()
follow_address("view", VIEW_LABELS, SONGS)
if follow_address("way", INPUT_LABELS, CAMERA):
    forget_photo()
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
chosen_way = None
if chosen_view != ACT:
    chosen_way = st.segmented_control(
        "How shall Earmark see you?",
        list(INPUT_LABELS),
        required=True,
        key="way",
        format_func=INPUT_LABELS.__getitem__,
        label_visibility="collapsed",
        persist_state="session",
        on_change=forget_photo,
        wrap=False,
    )
way, view = write_address("way", chosen_way), write_address("view", chosen_view)
match view:
    case "teach":
        teach(way)
    case "act":
        from pages.moods.act import show_act

        show_act()
    case _:
        find_songs(way)
warm_up(load_default_backend)
