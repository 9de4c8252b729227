"""A piece that was downloaded comes back: by its spectrogram, or by its recipe."""

import json

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from gan.gallery import Piece
from pages._generate_studio import OTHER_PAINTER, ask, ask_for, painter_of

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
    refused = {}
    for file in new:  # a click may end the run at any of them, and the next run goes on from there
        if why := _ask_back(file):
            refused[file.file_id] = why
        else:
            taken.add(file.file_id)
    if refused:  # kept until all are through: to ask for another piece forgets it
        st.session_state.wish_refused = next(iter(refused.values()))
        taken.update(refused)
    if new:
        st.rerun()


def _ask_back(file: UploadedFile) -> str | None:
    """Ask for the piece of a file, or say why that cannot be."""
    if file.name.lower().endswith(".json"):
        return _recipe(file.getvalue())
    ask_for([lambda: Piece.brought_back(file.getvalue())])
    return None


def _recipe(content: bytes) -> str | None:
    """Ask for it again, or say why that cannot be."""
    from gan.sample import again
    from gan.wish import WishError

    try:
        recipe = json.loads(content[:MOST_RECIPE])
        wish = again(recipe)
        painter = painter_of(recipe)
        if painter is None:
            return OTHER_PAINTER
        ask([wish], "brought back", painter)
    except WishError as error:
        return str(error)
    except (ValueError, RecursionError):
        return NO_RECIPE
