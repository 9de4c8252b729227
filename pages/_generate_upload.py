"""A piece that was downloaded comes back: by its spectrogram, or by its recipe."""

import json

import streamlit as st

from gan.gallery import Piece
from pages._generate_studio import ask, ask_for

MOST_RECIPE = 100_000  # bytes; ours has some hundred
NO_RECIPE = "This is no recipe of ours. Upload the JSON file that you downloaded with a piece of music."


def take_back() -> None:
    """The uploader. Each file is taken once."""
    st.caption("Upload what you downloaded here: the recipe (JSON) is painted again, the spectrogram "
               "(NPZ) only played.")  # fmt: skip
    files = st.file_uploader("Recipes and spectrograms", type=["json", "npz"], accept_multiple_files=True,
                             key="brought", label_visibility="collapsed")  # fmt: skip
    taken = st.session_state.setdefault("taken_back", set())
    new = [file for file in files if file.file_id not in taken]
    taken.update(file.file_id for file in new)
    for file in new:
        (_recipe if file.name.lower().endswith(".json") else _spectrogram)(file.getvalue())
    if new:
        st.rerun()


def _recipe(content: bytes) -> None:
    from gan.sample import again
    from gan.wish import WishError

    try:
        recipe = json.loads(content[:MOST_RECIPE])
        ask([again(recipe)], "brought back")
    except WishError as error:
        st.session_state.refused = str(error)
    except (ValueError, RecursionError):
        st.session_state.refused = NO_RECIPE


def _spectrogram(content: bytes) -> None:
    ask_for([lambda: Piece.brought_back(content)])
