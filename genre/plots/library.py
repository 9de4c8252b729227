"""Plotly figures of a music library: its map, and how its genres and feelings are distributed."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas  # noqa: F401 - whole: plotly looks at it, even when another thread has only half imported it
import plotly.graph_objects as go

from genre.plots.prediction import COLOURS, QUIET
from genre.text import genre_name, shorten

NAMED, FEW, MANY = 40, 300, 5_000  # songs on a map: few have their names, many are small
MAX_SVG = 2_000  # songs that are drawn as fast without WebGL, which not every browser has
NAME_CHARS = 24  # of a name beside its song
MAP_HEIGHT = 520
# Shares of the map that are left free (beside, below) and (beside, above) the songs, for names.
MARGINS_BEFORE, MARGINS_BEHIND = (0.08, 0.07), (0.08, 0.15)
LEAST_EXTENT = 0.1  # of a map of one song
NAME_WIDTH, NAME_ROW = 0.2, 0.11  # the room that a genre's name takes, as shares of the map
MAX_TRIED = 20  # songs at which a genre's name may stand


def library_map(
    points: np.ndarray, genres: Sequence[str], names: Sequence[str], ids: Sequence[int]
) -> go.Figure:
    """Draw points (n, 2) coloured by genre; each carries its id, so that a click tells which song it is.

    One trace a genre, very many songs drawn by WebGL: 10,000 points stay smooth.
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
    add_songs = figure.add_scatter if len(ids) <= MAX_SVG else figure.add_scattergl
    size = 18 if labels else 10 if len(ids) <= FEW else 6 if len(ids) <= MANY else 4
    for genre in sorted(set(genres)):
        rows = np.flatnonzero(kinds == genre)
        add_songs(
            x=points[rows, 0].astype(np.float32),
            y=points[rows, 1].astype(np.float32),
            mode="markers+text" if labels else "markers",
            name=f"{genre_name(genre)} ({len(rows):,})",
            hovertext=names_of[rows],
            customdata=ids_of[rows],
            hovertemplate="%{hovertext}<extra>" + genre_name(genre) + "</extra>",
            marker={"color": COLOURS.get(genre, QUIET), "size": size, "opacity": 0.85},
            selected={"marker": {"size": size + 8, "opacity": 1}},
            unselected={"marker": {"opacity": 0.6}, "textfont": {"color": QUIET}},
            textfont={"size": 13},
            **{key: values[rows] for key, values in labels.items()},
        )
    for genre, (x, y) in _genre_places(points, kinds).items():
        figure.add_annotation(
            x=x,
            y=y,
            text=f"<b>{genre_name(genre).capitalize()}</b>",
            showarrow=False,
            yanchor="bottom",
            yshift=size / 2,  # above its dot
            **_name_style(genre),
        )
    hidden = {"visible": False, "zeroline": False}
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), LEAST_EXTENT)
    begin, end = low - np.array(MARGINS_BEFORE) * extent, low + (1 + np.array(MARGINS_BEHIND)) * extent
    figure.update_layout(
        height=MAP_HEIGHT,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={**hidden, "range": [begin[0], end[0]]},
        yaxis={**hidden, "range": [begin[1], end[1]]},
        showlegend=False,  # the page has one, and where that has no room the names in the map
        hoverlabel={"namelength": -1},
        dragmode="pan",
        modebar={"bgcolor": "rgba(0,0,0,0)", "color": QUIET, "activecolor": COLOURS["jazz"]},
        clickmode="event+select",
        uirevision="map",  # a click changes neither zoom nor place
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def map_to_come() -> go.Figure:
    """Draw a map before there is one: made-up dots, and the name of each genre among its own."""
    random = np.random.default_rng(5)
    figure = go.Figure()
    for place, (genre, colour) in enumerate(COLOURS.items()):
        centre = np.array([place % 5, -(place // 5) - 0.3 * (place % 2)])
        x, y = (centre + random.normal(scale=(0.2, 0.11), size=(14, 2))).T
        figure.add_scatter(x=x, y=y, mode="markers", marker={"color": colour, "size": 8, "opacity": 0.5})
        figure.add_annotation(
            x=centre[0],
            y=centre[1] + 0.36,
            text=genre_name(genre).capitalize(),
            showarrow=False,
            **_name_style(genre),
        )
    hidden = {"visible": False}
    figure.update_layout(
        height=240,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        xaxis=hidden,
        yaxis=hidden,
        showlegend=False,
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )
    return figure


def _name_style(genre: str) -> dict:
    """Return how a genre's name stands in a map: in the colour of all text, in a frame of its own colour.

    In its own colour alone it would be too faint to read.
    """
    return {
        "font": {"size": 15},
        "bordercolor": COLOURS.get(genre, QUIET),
        "borderwidth": 2,
        "borderpad": 2,
        "bgcolor": "rgba(0,0,0,0)",  # the page has its own
    }


def _label_places(points: np.ndarray) -> np.ndarray:
    """Choose where names stand: inside the map, and of neighbours in height one below and one above."""
    x, y = points.T
    share = (x - x.min()) / max(float(np.ptp(x)), 1e-9)
    sides = np.where(share < 0.25, "right", np.where(share > 0.75, "left", "center"))
    turns = np.where(np.argsort(np.argsort(y)) % 2, "top", "bottom")
    return np.array([f"{turn} {side}" for turn, side in zip(turns, sides, strict=True)], object)


def _genre_places(points: np.ndarray, genres: np.ndarray) -> dict[str, tuple[float, float]]:
    """Choose where the names of genres stand: at the song nearest to the middle of all, at another where one
    would cover another, or raised where that does not help.
    """
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-9)
    shares = (points - low) / extent
    middles = {genre: np.median(shares[genres == genre], axis=0) for genre in set(genres)}
    places: dict[str, np.ndarray] = {}
    for genre, middle in sorted(middles.items(), key=lambda item: (item[1][1], item[0])):
        songs = shares[genres == genre]
        nearest = songs[np.argsort(np.abs(songs - middle).sum(axis=1), kind="stable")[:MAX_TRIED]]
        others = np.array([*places.values()]).reshape(-1, 2)
        is_free = [not (np.abs(others - song) < (NAME_WIDTH, NAME_ROW)).all(axis=1).any() for song in nearest]
        place = nearest[is_free.index(True) if any(is_free) else 0].copy()
        for other in sorted(places.values(), key=lambda place: place[1]):
            if (np.abs(place - other) < (NAME_WIDTH, NAME_ROW)).all():
                place[1] = other[1] + NAME_ROW
        places[genre] = place
    return {
        genre: (float(low[0] + x * extent[0]), float(low[1] + y * extent[1]))
        for genre, (x, y) in places.items()
    }


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
