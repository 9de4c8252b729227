"""Sounds like: which of the visitor's own recordings are nearest to one of them.

A recording is placed where the committee puts it just before it names a genre: the strengths of its
last features, averaged over time. Two recordings are as near as the angle between them is small.
"""

from dataclasses import dataclass, field

import numpy as np
import torch

from genre.audio import SAMPLE_RATE, Clip
from genre.classifier import PIECE_SECONDS, Classifier, audible

EXCERPTS = 4  # of half a minute are enough to place a long recording


@dataclass(frozen=True)
class Neighbour:
    """id: what it was added as; likeness: cosine, from -1 to 1."""

    id: str
    likeness: float


@dataclass
class Neighbourhood:
    """The places of a visit's recordings; about 3 kB each."""

    places: dict[str, np.ndarray] = field(default_factory=dict)

    def __contains__(self, id_: str) -> bool:
        return id_ in self.places

    def add(self, id_: str, place: np.ndarray) -> None:
        """Remember a recording by its place (D,)."""
        self.places[id_] = place

    def keep_only(self, ids: set[str]) -> None:
        """Forget all others."""
        self.places = {id_: place for id_, place in self.places.items() if id_ in ids}

    def nearest(self, id_: str, count: int = 3) -> list[Neighbour]:
        """The others, the nearest first. Raises KeyError for one that was not added."""
        here = self.places[id_]
        others = [
            Neighbour(other, float(here @ place)) for other, place in self.places.items() if other != id_
        ]
        return sorted(others, key=lambda neighbour: -neighbour.likeness)[:count]


def embedding(classifier: Classifier, clip: Clip) -> np.ndarray:
    """Where the clip lies: (D,) float32 of length 1. The clip must last a second or longer."""
    pieces = _excerpts(clip.samples)
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy(pieces))
        parts = _features(classifier, pieces, power)
    parts = [part / np.linalg.norm(part).clip(1e-12) for part in parts]
    return (np.concatenate(parts) / np.sqrt(len(parts))).astype(np.float32)


def _excerpts(samples: np.ndarray) -> np.ndarray:
    """(N,) -> all of it, or EXCERPTS evenly spaced pieces: (P, n), without offset."""
    size = round(PIECE_SECONDS * SAMPLE_RATE)
    if len(samples) <= 2 * size:
        pieces = samples[None]
    else:
        firsts = np.linspace(0, len(samples) - size, EXCERPTS).astype(int)
        pieces = np.stack([samples[first : first + size] for first in firsts])
    return pieces - pieces.mean(axis=1, keepdims=True)


def _features(classifier: Classifier, pieces: np.ndarray, power: torch.Tensor) -> list[np.ndarray]:
    """Of each member of the committee; of any other model the probabilities must do."""
    if not classifier.views:
        _, overall, _ = classifier.hear([0.0] * len(pieces), pieces, power)
        return [overall.sqrt().float().numpy()]
    cells = [features.transpose(1, 2) for features in classifier.views[0].features(power)]
    return [each[audible(power, each.shape[1])].mean(dim=0).numpy() for each in cells]
