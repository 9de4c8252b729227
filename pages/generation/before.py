"""The sound and picture of a piece, and beside them, on request, those that the earlier network made."""

import numpy as np
import streamlit as st

from gan.sampling.gallery import GalleryItem
from gan.sampling.pictures import decimate_for_plot
from genre.plots import prediction as plots
from pages.generation.pieces.painting import show_painting
from pages.generation.state import generate_state
from pages.generation.studio import PUBLISHED_MODEL, find_model_of, submit_earlier_sound
from pages.shared.browser.scripts import follow_sound, play_one_at_a_time
from pages.shared.play_button.component import show_play_button
from pages.shared.widgets import STILL


def show_sound(item: GalleryItem) -> None:
    """Show the player of a piece and its picture, and beside them those of the earlier network, once there.

    A line runs through the picture of whichever sound plays. The presenter's view has its own buttons.
    """
    state = generate_state()
    is_coming = state.earlier_id == item.id and state.ticket.is_active
    if item.earlier_mel_db is None and not is_coming:
        st.audio(item.wav, format="audio/wav")
        show_play_button("item", begins=item.id if item.id == state.starting_id else "")
        _show_picture(item.title, item.spectrogram.mel_db, item.seconds, "spectrogram")
    else:
        left, right = st.columns(2)
        st.empty()  # takes the single picture away, which would lie over these until the run ends
        with left, st.container(key="other_sound", gap="xsmall"):
            st.markdown("**Before: the earlier painter**")
            if item.earlier_mel_db is None:
                show_painting("The earlier painter makes of the same wish what it could.")
            else:
                st.audio(item.earlier_wav, format="audio/wav")
                show_play_button("other_sound")
                _show_picture(
                    f"{item.title}, by the earlier painter",
                    item.earlier_mel_db,
                    item.seconds,
                    "other_spectrogram",
                )
        with right, st.container(key="own_sound", gap="xsmall"):
            st.markdown("**Now**")
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
    """Show the button that adds the earlier network's piece, where it is of the present one."""
    is_of_today = find_model_of(item.spectrogram.recipe) == PUBLISHED_MODEL
    if item.request is None or item.earlier_wav or not is_of_today:
        return
    st.button(
        "Hear it as before",
        icon=":material/compare:",
        key="hear_before",
        on_click=submit_earlier_sound,
        args=(item,),
        help="The same wish and seed, by the painter that came with Earmark before: a network a fifth of the "
        "size, which knew no beat.",
    )
