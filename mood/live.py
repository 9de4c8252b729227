"""Live video: faces read as fast as they can be, without ever holding the video up.

Frames come in at the camera's pace. A thread of its own reads the newest; those that come meanwhile
are let go. Nothing is written anywhere, and what is remembered does not grow.
"""

import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from mood.faces import Box, FaceError, crop
from mood.reader import Reader, Reading, read_image
from mood.smoothing import MoodTracker, SmoothedMood

REMEMBERED_S = 60.0  # of the mood line
POINT_S = 0.5  # between two of its points
RATE_S = 4.0  # the time that rates are counted over
ALONE_S = 5.0  # without a frame for so long, the thread ends; the next frame starts another
READ_S = 0.1  # from one reading to the next: ten a second follow any face, the rest is left to the video
REST = 0.5  # and of the time a reading took, at the least: where there is little machine, others need it too
KEPT_S = 0.25  # between two faces that are kept: neighbouring frames are all but the same


@dataclass(frozen=True)
class Moment:
    """A point of the mood line: s since the first frame; no scores where no face was."""

    time_s: float
    scores: dict[str, float]


@dataclass(frozen=True)
class Seen:
    """What to draw on a frame: the faces as they were read last, which one leads, and its mood."""

    boxes: tuple[Box, ...]
    leader: int
    emotion: str | None


@dataclass(frozen=True)
class Rates:
    """Frames a second, over the last seconds: that came, and that were read."""

    shown: float
    read: float


class LiveMood:
    """The mood in a stream of frames. Frames and questions may come from different threads."""

    def __init__(self, reader: Reader) -> None:
        """`reader` may be exchanged at any time."""
        self.reader = reader
        self._turn = threading.Condition()
        self._thread: threading.Thread | None = None
        self._newest: np.ndarray | None = None
        self._began = time.monotonic()
        self._shown: deque[float] = deque(maxlen=512)
        self._done: deque[float] = deque(maxlen=512)
        self._tracker = MoodTracker()
        self._boxes: tuple[Box, ...] = ()
        self._refusal = ""
        self._line: deque[Moment] = deque(maxlen=round(REMEMBERED_S / POINT_S))
        self._kept: list[np.ndarray] = []
        self.wanted, self._kept_at = 0, 0.0  # faces to keep

    def see(self, frame: np.ndarray) -> Seen:
        """Take a frame (H, W, 3) RGB uint8, to be read when its turn comes."""
        with self._turn:
            self._shown.append(time.monotonic())
            self._newest = frame
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="live mood", daemon=True)
                self._thread.start()
            self._turn.notify()
            mood = self._tracker.mood
            return Seen(self._boxes, mood.leader or 0, mood.emotion)

    def close(self) -> None:
        """Let go of the frame that waits, and of the thread."""
        with self._turn:
            self._newest, self._thread, self._boxes = None, None, ()
            self._turn.notify()

    @property
    def mood(self) -> SmoothedMood:
        """The smoothed mood now."""
        with self._turn:
            return self._tracker.mood

    @property
    def refusal(self) -> str:
        """Why the last frame's face could not be read, as a sentence; empty where it could."""
        with self._turn:
            return self._refusal

    def line(self) -> list[Moment]:
        """The last minute, two points a second."""
        with self._turn:
            return list(self._line)

    def rates(self) -> Rates:
        with self._turn:
            since = time.monotonic() - RATE_S
            return Rates(*(sum(t > since for t in times) / RATE_S for times in (self._shown, self._done)))

    def keep(self, count: int) -> None:
        """Keep the leading face of the next frames, `count` of them, in place of those kept before."""
        with self._turn:
            self._kept, self.wanted = [], count

    def kept(self) -> list[np.ndarray]:
        """Crops (48, 48) grey uint8 since keep()."""
        with self._turn:
            return list(self._kept)

    def _work(self) -> None:
        """Read the newest frame, again and again, while frames come."""
        me = threading.current_thread()
        while True:
            with self._turn:
                if self._newest is None:
                    self._turn.wait(ALONE_S)
                if self._newest is None or self._thread is not me:
                    if self._thread is me:
                        self._thread = None
                    return
                frame, self._newest = self._newest, None
            refusal, readings, began = "", (), time.monotonic()
            try:
                readings = tuple(read_image(self.reader, frame))
            except FaceError as error:
                refusal = str(error)
            with self._turn:
                if self._thread is me:
                    self._note(frame, readings, refusal)
            took = time.monotonic() - began
            time.sleep(max(REST * took, READ_S - took))

    def _note(self, frame: np.ndarray, readings: tuple[Reading, ...], refusal: str) -> None:
        """Remember what was read."""
        now = time.monotonic()
        self._done.append(now)
        self._boxes, self._refusal = tuple(reading.box for reading in readings), refusal
        mood = self._tracker.update(readings, now - self._began)
        if not self._line or now - self._began - self._line[-1].time_s >= POINT_S:
            self._line.append(Moment(now - self._began, mood.scores))
        if mood.leader is not None and len(self._kept) < self.wanted and now - self._kept_at >= KEPT_S:
            try:
                self._kept.append(crop(frame, readings[mood.leader].box))
                self._kept_at = now
            except FaceError:
                return
