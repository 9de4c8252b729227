"""The step The papers: five papers, what they claimed, and what is left of it on songs that are new."""

import streamlit as st

from genre.evaluation.reproduction import Figures, read_figures
from genre.models.papers import PAPERS
from genre.text import percent
from pages.shared.style import PAPER_CARDS
from pages.training.papers.card import show_paper
from pages.training.papers.headline import largest_loss


def show_papers() -> None:
    """Show the step."""
    st.subheader("Five papers, measured again")
    try:
        figures = read_figures()
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.html(PAPER_CARDS)
    if sentence := _sentence(figures):
        st.html(f'<p class="paper-sentence">{sentence}</p>')
    st.markdown(
        "Earmark grew out of five papers. Their systems are all here. Each was trained again, tested as its "
        "paper did and then on songs that it had never heard."
    )
    first = loss[0] if (loss := largest_loss(figures)) else None
    for paper in sorted(PAPERS, key=lambda paper: paper is not first):  # that of the sentence above
        show_paper(paper, figures)
    st.caption(
        "All figures are of GTZAN, ten genres of music, as far as its recordings are at hand; how a paper "
        "tested is our best reading of it. RESULTS.md holds them all, and `python -m genre reproduce` "
        "measures them."
    )


def _sentence(figures: dict[tuple[str, str], Figures]) -> str:
    """Write the sentence to remember, of the headline that loses most on new songs; empty without one."""
    loss = largest_loss(figures)
    if not loss:
        return ""
    paper, leaky, honest = loss
    return (
        f"A model names <b>{percent(leaky)}</b> of short excerpts right when it has heard other parts of "
        f"the same songs, and <b>{percent(honest)}</b> when the songs are new to it."
        f"<small>The system of {paper.authors}, trained by us, in two tests</small>"
    )
