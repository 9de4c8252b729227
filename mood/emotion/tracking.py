"""One stable mood from many frames: smoothed over time, slow to change, and marked where it is unsure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mood.emotion.recognizer import FaceEmotion

TIME_CONSTANT_S = 0.6  # time constant of the exponential smoothing, in which two thirds of a change pass
SWITCH_MARGIN = 0.08  # lead in probability that another emotion needs before the mood changes
CONFIDENCE_THRESHOLD = 0.45  # smoothed probability from which the mood is named
MAX_GAP_S = 1.0  # seconds that a face may be missing, at a blink or a turn, without a reset
SWITCH_AREA_RATIO = 1.4  # ratio by which another face must be larger before it is tracked instead
MIN_IOU = 0.2  # intersection over union of the boxes of one face in two frames

NO_FACE, UNSURE, CONFIDENT = "no_face", "unsure", "confident"


@dataclass(frozen=True)
class SmoothedMood:
    """The mood at one moment. `state` is "no_face", "unsure" or "confident"."""

    state: str
    emotion: str | None  # the best guess where unsure, None where there is no face
    probability: float  # smoothed probability of `emotion`
    scores: dict[str, float]  # smoothed probabilities; empty where there is no face
    message: str  # a sentence where there is more to say than the emotion, else empty
    tracked_face: int | None = None  # index of the tracked face in the frame; None where it is missing

    @property
    def is_confident(self) -> bool:
        return self.state == CONFIDENT


_NO_MOOD = SmoothedMood(
    NO_FACE, None, 0.0, {}, "Earmark sees no face: look at the camera, with the whole face in the picture."
)


class MoodTracker:
    """A tracker that follows one face through a video and smooths its emotion."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the face and its mood."""
        self.mood = _NO_MOOD
        self._last_time_s: float | None = None  # time at which the face was last detected
        self._last_box: Sequence[int] | None = None

    def update(self, faces: Sequence[FaceEmotion], time_s: float) -> SmoothedMood:
        """Take the faces of a frame, the largest first, at time_s -> the mood so far.

        Frames may come at any pace; a time earlier than the last counts as the same moment.
        """
        if not faces:
            emotion = self.mood.emotion
            if emotion is None or self._last_time_s is None or time_s - self._last_time_s > MAX_GAP_S:
                self.reset()
            else:
                self.mood = _make_mood(self.mood.scores, emotion, 0, None)
            return self.mood
        tracked_face = self._match([face.box for face in faces])
        current = faces[tracked_face].scores
        previous = self.mood.scores if self.mood.scores.keys() == current.keys() else None
        if previous and self._last_time_s is not None and time_s - self._last_time_s <= MAX_GAP_S:
            weight = 1 - math.exp(-max(0.0, time_s - self._last_time_s) / TIME_CONSTANT_S)
            scores = {name: previous[name] + weight * (p - previous[name]) for name, p in current.items()}
            emotion = _apply_hysteresis(scores, self.mood.emotion)
        else:
            scores, emotion = dict(current), max(current, key=current.__getitem__)
        self._last_time_s = time_s if self._last_time_s is None else max(time_s, self._last_time_s)
        self._last_box = faces[tracked_face].box
        self.mood = _make_mood(scores, emotion, len(faces), tracked_face)
        return self.mood

    def _match(self, boxes: list[Sequence[int]]) -> int:
        """Find the index of the tracked face: where it was before, unless another is much larger."""
        if self._last_box is None:
            return 0
        overlaps = [_iou(self._last_box, box) for box in boxes]
        best = max(range(len(boxes)), key=overlaps.__getitem__)
        if overlaps[best] < MIN_IOU or _area(boxes[0]) > SWITCH_AREA_RATIO * _area(boxes[best]):
            return 0
        return best


def _apply_hysteresis(scores: dict[str, float], previous: str | None) -> str:
    """Choose the likeliest emotion, or the previous one where it is not far behind."""
    best = max(scores, key=scores.__getitem__)
    return previous if previous is not None and scores[best] < scores[previous] + SWITCH_MARGIN else best


def _make_mood(
    scores: dict[str, float], emotion: str, n_faces: int, tracked_face: int | None
) -> SmoothedMood:
    probability = min(1.0, scores[emotion])
    state = CONFIDENT if probability >= CONFIDENCE_THRESHOLD else UNSURE
    if n_faces > 1:
        message = f"Earmark sees {n_faces} faces and follows one of them, the largest to begin with."
    elif tracked_face is None:
        message = "Your face is gone for the moment: look at the camera."
    else:
        message = "" if state == CONFIDENT else "Light from the front helps."
    return SmoothedMood(state, emotion, probability, scores, message, tracked_face)


def _area(box: Sequence[int]) -> int:
    return box[2] * box[3]


def _iou(a: Sequence[int], b: Sequence[int]) -> float:
    """Compute the intersection over union of two boxes (x, y, w, h)."""
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    intersection = max(0, width) * max(0, height)
    return intersection / max(1, _area(a) + _area(b) - intersection)
