"""Crops of a picture as the emotion network expects them."""

from typing import NamedTuple

import cv2
import numpy as np

from mood.emotion.faces.decoding import FaceError
from mood.emotion.network import SIZE

# FER2013's crops are the boxes of such a cascade: over upscaled faces of FER2013 the box is 0.97 of the
# frame wide (median; half of them 0.91 to 1.03) and lies in its middle to a hundredth.
CROP_RATIO = 1.03  # side of the crop divided by the side of the box
MIN_SIZE = 12  # pixels across a face below which nothing can be read from it
MIN_MEAN, MIN_STD = 14, 4  # grey levels: a face with a lower mean or standard deviation cannot be seen

_TOO_SMALL = "The face is too small to read: come closer, or choose a larger picture."
_TOO_DARK = "It is too dark to see your face: turn on a light, or turn towards the window."
_NO_FACE = "Earmark sees no face: look straight at the camera, with the whole face in the picture."


class Box(NamedTuple):
    """The place of a face, in pixels of the picture."""

    x: int
    y: int
    w: int
    h: int


def crop_face(image: np.ndarray, box: Box) -> np.ndarray:
    """Crop a face of a picture to (48, 48) grey uint8, as FER2013's are.

    Raises FaceError where it is too small or too dark to be read.
    """
    side = round(CROP_RATIO * max(box.w, box.h))
    left, top = round(box.x + box.w / 2 - side / 2), round(box.y + box.h / 2 - side / 2)
    height, width = image.shape[:2]
    region = image[max(0, top) : top + side, max(0, left) : left + side]
    if not region.size:
        raise FaceError(_NO_FACE)
    face = cv2.copyMakeBorder(
        to_greyscale(region),
        max(0, -top),
        max(0, top + side - height),
        max(0, -left),
        max(0, left + side - width),
        cv2.BORDER_REPLICATE,
    )
    return resize_face(face)


def resize_face(image: np.ndarray) -> np.ndarray:
    """Resize a picture that is a face from edge to edge -> (48, 48) grey uint8.

    A picture that is not square is first cropped on its longer side. Raises FaceError where it is too small
    or too dark to be read.
    """
    grey = to_greyscale(image)
    height, width = grey.shape
    side = min(height, width)
    if side < MIN_SIZE:
        raise FaceError(_TOO_SMALL)
    top, left = (height - side) // 2, (width - side) // 2
    interpolation = cv2.INTER_AREA if side > SIZE else cv2.INTER_CUBIC
    face = cv2.resize(grey[top : top + side, left : left + side], (SIZE, SIZE), interpolation=interpolation)
    if face.mean() < MIN_MEAN or face.std() < MIN_STD:
        raise FaceError(_TOO_DARK)
    return face


def explain_no_face(image: np.ndarray) -> str:
    """Write a sentence for a person in whose picture there is no face."""
    return _TOO_DARK if to_greyscale(image).mean() < 2 * MIN_MEAN else _NO_FACE


def to_greyscale(image: np.ndarray) -> np.ndarray:
    """Convert (H, W, 3) RGB or (H, W) -> (H, W)."""
    return image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
