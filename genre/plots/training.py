"""Figures of trainings: live learning curves, and the metrics of finished runs.

As in genre.plots.prediction, backgrounds are transparent and colours of middle lightness. The live curves are
Vega-Lite. Streamlit makes a Plotly chart anew whenever its figure changes, which flickers and loses the zoom;
a Vega chart of the same description gets only the new data.
"""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import plotly.graph_objects as go

from genre.plots.prediction import COLOURS, FAINT
from genre.text import genre_name, shorten

# The colours are distinguishable with colour vision deficiency too, as far as ten colours can be.
RUN_COLOURS = (
    "#2A8C8C",
    "#D9702E",
    "#4C78D0",
    "#CF4B8F",
    "#7A9A2E",
    "#937ED4",
    "#8743DE",
    "#C79A1B",
    "#5F9FB8",
    "#C4554D",
)
AXIS_STEPS = (10, 15, 20, 25, 30, 40, 50, 60, 80)  # ends of an axis, times a power of ten
LEGEND_CHARS = 40
OTHER_GENRE = "#8A9099"
# The wheel alone scrolls the page. Two fingers on a touchpad arrive as Ctrl and the wheel.
_ZOOM = "wheel![event.ctrlKey || event.metaKey]"
_LEGEND_BELOW = {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}


@dataclass(frozen=True)
class Learning:
    """The metrics of a run so far, one dictionary an epoch, from genre.runs.directory.read_metrics."""

    name: str
    epochs: list[dict] = field(repr=False)
    colour: str = RUN_COLOURS[0]
    result: float | None = None  # share of the test's tracks named right, once it is tested


def learning_curve(runs: Sequence[Learning], measure: str) -> go.Figure:
    """Draw `measure` ("accuracy" or "loss") of all runs over their epochs, in the colour of each.

    Solid lines are for the validation rows, where there are any; dotted lines are for the training rows. Of
    a run with several parts (folds), the latest is drawn.
    """
    traces = []
    for number, run in enumerate(runs):
        last = max((epoch.get("part", 0) for epoch in run.epochs), default=0)
        epochs = [epoch for epoch in run.epochs if epoch.get("part", 0) == last]
        has_valid = any(f"valid_{measure}" in epoch for epoch in epochs)
        if has_valid:
            traces.append(_curve(run, number, epochs, f"valid_{measure}", in_legend=True))
        traces.append(_curve(run, number, epochs, measure, in_legend=not has_valid))
    share = {"range": [0, 100], "ticksuffix": "\u00a0%"} if measure == "accuracy" else {}
    return make_figure(
        traces,
        330,
        {"l": 46, "r": 8, "t": 8, "b": 40},
        dragmode="zoom",
        hovermode="x unified",
        showlegend=True,
        legend=_LEGEND_BELOW,
        xaxis={
            "title": {"text": "lesson", "standoff": 4},
            "showgrid": False,
            "rangemode": "tozero",
            "tickformat": "d",
            "zeroline": False,
        },
        yaxis={"zeroline": False, "gridcolor": FAINT, "gridwidth": 0.5, "rangemode": "tozero", **share},
    )


def _curve(run: Learning, number: int, epochs: list[dict], key: str, in_legend: bool) -> dict:
    """Make the curve of one metric of a run over its epochs."""
    is_valid = key.startswith("valid_")
    share = key.endswith("accuracy")
    points = [
        (epoch["epoch"], (100 if share else 1) * epoch[key])
        for epoch in epochs
        if isinstance(epoch.get(key), (int, float))
    ]
    return {
        "type": "scatter",
        "x": np.array([x for x, _ in points], np.int32),
        "y": np.array([y for _, y in points], np.float32),
        "name": _short(run.name),
        "legendgroup": str(number),
        "uid": f"{number} {key}",
        "showlegend": in_legend,
        "mode": "lines+markers" if len(points) < 3 else "lines",
        "opacity": 1.0 if is_valid else 0.65,
        "line": {
            "color": run.colour,
            "width": 2.5 if is_valid else 1.5,
            "dash": "solid" if is_valid else "dot",
        },
        "hovertemplate": "%{y:.0f}\u00a0%" if share else "%{y:.2f}",
    }


def live_curve(runs: Sequence[Learning], measure: str) -> tuple[list[dict], dict]:
    """Prepare the same curves -> (rows of data, a Vega-Lite description, the same as long as the runs are).

    A row is a point of a curve, with the point before it. All rows are sent with each epoch, and Vega
    recognises by their "key" the rows that it has drawn. For a mark of type "line", which cannot have a key,
    it would keep thousands of old points in the browser's memory.
    """
    rows = []
    for number, run in enumerate(runs):
        part = run.epochs[-1].get("part", 0) if run.epochs else 0
        epochs = [epoch for epoch in run.epochs if epoch.get("part", 0) == part]
        for music, field_ in (("kept aside", f"valid_{measure}"), ("learnt from", measure)):
            before = None
            for epoch in epochs:
                if not isinstance(epoch.get(field_), (int, float)):
                    continue
                row = {
                    "key": f"{number} {music} {epoch['epoch']}",
                    "run": run.name,
                    "music": music,
                    "epoch": epoch["epoch"],
                    "value": epoch[field_],
                }
                rows.append(
                    row | {"epoch_before": (before or row)["epoch"], "value_before": (before or row)["value"]}
                )
                before = row
    colours = [run.colour for run in runs]
    share = measure == "accuracy"
    value = {"field": "value", "type": "quantitative"}
    form = {"format": ".0%" if share else ".2f"}
    labels = {"labelExpr": "round(100 * datum.value) + '\u00a0%'"} if share else {"format": "~g"}
    aside = "datum.music == 'kept aside'"
    return rows, {
        "height": 300,
        "usermeta": {"embedOptions": {"renderer": "svg"}},  # Streamlit would switch to canvas at 2,000 marks
        "params": [
            {
                "name": "zoom",
                "bind": "scales",
                "views": ["curve"],
                "select": {"type": "interval", "zoom": _ZOOM},
            }
        ],
        "encoding": {
            "key": {"field": "key"},
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "lesson",
                # A scale of the data would be of nothing for a moment, and Vega warns of that in the console.
                "scale": {"domain": [0, reach(row["epoch"] for row in rows)], "nice": False},
                "axis": {"grid": False, "tickMinStep": 1, "format": "d"},
            },
            "y": {
                **value,
                "title": None,
                "axis": labels,
                "scale": {"domain": [0, 1 if share else _round_up(row["value"] for row in rows)]},
            },
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": [run.name for run in runs], "range": colours},
                "legend": None,
            },  # the page has its own legend
            "opacity": {"condition": {"test": aside, "value": 1}, "value": 0.55},
            "tooltip": [
                {"field": "run"},
                {"field": "epoch", "title": "lesson"},
                {"field": "music"},
                {**value, **form},
            ],
        },
        "layer": [
            {
                "name": "curve",
                "mark": {"type": "rule", "strokeCap": "round"},
                "encoding": {
                    "x2": {"field": "epoch_before"},
                    "y2": {"field": "value_before"},
                    "strokeWidth": {"condition": {"test": aside, "value": 2.5}, "value": 1},
                },
            },
            {"mark": {"type": "circle", "size": 16}, "transform": [{"filter": aside}]},
        ],
    }


def reach(epochs: Iterable[int]) -> int:
    """The right end of an axis of epochs: it moves on now and then, so that the axis mostly stays."""
    longest = max(epochs, default=0)
    ends = (step * 10**power for power in itertools.count() for step in AXIS_STEPS)
    return next(end for end in ends if end >= longest)


def _round_up(losses: Iterable[float]) -> float:
    """The upper end of an axis of losses."""
    return max(0.5, math.ceil(2 * max(losses, default=0.0)) / 2)


def confusion_matrix(result: dict, unit: str = "tracks") -> go.Figure:
    """Draw the confusion matrix of `result`, metrics of genre.evaluation.metrics.compute_metrics.

    Each row is a true genre and adds up to 100 %, on a scale that is the same for all models. Right
    predictions are green, wrong ones red. `unit` is what is counted.
    """
    counts = np.array(result["confusion"])
    genres = [genre_name(genre) for genre in result["genres"]]
    share = 100 * counts / counts.sum(axis=1, keepdims=True).clip(min=1)
    cells = {
        "type": "heatmap",
        "z": (share * np.where(np.eye(len(genres), dtype=bool), 1, -1)).astype(np.float32),
        "x": genres,
        "y": genres,
        "customdata": np.stack([counts, share.round()], axis=-1),
        "zmin": -100,
        "zmax": 100,
        "text": np.where(counts > 0, counts.astype(str), ""),
        "texttemplate": "%{text}",
        "xgap": 1,
        "ygap": 1,
        # Cells that are not empty are dark enough for white numbers, on light and dark pages.
        "colorscale": [
            [0, "#9E2B1F"],
            [0.5 - 1e-6, "#B5705F"],
            [0.5, "rgba(138,144,153,0.10)"],
            [0.5 + 1e-6, "#6E8B87"],
            [1, "#0B7373"],
        ],
        "textfont": {"color": "white"},
        "showscale": False,
        "hovertemplate": "%{y}, taken for %{x}:<br>%{customdata[0]} "
        f"{unit}, "
        "%{customdata[1]:.0f}\u00a0%<extra></extra>",
    }
    plain = {"showgrid": False, "ticks": "", "fixedrange": True, "automargin": True}
    return make_figure(
        [cells],
        400,
        {"l": 6, "r": 6, "t": 6, "b": 6},
        yaxis={**plain, "autorange": "reversed", "title": {"text": "what it is", "standoff": 8}},
        xaxis={**plain, "tickangle": -45, "title": {"text": "what the model says", "standoff": 8}},
    )


def genre_bars(
    names: Sequence[str], results: Sequence[dict], measure: str, colours: Sequence[str] = RUN_COLOURS
) -> go.Figure:
    """Draw `measure` ("precision", "recall" or "f1") of each genre, with a bar a run."""
    genres = list(dict.fromkeys(genre for result in results for genre in result["genres"]))
    bars = [
        {
            "type": "bar",
            "x": [genre_name(genre) for genre in genres],
            "name": _short(name),
            "y": [100 * result["genres"].get(genre, {}).get(measure, np.nan) for genre in genres],
            "marker": {"color": colours[number % len(colours)], "cornerradius": 2},
            "hovertemplate": "%{y:.0f}\u00a0%",
        }
        for number, (name, result) in enumerate(zip(names, results, strict=True))
    ]
    return make_figure(
        bars,
        300,
        {"l": 50, "r": 10, "t": 16, "b": 70},
        barmode="group",
        bargap=0.25,
        hovermode="x unified",
        showlegend=True,
        legend=_LEGEND_BELOW,
        yaxis={"range": [0, 100], "ticksuffix": "\u00a0%", "gridcolor": FAINT, "zeroline": False},
        xaxis={"ticks": "", "showgrid": False},
    )


def tracks_of_each_genre(counts: dict[str, int]) -> go.Figure:
    """Draw the number of tracks of each genre as a bar."""
    genres = list(counts)
    bars = {
        "type": "bar",
        "x": [genre_name(genre) for genre in genres],
        "y": list(counts.values()),
        "text": list(counts.values()),
        "textposition": "outside",
        "cliponaxis": False,
        "hoverinfo": "skip",
        "marker": {"color": [COLOURS.get(genre, OTHER_GENRE) for genre in genres], "cornerradius": 3},
    }
    return make_figure(
        [bars],
        230,
        {"l": 10, "r": 10, "t": 22, "b": 40},
        bargap=0.35,
        yaxis={"visible": False, "rangemode": "tozero", "fixedrange": True},
        xaxis={"ticks": "", "showgrid": False, "fixedrange": True},
    )


def _short(name: str) -> str:
    """Shorten a name to fit a legend."""
    return escaped_name(shorten(name, LEGEND_CHARS))


def escaped_name(name: str) -> str:
    """Replace <, which plotly would take for the beginning of a tag."""
    return name.replace("&", "&amp;").replace("<", "&lt;")


def make_figure(traces: list[dict], height: int, margin: dict, **layout: object) -> go.Figure:
    """Make a figure in one step: plotly takes several times as long to change an existing figure."""
    return go.Figure(
        traces,
        {
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "dragmode": False,
            "showlegend": False,
            "height": height,
            "margin": margin,
            **layout,
        },
    )
