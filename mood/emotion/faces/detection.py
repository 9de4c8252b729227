"""Faces of a picture: their boxes.

The detector is OpenCV's Haar cascade of frontal faces (Viola and Jones 2001, Lienhart and Maydt 2002),
checked by two others: what all three detect is nearly always a face.
"""

import threading
from typing import NamedTuple

import cv2
import numpy as np

from mood.emotion.faces.crops import Box, to_greyscale
from mood.emotion.network import SIZE

MIN_SIDE = 12  # pixels of the reduced picture's shorter side, below which it holds no face


class DetectorSettings(NamedTuple):
    """The settings by which a cascade searches a picture."""

    max_side: int  # pixels; a longer side is reduced to this
    scale_factor: float  # ratio of one size of face to the next
    min_face_divisor: int  # the smallest face is the picture's shorter side divided by this
    min_neighbours: int  # detections in about the same place that make a face


VIDEO = DetectorSettings(max_side=640, scale_factor=1.2, min_face_divisor=5, min_neighbours=2)
# A photograph needs more neighbours, since its scales lie closer together.
PHOTOGRAPH = DetectorSettings(max_side=1024, scale_factor=1.1, min_face_divisor=20, min_neighbours=3)
MIN_FACE_PIXELS = 24  # side of the smallest face, in pixels of the reduced picture
EDGE_MARGIN = 0.2  # fraction of the shorter side that is added around, to find faces cut off by an edge
# A large face that an edge cuts off is searched for in a small picture, so that video has the time for it. Of
# one that is cut in half, the mirror at the edge shows the other half.
LARGE_FACE = DetectorSettings(max_side=240, scale_factor=1.2, min_face_divisor=3, min_neighbours=2)
LARGE_FACE_MARGIN = 0.4
MIN_INSIDE = 0.45  # fraction of a face that lies inside of the picture
# Pixels of a photograph's longer side beyond which nothing is gained: the smallest face that is detected
# is as large there as the network's input.
MAX_PHOTOGRAPH_SIDE = PHOTOGRAPH.max_side * SIZE // MIN_FACE_PIXELS
ROTATIONS = (-25, 25)  # degrees, tried on photographs where there is no upright face
MAX_OVERLAP = 0.4  # fraction of the smaller of two boxes, above which both are one face
VERIFY_MARGIN, VERIFY_SIZE = 0.3, 64  # margin (in boxes) and box size (pixels) for the other cascades
VERIFY_NEIGHBOURS = {"default": 1, "alt": 3}  # detections by each of them that make a face


def detect_faces(image: np.ndarray, thorough: bool = False) -> list[Box]:
    """Detect the faces in (H, W, 3) RGB or (H, W) grey uint8, the largest first.

    It is made for video: at 640x480 faces from 96 pixels on, in some 10 ms. `thorough` is for photographs: it
    detects smaller faces and, where no upright one is, rotated ones, and takes about ten times as long.
    """
    grey = to_greyscale(image)
    settings = PHOTOGRAPH if thorough else VIDEO
    scale = min(1.0, settings.max_side / max(grey.shape))
    if scale * min(grey.shape) < MIN_SIDE:
        return []
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    detections = _detect(grey, settings)
    if thorough:
        detections += _detect_at_edges(grey, settings, EDGE_MARGIN, cv2.BORDER_REPLICATE)
    if thorough or not detections:
        detections += _detect_large_at_edges(grey)
    if thorough and not detections:
        detections = [box for rotation in ROTATIONS for box in _detect_rotated(grey, rotation, settings)]
    boxes = [_to_full_size(box, scale, image.shape) for box in _suppress_overlaps(detections)]
    if thorough:  # the same face has the same box, and so the same mood, in a photograph and in a video
        video = detect_faces(image)
        boxes = video + [box for box in boxes if all(_overlap(box, other) <= MAX_OVERLAP for other in video)]
    return sorted(boxes, key=lambda box: -box.w * box.h)


_cascades = threading.local()  # a cascade has state while it detects: one for each thread


def _cascade(name: str) -> cv2.CascadeClassifier:
    if not hasattr(_cascades, name):
        path = f"{cv2.data.haarcascades}haarcascade_frontalface_{name}.xml"  # type: ignore[attr-defined]
        setattr(_cascades, name, cv2.CascadeClassifier(path))
    return getattr(_cascades, name)


class Detection(NamedTuple):
    """A box of the cascade, with the number of sizes and places in which it was found."""

    box: Box
    n_neighbours: int


def _detect(grey: np.ndarray, settings: DetectorSettings, min_size: int = 0) -> list[Detection]:
    """Detect the faces that all cascades find in (H, W), from `min_size` pixels on or as the settings say."""
    min_size = min_size or max(MIN_FACE_PIXELS, min(grey.shape) // settings.min_face_divisor)
    boxes, counts = _cascade("alt2").detectMultiScale2(
        grey,
        scaleFactor=settings.scale_factor,
        minNeighbors=settings.min_neighbours,
        minSize=(min_size, min_size),
    )
    detections = [
        Detection(Box(*map(int, box)), int(count)) for box, count in zip(boxes, counts, strict=True)
    ]
    return [detection for detection in detections if _is_verified(grey, detection.box)]


def _is_verified(grey: np.ndarray, box: Box) -> bool:
    """Return whether the other cascades find a face of about this size there too."""
    margin = round(VERIFY_MARGIN * box.w)
    region = grey[
        max(0, box.y - margin) : box.y + box.h + margin, max(0, box.x - margin) : box.x + box.w + margin
    ]
    scale = VERIFY_SIZE / box.w
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    region = cv2.resize(region, None, fx=scale, fy=scale, interpolation=interpolation)
    return all(
        len(
            _cascade(name).detectMultiScale(
                region, scaleFactor=1.1, minNeighbors=n_neighbours, minSize=(44, 44), maxSize=(90, 90)
            )
        )
        for name, n_neighbours in VERIFY_NEIGHBOURS.items()
    )


def _detect_at_edges(
    grey: np.ndarray, settings: DetectorSettings, margin_share: float, border: int
) -> list[Detection]:
    """Detect faces that an edge of the picture cuts off, in the picture with a border around it."""
    margin = round(margin_share * min(grey.shape))
    wider = cv2.copyMakeBorder(grey, margin, margin, margin, margin, border)
    min_size = max(MIN_FACE_PIXELS, min(grey.shape) // settings.min_face_divisor)
    whole = Box(0, 0, grey.shape[1], grey.shape[0])
    detections = []
    for (x, y, w, h), n_neighbours in _detect(wider, settings, min_size):
        box = Box(x - margin, y - margin, w, h)
        if MIN_INSIDE <= _overlap(box, whole) < 1:
            detections.append(Detection(box, n_neighbours))
    return detections


def _detect_large_at_edges(grey: np.ndarray) -> list[Detection]:
    """Detect large faces of which an edge cuts off up to a half."""
    scale = min(1.0, LARGE_FACE.max_side / max(grey.shape))
    if scale * min(grey.shape) < LARGE_FACE.min_face_divisor * MIN_FACE_PIXELS:
        return []  # too thin to hold one
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    detections = _detect_at_edges(small, LARGE_FACE, LARGE_FACE_MARGIN, cv2.BORDER_REFLECT)
    return [
        Detection(Box(*(round(side / scale) for side in box)), n_neighbours)
        for box, n_neighbours in detections
    ]


def _detect_rotated(grey: np.ndarray, rotation: int, settings: DetectorSettings) -> list[Detection]:
    """Detect faces in the picture rotated by so many degrees; the boxes are those of the upright picture."""
    height, width = grey.shape
    forward = cv2.getRotationMatrix2D((width / 2, height / 2), rotation, 1.0)
    inverse = cv2.invertAffineTransform(forward)
    rotated = cv2.warpAffine(grey, forward, (width, height), borderMode=cv2.BORDER_REPLICATE)
    detections = []
    for box, n_neighbours in _detect(rotated, settings):
        x, y = inverse @ (box.x + box.w / 2, box.y + box.h / 2, 1.0)
        detections.append(
            Detection(Box(round(x - box.w / 2), round(y - box.h / 2), box.w, box.h), n_neighbours)
        )
    return detections


def _suppress_overlaps(detections: list[Detection]) -> list[Box]:
    """Keep, of boxes that overlap, the one with the most detections (non-maximum suppression)."""
    kept_boxes: list[Box] = []
    for box, _ in sorted(detections, key=lambda detection: -detection.n_neighbours):
        if all(_overlap(box, other) <= MAX_OVERLAP for other in kept_boxes):
            kept_boxes.append(box)
    return kept_boxes


def _overlap(a: Box, b: Box) -> float:
    """Compute the intersection of two boxes as a fraction of the smaller."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    return max(0, width) * max(0, height) / min(a.w * a.h, b.w * b.h)


def _to_full_size(box: Box, scale: float, shape: tuple[int, ...]) -> Box:
    """Scale a box of the reduced picture to the whole picture, and clip it to the picture's edges."""
    height, width = shape[:2]
    left, right = (min(max(0, round(x / scale)), width) for x in (box.x, box.x + box.w))
    top, bottom = (min(max(0, round(y / scale)), height) for y in (box.y, box.y + box.h))
    return Box(left, top, right - left, bottom - top)
