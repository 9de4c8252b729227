"""The step The leak: the same model under the leaky and the honest split, and why they differ."""

import streamlit as st

from genre.plots import training as plots_training
from genre.runs.catalogue import Entry, leak_pairs
from genre.text import percent
from pages.shared.widgets import STATIC
from pages.training.run_display import MODEL_NAMES, load_entries, show_chart
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
    names = [_pair_name(pair, pairs) for pair in pairs]
    widest = max(range(len(pairs)), key=lambda number: _gap(pairs[number]))
    number = st.selectbox("Model", range(len(pairs)), widest, format_func=names.__getitem__, key="leak_pair")
    leaky, honest = pairs[number]
    st.markdown(
        "With the leaky split, pieces of **the same recording** are learnt from (grey) and tested "
        "(orange), so the model gets many answers right by recognising a recording it has already "
        "heard. With the honest one, whole recordings are kept aside for the test (green), like the "
        "music you will play it tomorrow: only this figure says what the model knows about genres."
    )
    left, right = st.columns(2)
    with left:
        _show_side(leaky, "Leaky split", True)
    with right:
        _show_side(honest, "Honest split", False)
    if leaky.recorded:
        st.caption("Recorded trainings that came with Earmark, on its built-in music.")
    if len(pairs) > 1:
        show_chart(
            plots_training.leak_bars(
                names, [pair[0].metrics for pair in pairs], [pair[1].metrics for pair in pairs]
            ),
            key="leak_bars",
            alt="Right answers under both splits, a pair of bars a model",
            title="### Every model that was trained both ways",
        )


def _show_side(entry: Entry, title: str, is_leaky: bool) -> None:
    with st.container(border=True):
        st.markdown(f"**{title}**")
        with st.container(horizontal=True, gap="medium"):
            st.metric(
                "Windows right",
                percent(entry.metrics["window_accuracy"]),
                width="content",
                help="Of single windows of a few seconds, which the papers count that cut first.",
            )
            if "accuracy" in entry.metrics:
                st.metric(
                    "Tracks right",
                    percent(entry.metrics["accuracy"]),
                    width="content",
                    help="A track's answer is the vote of its windows.",
                )
        st.plotly_chart(
            plots_training.split_drawing(is_leaky),
            config=STATIC,
            key=f"drawing_{is_leaky}",
            alt="Which windows of some recordings are learnt from and which are tested",
        )


def _gap(pair: tuple[Entry, Entry]) -> float:
    """Compute by how much the leaky split overstates the accuracy."""
    leaky, honest = pair
    return leaky.metrics["window_accuracy"] - honest.metrics["window_accuracy"]


def _pair_name(pair: tuple[Entry, Entry], pairs: list[tuple[Entry, Entry]]) -> str:
    """Name the model, and what tells it apart from others of its kind."""
    entry = pair[1]
    same_model = [p for p in pairs if p[1].model == entry.model]
    model = MODEL_NAMES.get(entry.model, entry.model)
    if len(same_model) == 1:
        return model
    epochs = entry.recipe.get("epochs")
    name = f"{model}, {entry.input}, {entry.data}, {epochs} epochs"
    return f"{name}, recorded" if entry.recorded else f"{name} ({same_model.index(pair) + 1})"
