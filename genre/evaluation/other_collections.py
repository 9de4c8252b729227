"""The benchmark of a model on songs of other collections: its accuracy and its confidence."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from genre.audio.clip import load_clip
from genre.evaluation.metrics import compute_metrics
from genre.inference.classifier import Classifier, Prediction


class LabelledSong(Protocol):
    """A recording with its genre and, where it is known, the share of listeners by feeling."""

    @property
    def name(self) -> str: ...
    @property
    def genre(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def emotions(self) -> tuple[float, ...] | None: ...


def predict_songs(classifier: Classifier, songs: Sequence[LabelledSong]) -> list[Prediction]:
    """Classify the songs."""
    return [classifier.classify(load_clip(song.path)) for song in songs]


def song_metrics(
    songs: Sequence[LabelledSong], predictions: list[Prediction], genres: tuple[str, ...]
) -> dict:
    """Compute metrics of predictions, one a song; genres that the model does not know are other styles.

    They are those of `genre.evaluation.metrics.compute_metrics` on songs of its genres, coverage and
    selective accuracy of the confident predictions, the number of songs of other styles with a confident
    genre, and Pearson's correlation of each feeling with listeners.
    """
    in_vocabulary = [k for k, song in enumerate(songs) if song.genre in genres]
    strange = [k for k, song in enumerate(songs) if song.genre not in genres]
    labels = np.array([genres.index(songs[k].genre) for k in in_vocabulary])
    probabilities = np.array(
        [_vector(predictions[k], genres, label) for k, label in zip(in_vocabulary, labels, strict=True)]
    )
    confident = np.array([predictions[k].confident for k in in_vocabulary])
    right = probabilities.argmax(axis=1) == labels
    return compute_metrics(probabilities, labels, genres) | {
        "coverage": round(float(confident.mean()), 4),
        "selective_accuracy": round(float(right[confident].mean()), 4) if confident.any() else None,
        "other_styles": {
            "count": len(strange),
            "confident": sum(predictions[k].confident for k in strange),
            "familiar": sum(predictions[k].description.familiar for k in strange),
        },
        "emotions": emotion_correlations(songs, predictions),
    }


def _vector(prediction: Prediction, genres: tuple[str, ...], label: int) -> np.ndarray:
    """Return the probabilities (G,); a rejected song counts as wrong."""
    if prediction.probabilities:
        return np.array([prediction.probabilities[genre] for genre in genres])
    return (1 - np.eye(len(genres))[label]) / (len(genres) - 1)


def emotion_correlations(songs: Sequence[LabelledSong], predictions: list[Prediction]) -> dict[str, float]:
    """Compute Pearson's correlation of each feeling with the share of listeners, for three songs or more."""
    pairs = [
        (song.emotions, prediction.description.emotions)
        for song, prediction in zip(songs, predictions, strict=True)
        if song.emotions and prediction.description.emotions
    ]
    if len(pairs) < 3:
        return {}
    truth = np.array([emotions for emotions, _ in pairs])
    names = tuple(pairs[0][1])
    predicted = np.array([list(emotions.values()) for _, emotions in pairs])
    return {
        name: round(float(np.corrcoef(predicted[:, k], truth[:, k])[0, 1]), 3) for k, name in enumerate(names)
    }


def song_table(metrics: dict) -> str:
    """Format the result of `song_metrics` as text for a terminal."""
    low, high = metrics["balanced_accuracy_interval"]
    accuracy = metrics["selective_accuracy"]
    other = metrics["other_styles"]
    lines = [
        f"balanced accuracy {metrics['balanced_accuracy']:.3f} ({low:.3f} to {high:.3f}), accuracy "
        f"{metrics['accuracy']:.3f} of {metrics['count']} songs, ECE {metrics['ece']:.3f}",
        f"confident at coverage {metrics['coverage']:.3f}"
        + (f", selective accuracy {accuracy:.3f}" if accuracy is not None else ""),
        f"of {other['count']} songs of other styles {other['confident']} got a confident genre, "
        f"{other['familiar']} were familiar",
    ]
    if metrics["emotions"]:
        mean = float(np.mean(list(metrics["emotions"].values())))
        lines.append(
            f"feelings, Pearson {mean:.3f} in the mean: "
            + ", ".join(f"{name} {value:.2f}" for name, value in metrics["emotions"].items())
        )
    return "\n".join(lines)
