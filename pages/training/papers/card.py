"""A paper as a card: claim and protocol, three bars, a training with one click, and its other systems."""

import streamlit as st

from genre import GENRES
from genre.data.dataset import BUILT_IN
from genre.evaluation.reproduction import Figures
from genre.models.cards import load_card
from genre.models.papers import Paper
from genre.models.registry import MODELS
from genre.paths import PIECES, WEIGHTS
from genre.plots import training as plots_training
from genre.plots.leak import HONEST_COLOUR, LEAKY_COLOUR
from genre.runs.catalogue import LEAKY
from genre.text import genre_name, percent
from pages.access.roles import is_operator
from pages.training.run_display import INPUT_LABELS, MODEL_NAMES, published_percent, show_chart

PAPER_COLOUR = "#8A9099"
GAN, GAN_FIRST = "gan", "gan-first"
NOTHING = "not yet"  # in place of a figure that has not been measured
FIRST_PIECE = "jazz"
PLAIN_PIECE = WEIGHTS / GAN / "plain" / "dcgan-0.mp3"  # of the paper's kind of network


def show_paper(paper: Paper, figures: dict[tuple[str, str], Figures]) -> None:
    """Show the card."""
    figure = figures.get(paper.headline)
    with st.container(border=True, key=f"paper_{paper.key}"):
        left, right = st.columns([5, 4], gap="large")
        with left:
            st.markdown(f"#### {paper.title}\n:gray[{paper.authors}]")
            st.markdown(f":material/campaign: {paper.claim}")
            st.markdown(f":material/science: {paper.protocol}")
        with right:
            if figure:
                st.html(_bars(figure))
                st.caption(_measure(figure))
            else:
                st.caption("Its figures have not been measured here yet.")
        if paper.has_gan:
            _show_gan()
        if is_operator():  # these trainings take longer than a guest's may
            _show_training(paper)
        _show_matrices(paper, figures)
        if len(paper.systems) > 1:
            with st.expander(f"All {len(paper.systems)} figures of this paper", icon=":material/table_rows:"):
                _show_systems(paper, figures)


def _bars(figure: Figures) -> str:
    """Draw the three figures as bars of HTML."""
    paper = figure.published.split(" to ")[-1]  # the best of several
    rows = [
        ("The paper", PAPER_COLOUR, float(paper.removeprefix("F1")), published_percent(paper)),
        (
            "Ours, their test",
            LEAKY_COLOUR if figure.leaky else HONEST_COLOUR,
            figure.same,
            _figure(figure.same, figure.is_f1),
        ),
        (
            "Ours, new songs",
            HONEST_COLOUR,
            figure.honest_windows,
            _figure(figure.honest_windows, figure.is_f1),
        ),
    ]
    cells = "".join(
        f'<span>{label}</span><span class="track"><i style="width:{100 * (value or 0):.1f}%;'
        f'background:{colour}"></i></span><b>{text}</b>'
        for label, colour, value, text in rows
    )
    return f'<div class="paper-bars">{cells}</div>'


def _figure(value: float | None, is_f1: bool) -> str:
    if value is None:
        return NOTHING
    return f"F1 {value:.2f}" if is_f1 else percent(value)


def _measure(figure: Figures) -> str:
    """Say what the bars count."""
    first = (
        "F1 of whole clips (how many of a genre it finds, and how often it is right when it names it, in one "
        "figure; 1 is best)"
        if figure.is_f1
        else "Right answers for excerpts of 3 s"
    )
    leak = ", with a leak in the first two rows" if figure.leaky else ""
    if figure.honest is None:
        return f"{first}{leak}."
    songs = f"{figure.n_tracks} whole new songs" if figure.n_tracks else "whole new songs"
    return (
        f"{first}{leak}. Of {songs}, named by the vote of their excerpts, {percent(figure.honest)} are right."
    )


def _show_gan() -> None:
    """Play pieces of our generator, beside its distance from real music and that of the paper's kind."""
    distance = load_card(WEIGHTS / GAN).metrics["distance"]
    dcgan = load_card(WEIGHTS / GAN_FIRST).metrics["distance"]["dcgan"]  # measured beside that one
    genres = [genre for genre in GENRES if (PIECES / f"{genre}.mp3").is_file()]
    st.markdown(
        "**What such networks sound like.** "
        "How far from real music is it? "
        f"Our pieces score {distance['generated']['frechet']:.0f}. Those of a GAN as in the paper (DCGAN), "
        f"trained on the same music, score {dcgan['frechet']:.0f}, and noise scores "
        f"{distance['noise']['frechet']:.0f}. Less is nearer to real music (Fréchet distance)."
    )
    if PLAIN_PIECE.is_file():
        st.markdown("**The paper's network**, which cannot be asked for a genre:")
        st.audio(PLAIN_PIECE.read_bytes(), format="audio/mpeg")
        st.markdown("**Our network:**")
    genre = st.pills(
        "Genre of the piece",
        genres,
        default=FIRST_PIECE if FIRST_PIECE in genres else None,
        format_func=lambda name: genre_name(name).capitalize(),
        key="paper_piece",
        label_visibility="collapsed",
    )
    if genre:
        st.audio((PIECES / f"{genre}.mp3").read_bytes(), format="audio/mpeg")


def _show_training(paper: Paper) -> None:
    """Show the button that trains the same on the built-in music."""
    model, kind = paper.headline
    leaky = MODELS[model].published[kind].split == LEAKY
    st.button(
        "Train the same on the built-in music",
        icon=":material/play_arrow:",
        key=f"train_{paper.key}",
        on_click=_train,
        args=(paper,),
        help=f"{MODEL_NAMES[model]} :gray[{model}], tested as in the paper"
        + (" and once more honestly: see The leak afterwards." if leaky else "."),
    )


def _train(paper: Paper) -> None:
    """Start the paper's system on the built-in music, by its protocol and, where that leaks, by ours."""
    from genre.training.experiment import experiment_settings
    from pages.training.setup.step import start_runs

    model, kind = paper.headline
    published = MODELS[model].published[kind]
    protocol = published.windows, published.seconds
    splits = dict.fromkeys((published.split, "track"))
    start_runs([experiment_settings(model, BUILT_IN, kind, split, *protocol) for split in splits], cores=1)


def _show_matrices(paper: Paper, figures: dict[tuple[str, str], Figures]) -> None:
    """Show the confusion matrices of one of the paper's systems, where some are recorded."""
    recorded = {
        system: figures[system]
        for system in paper.systems
        if system in figures and (figures[system].same_confusion or figures[system].honest_confusion)
    }
    if not recorded:
        return
    key = f"matrices_{paper.key}"
    with st.expander(
        "What it mistakes for what", icon=":material/grid_on:", key=key, on_change="rerun"
    ) as expander:
        if not expander.open:  # ten charts would be drawn for nobody
            return
        system = next(iter(recorded))
        if len(recorded) > 1:
            system = st.selectbox(
                "System", list(recorded), format_func=_system_name, key=f"system_{paper.key}"
            )
        _show_confusions(paper, recorded[system])


def _system_name(system: tuple[str, str]) -> str:
    model, kind = system
    return f"{MODEL_NAMES[model]}, on {INPUT_LABELS[kind]}"


def _show_confusions(paper: Paper, figure: Figures) -> None:
    matrices = (
        ("same", "By the paper's test", "excerpts", figure.same_confusion),
        ("honest", "On new songs", "tracks", figure.honest_confusion),
    )
    present = [matrix for matrix in matrices if matrix[3]]
    for column, (name, title, unit, confusion) in zip(st.columns(2), present, strict=False):
        with column:
            show_chart(
                plots_training.confusion_matrix({"confusion": confusion, "genres": GENRES}, unit),
                key=f"paper_confusion_{paper.key}_{name}",
                alt=f"{title}: what it is against what the model says",
                title=f"**{title}**, in {unit}",
            )


def _show_systems(paper: Paper, figures: dict[tuple[str, str], Figures]) -> None:
    rows = []
    for model, kind in paper.systems:
        figure = figures.get((model, kind))
        rows.append(
            {
                "System": MODEL_NAMES[model],
                "Technical name": model,
                "Hears": kind,
                "The paper": published_percent(MODELS[model].published[kind].figure),
                "Ours, their test": _figure(figure.same, figure.is_f1) if figure else NOTHING,
                "Ours, new songs": _figure(figure.honest, False) if figure else NOTHING,
            }
        )
    st.dataframe(rows, hide_index=True, key=f"systems_{paper.key}", alt=f"All figures of {paper.authors}")
