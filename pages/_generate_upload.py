"""A piece that was downloaded comes back: by its spectrogram, or by its recipe."""

import json

import streamlit as st

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
    taken.update(file.file_id for file in new)
    refused = [_recipe(file.getvalue()) if file.name.lower().endswith(".json") else
               ask_for([lambda file=file: Piece.brought_back(file.getvalue())]) for file in new]  # fmt: skip
    if any(refused):  # kept until all are through: to ask for another piece forgets it
        st.session_state.wish_refused = next(filter(None, refused))
    if new:
        st.rerun()


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
