"""Descriptions of a clip besides its genre, by a pretrained model: tags, feelings, familiarity."""

from dataclasses import dataclass, field

import numpy as np

from genre.models.pretrained.heads import MUSIC_EMOTIONS

MIN_CORRELATION = 0.5  # least correlation with listeners from which a feeling is named
MIN_DEVIATION = 0.25  # standard deviations above the average song from which a feeling is named
MAX_NAMED = 3
ENERGETIC, CALM = ("power", "joyful_activation", "tension"), ("calmness", "tenderness", "sadness")


@dataclass(frozen=True)
class Description:
    """The description of one clip; it is empty for models that only know genres."""

    tags: dict[str, float] = field(default_factory=dict)  # tag -> probability, the clearest first
    emotions: dict[str, float] = field(default_factory=dict)  # feeling -> share of listeners
    # (W, feelings)
    window_emotions: np.ndarray = field(default_factory=lambda: np.zeros((0, len(MUSIC_EMOTIONS))))
    familiar: bool = True  # whether the clip is like the genres that the model knows
    tag_probabilities: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (50,) in the order of TAGS
    embedding: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (D,) of `Classifier.embeddings`


def strongest_emotions(description: Description, statistics: dict[str, dict[str, float]]) -> list[str]:
    """List the feelings that are stronger than in the average song, the strongest first.

    `statistics` are those of the card: {feeling: {"correlation", "mean", "deviation"}}. Feelings that the
    model does not predict well enough are left out.
    """
    heights = {
        name: (share - statistics[name]["mean"]) / statistics[name]["deviation"]
        for name, share in description.emotions.items()
        if statistics[name]["correlation"] >= MIN_CORRELATION
    }
    names = [name for name, height in heights.items() if height >= MIN_DEVIATION]
    return sorted(names, key=lambda name: -heights[name])[:MAX_NAMED]


def window_energy(description: Description, statistics: dict[str, dict[str, float]]) -> np.ndarray:
    """Compute the energy of each window (W,) in standard deviations.

    It is the mean of power, joy and tension, less calm, tenderness and sadness.
    """
    mean, deviation = (
        np.array([statistics[name][key] for name in MUSIC_EMOTIONS]) for key in ("mean", "deviation")
    )
    heights = (description.window_emotions - mean) / deviation
    return heights @ energy_signs() / np.abs(energy_signs()).sum()


def energy_signs() -> np.ndarray:
    """Return how each feeling counts for energy: 1, -1 or 0 (9,)."""
    return np.array([(name in ENERGETIC) - float(name in CALM) for name in MUSIC_EMOTIONS])
