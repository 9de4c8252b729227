"""The step The leak: the same model under the leaky and the honest split, and why they differ."""

import streamlit as st

from genre import plots_training
from genre.catalogue import Entry, leak_pairs
from genre.plots import percent
from pages._runs import chart, entries
from pages._shared import STATIC


def show_leak() -> None:
    st.subheader("The same model, twice")
    pairs = leak_pairs(entries())
    if not pairs:
        st.info("Train a model under **Set up** with the switch “once more with the leaky split”, "
                "and its two results stand here side by side.", icon=":material/water_drop:")  # fmt: skip
        return
    names = [_name(pair, pairs) for pair in pairs]
    widest = max(range(len(pairs)), key=lambda place: _gap(pairs[place]))
    place = st.selectbox("Model", range(len(pairs)), widest, format_func=names.__getitem__,
                         key="leak_pair")  # fmt: skip
    leaky, honest = pairs[place]
    st.markdown(
        "With the leaky split, pieces of **the same recording** are learnt from (grey) and tested "
        "(orange), so the model gets many answers right by recognising a recording it has already "
        "heard. With the honest one, whole recordings are kept aside for the test (green), like the "
        "music you will play it tomorrow: only this figure says what the model knows about genres."
    )
    left, right = st.columns(2)
    with left:
        _side(leaky, "Leaky split", True)
    with right:
        _side(honest, "Honest split", False)
    if leaky.recorded:
        st.caption("Recorded trainings that came with Earmark, on its built-in music. Counted are "
                   "windows, pieces of a few seconds, as the papers do that cut first.")  # fmt: skip
    else:
        st.caption("Counted are windows, pieces of a few seconds, as the papers do that cut first.")
    if len(pairs) > 1:
        chart(
            plots_training.leak_bars(
                names, [pair[0].figures for pair in pairs], [pair[1].figures for pair in pairs]
            ),
            key="leak_bars", alt="Right answers under both splits, a pair of bars a model",
            title="### Every model that was trained both ways",
        )  # fmt: skip


def _side(entry: Entry, title: str, leaky: bool) -> None:
    with st.container(border=True):
        st.metric(title, percent(entry.figures["window_accuracy"]),
                  help="Windows of the test whose genre is named right.")  # fmt: skip
        st.plotly_chart(
            plots_training.split_drawing(leaky), config=STATIC, key=f"drawing_{leaky}",
            alt="Which windows of some recordings are learnt from and which are tested",
        )  # fmt: skip


def _gap(pair: tuple[Entry, Entry]) -> float:
    leaky, honest = pair
    return leaky.figures["window_accuracy"] - honest.figures["window_accuracy"]


def _name(pair: tuple[Entry, Entry], pairs: list[tuple[Entry, Entry]]) -> str:
    """The model, and what tells it from others of its kind."""
    entry = pair[1]
    twins = [p for p in pairs if p[1].model == entry.model]
    if len(twins) == 1:
        return entry.model
    epochs = entry.recipe.get("epochs")
    words = f"{entry.model}, {entry.input}, {entry.data}, {epochs} epochs"
    return f"{words}, recorded" if entry.recorded else f"{words} ({twins.index(pair) + 1})"
