"""DeepFace's emotion network (Serengil and Ozpinar 2021) as an EmotionRecognizer, for comparison.

It runs on onnxruntime and gets our crops; its own face detector, ten times slower, is not used. Its
weights (6 MB) are downloaded at the first use, into DEEPFACE_HOME if it is set, else into EARMARK_HOME.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from genre.paths import home
from mood import EMOTIONS

HOME_VARIABLE = "DEEPFACE_HOME"
ONNX_FILE = "facial_expression_model_weights.onnx"
MAX_WEIGHTS_BYTES = 64 << 20
TIMEOUT_S = 10.0  # seconds to wait for a response, and between two chunks of it
DOWNLOAD_S = 180.0  # seconds for the whole download
CHUNK_BYTES = 1 << 16

ProgressCallback = Callable[[int, int | None], None]  # (bytes received, bytes in all or None)

_NO_INTERNET = (
    "DeepFace's weights could not be downloaded: connect to the internet and try again, or use "
    "Earmark's own network."
)
_BROKEN_MESSAGE = "DeepFace's weights are damaged: delete {path} and try again, or use Earmark's own network."
_NO_PACKAGE = "DeepFace cannot be loaded here: run `make setup`, or use Earmark's own network."
_DISK_FULL = "DeepFace's weights could not be kept in {path}: free some space, or set DEEPFACE_HOME."


class RecognizerError(ValueError):
    """A recognizer cannot be loaded; the text is one sentence that says what to do."""


class DeepFaceRecognizer:
    """DeepFace's emotion model as an EmotionRecognizer."""

    name = "deepface"
    emotions: tuple[str, ...] = EMOTIONS  # emotions in the network's own order, which is ours

    def __init__(self, client: Any) -> None:
        """Wrap `client`, DeepFace's EmotionClient."""
        self._client = client

    @classmethod
    def load(cls, on_progress: ProgressCallback | None = None) -> "DeepFaceRecognizer":
        """Load the weights, and download them if they are missing. Raises RecognizerError with a sentence."""
        os.environ.setdefault("DEEPFACE_BACKEND_ENGINE", "onnx")  # deepface prefers torch
        try:
            from deepface.models.demography.onnx.Emotion import WEIGHTS_URL, EmotionClient
        except ImportError as error:
            raise RecognizerError(_NO_PACKAGE) from error
        path = weights_path()
        if not path.is_file():
            download_weights(WEIGHTS_URL, path, on_progress or (lambda n_bytes, total: None))
        try:
            with _deepface_home(path.parents[2]):
                return cls(EmotionClient())
        except Exception as error:  # onnxruntime raises several types for a file that is no model
            raise RecognizerError(_BROKEN_MESSAGE.format(path=path)) from error

    def predict(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the emotions of B crops (48, 48) grey uint8 -> probabilities (B, 7) float32."""
        if not len(faces):
            return np.zeros((0, len(EMOTIONS)), np.float32)
        colour = np.repeat(np.stack(faces)[..., None], 3, axis=3).astype(np.float32) / 255
        scores = np.asarray(self._client.predict(colour), np.float32).reshape(len(faces), -1).clip(0)
        return scores / scores.sum(axis=1, keepdims=True).clip(1e-9)


def weights_path() -> Path:
    """Choose the path of DeepFace's weights: in DEEPFACE_HOME, else in ~ if they are there, else in ours."""
    relative = Path(".deepface", "weights", ONNX_FILE)
    if folder := os.environ.get(HOME_VARIABLE):
        return Path(folder).expanduser() / relative
    if (Path.home() / relative).is_file():
        return Path.home() / relative
    return home() / "cache" / relative


def download_weights(urls: Sequence[str], path: Path, on_progress: ProgressCallback) -> None:
    """Download the weights from the first address that has them. Raises RecognizerError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecognizerError(_DISK_FULL.format(path=path.parent)) from error
    cause: Exception | None = None
    for url in urls:
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with open(partial, "wb") as file:
                for chunk in _chunks(url, on_progress):
                    file.write(chunk)
            partial.replace(path)
            return
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            cause = error
        except OSError as error:
            raise RecognizerError(_DISK_FULL.format(path=path.parent)) from error
        finally:
            partial.unlink(missing_ok=True)
    raise RecognizerError(_NO_INTERNET) from cause


def _chunks(url: str, on_progress: ProgressCallback) -> Iterator[bytes]:
    """Yield a response in chunks. Raises httpx.HTTPError, also if it is too slow, too large or too short."""
    end = time.monotonic() + DOWNLOAD_S
    with httpx.stream("GET", url, follow_redirects=True, timeout=TIMEOUT_S) as response:
        response.raise_for_status()
        length = response.headers.get("content-length", "")
        total = int(length) if length.isdigit() else None
        n_bytes = 0
        for chunk in response.iter_raw(CHUNK_BYTES):
            n_bytes += len(chunk)
            if n_bytes > MAX_WEIGHTS_BYTES or time.monotonic() > end:
                raise httpx.ReadTimeout("too large or too slow")
            on_progress(n_bytes, total)
            yield chunk
        if not n_bytes:
            raise httpx.ReadError("nothing came")


@contextmanager
def _deepface_home(folder: Path) -> Iterator[None]:
    """Set DEEPFACE_HOME to this folder inside a `with` block."""
    previous = os.environ.get(HOME_VARIABLE)
    os.environ[HOME_VARIABLE] = str(folder)
    try:
        yield
    finally:
        if previous is None:
            del os.environ[HOME_VARIABLE]
        else:
            os.environ[HOME_VARIABLE] = previous
