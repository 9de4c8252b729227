"""The step "Race": a race of three trainings, told and started with one press."""

import streamlit as st

from genre import GENRES
from genre.data.dataset import BUILT_IN
from genre.runs.catalogue import LEAKY
from genre.training.experiment import ExperimentSettings, experiment_settings
from pages.shared.style import LANES
from pages.training.run_display import LEAK, MODEL_NAMES, load_entries
from pages.training.setup.line_up import Racer, lanes_html, line_up_html
from pages.training.setup.step import start_runs
from pages.training.state import go_to

EPOCHS = 12  # a minute for all three, on two cores
# (model, split, its part in the story); the music that they need comes with Earmark.
RACERS = (
    (
        "linear",
        "track",
        "It adds up the picture of the sound, point by point. It is quick, and knows no patterns.",
    ),
    ("cnn-simple", "track", "A small network that looks for patterns: a beat, a held note, a strum."),
    (
        "cnn-simple",
        LEAKY,
        "The same network, but its exam has leaked: it has learnt from parts of the pieces in its test.",
    ),
)
CHAPTERS = (
    (":material/timeline:", "**Watch who wins**", "Each model is a line that climbs as it learns."),
    (":material/hearing:", "**Play it something**", "The winner names the genre of your music."),
    (":material/water_drop:", "**See who cheats**", "And why its fine figure means nothing."),
)


def show_minute() -> None:
    """Show the step."""
    own = [entry for entry in load_entries() if not entry.recorded]
    is_racing = any(entry.run.active for entry in own)
    st.html(LANES + lanes_html([Racer(_name(racer), racer[2]) for racer in RACERS]))
    st.html(
        line_up_html(
            list(map(_name, RACERS)),
            len(GENRES),
            "They learn from 300 short pieces that Earmark's synthesiser plays.",
        )
    )
    _show_start(is_racing)
    with st.container(key="chapters"):
        for column, (icon, title, text) in zip(st.columns(len(CHAPTERS)), CHAPTERS, strict=True):
            with column:
                st.markdown(f"{icon} {title}  \n{text}")
    with st.container(horizontal=True, vertical_alignment="center", key="other_ways"):
        st.button(
            "Choose music and models myself",
            icon=":material/tune:",
            key="to_data",
            on_click=go_to,
            args=("Data",),
        )
        if own and not is_racing:
            st.button(
                "See the last race",
                icon=":material/timeline:",
                key="to_watch",
                on_click=go_to,
                args=("Watch",),
            )


def _show_start(is_racing: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="start_line"):
        if is_racing:
            st.button(
                "Watch the race",
                type="primary",
                icon=":material/timeline:",
                key="watch_race",
                on_click=go_to,
                args=("Watch",),
            )
        elif st.button("Start the race", type="primary", icon=":material/play_arrow:", key="start_race"):
            start_runs(race_settings(), cores=1)
            st.rerun()
        length = "It takes about a minute, and longer while this machine is busy."
        state = "It is running." if is_racing else length
        st.caption(
            f"{state} They learn to tell ten kinds of music apart, from 300 short pieces that Earmark's "
            "synthesiser plays."
        )


def _name(racer: tuple[str, str, str]) -> str:
    model, split, _ = racer
    return MODEL_NAMES[model] + (LEAK if split == LEAKY else "")


def race_settings() -> list[ExperimentSettings]:
    """Build the three trainings. A guest may start them too."""
    return [
        experiment_settings(model, BUILT_IN, input="mel", split=split, epochs=EPOCHS)
        for model, split, _ in RACERS
    ]
