"""Live video: emotions are recognised as fast as possible, and the video never waits for them.

Frames come at the camera's pace. A worker thread takes the newest one; the frames that come meanwhile are
dropped. Nothing is written anywhere, and the history has a bounded length.
"""

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass

import numpy as np

from mood.emotion.faces import Box, FaceError, crop_face
from mood.emotion.recognizer import EmotionRecognizer, FaceEmotion, recognize_emotions
from mood.emotion.tracking import MoodTracker, SmoothedMood

HISTORY_S = 60.0
HISTORY_STEP_S = 0.5  # seconds between two points of the history
RATE_WINDOW_S = 4.0  # seconds over which frame rates are counted
IDLE_TIMEOUT_S = 5.0  # seconds without a frame after which the thread ends; the next frame starts another
MIN_INTERVAL_S = 0.1  # seconds between two predictions: ten a second are enough to follow a face
MIN_REST_RATIO = 0.5  # pause after a prediction, as a fraction of its duration: a slow machine has other work
CAPTURE_INTERVAL_S = 0.25  # seconds between two captured faces: neighbouring frames are all but the same

MAX_FAILURES = 3  # failures of the recognizer in a row after which it is not called again
FAILURE_MESSAGE = (
    "Something is wrong with what reads faces: choose another one in the settings, or start again."
)

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MoodPoint:
    """A point of the history: seconds since the first frame; no scores where there was no face."""

    time_s: float
    scores: dict[str, float]


@dataclass(frozen=True)
class TrackedFaces:
    """The faces of the last prediction, to be drawn on a frame."""

    boxes: tuple[Box, ...]
    tracked_face: int  # index of the face whose mood is displayed
    emotion: str | None


@dataclass(frozen=True)
class FrameRates:
    """Frames a second over the last RATE_WINDOW_S: of the camera, and of the predictions."""

    camera: float
    predictions: float


class LiveRecognizer:
    """The mood in a stream of frames. Its methods may be called from different threads."""

    def __init__(self, recognizer: EmotionRecognizer) -> None:
        self._recognizer, self._failures = recognizer, 0
        self._condition = threading.Condition()
        self._thread: threading.Thread | None = None
        self._newest_frame: np.ndarray | None = None
        self._start_s = time.monotonic()
        self._push_times: deque[float] = deque(maxlen=512)
        self._process_times: deque[float] = deque(maxlen=512)
        self._tracker = MoodTracker()
        self._boxes: tuple[Box, ...] = ()
        self._error = ""
        self._history: deque[MoodPoint] = deque(maxlen=round(HISTORY_S / HISTORY_STEP_S))
        self._captures: list[np.ndarray] = []
        self._last_capture_s = 0.0
        self.n_captures = 0  # number of faces to capture

    @property
    def recognizer(self) -> EmotionRecognizer:
        """The recognizer; it may be replaced at any time."""
        return self._recognizer

    @recognizer.setter
    def recognizer(self, recognizer: EmotionRecognizer) -> None:
        if recognizer is not self._recognizer:
            self._recognizer, self._failures = recognizer, 0

    def push_frame(self, frame: np.ndarray) -> TrackedFaces:
        """Take a frame (H, W, 3) RGB uint8 for the next prediction -> the faces of the last prediction."""
        with self._condition:
            self._push_times.append(time.monotonic())
            if self._failures >= MAX_FAILURES:
                return TrackedFaces((), 0, None)
            self._newest_frame = frame
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="live mood", daemon=True)
                self._thread.start()
            self._condition.notify()
            mood = self._tracker.mood
            return TrackedFaces(self._boxes, mood.tracked_face or 0, mood.emotion)

    def close(self) -> None:
        """Drop the waiting frame, and end the thread."""
        with self._condition:
            self._newest_frame, self._thread, self._boxes = None, None, ()
            self._condition.notify()

    @property
    def mood(self) -> SmoothedMood:
        """The smoothed mood now."""
        with self._condition:
            return self._tracker.mood

    @property
    def error(self) -> str:
        """The reason why the last frame's face could not be read, as a sentence; empty where it could."""
        with self._condition:
            return self._error

    def history(self) -> list[MoodPoint]:
        """Return the last minute, two points a second."""
        with self._condition:
            return list(self._history)

    def frame_rates(self) -> FrameRates:
        with self._condition:
            since = time.monotonic() - RATE_WINDOW_S
            camera, predictions = (
                sum(moment > since for moment in times) / RATE_WINDOW_S
                for times in (self._push_times, self._process_times)
            )
            return FrameRates(camera, predictions)

    def start_capture(self, count: int) -> None:
        """Capture the tracked face in the next `count` frames; earlier captures are dropped."""
        with self._condition:
            self._captures, self.n_captures = [], count

    def captured_faces(self) -> list[np.ndarray]:
        """Return the crops (48, 48) grey uint8 since start_capture()."""
        with self._condition:
            return list(self._captures)

    def _work(self) -> None:
        """Process the newest frame repeatedly, while frames come."""
        this_thread = threading.current_thread()
        while True:
            with self._condition:
                if self._newest_frame is None:
                    self._condition.wait(IDLE_TIMEOUT_S)
                if self._newest_frame is None or self._thread is not this_thread:
                    if self._thread is this_thread:
                        self._thread = None
                    return
                frame, self._newest_frame = self._newest_frame, None
            faces: tuple[FaceEmotion, ...] = ()
            error_message, start_s = "", time.monotonic()
            try:
                faces = tuple(recognize_emotions(self.recognizer, frame))
            except FaceError as error:
                error_message = str(error)
            except Exception:
                self._failures += 1
                logger.exception("Live recognition failed, %d times in a row", self._failures)
                error_message = FAILURE_MESSAGE if self._failures >= MAX_FAILURES else ""
            else:
                self._failures = 0
            with self._condition:
                if self._thread is this_thread:
                    self._record(frame, faces, error_message)
            duration_s = time.monotonic() - start_s
            time.sleep(max(MIN_REST_RATIO * duration_s, MIN_INTERVAL_S - duration_s))

    def _record(self, frame: np.ndarray, faces: tuple[FaceEmotion, ...], error_message: str) -> None:
        """Update the mood, the history and the captures by the faces of a frame."""
        now = time.monotonic()
        self._process_times.append(now)
        self._boxes, self._error = tuple(face.box for face in faces), error_message
        mood = self._tracker.update(faces, now - self._start_s)
        if not self._history or now - self._start_s - self._history[-1].time_s >= HISTORY_STEP_S:
            self._history.append(MoodPoint(now - self._start_s, mood.scores))
        is_due = len(self._captures) < self.n_captures and now - self._last_capture_s >= CAPTURE_INTERVAL_S
        if mood.tracked_face is not None and is_due:
            try:
                self._captures.append(crop_face(frame, faces[mood.tracked_face].box))
                self._last_capture_s = now
            except FaceError:
                return
