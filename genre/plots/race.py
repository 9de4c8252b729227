"""The race of trainings: a line each, that grows with every epoch and carries its name at its end."""

import textwrap
from collections.abc import Sequence

from genre.plots.training import Learning

NAME_SHARE = 0.42  # of the chart's width, to the right of the last epoch, for the names
NAME_CHARS = 24  # letters in a line of a name: as many as fit on a phone
LEAST_GAP = 0.1  # between two lines of names, as a share of the chart's height
TEXT_PX = 15
GUESSING = 0.1  # right answers by chance, among ten genres


def race_chart(runs: Sequence[Learning], epochs: int) -> tuple[list[dict], dict]:
    """Prepare the race over `epochs` -> (rows of data, a Vega-Lite description that stays while the runs do).

    The height is the share of windows right, on music kept aside where there is some. A row is a point of a
    line or, with a "label", the name at its end; as in `live_curve` a point knows the one before it.
    """
    rows, ends = [], []
    for number, run in enumerate(runs):
        points = _points(run)
        before = points[0] if points else (0, 0.0)
        for epoch, value in points:
            rows.append(
                {
                    "key": f"{number} {epoch}",
                    "run": run.name,
                    "epoch": epoch,
                    "value": value,
                    "epoch_before": before[0],
                    "value_before": before[1],
                }
            )
            before = (epoch, value)
        if points:
            ends.append((number, run.name, *points[-1]))
    rows += _names(ends)
    return rows, _description([run.name for run in runs], [run.colour for run in runs], epochs)


def _points(run: Learning) -> list[tuple[int, float]]:
    """(epoch, share right) of the part that is under way."""
    part = run.epochs[-1].get("part", 0) if run.epochs else 0
    epochs = [epoch for epoch in run.epochs if epoch.get("part", 0) == part]
    values = [(epoch["epoch"], epoch.get("valid_accuracy", epoch.get("accuracy"))) for epoch in epochs]
    return [(epoch, value) for epoch, value in values if isinstance(value, (int, float))]


def _names(ends: list[tuple[int, str, int, float]]) -> list[dict]:
    """The rows of the names: each beside its line's end, and none over another."""
    rows: list[dict] = []
    height, n_lines_below = -1.0, 1
    for number, name, epoch, value in sorted(ends, key=lambda end: end[3]):
        lines = textwrap.wrap(f"{name} {100 * value:.0f}\u00a0%", NAME_CHARS)
        height = max(value, height + LEAST_GAP * (n_lines_below + len(lines)) / 2)
        n_lines_below = len(lines)
        row: dict = {"key": f"{number} name", "run": name, "epoch": epoch, "value": value}
        rows.append(row | {"label": "\n".join(lines), "height": height})
    too_high = max(0.0, height - 1.0)
    for row in rows:
        row["height"] -= too_high
    return rows


def _description(names: list[str], colours: list[str], epochs: int) -> dict:
    height = {"field": "value", "type": "quantitative"}
    return {
        "height": 340,
        "usermeta": {"embedOptions": {"renderer": "svg"}},
        "encoding": {
            "key": {"field": "key"},
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "rounds through the music (epochs)",
                "scale": {"domain": [0, epochs * (1 + NAME_SHARE)], "nice": False},
                "axis": {
                    "grid": False,
                    "format": "d",
                    "values": sorted({0, round(epochs / 3), round(2 * epochs / 3), epochs}),
                    "titleAnchor": "start",
                    "titleFontSize": TEXT_PX,
                    "labelFontSize": TEXT_PX,
                },
            },
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": names, "range": colours},
                "legend": None,
            },
        },
        "layer": [
            {
                "mark": {"type": "rule", "strokeCap": "round", "strokeWidth": 4},
                "transform": [{"filter": "!isValid(datum.label)"}],
                "encoding": {
                    "y": {
                        **height,
                        "title": None,
                        "scale": {"domain": [0, 1]},
                        "axis": {
                            "labelExpr": "round(100 * datum.value) + '\u00a0%'",
                            "values": [0, GUESSING, 0.5, 1],
                            "labelOverlap": "greedy",
                            "labelFontSize": TEXT_PX,
                        },
                    },
                    "x2": {"field": "epoch_before"},
                    "y2": {"field": "value_before"},
                },
            },
            {
                "mark": {"type": "circle", "size": 180, "opacity": 1},
                "transform": [{"filter": "isValid(datum.label)"}],
                "encoding": {"y": height},
            },
            {
                "mark": {
                    "type": "text",
                    "align": "left",
                    "dx": 14,
                    "fontSize": TEXT_PX,
                    "fontWeight": 600,
                    "limit": 0,
                    "lineBreak": "\n",
                    "baseline": "middle",
                },
                "transform": [{"filter": "isValid(datum.label)"}],
                "encoding": {"y": {**height, "field": "height"}, "text": {"field": "label"}},
            },
        ],
    }
