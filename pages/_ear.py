"""The classifiers that hear for the visitors, loaded once for all of them."""

from typing import TYPE_CHECKING

import streamlit as st

from genre import GENRES
from genre.cards import ArtefactError, load_card
from genre.home import PROMOTED, home, promoted_models

if TYPE_CHECKING:
    from genre.classifier import Classifier


def chosen_ear() -> str | None:
    """The promoted model that the visitor wants to hear; None: the shipped one."""
    name = st.session_state.get("ear")
    return name if name in promoted_models() else None


def ear_genres() -> tuple[str, ...]:
    """What the chosen ear can name."""
    if name := chosen_ear():
        try:
            return tuple(str(genre) for genre in load_card(home() / PROMOTED / name)["genres"]) or GENRES
        except (ArtefactError, TypeError):
            pass  # the first clip will say what is wrong with it
    return GENRES


def ear_as_it_is() -> tuple[str | None, int]:
    """The chosen ear, and when it last changed."""
    name = chosen_ear()
    return name, (home() / PROMOTED / name / "card.json").stat().st_mtime_ns if name else 0


def classifier() -> "Classifier":
    """The network that hears for this visitor."""
    return classifier_named(*ear_as_it_is())


@st.cache_resource(show_spinner=False, max_entries=4)
def classifier_named(name: str | None, changed: int) -> "Classifier":
    """A network, once for all visitors, warmed up: its first clip takes far longer."""
    import numpy as np

    from genre.audio import SAMPLE_RATE, Clip
    from genre.classifier import Classifier

    network = Classifier.load(name) if name else Classifier.load()
    rising = np.sin(np.linspace(0, 150, 3 * SAMPLE_RATE) ** 2, dtype=np.float32)  # passes for music
    network.classify(Clip(rising, 3.0))
    return network
