"""The trials of a search as parallel coordinates: a line a trial, over one axis a setting."""

from collections.abc import Mapping, Sequence
from math import log10
from typing import Any

import plotly.graph_objects as go

from genre.text import counted, percent

LOGARITHMIC = frozenset(("learning_rate", "weight_decay"))
LABELS = {
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "weight_decay": "weight decay",
    "label_smoothing": "label smoothing",
    "mixup": "mixup",
    "epochs": "epochs",
    "valid_accuracy": "validation accuracy",
}


def parallel_coordinates(rows: Sequence[Mapping[str, Any]], value: str = "valid_accuracy") -> go.Figure:
    """The rows of genre.training.search.trial_rows, in the colour of `value`, a share; rows without it are
    left out. Settings on a logarithmic scale have powers of ten as ticks.
    """
    measured_rows = [row for row in rows if row.get(value) is not None]
    names = [name for name in LABELS if name != value and any(name in row for row in measured_rows)]
    dimensions = [_dimension(name, [float(row[name]) for row in measured_rows]) for name in names]
    accuracies = [100 * float(row[value]) for row in measured_rows]
    dimensions.append({"label": f"{LABELS.get(value, value)}, %", "values": accuracies, "tickformat": ".0f"})
    figure = go.Figure(
        go.Parcoords(
            dimensions=dimensions,
            line={"color": accuracies, "colorscale": "Viridis", "showscale": False},
            labelfont={"size": 12},
        )
    )
    return figure.update_layout(
        height=330,
        margin={"l": 60, "r": 50, "t": 50, "b": 20},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
    )


def _dimension(name: str, values: list[float]) -> dict[str, Any]:
    label = LABELS[name]
    if name not in LOGARITHMIC:
        return {"label": label, "values": values}
    exponents = [log10(number) for number in values]
    ticks = range(int(min(exponents, default=0) // 1), int(-(-max(exponents, default=0) // 1)) + 1)
    return {
        "label": label,
        "values": exponents,
        "tickvals": list(ticks),
        "ticktext": [f"{10.0**tick:g}" for tick in ticks],
    }


def trials_text(rows: Sequence[Mapping[str, Any]], value: str = "valid_accuracy") -> str:
    """The figure in words, for who cannot see it."""
    measured_rows = [row for row in rows if row.get(value) is not None]
    if not measured_rows:
        return "No trial has an accuracy yet."
    best = max(measured_rows, key=lambda row: row[value])
    settings = ", ".join(
        f"{LABELS[name]} {best[name]:.3g}" for name in LABELS if name in best and name != value
    )
    right = f"{percent(best[value])} of the excerpts that were kept aside"
    return f"{counted(len(measured_rows), 'trial')}. The best names {right}: {settings}."
