"""The Mood screen: a face is read, a mood comes of it, and of the mood a list of songs.

YouTube is asked once somebody has shown a face or chosen a mood, and for nothing else.
"""

import streamlit as st

from pages._front_door import enter
from pages._mood_photo import choose_photo, show_look, show_refusals, take_photo
from pages._mood_reader import choose_reader, taught_moods, warm_up
from pages._mood_wish import choose_mood, choose_wish
from pages._playlist_view import ASKS_YOUTUBE, show_songs

CAMERA, FILE, LIVE = "camera", "file", "live"
WAYS = {
    CAMERA: ":material/photo_camera: Camera", FILE: ":material/image: Photo file",
    LIVE: ":material/videocam: Live video",
}  # fmt: skip
SONGS, TEACH = "songs", "teach"
VIEWS = {SONGS: ":material/queue_music: Find songs", TEACH: ":material/school: Teach a mood"}
PRIVATE = (
    "Your face stays private: pictures are read in the memory of the computer that Earmark runs on, "
    "and are never saved."
)


def find_songs(way: str) -> None:
    """A face or a button becomes a mood, the mood a list."""
    if taken := st.session_state.pop("took_live_mood", None):
        st.session_state.mood = taken
    if way == LIVE:
        from pages._mood_live import show_line, show_mood, watch

        live, beside = watch()
        if live:
            with beside:
                show_mood(live)
            show_line(live)
    elif "look" in st.session_state:
        show_look(st.session_state.look)
    else:
        left, right = st.columns([3, 2])
        with left:
            (take_photo if way == CAMERA else choose_photo)()
            show_refusals()
        with right:
            st.markdown(
                "1. Show your face, with light from the front.\n"
                "2. We read the mood on it. You can correct us.\n"
                "3. We look for songs on YouTube that go with it."
            )
            st.caption(f":material/lock: {PRIVATE}")
            st.caption(f":material/public: {ASKS_YOUTUBE}")
    mood = choose_mood([mood.name for mood in taught_moods()])
    if mood:
        wish = choose_wish(mood)
        st.subheader(wish.title, anchor=False)
        show_songs(wish.find, repr(wish), "songs")
    else:
        with st.container(border=True):
            st.markdown("**Your songs appear here.** Show your face, or press the one that fits.")


def teach(way: str) -> None:
    from pages._mood_teach import teach_by_pictures, teach_by_video

    if way == LIVE:
        from pages._mood_live import watch

        teach_by_video(*watch())
    else:
        teach_by_pictures(from_camera=way == CAMERA)


enter()
with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
    st.title("Songs for the look on your face")
    with st.popover("Settings", icon=":material/settings:", key="icon_settings", help="Settings"):
        choose_reader()
with st.container(horizontal=True, horizontal_alignment="distribute"):
    view = st.segmented_control(
        "What to do", list(VIEWS), default=SONGS, required=True, key="view", format_func=VIEWS.get,
        label_visibility="collapsed", persist_state="session",
    )  # fmt: skip
    way = st.segmented_control(
        "How shall we see you?", list(WAYS), default=CAMERA, required=True, key="way",
        format_func=WAYS.get, label_visibility="collapsed", persist_state="session",
        on_change=lambda: st.session_state.pop("look", None),  # another way, another picture
    )  # fmt: skip
(teach if view == TEACH else find_songs)(way)
warm_up()
