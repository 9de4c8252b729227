"""The race of trainings: a line each, that grows with every epoch, and the result of its test."""

import textwrap
from collections.abc import Sequence

from genre.plots.training import Learning
from genre.text import percent

TEST_SHARE = 0.16  # of the epochs: so far behind the last one are the results of the tests
NARROW_PX, LOW_PX = 420, 200  # the lines' width on a phone, and their height on a stage, are less than that
NAME_PX, NARROW_NAME_PX = 255, 130  # at the right of the results, for the names
HIGHEST_NAME = 1.07  # the upper edge of the names: a little above the line of 100 %
TEXT_PX, LINE_PX = 15, 17
# Where the names stand: letters in a line of them, and their height as a share of the chart's.
LAYOUTS = {"wide": (36, 0.075), "low": (36, 0.145), "narrow": (15, 0.07)}
GUESSING = 0.1  # right answers by chance, among ten genres
TITLE = (
    ("Short excerpts named right while they learn, whole tracks in the test",),
    ("Short excerpts named right while", "they learn, whole tracks in the test"),
)  # wide, narrow


def race_chart(runs: Sequence[Learning], epochs: int) -> tuple[list[dict], dict]:
    """Prepare the race over `epochs` -> (rows of data, a Vega-Lite description that stays while the runs do).

    The height of a line is the share of windows right, on music kept aside where there is some; a dot behind
    the last epoch is the share of the test's tracks. A row is a point of a line or, with a "label", the name
    of a run and where it stands; as in `live_curve` a point knows the one before it.
    """
    rows, ends = [], []
    finish = (1 + TEST_SHARE) * epochs
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
        if points or run.result is not None:
            ends.append(_end(number, run, points, finish))
    for layout, (chars, line) in LAYOUTS.items():
        _place_names(ends, layout, chars, line)
    return rows + ends, _description([run.name for run in runs], [run.colour for run in runs], epochs)


def _points(run: Learning) -> list[tuple[int, float]]:
    """(epoch, share right) of the part that is under way."""
    part = run.epochs[-1].get("part", 0) if run.epochs else 0
    epochs = [epoch for epoch in run.epochs if epoch.get("part", 0) == part]
    values = [(epoch["epoch"], epoch.get("valid_accuracy", epoch.get("accuracy"))) for epoch in epochs]
    return [(epoch, value) for epoch, value in values if isinstance(value, (int, float))]


def _end(number: int, run: Learning, points: list[tuple[int, float]], finish: float) -> dict:
    """The row of a run's name: the end of its line, and the dot there or, once tested, at the finish."""
    epoch, value = points[-1] if points else (finish, run.result or 0.0)
    is_tested = run.result is not None
    dot_epoch, dot = (finish, run.result or 0.0) if is_tested else (epoch, value)
    label = f"{'test' if is_tested else 'learning'}: {percent(dot)}"
    row = {"key": f"{number} name", "run": run.name, "epoch": epoch, "value": value, "finish": finish}
    return row | {"dot_epoch": dot_epoch, "dot": dot, "label": label}


def _place_names(ends: list[dict], layout: str, chars: int, line: float) -> None:
    """Add to each row its name in lines, and the height of its middle: beside the dot, none over another."""
    rows = sorted(ends, key=lambda row: row["dot"])
    names = [[*textwrap.wrap(row["run"], chars), row["label"]] for row in rows]
    floor = -1.0
    for row, lines in zip(rows, names, strict=True):
        half = line * len(lines) / 2
        height = max(row["dot"], floor + half)
        floor = height + half
        row |= {f"{layout}_name": "\n".join(lines), f"{layout}_lines": len(lines), f"{layout}_height": height}
    ceiling = HIGHEST_NAME
    for row in reversed(rows):
        half = line * row[f"{layout}_lines"] / 2
        row[f"{layout}_height"] = min(row[f"{layout}_height"], ceiling - half)
        ceiling = row[f"{layout}_height"] - half


def _description(names: list[str], colours: list[str], epochs: int) -> dict:
    height = {"field": "value", "type": "quantitative"}
    is_end = {"filter": "isValid(datum.label)"}
    is_narrow = f"width < {NARROW_PX}"
    finish = (1 + TEST_SHARE) * epochs
    name_px = f"({is_narrow} ? {NARROW_NAME_PX} : {NAME_PX})"
    titles = [f"[{', '.join(map(repr, lines))}]" for lines in TITLE]
    layout = [
        {
            "calculate": f"{is_narrow} ? datum.narrow_{part} : "
            f"height < {LOW_PX} ? datum.low_{part} : datum.wide_{part}",
            "as": part,
        }
        for part in ("name", "height", "lines")
    ]
    return {
        "height": 400,
        "usermeta": {"embedOptions": {"renderer": "svg"}},
        "title": {
            "text": {"expr": f"{is_narrow} ? {titles[1]} : {titles[0]}"},
            "anchor": "start",
            "fontSize": TEXT_PX + 1,
        },
        "encoding": {
            "key": {"field": "key"},
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": "rounds through the music (epochs)",
                "scale": {
                    "domain": [0, {"expr": f"{finish:g} * width / max(1, width - {name_px})"}],
                    "nice": False,
                },
                "axis": {
                    "grid": False,
                    "labelExpr": f"datum.value > {epochs} ? 'test' : format(datum.value, 'd')",
                    "values": sorted({0, round(epochs / 3), round(2 * epochs / 3), epochs, finish}),
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
                            "labelExpr": "datum.value == 0 ? '' : "
                            f"datum.value == {GUESSING} ? 'guessing' : "
                            "round(100 * datum.value) + '\u00a0%'",
                            "values": [0, GUESSING, 0.5, 1],
                            "labelOverlap": False,
                            "labelFontSize": TEXT_PX,
                        },
                    },
                    "x2": {"field": "epoch_before"},
                    "y2": {"field": "value_before"},
                },
            },
            {  # from the line's end to the test, or to the name
                "mark": {"type": "rule", "strokeDash": [2, 5], "strokeWidth": 2, "opacity": 0.6},
                "transform": [
                    is_end,
                    *layout,
                    {"calculate": "datum.dot_epoch < datum.finish ? datum.height : datum.dot", "as": "aim"},
                ],
                "encoding": {"y": height, "x2": {"field": "finish"}, "y2": {"field": "aim"}},
            },
            {
                "mark": {"type": "circle", "size": 180, "opacity": 1},
                "transform": [is_end],
                "encoding": {"x": {"field": "dot_epoch"}, "y": {**height, "field": "dot"}},
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
                    "lineHeight": LINE_PX,
                    "baseline": "middle",  # of the first line
                    "dy": {"expr": f"{-LINE_PX / 2} * (datum.lines - 1)"},
                },
                "transform": [is_end, *layout],
                "encoding": {
                    "x": {"field": "finish"},
                    "y": {**height, "field": "height"},
                    "text": {"field": "name"},
                },
            },
        ],
    }
