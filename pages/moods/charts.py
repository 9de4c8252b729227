"""The mood over time, as a Vega-Lite chart."""

from collections.abc import Sequence

from mood.emotion.drawing import CUSTOM_MOOD_COLOUR, EMOTION_COLOURS
from mood.emotion.live import MoodPoint


def mood_history_chart(points: Sequence[MoodPoint], span_s: float) -> tuple[list[dict], dict]:
    """Prepare the mood over the last `span_s` -> (rows, a Vega-Lite description that hardly changes).

    A line for each mood; where there was no face the lines have a gap.
    """
    rows, segment = [], 0
    moods = dict.fromkeys((*EMOTION_COLOURS, *(mood for point in points for mood in point.scores)))
    for point in points:
        offset_s = point.time_s - points[-1].time_s
        rows += [
            {"mood": name, "offset_s": round(offset_s, 2), "probability": round(p, 4), "segment": segment}
            for name, p in point.scores.items()
        ]
        segment += not point.scores
    colours = [EMOTION_COLOURS.get(mood, CUSTOM_MOOD_COLOUR) for mood in moods]
    return rows, {
        "mark": {"type": "line", "interpolate": "monotone", "strokeWidth": 2.5, "clip": True},
        "height": 130,
        "encoding": {
            "x": {
                "field": "offset_s",
                "type": "quantitative",
                "title": None,
                "scale": {"domain": [-span_s, 0]},
                "axis": {
                    "grid": False,
                    "values": [-span_s, -span_s / 2, 0],
                    "labelExpr": "datum.value ? -datum.value + ' s ago' : 'now'",
                },
            },
            "y": {
                "field": "probability",
                "type": "quantitative",
                "title": None,
                "scale": {"domain": [0, 1]},
                "axis": {"format": ".0%", "values": [0, 0.5, 1]},
            },
            "color": {
                "field": "mood",
                "type": "nominal",
                "legend": None,
                "scale": {"domain": list(moods), "range": colours},
            },
            "detail": {"field": "segment", "type": "nominal"},
        },
    }
