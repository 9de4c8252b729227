"""The choice of the model that predicts, and the genres that it knows."""

import streamlit as st

from genre.paths import promoted_models
from genre.text import genre_name
from pages.shared.flash import show_flash
from pages.shared.models import MODEL_CHOICE, chosen_genres
from pages.shared.widgets import escaped


def show_introduction() -> None:
    """Show the genres of the chosen model."""
    names = [genre_name(genre) for genre in chosen_genres()]
    count = "ten" if len(names) == 10 else str(len(names))
    st.markdown(
        f"Play Earmark some music and it names the genre. It knows {count} and no more: "
        f"{escaped(', '.join(names[:-1]))} and {escaped(names[-1])}."
    )


def show_model_choice() -> None:
    """Show a selectbox as soon as there is a choice: models that were promoted on the Train page."""
    promoted = promoted_models()
    if not promoted:
        return
    st.selectbox(
        "Which model?",
        [None, *promoted],
        key=MODEL_CHOICE,
        persist_state="session",
        format_func=lambda name: name or "the one that came with Earmark",
        help="Models trained on the Train page. The latest half hour of what you have played is heard again.",
    )
    show_flash("model")
