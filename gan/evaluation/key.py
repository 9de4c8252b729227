"""Is the requested key heard? Pieces of every genre in keys drawn at random, and the same without.

The judge correlates the mean chroma of the sound, by librosa's constant-Q transform, with the profiles of
Krumhansl and Kessler ("Tracing the dynamic changes in perceived tonal organization", 1982), as in Krumhansl,
"Cognitive Foundations of Musical Pitch", 1990. It shares nothing with the code that plays the key. Each piece
has a twin of the same seed without a key, by which genre and notes are compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import librosa
import numpy as np

from gan.evaluation.evaluate import REFERENCE_MODEL, ReferenceClassifier
from gan.evaluation.sound import summarize
from gan.evaluation.sound_measures import measure_notes
from gan.keys import KEYS, OCTAVE, is_minor, tonic_of
from gan.request import GenerationRequest
from gan.sampling.sampler import Sampler
from genre.audio.clip import Clip
from genre.audio.constants import SAMPLE_RATE
from genre.evaluation.metrics import exact_share

SECONDS = 10.0
# How well each note above the tonic fits a major and a minor key, in the mean of listeners.
MAJOR_PROFILE = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR_PROFILE = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
FIFTH = 7  # semitones
RELATIONS = ("same", "fifth", "relative", "parallel", "other")  # as in MIREX' key detection

ReportProgress = Callable[[str], None]


@dataclass(frozen=True)
class KeyMeasurement:
    """The requested and the detected key of one piece, and its measures."""

    genre: str
    requested_key: str
    detected_key: str
    predicted_genre: str | None
    harmonic_db: float
    pitched: float

    @property
    def relation(self) -> str:
        return relation_of(self.detected_key, self.requested_key)


def evaluate_key(
    model: str = "gan",
    n_seeds: int = 12,
    seed: int = 0,
    folder: Path | None = None,
    report_progress: ReportProgress = lambda line: None,
    seconds: float = SECONDS,
) -> dict:
    """Measure `n_seeds` pieces of each genre with a key and without, none selected, for JSON.

    Raises ArtefactError.
    """
    sampler, reference = Sampler.load(model, folder), ReferenceClassifier.load()
    rng = np.random.default_rng(seed)
    measure = partial(_measure, sampler, reference)
    pieces, plain_pieces = [], []
    for genre in sampler.genres:
        for k in range(n_seeds):
            key = KEYS[rng.integers(len(KEYS))]
            request = GenerationRequest({genre: 1.0}, seconds=seconds, seed=seed + k, key=key)
            pieces.append(measure(request, key))
            plain_pieces.append(measure(replace(request, key=""), key))
        report_progress(f"key, {genre}: {n_seeds} pieces with a key and without")
    return {
        "seconds": seconds,
        "seed": seed,
        "reference_classifier": REFERENCE_MODEL,
        "with_key": key_figures(pieces),
        "without_key": key_figures(plain_pieces),
    }


def detect_key(samples: np.ndarray) -> str:
    """Return the one of KEYS that the judge hears in (N,) at SAMPLE_RATE."""
    chroma = librosa.feature.chroma_cqt(y=samples, sr=SAMPLE_RATE).mean(axis=1)
    fits = [
        np.corrcoef(chroma, np.roll(MINOR_PROFILE if is_minor(key) else MAJOR_PROFILE, tonic_of(key)))[0, 1]
        for key in KEYS
    ]
    return KEYS[int(np.argmax(fits))]


def relation_of(key: str, other: str) -> str:
    """Name how a key is related to another, as one of RELATIONS."""
    interval = (tonic_of(key) - tonic_of(other)) % OCTAVE
    if is_minor(key) == is_minor(other):
        return {0: "same", FIFTH: "fifth", OCTAVE - FIFTH: "fifth"}.get(interval, "other")
    relative = 3 if is_minor(other) else OCTAVE - 3  # semitones from a minor key up to its major one
    return {0: "parallel", relative: "relative"}.get(interval, "other")


def key_figures(pieces: Sequence[KeyMeasurement]) -> dict:
    """Compute the shares of each relation, of the requested keys and genres, and the measures of notes."""
    genres = list(dict.fromkeys(piece.genre for piece in pieces))
    labels = np.array([piece.genre for piece in pieces])
    return {
        "count": len(pieces),
        "relations": {name: exact_share([piece.relation == name for piece in pieces]) for name in RELATIONS},
        "genres": {
            genre: exact_share([piece.relation == "same" for piece in pieces if piece.genre == genre])
            for genre in genres
        },
        "genre_as_requested": exact_share([piece.predicted_genre == piece.genre for piece in pieces]),
        "notes": {
            name: summarize(np.array([getattr(piece, name) for piece in pieces]), labels)
            for name in ("harmonic_db", "pitched")
        },
    }


def _measure(
    sampler: Sampler, reference: ReferenceClassifier, request: GenerationRequest, key: str
) -> KeyMeasurement:
    samples = sampler.generate(request).clip.samples
    (genre,) = request.genres
    prediction = reference.classifier.classify(Clip(samples, len(samples) / SAMPLE_RATE))
    notes = measure_notes(samples)
    return KeyMeasurement(
        genre, key, detect_key(samples), prediction.genre, notes["harmonic_db"], notes["pitched"]
    )
