"""The sound and picture of a piece, and beside them, on request, those of what the network alone paints."""

import numpy as np
import streamlit as st

from gan.sampling.gallery import GalleryItem
from gan.sampling.pictures import decimate_for_plot
from genre.plots import prediction as plots
from pages.generation.pieces.painting import show_painting
from pages.generation.state import generate_state
from pages.generation.studio import submit_plain_sound
from pages.shared.browser.scripts import follow_sound, play_one_at_a_time
from pages.shared.play_button.component import show_play_button
from pages.shared.widgets import STILL


def show_sound(item: GalleryItem) -> None:
    """Show the player of a piece and its picture, and beside them those of the network alone, once there.

    A line runs through the picture of whichever sound plays. The presenter's view has its own buttons.
    """
    state = generate_state()
    is_coming = state.plain_id == item.id and state.ticket.is_active
    if item.plain_mel_db is None and not is_coming:
        st.audio(item.wav, format="audio/wav")
        show_play_button("item", begins=item.id if item.id == state.starting_id else "")
        _show_picture(item.title, item.spectrogram.mel_db, item.seconds, "spectrogram")
    else:
        left, right = st.columns(2)
        st.empty()  # takes the single picture away, which would lie over these until the run ends
        with left, st.container(key="other_sound", gap="xsmall"):
            st.markdown("**The network alone**")
            if item.plain_mel_db is None:
                show_painting("It paints your piece without tempo, key, mood and sections.")
            else:
                st.audio(item.plain_wav, format="audio/wav")
                show_play_button("other_sound")
                _show_picture(
                    f"{item.title}, by the network alone",
                    item.plain_mel_db,
                    item.seconds,
                    "other_spectrogram",
                )
        with right, st.container(key="own_sound", gap="xsmall"):
            st.markdown("**With your wishes**")
            st.audio(item.wav, format="audio/wav")
            show_play_button("own_sound")
            _show_picture(item.title, item.spectrogram.mel_db, item.seconds, "spectrogram")
        play_one_at_a_time("item")
    follow_sound("item", "spectrogram")


def _show_picture(name: str, mel_db: np.ndarray, seconds: float, key: str) -> None:
    st.plotly_chart(
        plots.spectrogram(*decimate_for_plot(mel_db), seconds),
        config=STILL,
        key=key,
        alt=f"Spectrogram of {name}: time to the right, pitch upwards",
    )


def show_before_button(item: GalleryItem) -> None:
    """Show the button that adds the network alone, where that sounds otherwise and is not there yet."""
    from gan.request import plain_request

    if item.request is None or item.plain_wav or plain_request(item.request) == item.request:
        return
    st.button(
        "Hear the network alone",
        icon=":material/compare:",
        key="hear_before",
        on_click=submit_plain_sound,
        args=(item,),
        help="The same wish and seed, painted by the network alone: without tempo, key, mood and sections.",
    )
