"""Figures of the leak: the same models in two tests, and how the tests divide the recordings."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from genre.plots.training import escaped_name, make_figure
from genre.text import percent

LEAKY_COLOUR, HONEST_COLOUR = "#D9702E", "#2A8C8C"


def leak_bars(names: Sequence[str], leaky: Sequence[dict], honest: Sequence[dict]) -> go.Figure:
    """Draw the accuracy by track under the leaky and the honest split, with a pair of bars a model.

    Each name stands above its bars, so that they have the whole width, on a phone too.
    """
    numbers = list(range(len(names)))
    bars = [
        {
            "type": "bar",
            "orientation": "h",
            "name": name,
            "y": numbers,
            "x": [100 * result["accuracy"] for result in results],
            "text": [percent(result["accuracy"]) for result in results],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": colour, "cornerradius": 3},
            "hoverinfo": "skip",
        }
        for name, results, colour in (
            ("tested with a leak", leaky, LEAKY_COLOUR),
            ("tested honestly", honest, HONEST_COLOUR),
        )
    ]
    titles = [
        {
            "text": escaped_name(name),
            "x": 0,
            "y": number - 0.36,  # the axis runs downwards
            "xanchor": "left",
            "yanchor": "bottom",
            "xshift": -3,
            "showarrow": False,
            "font": {"size": 14},
        }
        for number, name in enumerate(names)
    ]
    return make_figure(
        bars,
        70 + 84 * len(names),
        {"l": 6, "r": 50, "t": 30, "b": 6},
        barmode="group",
        bargap=0.4,
        annotations=titles,
        showlegend=True,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
        xaxis={"range": [0, 100], "visible": False, "fixedrange": True},
        yaxis={"range": [len(names) - 0.6, -0.75], "visible": False, "fixedrange": True},
    )


def split_drawing(leaky: bool, tracks: int = 8, windows: int = 10) -> go.Figure:
    """Draw the windows of some recordings, a row a recording, in the colours of training and test part."""
    rng = np.random.default_rng(4)
    is_test = np.zeros((tracks, windows), dtype=int)
    if leaky:
        is_test.ravel()[rng.permutation(tracks * windows)[: tracks * windows // 4]] = 1
    else:
        is_test[[2, 5]] = 1
    colour = LEAKY_COLOUR if leaky else HONEST_COLOUR
    cells = {
        "type": "heatmap",
        "z": is_test,
        "zmin": 0,
        "zmax": 1,
        "xgap": 2,
        "ygap": 4,
        "showscale": False,
        "hoverinfo": "skip",
        "colorscale": [[0, "rgba(138,144,153,0.30)"], [1, colour]],
    }
    plain = {"showticklabels": False, "ticks": "", "fixedrange": True, "showgrid": False, "zeroline": False}
    return make_figure(
        [cells],
        190,
        {"l": 26, "r": 4, "t": 4, "b": 26},
        xaxis={**plain, "title": {"text": "excerpts of 3 s", "standoff": 2}},
        yaxis={**plain, "title": {"text": "recordings", "standoff": 2}},
    )
