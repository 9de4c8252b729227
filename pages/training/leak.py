"""The step The leak: the same model under the leaky and the honest split, and why they differ."""

import streamlit as st

from genre.plots import leak as plots_leak
from genre.runs.catalogue import Entry, leak_pairs
from genre.text import percent
from pages.shared.widgets import STATIC
from pages.training.run_display import ABOUT_EXCERPTS, EXCERPTS, TRACKS, chart_names, load_entries, show_chart
from pages.training.state import go_to


def show_leak() -> None:
    """Show the step."""
    st.subheader("The same model, twice")
    pairs = leak_pairs(load_entries())
    if not pairs:
        st.info(
            "Start the race under **In a minute**, or train a model under **Set up** with the switch "
            "“once more with a leak”: its two results then stand here side by side.",
            icon=":material/water_drop:",
        )
        st.button(
            "In a minute", icon=":material/flag:", key="to_minute", on_click=go_to, args=("In a minute",)
        )
        return
    names = chart_names([honest for _, honest in pairs])
    own = [number for number, (leaky, _) in enumerate(pairs) if not leaky.recorded]
    widest = max(own or range(len(pairs)), key=lambda number: _gap(pairs[number]))
    number = st.selectbox("Model", range(len(pairs)), widest, format_func=names.__getitem__, key="leak_pair")
    leaky, honest = pairs[number]
    st.markdown(
        "With a leak, excerpts of **the same recording** are learnt from (grey) and tested (orange), so the "
        "model gets many answers right by recognising a recording it has already heard. In an honest test, "
        "whole recordings are kept aside (green), like the music you will play it tomorrow: only this figure "
        "says what the model knows about genres."
    )
    left, right = st.columns(2)
    with left:
        _show_side(leaky, "Tested with a leak", True)
    with right:
        _show_side(honest, "Tested honestly", False)
    if leaky.recorded:
        st.caption("Recorded trainings that came with Earmark, on its built-in music.")
    if len(pairs) > 1:
        show_chart(
            plots_leak.leak_bars(
                names, [pair[0].metrics for pair in pairs], [pair[1].metrics for pair in pairs]
            ),
            key="leak_bars",
            alt="Tracks right in both tests, a pair of bars a model",
            title="### Every model that was trained both ways, in tracks right",
        )


def _show_side(entry: Entry, title: str, is_leaky: bool) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        with st.container(horizontal=True, gap="medium"):
            st.metric(TRACKS, percent(entry.metrics["accuracy"]), width="content")
            st.metric(
                EXCERPTS, percent(entry.metrics["window_accuracy"]), width="content", help=ABOUT_EXCERPTS
            )
        st.plotly_chart(
            plots_leak.split_drawing(is_leaky),
            config=STATIC,
            key=f"drawing_{is_leaky}",
            alt="Which excerpts of some recordings are learnt from and which are tested",
        )


def _gap(pair: tuple[Entry, Entry]) -> float:
    """Compute by how much the leaky split overstates the accuracy."""
    leaky, honest = pair
    return leaky.metrics["accuracy"] - honest.metrics["accuracy"]
