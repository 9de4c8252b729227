"""Frames around faces, in the colours of the emotions."""

from collections.abc import Sequence

import cv2
import numpy as np

EMOTION_COLOURS = {  # colours of middle lightness: visible on light, on dark and on skin
    "angry": "#CF4B4B",
    "disgust": "#7A9A2E",
    "fear": "#937ED4",
    "happy": "#C79A1B",
    "sad": "#4C78D0",
    "surprise": "#D9702E",
    "neutral": "#8A9099",
}
CUSTOM_MOOD_COLOUR = "#0F8A8A"
OTHER_FACES = (215, 215, 215)  # RGB


def draw_faces(
    image: np.ndarray, boxes: Sequence[Sequence[int]], tracked_face: int = 0, emotion: str | None = None
) -> np.ndarray:
    """Copy the picture (H, W, 3) RGB uint8 with a frame around each face (x, y, w, h).

    The frame of the tracked face is bolder, and has the colour of its emotion.
    """
    annotated = np.array(image, order="C")
    thickness = max(1, round(min(image.shape[:2]) / 240))
    for index, (x, y, width, height) in enumerate(boxes):
        is_tracked = index == tracked_face
        colour = (
            _to_rgb(EMOTION_COLOURS.get(emotion or "", CUSTOM_MOOD_COLOUR)) if is_tracked else OTHER_FACES
        )
        cv2.rectangle(annotated, (x, y), (x + width, y + height), colour, (1 + is_tracked) * thickness)
    return annotated


def _to_rgb(colour: str) -> tuple[int, ...]:
    """Parse a colour: #CF4B4B -> (207, 75, 75)."""
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
