"""The race of trainings: a line each, that grows with every epoch, and the result of its test."""

import textwrap
from collections import Counter
from collections.abc import Sequence

from genre.plots.training import Learning
from genre.text import percent, shorten

TEST_SHARE = 0.16  # of the epochs: so far behind the last one are the results of the tests
NARROW_PX, NARROW_NAME_PX = 420, 130  # the lines' width on a phone is less, and so much is kept for the names
HIGHEST_NAME = 1.07  # the upper edge of the names: a little above the line of 100 %
TEXT_PX, LINE_PX, LETTER_PX, GAP_PX = 15, 17, 8, 14
# How a name stands: letters in a line of it, and the line's height as a share of the chart's. A phone wraps a
# long name, and elsewhere it has one line: the chart is wide, and on a stage low as well.
LAYOUTS = {"wide": (32, 0.105), "narrow": (15, 0.07)}
GUESSING = 0.1  # right answers by chance, among ten genres


def race_chart(runs: Sequence[Learning], epochs: int) -> tuple[list[dict], dict]:
    """Prepare the race over `epochs` -> (rows of data, a Vega-Lite description that stays while the runs do).

    The height of a line is the share of windows right, on music kept aside where there is some; a dot behind
    the last epoch is the share of the test's tracks. A row is a point of a line or, with a "dot", where a run
    stands and its name; as in `live_curve` a point knows the one before it.
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
    short = _short_names([run.name for run in runs])
    furthest = max((row["dot_epoch"] for row in ends), default=finish)
    for row in ends:
        row["name_epoch"] = furthest  # behind the lines of those who still learn, and over no dot
        figure, name = percent(row["dot"]), short[row["run"]]
        row["wide_name"] = f"{figure} {name}"
        row["narrow_name"] = "\n".join(textwrap.wrap(row["wide_name"], LAYOUTS["narrow"][0]))
    for layout, (_, line) in LAYOUTS.items():
        _place_names(ends, layout, line)
    names_px = GAP_PX + LETTER_PX * (max(map(len, short.values()), default=0) + len("100 % "))
    return rows + ends, _description(runs, epochs, names_px)


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
    row = {"key": f"{number} name", "run": run.name, "epoch": epoch, "value": value, "finish": finish}
    return row | {"dot_epoch": dot_epoch, "dot": dot}


def _short_names(names: list[str]) -> dict[str, str]:
    """What tells each name from the others: its end ("with a leak") where no other one has the same."""
    ends = Counter(name.rpartition(", ")[2] for name in names)
    most = LAYOUTS["wide"][0]
    return {
        name: shorten(end if ends[end := name.rpartition(", ")[2]] == 1 else name, most) for name in names
    }


def _place_names(ends: list[dict], layout: str, line: float) -> None:
    """Add to each row how many lines its name has, and their middle: beside the dot, none over another.

    Names that would overlap stand together, as near to their dots as they can: pooled like violators of
    isotonic regression.
    """
    groups: list[list[dict]] = []
    for row in sorted(ends, key=lambda row: row["dot"]):
        row[f"{layout}_lines"] = row[f"{layout}_name"].count("\n") + 1
        groups.append([row])
        while len(groups) > 1 and _span(groups[-2], layout, line)[1] > _span(groups[-1], layout, line)[0]:
            groups[-2:] = [groups[-2] + groups[-1]]
    for group in groups:
        bottom = _span(group, layout, line)[0]
        for row in group:
            height = line * row[f"{layout}_lines"]
            row[f"{layout}_height"] = bottom + height / 2
            bottom += height


def _span(group: list[dict], layout: str, line: float) -> tuple[float, float]:
    """The lower and the upper edge of names that stand together, below the highest place for one."""
    height = line * sum(row[f"{layout}_lines"] for row in group)
    middle = sum(row["dot"] for row in group) / len(group)
    top = min(max(middle + height / 2, height), HIGHEST_NAME)
    return top - height, top


def _description(runs: Sequence[Learning], epochs: int, names_px: int) -> dict:
    height = {"field": "value", "type": "quantitative"}
    is_end = {"filter": "isValid(datum.dot)"}
    finish = (1 + TEST_SHARE) * epochs
    is_narrow = f"width < {NARROW_PX}"
    kept_px = f"({is_narrow} ? {NARROW_NAME_PX} : {names_px})"
    rounds = sorted({max(1, round(epochs / 3)), max(1, round(2 * epochs / 3)), epochs})
    layout = [
        {"calculate": f"{is_narrow} ? datum.narrow_{part} : datum.wide_{part}", "as": part}
        for part in ("name", "height", "lines")
    ]
    return {
        "height": 400,
        "usermeta": {"embedOptions": {"renderer": "svg"}},
        "encoding": {
            "key": {"field": "key"},
            "x": {
                "field": "epoch",
                "type": "quantitative",
                "title": None,
                "scale": {
                    "domain": [0, {"expr": f"{finish:g} * width / max(1, width - {kept_px})"}],
                    "nice": False,
                },
                "axis": {
                    "grid": False,
                    "labelExpr": f"datum.value > {epochs} ? 'final test' : "
                    f"(datum.value == {rounds[0]} ? 'lesson ' : '') + format(datum.value, 'd')",
                    "values": [*rounds, finish],
                    "labelAlign": {
                        "condition": {"test": f"datum.value > {epochs}", "value": "left"},
                        "value": "center",
                    },  # beside the last lesson there is no room
                    "labelFontSize": TEXT_PX,
                },
            },
            "color": {
                "field": "run",
                "type": "nominal",
                "scale": {"domain": [run.name for run in runs], "range": [run.colour for run in runs]},
                "legend": None,
            },
        },
        "layer": [
            {
                "mark": {"type": "rule", "strokeCap": "round", "strokeWidth": 4},
                "transform": [{"filter": "!isValid(datum.dot)"}],
                "encoding": {
                    "y": {
                        **height,
                        "title": None,
                        "scale": {"domain": [0, 1]},
                        "axis": {
                            "labelExpr": "datum.value == 0 ? '' : "
                            f"datum.value == {GUESSING} ? 'guessing' : "
                            "datum.value == 1 ? '100\u00a0% right' : round(100 * datum.value) + '\u00a0%'",
                            "values": [0, GUESSING, 0.5, 1],
                            "labelOverlap": False,
                            "labelFontSize": TEXT_PX,
                        },
                    },
                    "x2": {"field": "epoch_before"},
                    "y2": {"field": "value_before"},
                },
            },
            {  # from the line's end to the result of the test; before there is one it would be a forecast
                "mark": {"type": "rule", "strokeDash": [2, 5], "strokeWidth": 2, "opacity": 0.6},
                "transform": [{"filter": "isValid(datum.dot) && datum.dot_epoch == datum.finish"}],
                "encoding": {"y": height, "x2": {"field": "finish"}, "y2": {"field": "dot"}},
            },
            {  # from where a run stands to its name
                "mark": {"type": "rule", "strokeWidth": 1, "opacity": 0.35},
                "transform": [is_end, {"filter": "datum.dot_epoch < datum.name_epoch"}, *layout],
                "encoding": {
                    "x": {"field": "dot_epoch"},
                    "y": {**height, "field": "dot"},
                    "x2": {"field": "name_epoch"},
                    "y2": {"field": "height"},
                },
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
                    "dx": GAP_PX,
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
                    "x": {"field": "name_epoch"},
                    "y": {**height, "field": "height"},
                    "text": {"field": "name"},
                },
            },
        ],
    }
