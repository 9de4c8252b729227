"""The description of a clip besides its genre: tags, feelings, and energy over time."""

import streamlit as st

from genre.inference.classifier import Prediction
from genre.inference.description import strongest_emotions, window_energy
from genre.models.cards import load_card
from genre.paths import WEIGHTS
from genre.plots import prediction as plots
from genre.text import FEELING_WORDS, genre_name
from pages.shared.models import chosen_model
from pages.shared.widgets import STILL

MODEL = "listen"
STRENGTHS = ((3.0, "strong"), (1.6, "clear"), (0.0, "a little"))  # (times the tag's threshold, word)
# The kinds of a genre that tags name, for the sentence "rock, rather classic rock".
KINDS = {
    "rock": ("classic rock", "hard rock", "alternative rock", "indie rock", "progressive rock", "punk"),
    "metal": ("heavy metal", "hard rock"),
    "pop": ("indie pop", "electronic", "dance"),
    "hiphop": ("electronic",),
    "disco": ("house", "electronic"),
}


def show_description(prediction: Prediction, begin_s: float) -> None:
    """Show tags and feelings, where the model has them."""
    description = prediction.description
    if chosen_model() or not description.emotions or prediction.genre is None:
        return
    own = load_card(WEIGHTS / MODEL).pretrained
    if description.tags:
        st.markdown(
            "**What listeners call songs like this**",
            help="Only words that were right for at least three of four songs whose kind was known.",
        )
        with st.container(horizontal=True, gap="xsmall"):
            for tag, probability in description.tags.items():
                times = probability / own["tags"][tag]["threshold"]
                strength = next(word for least, word in STRENGTHS if times >= least)
                st.badge(f"{tag}: {strength}", color="gray")
        if kind := _kind(prediction):
            st.caption(kind)
    feelings = feelings_of(prediction)
    st.markdown(
        "**What it feels like**",
        help="Learnt from 258 songs whose listeners said what they felt. Energy is power, joy and tension "
        "less calm, tenderness and sadness.",
    )
    st.markdown(f"{_join(feelings).capitalize()}." if feelings else "No feeling stands out.")
    if len(prediction.window_times_s) > 1:
        st.plotly_chart(
            plots.energy_over_time(
                prediction.window_times_s,
                window_energy(description, own["emotions"]),
                prediction.duration_s,
                begin_s,
            ),
            config=STILL,
            key="energy",
            alt="How energetic or calm the music is over time",
        )


def feelings_of(prediction: Prediction) -> list[str]:
    """List the words for the feelings that stand out, the strongest first; none where no model tells them."""
    if chosen_model() or not prediction.description.emotions:
        return []
    statistics = load_card(WEIGHTS / MODEL).pretrained["emotions"]
    return [FEELING_WORDS[name] for name in strongest_emotions(prediction.description, statistics)]


def _kind(prediction: Prediction) -> str:
    """Write a sentence with the kind of the genre that its tags name; empty where they name none."""
    kinds = [tag for tag in prediction.description.tags if tag in KINDS.get(prediction.genre or "", ())]
    return f"{genre_name(prediction.genre or '').capitalize()}, rather {kinds[0]}." if kinds else ""


def _join(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}" if words else ""
