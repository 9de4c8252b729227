"""Plotly figures of a music library: its map, and how its genres and feelings are distributed."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas  # noqa: F401 - whole: plotly looks at it, even when another thread has only half imported it
import plotly.graph_objects as go

from genre.plots.prediction import COLOURS, QUIET
from genre.text import genre_name, shorten

NAMED, FEW, MANY = 40, 300, 5_000  # songs on a map: few have their names, many are small
NAME_CHARS = 24  # of a name beside its song
MAP_HEIGHT = 520


def library_map(
    points: np.ndarray, genres: Sequence[str], names: Sequence[str], ids: Sequence[int]
) -> go.Figure:
    """Draw points (n, 2) coloured by genre; each carries its id, so that a click tells which song it is.

    One trace a genre, drawn by WebGL: 10,000 points stay smooth.
    """
    figure = go.Figure()
    kinds, names_of, ids_of = (
        np.array(genres, object),
        np.array([escape(name) for name in names], object),
        np.array(ids),
    )
    labels: dict[str, np.ndarray] = {}
    if len(ids) <= NAMED:
        labels["text"] = np.array([escape(shorten(name, NAME_CHARS)) for name in names], object)
        labels["textposition"] = _label_places(points)
    size = 9 if len(ids) <= FEW else 6 if len(ids) <= MANY else 4
    for genre in sorted(set(genres)):
        rows = np.flatnonzero(kinds == genre)
        figure.add_scattergl(
            x=points[rows, 0].astype(np.float32),
            y=points[rows, 1].astype(np.float32),
            mode="markers+text" if labels else "markers",
            name=f"{genre_name(genre)} ({len(rows):,})",
            hovertext=names_of[rows],
            customdata=ids_of[rows],
            hovertemplate="%{hovertext}<extra>" + genre_name(genre) + "</extra>",
            marker={"color": COLOURS.get(genre, QUIET), "size": size, "opacity": 0.85},
            unselected={"marker": {"opacity": 0.25}},
            **{key: values[rows] for key, values in labels.items()},
        )
    hidden = {"visible": False, "zeroline": False}
    figure.update_layout(
        height=MAP_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis=hidden,
        yaxis=hidden,
        legend={"orientation": "h", "y": -0.02, "yanchor": "top", "itemsizing": "constant"},
        hoverlabel={"namelength": -1},
        dragmode="pan",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": QUIET, "activecolor": COLOURS["jazz"]},
        clickmode="event+select",
        uirevision="map",  # a click changes neither zoom nor place
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _label_places(points: np.ndarray) -> np.ndarray:
    """Choose where names stand: inside the map, and of neighbours in height one below and one above."""
    x, y = points.T
    share = (x - x.min()) / max(float(np.ptp(x)), 1e-9)
    sides = np.where(share < 0.25, "right", np.where(share > 0.75, "left", "center"))
    turns = np.where(np.argsort(np.argsort(y)) % 2, "top", "bottom")
    return np.array([f"{turn} {side}" for turn, side in zip(turns, sides, strict=True)], object)


def counts_chart(counts: Mapping[str, int], colours: Mapping[str, str]) -> go.Figure:
    """Draw a bar for each name, the most frequent on top, with its number."""
    names = sorted(counts, key=counts.__getitem__)
    figure = go.Figure(
        go.Bar(
            x=[counts[name] for name in names],
            y=[genre_name(name) for name in names],
            orientation="h",
            marker={"color": [colours.get(name, QUIET) for name in names]},
            text=[f"{counts[name]:,}" for name in names],
            textposition="outside",
            cliponaxis=False,
            hoverinfo="skip",
        )
    )
    figure.update_layout(
        height=60 + 26 * len(names),
        margin={"l": 0, "r": 48, "t": 8, "b": 8},
        xaxis={"visible": False},
        yaxis={"fixedrange": True, "automargin": True},
        bargap=0.25,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure
