"""Similar clips: the recordings of a visit that are nearest to one recording.

The embedding of a recording is the model's last features before the genres, averaged over time. The
similarity of two recordings is the cosine of their embeddings.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.inference.classifier import SEGMENT_SECONDS, Classifier

MAX_SEGMENTS = 4  # half-minute segments of a long recording


@dataclass(frozen=True)
class Neighbour:
    """A recording near another one: its id, and the cosine similarity from -1 to 1."""

    id: str
    similarity: float


@dataclass
class NeighbourIndex:
    """The embeddings of a visit's recordings; each takes about 3 kB."""

    embeddings: dict[str, np.ndarray] = field(default_factory=dict)

    def __contains__(self, id_: str) -> bool:
        return id_ in self.embeddings

    def add(self, id_: str, embedding: np.ndarray) -> None:
        """Add a recording by its embedding (D,)."""
        self.embeddings[id_] = embedding

    def retain(self, ids: set[str]) -> None:
        """Remove all recordings but these."""
        self.embeddings = {id_: vector for id_, vector in self.embeddings.items() if id_ in ids}

    def nearest(self, id_: str, count: int = 3) -> list[Neighbour]:
        """List the other recordings, the nearest first. Raises KeyError for an id that was not added."""
        query = self.embeddings[id_]
        others = [
            Neighbour(other, float(query @ vector))
            for other, vector in self.embeddings.items()
            if other != id_
        ]
        return sorted(others, key=lambda neighbour: -neighbour.similarity)[:count]


def embed_clip(classifier: Classifier, clip: Clip) -> np.ndarray:
    """Embed a clip of a second or longer: (D,) float32 of length 1."""
    segments = _segments(clip.samples)
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy(segments))
        parts = classifier.embeddings(segments, power)
    parts = [part / np.linalg.norm(part).clip(1e-12) for part in parts]
    return (np.concatenate(parts) / np.sqrt(len(parts))).astype(np.float32)


def _segments(samples: np.ndarray) -> np.ndarray:
    """Take the whole of (N,), or MAX_SEGMENTS evenly spaced segments of it: (P, n), without offset."""
    size = round(SEGMENT_SECONDS * SAMPLE_RATE)
    if len(samples) <= 2 * size:
        segments = samples[None]
    else:
        firsts = np.linspace(0, len(samples) - size, MAX_SEGMENTS).astype(int)
        segments = np.stack([samples[first : first + size] for first in firsts])
    return segments - segments.mean(axis=1, keepdims=True)
