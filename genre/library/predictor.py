"""What is predicted of a song in a library, and by what: without torch, so that pages can import it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

MODEL = "listen"  # the shipped model whose card says what feelings and tags mean


def _empty() -> np.ndarray:
    return np.zeros(0, np.float16)


@dataclass(frozen=True, eq=False)
class SongPrediction:
    """What is predicted of one song. The vectors are empty where there was no music to predict."""

    status: str  # "music", "unsure", "not_music" or "too_short"
    duration_s: float
    genre: str | None = None
    confident: bool = False
    familiar: bool = False
    tempo_bpm: float | None = None
    loudness_lufs: float | None = None
    probabilities: np.ndarray = field(default_factory=_empty)  # (10,) float16 of the genres
    feelings: np.ndarray = field(default_factory=_empty)  # (9,) listeners' share, as MUSIC_EMOTIONS
    tags: np.ndarray = field(default_factory=_empty)  # (50,) probabilities, in the order of TAGS
    embedding: np.ndarray = field(default_factory=_empty)  # (250,) of length 1


Predict = Callable[[bytes | Path], SongPrediction]  # of a file's bytes, or of its path; raises AudioError


@dataclass(frozen=True)
class Predictor:
    """A way to predict songs. Songs that another `key` predicted are predicted again."""

    key: str
    load: Callable[[], Predict]  # a function of a module: every process of a scan calls it once


def unit(vector: np.ndarray) -> np.ndarray:
    """Scale an embedding (D,) to length 1, as float16."""
    return (vector / max(float(np.linalg.norm(vector)), 1e-12)).astype(np.float16)
