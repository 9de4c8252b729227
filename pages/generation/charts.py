"""The discriminator's balance as a Vega-Lite chart and as a sentence."""

from gan.training.history import TrainingHistory
from genre.plots.prediction import QUIET
from genre.plots.training import reach

CURVE_LABELS = {"d_real": "real music", "d_fake": "painted music"}
CURVE_COLOURS = {"d_real": "#2A8C8C", "d_fake": "#D9702E"}
EQUAL_GAP, NEAR_GAP = 0.1, 0.3  # largest gap of the means of D(x) and D(G(z)): if equal, if nearly balanced


def balance_chart(history: TrainingHistory) -> tuple[list[dict], dict]:
    """Build the rows of data, and a Vega-Lite description that stays as the training goes on."""
    curves = history.discriminator_curves()
    rows = [
        {"epoch": epoch, "of": CURVE_LABELS[key], "value": value}
        for key, curve in curves.items()
        for epoch, value in curve
    ]
    value = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]},
        "scale": {"domain": [0, 1]},
    }
    colours = {"domain": list(CURVE_LABELS.values()), "range": [CURVE_COLOURS[key] for key in CURVE_LABELS]}
    equilibrium = {
        "mark": {"type": "rule", "color": QUIET, "strokeDash": [4, 4], "aria": False},
        "encoding": {"y": {"datum": 0.5}},
    }
    epoch = {
        "field": "epoch",
        "type": "quantitative",
        "title": "lesson",
        "axis": {"grid": False, "tickMinStep": 1, "format": "d"},
        "scale": {
            "domain": [0, reach(epoch for curve in curves.values() for epoch, _ in curve)],
            "nice": False,
        },
    }
    colour = {"field": "of", "type": "nominal", "scale": colours, "legend": {"title": None, "orient": "top"}}
    tooltip = [{"field": "epoch", "title": "lesson"}, {"field": "of"}, {**value, "format": ".0%"}]
    lines = {
        "mark": {"type": "line", "strokeWidth": 2.5, "point": {"size": 14, "filled": True}},
        "encoding": {"x": epoch, "y": value, "color": colour, "tooltip": tooltip},
    }
    return rows, {"height": 240, "layer": [equilibrium, lines]}


def describe_balance(history: TrainingHistory) -> str:
    """Describe the recent balance in a sentence; "" before the first epoch."""
    balance = history.balance()
    if balance is None:
        return ""
    real, fake = balance
    standing = (
        f"In the last lessons the critic gave real music {real:.0%} for looking real, and painted "
        f"music {fake:.0%}"
    )
    if real - fake < EQUAL_GAP:
        return f"{standing}: it could only guess, and neither side won."
    if real - fake < NEAR_GAP:
        return f"{standing}: it was right more often than a coin, but far from sure, and neither side won."
    return f"{standing}: it still told them apart, and the painter still learnt from that."
