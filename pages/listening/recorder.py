"""The microphone: a recording, or live."""

import streamlit as st

from genre.audio.constants import SAMPLE_RATE
from genre.models.cards import ArtefactError
from pages.listening.predict import predict_files
from pages.listening.state import listen_state
from pages.shared.models import current_classifier
from pages.shared.permissions import is_insecure, show_insecure
from pages.shared.widgets import renew, widget_key


def show_recorder() -> None:
    """Show the recorder, and predict what it recorded."""
    with st.container(border=True, height="stretch"):
        st.markdown("**Record what is playing**")
        is_blocked = is_insecure()
        recording = st.audio_input(
            "Record",
            sample_rate=SAMPLE_RATE,
            key=widget_key("recorder"),
            disabled=is_blocked,
            label_visibility="collapsed",
        )
        if is_blocked:
            show_insecure("microphone", "upload a file")
        else:
            st.caption(
                "Press the microphone and hold your device near the music. 30 seconds are "
                "best, 10 are enough."
            )
            st.toggle("Name it live, while it plays", key="live")
    if recording is not None:
        state = listen_state()
        number = state.n_recordings + 1
        predict_files([(f"Recording {number}", recording.getvalue)], "recording")
        state.n_recordings = number
        renew("recorder")  # makes the recorder ready for the next recording
        st.rerun()


def show_live() -> None:
    """Show the open microphone while the toggle is on."""
    if st.session_state.get("live"):
        from pages.listening.live import show_live_panel

        try:
            classifier = current_classifier()
        except ArtefactError as error:
            st.error(str(error), icon=":material/error:")
        else:
            show_live_panel(classifier)
    elif listen_state().live is not None:
        from pages.listening.live import stop_live

        stop_live()
