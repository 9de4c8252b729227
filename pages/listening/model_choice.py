"""The choice of the model that predicts, and the genres that it knows."""

import streamlit as st

from genre.errors import error_sentence
from genre.paths import promoted_models, promoted_title
from genre.text import genre_name
from pages.shared.flash import set_flash, show_flash
from pages.shared.models import MODEL_CHOICE, chosen_genres, chosen_model, take_off
from pages.shared.widgets import escaped


def show_introduction() -> None:
    """Show the genres of the chosen model."""
    names = [genre_name(genre) for genre in chosen_genres()]
    count = "ten" if len(names) == 10 else str(len(names))
    st.markdown(
        f"Earmark knows {count} genres and no more: {escaped(', '.join(names[:-1]))} and "
        f"{escaped(names[-1])}."
    )


def show_model_choice() -> None:
    """Show a selectbox as soon as there is a choice: models that were promoted on the Train page."""
    promoted = promoted_models()
    if not promoted:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choose(promoted)
        if name := chosen_model():
            with st.popover("Take it off", icon=":material/hearing_disabled:", key="take_off_model"):
                st.markdown(
                    f"Take **{escaped(promoted_title(name))}** off this page, for everybody? "
                    "A training that made it stays on the Train page."
                )
                st.button("Yes, take it off", key="take_off", on_click=_take_off, args=(name,))
    show_flash("model")


def _take_off(name: str) -> None:
    try:
        take_off(name)
    except (ValueError, OSError) as error:
        set_flash("model", escaped(error_sentence(error)))


def _choose(promoted: list[str]) -> None:
    st.selectbox(
        "Which model?",
        [None, *promoted],
        key=MODEL_CHOICE,
        persist_state="session",
        format_func=lambda name: promoted_title(name) if name else "the one that came with Earmark",
        help="Models trained on the Train page. The latest half hour of what you have played is heard again.",
    )
