"""Frames -> one calm mood: smoothed over time, slow to change its mind, and honest when unsure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mood.reader import Reading

TIME_CONSTANT_S = 0.6  # after a change, two thirds of the way to the new probabilities
LEAD = 0.08  # by how much another emotion must be likelier before the mood changes
SURE = 0.45  # smoothed probability above which we name the mood
HELD_S = 1.0  # a face that is gone no longer than this, at a blink or a turn, is still there
RIVAL = 1.4  # how much larger another face must be, in area, before we follow that one
SAME_FACE = 0.2  # overlap, as a part of both boxes together, of one face in two frames

NO_FACE, UNSURE, SURE_STATE = "no_face", "unsure", "sure"


@dataclass(frozen=True)
class SmoothedMood:
    """The mood at one moment. `state` is "no_face", "unsure" or "sure"."""

    state: str
    emotion: str | None  # the best guess where unsure, None where there is no face
    certainty: float  # smoothed probability of `emotion`, 0 to 1
    scores: dict[str, float]  # smoothed probabilities; empty where there is no face
    remark: str  # a sentence where there is more to say than the emotion, else empty
    leader: int | None = None  # which of the frame's faces is followed

    @property
    def sure(self) -> bool:
        return self.state == SURE_STATE


_NOBODY = SmoothedMood(
    NO_FACE, None, 0.0, {}, "We see no face: look at the camera, with the whole face in the picture."
)


class MoodTracker:
    """Follows one face through a video and says how it looks."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.mood = _NOBODY
        self._seen_s: float | None = None  # when the face was last there
        self._box: Sequence[int] | None = None

    def update(self, readings: Sequence[Reading], time_s: float) -> SmoothedMood:
        """Take the faces of a frame, the largest first, at time_s -> the mood so far.

        Frames may come at any pace; a time earlier than the last counts as the same moment.
        """
        if not readings:
            if self._seen_s is None or time_s - self._seen_s > HELD_S:
                self.reset()
            else:
                self.mood = _named(self.mood.scores, self.mood.emotion, 0, None)
            return self.mood
        leader = self._follow([reading.box for reading in readings])
        now = readings[leader].scores
        before = self.mood.scores if self.mood.scores.keys() == now.keys() else None
        if before and self._seen_s is not None and time_s - self._seen_s <= HELD_S:
            weight = 1 - math.exp(-max(0.0, time_s - self._seen_s) / TIME_CONSTANT_S)
            scores = {name: before[name] + weight * (p - before[name]) for name, p in now.items()}
            emotion = _settled(scores, self.mood.emotion)
        else:
            scores, emotion = dict(now), max(now, key=now.get)
        self._seen_s = time_s if self._seen_s is None else max(time_s, self._seen_s)
        self._box = readings[leader].box
        self.mood = _named(scores, emotion, len(readings), leader)
        return self.mood

    def _follow(self, boxes: list[Sequence[int]]) -> int:
        """Which face is ours: the one where ours was, unless another is much larger."""
        if self._box is None:
            return 0
        shared = [_overlap(self._box, box) for box in boxes]
        ours = max(range(len(boxes)), key=shared.__getitem__)
        if shared[ours] < SAME_FACE or _area(boxes[0]) > RIVAL * _area(boxes[ours]):
            return 0
        return ours


def _settled(scores: dict[str, float], before: str | None) -> str:
    """The likeliest emotion, or the one before where it is not far behind."""
    best = max(scores, key=scores.get)
    return before if before is not None and scores[best] < scores[before] + LEAD else best


def _named(scores: dict[str, float], emotion: str, faces: int, leader: int | None) -> SmoothedMood:
    certainty = min(1.0, scores[emotion])
    state = SURE_STATE if certainty >= SURE else UNSURE
    if faces > 1:
        remark = f"We see {faces} faces and follow one of them, the largest to begin with."
    elif leader is None:
        remark = "Your face is gone for the moment: look at the camera."
    else:
        remark = "" if state == SURE_STATE else "Light from the front helps."
    return SmoothedMood(state, emotion, certainty, scores, remark, leader)


def _area(box: Sequence[int]) -> int:
    return box[2] * box[3]


def _overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Intersection over union of two boxes (x, y, w, h)."""
    across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0, across) * max(0, down)
    return both / max(1, _area(a) + _area(b) - both)
