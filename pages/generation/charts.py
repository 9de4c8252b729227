"""The discriminator's balance as a Vega-Lite chart and as a sentence."""

from gan.training.history import TrainingHistory
from genre.plots.prediction import QUIET
from genre.plots.training import reach
from genre.text import percent

CURVE_LABELS = {"d_real": "real music", "d_fake": "painted music"}
CURVE_COLOURS = {"d_real": "#2A8C8C", "d_fake": "#D9702E"}
# Largest gap of the means of D(x) and D(G(z)): if nothing is told apart, and if the critic is far from sure.
EQUAL_GAP, UNSURE_GAP = 0.1, 0.4


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
        "axis": {"labelExpr": "100 * datum.value + '\u00a0%'", "values": [0, 0.25, 0.5, 0.75, 1]},
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
        f"In the last lessons the critic gave real music {percent(real)} for looking real, and painted "
        f"music {percent(fake)}"
    )
    if real - fake < EQUAL_GAP:
        return f"{standing}: it could only guess. The painter has deceived it."
    if real - fake < UNSURE_GAP:
        return (
            f"{standing}: it told them apart more often than not, but was far from sure. Both still learnt "
            "from each other."
        )
    return f"{standing}: it clearly told them apart, and the painter still learnt from that."
