"""Are moods heard that were wished for? Pairs of pieces of one seed and genre, one of each of two moods.

The feelings are those of a shipped classifier, whose heads learnt them from listeners. It judges every
piece, and selects none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from gan.prompt import parse_prompt
from gan.request import GenerationRequest
from gan.sampling.sampler import Sampler
from genre.inference.classifier import Classifier
from genre.inference.load import load_classifier
from genre.text import genre_name

FEELINGS_MODEL = "listen-train"
SECONDS = 10.0
# The two moods, and the feelings that grow less and more from the first to the second.
MOOD_PAIRS = (("calm", "tense", "calmness", "tension"), ("sad", "joyful", "sadness", "joyful_activation"))

ReportProgress = Callable[[str], None]


def evaluate_moods(
    model: str = "gan",
    n_seeds: int = 5,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
    seconds: float = SECONDS,
) -> dict:
    """Compute the share of pairs whose feelings differ as wished, as a dictionary for JSON.

    Raises ArtefactError.
    """
    sampler, classifier = Sampler.load(model, folder), load_classifier(FEELINGS_MODEL)
    result = {}
    for low, high, less, more in MOOD_PAIRS:
        steps = {
            genre: [
                feeling_step(sampler, classifier, genre, (low, high), (less, more), seed + k, seconds)
                for k in range(n_seeds)
            ]
            for genre in sampler.genres
        }
        result[f"{low} and {high}"] = pair_figures(steps)
        report_progress(f"{low} and {high}: {result[f'{low} and {high}']['share']:.2f} as wished")
    return {"classifier": FEELINGS_MODEL, "seconds": seconds, "seed": seed, "pairs": result}


def feeling_step(
    sampler: Sampler,
    classifier: Classifier,
    genre: str,
    moods: tuple[str, str],
    feelings: tuple[str, str],
    seed: int,
    seconds: float,
) -> float:
    """Compute how much more the second piece has of the second feeling, and less of the first."""
    levels = []
    for mood in moods:
        request = GenerationRequest.from_prompt(
            parse_prompt(f"{mood} {genre_name(genre)}"), seconds, seed, sampler.genres
        )
        emotions = classifier.classify(sampler.generate(request).clip).description.emotions
        levels.append(emotions.get(feelings[1], 0.0) - emotions.get(feelings[0], 0.0))
    return levels[1] - levels[0]


def pair_figures(steps: Mapping[str, Sequence[float]]) -> dict:
    """Compute the share of steps above 0 with its exact 95 % interval, and that of each genre."""
    values = np.concatenate(list(steps.values()))
    n_as_wished = int((values > 0).sum())
    exact = binomtest(n_as_wished, len(values)).proportion_ci(0.95, "exact")
    return {
        "share": round(n_as_wished / len(values), 4),
        "interval": [round(float(exact.low), 4), round(float(exact.high), 4)],
        "count": len(values),
        "mean_step": round(float(values.mean()), 4),
        "genres": {genre: float(np.mean(np.array(part) > 0)) for genre, part in steps.items()},
    }
