"""The sound of a piece, and beside it, on request, what the network alone paints of the same wish."""

import streamlit as st

from gan.sampling.gallery import GalleryItem
from pages.generation.state import generate_state
from pages.generation.studio import submit_plain_sound
from pages.shared.browser.scripts import play_one_at_a_time


def show_sound(item: GalleryItem) -> None:
    """Show the player of a piece, and that of the network alone, once there is one."""
    if not item.plain_wav:
        st.audio(item.wav, format="audio/wav", autoplay=item.id == generate_state().starting_id)
        return
    left, right = st.columns(2)
    with left, st.container(key="other_sound", gap="xsmall"):
        st.markdown("**The network alone**")
        st.audio(item.plain_wav, format="audio/wav")
    with right, st.container(key="own_sound", gap="xsmall"):
        st.markdown("**As asked**")
        st.audio(item.wav, format="audio/wav")
    play_one_at_a_time("item")


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
