"""The step The leak: the same model under the leaky and the honest split, and why they differ."""

from html import escape

import streamlit as st

from genre.data.dataset import BUILT_IN
from genre.evaluation.reproduction import read_figures
from genre.plots import leak as plots_leak
from genre.runs.catalogue import Entry, leak_pairs
from genre.text import percent, whole_percent
from pages.shared.widgets import STATIC
from pages.training.papers.headline import largest_loss
from pages.training.run_display import ABOUT_EXCERPTS, EXCERPTS, TRACKS, chart_names, load_entries, show_chart
from pages.training.state import go_to
from pages.training.style import DROP

FALL_S = (0.7, 2.4)  # after so many seconds each of the two figures falls


def show_leak() -> None:
    """Show the step."""
    st.subheader("The same model, twice")
    pairs = leak_pairs(load_entries())
    if not pairs:
        st.info(
            "Start the race under **Race**, or train a model under **Set up** with the switch "
            "“once more with a leak”: its two results then stand here side by side.",
            icon=":material/water_drop:",
        )
        st.button("Start a race", icon=":material/flag:", key="to_minute", on_click=go_to, args=("Race",))
        return
    names = chart_names([honest for _, honest in pairs])
    own = [number for number, (leaky, _) in enumerate(pairs) if not leaky.recorded]
    widest = max(own or range(len(pairs)), key=lambda number: _gap(pairs[number]))
    number = st.selectbox("Model", range(len(pairs)), widest, format_func=names.__getitem__, key="leak_pair")
    leaky, honest = pairs[number]
    _show_drops(names[number], leaky, honest)
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


def _show_drops(name: str, leaky: Entry, honest: Entry) -> None:
    """Show how far the model's figure falls in an honest test, and that of a paper on real songs."""
    music = "Music of Earmark's synthesiser" if honest.data == BUILT_IN else honest.data
    drops = [_drop(name, music, leaky.metrics["accuracy"], honest.metrics["accuracy"], FALL_S[0])]
    try:
        loss = largest_loss(read_figures())
    except ValueError:
        loss = None
    if loss:
        paper, before, after = loss
        about = f"Real songs; {paper.authors}, trained by us"
        drops.append(_drop("A published model", about, before, after, FALL_S[1]))
    with st.container(key="leak_drops"):
        st.html(f'{DROP}<div class="drops">{"".join(drops)}</div>')
        st.button(
            "What five papers claimed",
            icon=":material/menu_book:",
            key="to_papers",
            on_click=go_to,
            args=("The papers",),
        )


def _drop(name: str, about: str, before: float, after: float, wait_s: float) -> str:
    """Draw the shares right in both tests as columns, of which the second falls from the first's height."""
    n_points = whole_percent(before) - whole_percent(after)
    sentence = f"<p>Tested honestly, {n_points} in a hundred are gone.</p>" if n_points > 0 else ""
    levels = f"--before: {whole_percent(before)}; --after: {whole_percent(after)}; --wait: {wait_s}s"
    columns = "".join(
        f'<div class="{kind}"><span><i aria-hidden="true"></i><b><span>{percent(share)}</span></b></span>'
        f"<small>{label}</small></div>"
        for kind, share, label in (("is-leaky", before, "with a leak"), ("is-honest", after, "honestly"))
    )
    return (
        f'<figure class="drop" style="{levels}"><figcaption>{escape(name)}<small>{escape(about)}</small>'
        f"</figcaption>{columns}{sentence}</figure>"
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
