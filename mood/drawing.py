"""Frames around faces and lines over time, in the colours of the emotions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from mood.live import Moment

COLOURS = {  # of middle lightness: they do in light, in dark and on skin
    "angry": "#CF4B4B", "disgust": "#7A9A2E", "fear": "#937ED4", "happy": "#C79A1B",
    "sad": "#4C78D0", "surprise": "#D9702E", "neutral": "#8A9099",
}  # fmt: skip
TAUGHT = "#0F8A8A"  # any mood of one's own
OTHERS = (215, 215, 215)  # the faces that do not count


def draw_faces(
    image: np.ndarray, boxes: Sequence[Sequence[int]], leader: int = 0, emotion: str | None = None
) -> np.ndarray:
    """A copy of the picture (H, W, 3) RGB uint8 with a frame around each face (x, y, w, h).

    The leader's is bolder, and in the colour of its emotion.
    """
    drawn = np.array(image, order="C")
    unit = max(1, round(min(image.shape[:2]) / 240))
    for place, (x, y, width, height) in enumerate(boxes):
        leads = place == leader
        colour = _rgb(COLOURS.get(emotion, TAUGHT)) if leads else OTHERS
        cv2.rectangle(drawn, (x, y), (x + width, y + height), colour, (1 + leads) * unit)
    return drawn


def _rgb(colour: str) -> tuple[int, int, int]:
    """#CF4B4B -> (207, 75, 75)."""
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def mood_line(moments: "Sequence[Moment]", span_s: float) -> tuple[list[dict], dict]:
    """The mood over the last `span_s` -> (rows of data, a Vega-Lite description that hardly changes).

    A line for each mood; where no face was seen the lines have a gap.
    """
    rows, part = [], 0
    moods = dict.fromkeys((*COLOURS, *(mood for moment in moments for mood in moment.scores)))
    for moment in moments:
        ago = moment.time_s - moments[-1].time_s
        rows += [{"mood": name, "ago": round(ago, 2), "share": round(share, 4), "part": part}
                 for name, share in moment.scores.items()]  # fmt: skip
        part += not moment.scores
    return rows, {
        "mark": {"type": "line", "interpolate": "monotone", "strokeWidth": 2.5, "clip": True},
        "height": 130,
        "encoding": {
            "x": {"field": "ago", "type": "quantitative", "title": None,
                  "scale": {"domain": [-span_s, 0]},
                  "axis": {"grid": False, "values": [-span_s, -span_s / 2, 0],
                           "labelExpr": "datum.value ? -datum.value + ' s ago' : 'now'"}},
            "y": {"field": "share", "type": "quantitative", "title": None,
                  "scale": {"domain": [0, 1]}, "axis": {"format": ".0%", "values": [0, 0.5, 1]}},
            "color": {"field": "mood", "type": "nominal", "legend": None,
                      "scale": {"domain": list(moods),
                                "range": [COLOURS.get(mood, TAUGHT) for mood in moods]}},
            "detail": {"field": "part", "type": "nominal"},
        },
    }  # fmt: skip
