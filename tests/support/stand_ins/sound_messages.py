"""The messages that the recorder of the Listen page sends."""

import base64
from collections.abc import Iterator

import numpy as np

RATE = 48_000  # Hz; as most browsers have it


def sound_message(samples: np.ndarray, start: int = 0, **changes: object) -> dict:
    """What the browser sends of (n,) int16 samples."""
    pcm = base64.b64encode(samples.astype("<i2").tobytes()).decode()
    message = {"take": "a", "live": False, "rate": RATE, "start": start, "pcm": pcm, "done": False}
    return message | changes


def recording(samples: np.ndarray, rate: int, take: str, step_s: float = 2.5) -> Iterator[dict]:
    """The messages of a whole recording of (n,) int16 samples, one after another."""
    step = round(step_s * rate)
    for start in range(0, len(samples), step):
        done = start + step >= len(samples)
        yield sound_message(samples[start : start + step], start, rate=rate, take=take, done=done)
