"""Predictions on short excerpts of recordings, as they are and through a simulated phone.

Visitors of the Listen page record such clips. Predictions of networks that were not trained on the recording
give the confidence threshold of a short clip (`genre.training.calibrate`, `genre.training.ensemble`).
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from genre.audio.clip import SAMPLE_RATE, AudioError, Clip, load_clip
from genre.audio.degrade import simulate_phone
from genre.audio.spectrogram import SpectrogramParams
from genre.data.dataset import Track
from genre.inference.branches import Branch
from genre.inference.classifier import SEGMENT_SECONDS
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.models.cards import ENSEMBLE, ArtefactError, Card
from genre.paths import write_atomic

DURATIONS_S = (3.0, 5.0, 10.0, 20.0, SEGMENT_SECONDS)
EXCERPTS_PER_DURATION = 2  # excerpts of each duration where the recording is long enough
TOLERANCE_S = 0.5  # seconds by which a recording may be shorter than a duration


class Excerpt(NamedTuple):
    """The input of a prediction: an excerpt of a recording, or the training examples of a track."""

    track: str
    seconds: float = 0.0  # duration in s; 0: the track's examples, as in training
    phone: bool = False
    number: int = 0


class ExcerptPrediction(NamedTuple):
    """A network's prediction of an excerpt."""

    probabilities: np.ndarray  # (G,)
    n_windows: float
    label: int


Predictions = dict[Excerpt, ExcerptPrediction]


def cut_excerpts(track: Track) -> Iterator[tuple[Excerpt, Clip]]:
    """Cut the excerpts of a recording, which are the same each time. Raises AudioError."""
    samples = next(iter(load_clip(track.path).pieces()))[1]  # the first part of a long recording
    clip = Clip(samples, len(samples) / SAMPLE_RATE)
    rng = np.random.default_rng(zlib.crc32(track.name.encode()))
    for seconds in DURATIONS_S:
        room = clip.duration_s - seconds
        for number in range(min(EXCERPTS_PER_DURATION, int((clip.duration_s + TOLERANCE_S) / seconds))):
            start_s = rng.uniform(0, max(0.0, room))
            part = clip.trimmed(start_s, start_s + seconds)
            seed = int(rng.integers(1 << 32))
            yield Excerpt(track.name, seconds, False, number), part
            yield Excerpt(track.name, seconds, True, number), simulate_phone(part, seed)


def predict_excerpts(branch: Branch, genres: tuple[str, ...], track: Track) -> Predictions:
    """Predict the excerpts of a recording, uncalibrated; excerpts rejected as no music are skipped."""
    card = Card(ENSEMBLE, genres, confidence_threshold=1.0)
    # No noise is removed: the calibration that is fitted to the predictions corrects the networks alone.
    classifier = EnsembleClassifier([branch], card, denoise_noisy=False)
    label, predictions = genres.index(track.genre), {}
    try:
        for excerpt, part in cut_excerpts(track):
            if probabilities := classifier.classify(part).probabilities:
                frames = 1 + len(part.samples) // SpectrogramParams().hop_length
                values = np.array(list(probabilities.values()))
                predictions[excerpt] = ExcerptPrediction(values, branch.n_windows(frames), label)
    except AudioError:  # deleted or damaged since the data was prepared
        return {}
    return predictions


def write_predictions(path: Path, predictions: Predictions) -> None:
    """Write a safetensors file with one row an excerpt."""
    probabilities, n_windows, labels = zip(*predictions.values(), strict=True)
    arrays = {
        "probabilities": np.array(probabilities),
        "n_windows": np.array(n_windows, float),
        "labels": np.array(labels),
    }
    write_atomic(path, save(arrays, {"excerpts": json.dumps(list(predictions))}))


def read_predictions(path: Path) -> Predictions:
    """Read a file of `write_predictions`, of any version. Raises ArtefactError for a damaged file."""
    try:
        with safe_open(path, framework="numpy") as file:
            metadata, names = file.metadata(), set(file.keys())
            rows = json.loads(metadata["excerpts" if "excerpts" in metadata else "questions"])
            counts = file.get_tensor("n_windows" if "n_windows" in names else "heard")
            probabilities, labels = file.get_tensor("probabilities"), file.get_tensor("labels")
        predictions = map(ExcerptPrediction, probabilities, counts, labels)
        return dict(zip((Excerpt(*row) for row in rows), predictions, strict=True))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The predictions in {path} are damaged: calibrate the run again.") from error
