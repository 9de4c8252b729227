"""Example pieces played by the synthesiser, one a genre."""

from functools import partial

import streamlit as st

from genre import GENRES
from genre.text import genre_name
from pages.listening.predict import predict_files
from pages.listening.state import listen_state

EXAMPLE_S = 24.0
# Of the first eight seeds of each style the one whose piece the network finds most like it: these
# show what a prediction looks like and measure nothing.
EXAMPLE_SEEDS = {
    "blues": 4,
    "classical": 4,
    "country": 7,
    "disco": 7,
    "hiphop": 7,
    "jazz": 4,
    "metal": 2,
    "pop": 3,
    "reggae": 1,
    "rock": 2,
}


@st.cache_data(show_spinner=False, max_entries=len(GENRES))
def render_example(genre: str) -> bytes:
    """A piece in the style, as a WAV file."""
    from genre.audio.clip import Clip
    from genre.synth.dataset import render

    return Clip(render(genre, EXAMPLE_SEEDS[genre], EXAMPLE_S), EXAMPLE_S).to_wav()


def show_examples() -> None:
    """Show a button for each genre, and predict the requested example."""
    state = listen_state()
    st.caption("No music at hand? Try a piece played by our own synthesiser:")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for genre in GENRES:
            label = genre_name(genre).capitalize()
            st.button(label, key=f"example_{genre}", on_click=_request, args=(genre,))
    if requested := state.requested_example:
        state.requested_example = None
        name = f"{genre_name(requested).capitalize()}, synthesised"
        predict_files([(name, partial(render_example, requested))], "example")
        st.rerun()


def _request(genre: str) -> None:
    """Note the genre: uploads in work come first, and a button's press would be forgotten by then."""
    listen_state().requested_example = genre
