"""Are moods heard that were wished for? Pairs of pieces of one seed and genre, one of each of two moods.

The feelings are those of a shipped classifier, whose heads learnt them from listeners. It judges every
piece, and selects none.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from gan.prompt import parse_prompt
from gan.request import GenerationRequest
from gan.sampling.sampler import Sampler
from genre.evaluation.metrics import exact_share
from genre.inference.load import load_classifier
from genre.text import genre_name

FEELINGS_MODEL = "listen-train"
SECONDS = 10.0
PLAIN = ""  # a request of a genre alone
MOODS = (PLAIN, "calm", "tense", "sad", "joyful")
# Two requests, and the feelings that grow less and more from the first to the second.
MOOD_PAIRS = (
    ("calm", "tense", "calmness", "tension"),
    ("sad", "joyful", "sadness", "joyful_activation"),
    ("joyful", "tense", "joyful_activation", "tension"),
    (PLAIN, "tense", "calmness", "tension"),
    ("calm", PLAIN, "calmness", "tension"),
    (PLAIN, "joyful", "sadness", "joyful_activation"),
    ("sad", PLAIN, "sadness", "joyful_activation"),
)

ReportProgress = Callable[[str], None]
Emotions = Mapping[str, float]


def evaluate_moods(
    model: str = "gan",
    n_seeds: int = 5,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
    seconds: float = SECONDS,
) -> dict:
    """Compute the share of pairs whose feelings differ as they should, as a dictionary for JSON.

    Raises ArtefactError.
    """
    sampler, classifier = Sampler.load(model, folder), load_classifier(FEELINGS_MODEL)
    emotions: dict[str, dict[str, list[Emotions]]] = {}
    for mood in MOODS:
        emotions[mood] = {
            genre: [
                classifier.classify(
                    sampler.generate(mood_request(mood, genre, seconds, seed + k, sampler.genres)).clip
                ).description.emotions
                for k in range(n_seeds)
            ]
            for genre in sampler.genres
        }
        report_progress(f"{mood or 'without a mood'}: {n_seeds * len(sampler.genres)} pieces")
    pairs = {
        f"{low or 'plain'} and {high or 'plain'}": pair_figures(
            {
                genre: [
                    feeling_level(after, less, more) - feeling_level(before, less, more)
                    for before, after in zip(emotions[low][genre], emotions[high][genre], strict=True)
                ]
                for genre in sampler.genres
            }
        )
        for low, high, less, more in MOOD_PAIRS
    }
    return {"classifier": FEELINGS_MODEL, "seconds": seconds, "seed": seed, "pairs": pairs}


def mood_request(
    mood: str, genre: str, seconds: float, seed: int, genres: Sequence[str]
) -> GenerationRequest:
    """Build the request that the words give, such as "calm jazz"."""
    prompt = parse_prompt(f"{mood} {genre_name(genre)}".strip())
    return GenerationRequest.from_prompt(prompt, seconds, seed, genres)


def feeling_level(emotions: Emotions, less: str, more: str) -> float:
    """Compute how much more of one feeling there is than of another."""
    return emotions.get(more, 0.0) - emotions.get(less, 0.0)


def pair_figures(steps: Mapping[str, Sequence[float]]) -> dict:
    """Compute the share of steps above 0 with its exact 95 % interval, and that of each genre."""
    values = np.concatenate(list(steps.values()))
    return {
        **exact_share(values > 0),
        "mean_step": round(float(values.mean()), 4),
        "genres": {genre: float(np.mean(np.array(part) > 0)) for genre, part in steps.items()},
    }
