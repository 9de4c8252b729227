"""A cheap stand-in for the model of a library, and libraries made with it.

It draws a prediction from the bytes of a file, so that equal files get equal predictions. What begins with
BAD cannot be read, what begins with CRASH ends the process that reads it.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from genre import GENRES
from genre.audio.decoders import AudioError
from genre.library.index import Index
from genre.library.predictor import Predict, Predictor, SongPrediction, unit
from genre.library.scan import ScanSummary, scan_folders

DAMAGED_FILE = "The file is damaged: export it again."
SLOW_S = 0.02


def predict(source: bytes | Path) -> SongPrediction:
    """Draw a prediction from a file's bytes."""
    content = source if isinstance(source, bytes) else source.read_bytes()
    if content.startswith(b"BAD"):
        raise AudioError(DAMAGED_FILE)
    if content.startswith(b"CRASH"):
        os._exit(1)
    digest = hashlib.sha256(content).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    probabilities = random.dirichlet(np.full(10, 0.3))
    best = int(probabilities.argmax())
    centre = np.random.default_rng(best).normal(size=250)  # songs of a genre lie together
    return SongPrediction(
        "music" if probabilities[best] > 0.6 else "unsure",
        30.0 + digest[8],
        GENRES[best],
        bool(probabilities[best] > 0.6),
        True,
        60.0 + digest[9] / 2,
        -10.0 - digest[10] / 20,
        probabilities.astype(np.float16),
        random.uniform(0.0, 0.5, 9).astype(np.float16),
        random.uniform(0.0, 0.3, 50).astype(np.float16),
        unit(centre + random.normal(size=250)),
    )


def predict_slowly(source: bytes | Path) -> SongPrediction:
    """Take a while for it."""
    time.sleep(SLOW_S)
    return predict(source)


def load() -> Predict:
    return predict


def load_slow() -> Predict:
    return predict_slowly


STAND_IN = Predictor("stand-in", load)
SLOW_STAND_IN = Predictor("stand-in", load_slow)


def scan(folders: Sequence[object], **options: object) -> ScanSummary:
    """Scan with the stand-in, in this process unless told otherwise."""
    return scan_folders(list(map(str, folders)), **{"predictor": STAND_IN, "processes": 0, **options})


def make_songs(folder: Path, count: int, start: int = 0) -> list[Path]:
    """Files that only the stand-in can read, a hundred a folder."""
    paths = []
    for number in range(start, start + count):
        path = folder / f"{number // 100:02}" / f"song {number:05}.mp3"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"song %d" % number)
        paths.append(path)
    return paths


def content() -> list[tuple]:
    """What the index holds."""
    with Index() as index:
        return index.content()


def content_from_nothing(*folders: Path) -> list[tuple]:
    """What a scan in an empty EARMARK_HOME gives."""
    before = os.environ["EARMARK_HOME"]
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        try:
            scan(folders)
            return content()
        finally:
            os.environ["EARMARK_HOME"] = before
