"""The stored pieces: pictures of what the painter has made before, each played where it stands."""

from pathlib import Path

import streamlit as st

from gan.training.history import read_training_history
from genre.paths import PIECES
from genre.text import genre_name
from pages.generation.html import data_url
from pages.generation.studio import stored_pieces_history
from pages.shared.style import STORED_PIECES

_FOLDER = Path(__file__).parent


def _source(suffix: str) -> str:
    return (_FOLDER / f"pieces{suffix}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "earmark_pieces",
    html='<div class="pieces"></div>',
    css=_source(".css"),
    js=_source(".js"),
    isolate_styles=False,  # the presenter's view reaches into it
)


def show_stored_pieces() -> None:
    """Show the pictures of the training's end that have a stored piece of their genre.

    The sounds are audio elements of the page, which nobody sees: the pictures start them without asking the
    server, and the browser fetches each once.
    """
    history = read_training_history(stored_pieces_history())
    last = max(history.sample_sheets, default=None)
    pictures = dict(zip(history.genres, history.samples_at(last), strict=False)) if last is not None else {}
    genres = [genre for genre in pictures if (PIECES / f"{genre}.mp3").is_file()]
    st.html(STORED_PIECES)
    with st.container(key="stored_pieces"):
        _mount(
            key="pieces",
            data={
                "pieces": [
                    {"name": genre_name(genre).capitalize(), "picture": data_url(pictures[genre])}
                    for genre in genres
                ]
            },
        )
    with st.container(key="stored_sounds"):
        for genre in genres:
            st.audio((PIECES / f"{genre}.mp3").read_bytes(), format="audio/mpeg")
