"""DeepFace's emotion network (Serengil and Ozpinar 2021) behind our own interface, for comparison.

It runs on onnxruntime and gets our crops; its own face finder, ten times slower, is not used. Its
weights (6 MB) are downloaded the first time, into DEEPFACE_HOME where that is set, else into ours.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from genre.home import home
from mood import EMOTIONS

HOME = "DEEPFACE_HOME"
WEIGHTS_FILE = "facial_expression_model_weights.onnx"
MAX_BYTES = 64 << 20
WAIT_S = 10.0  # for an answer, and between two pieces of it
DOWNLOAD_S = 180.0  # for all of it
PIECE = 1 << 16

Progress = Callable[[int, int | None], None]  # bytes that have come, bytes in all where they are known

_NO_INTERNET = (
    "DeepFace's weights could not be downloaded: connect to the internet and try again, or use "
    "Earmark's own reader."
)
_BROKEN = (
    "DeepFace's weights are damaged: delete {path} and try again, or use Earmark's own reader."
)
_NO_PACKAGE = "DeepFace cannot be loaded here: run `make setup`, or use Earmark's own reader."
_NO_ROOM = "DeepFace's weights could not be kept in {path}: free some space, or set DEEPFACE_HOME."


class ReaderError(ValueError):
    """A reader cannot be had; the text is one sentence that says what to do."""


class DeepFaceReader:
    """DeepFace's emotion model as a Reader."""

    name = "deepface"
    emotions = EMOTIONS  # its own order too

    def __init__(self, client: Any) -> None:
        """`client`: DeepFace's EmotionClient."""
        self._client = client

    @classmethod
    def load(cls, progress: Progress | None = None) -> "DeepFaceReader":
        """Downloads the weights where they are not there yet. Raises ReaderError with a sentence."""
        os.environ.setdefault("DEEPFACE_BACKEND_ENGINE", "onnx")  # with torch there it would choose torch
        try:
            from deepface.models.demography.onnx.Emotion import WEIGHTS_URL, EmotionClient
        except ImportError as error:
            raise ReaderError(_NO_PACKAGE) from error
        path = weights_path()
        if not path.is_file():
            download(WEIGHTS_URL, path, progress or (lambda done, total: None))
        try:
            with _deepface_home(path.parents[2]):
                return cls(EmotionClient())
        except Exception as error:  # whatever onnxruntime says of a file that is none
            raise ReaderError(_BROKEN.format(path=path)) from error

    def read(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """B crops (48, 48) grey uint8 -> probabilities (B, 7) float32."""
        if not len(faces):
            return np.zeros((0, len(EMOTIONS)), np.float32)
        colour = np.repeat(np.stack(faces)[..., None], 3, axis=3).astype(np.float32) / 255
        scores = np.asarray(self._client.predict(colour), np.float32).reshape(len(faces), -1).clip(0)
        return scores / scores.sum(axis=1, keepdims=True).clip(1e-9)


def weights_path() -> Path:
    """Where DeepFace's weights are or will be: DEEPFACE_HOME, else the user's own if there, else ours."""
    inside = Path(".deepface", "weights", WEIGHTS_FILE)
    if given := os.environ.get(HOME):
        return Path(given).expanduser() / inside
    if (Path.home() / inside).is_file():
        return Path.home() / inside
    return home() / "cache" / inside


def download(sources: Sequence[str], path: Path, progress: Progress) -> None:
    """Fetch the weights from the first source that gives them. Raises ReaderError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReaderError(_NO_ROOM.format(path=path.parent)) from error
    reason: Exception | None = None
    for source in sources:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with open(partial, "wb") as file:
                for piece in _pieces(source, progress):
                    file.write(piece)
            partial.replace(path)
            return
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = error
        except OSError as error:
            raise ReaderError(_NO_ROOM.format(path=path.parent)) from error
        finally:
            partial.unlink(missing_ok=True)
    raise ReaderError(_NO_INTERNET) from reason


def _pieces(source: str, progress: Progress) -> Iterator[bytes]:
    """The body at an address. Raises httpx.HTTPError, also for one that is too slow, large or short."""
    end = time.monotonic() + DOWNLOAD_S
    with httpx.stream("GET", source, follow_redirects=True, timeout=WAIT_S) as answer:
        answer.raise_for_status()
        length = answer.headers.get("content-length", "")
        total = int(length) if length.isdigit() else None
        done = 0
        for piece in answer.iter_raw(PIECE):
            done += len(piece)
            if done > MAX_BYTES or time.monotonic() > end:
                raise httpx.ReadTimeout("too large or too slow")
            progress(done, total)
            yield piece
        if not done:
            raise httpx.ReadError("nothing came")


@contextmanager
def _deepface_home(folder: Path) -> Iterator[None]:
    """Let DeepFace look there, which it asks the environment for."""
    before = os.environ.get(HOME)
    os.environ[HOME] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ[HOME]
        else:
            os.environ[HOME] = before
