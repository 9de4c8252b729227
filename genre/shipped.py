"""How good a shipped model is on GTZAN's valid list: on pictures, on recordings, and whether both
ways to the same track give the same answer. Needs the folder of real data (EARMARK_DATA)."""

from pathlib import Path

import numpy as np

from genre.audio import load_clip
from genre.classifier import Classifier
from genre.dataset import DataError, Track, open_dataset, read_pictures
from genre.evaluate import confusion_table, figures
from genre.home import data_folder
from genre.splits import LISTS
from genre.train import predict


def measure(name: str) -> dict:
    """Test the model `name` -> a dictionary for JSON. Raises DataError and ArtefactError."""
    classifier = Classifier.load(name)
    folder = data_folder() / "gtzan"
    if not (folder / "pictures.npz").exists():
        raise DataError(
            f"GTZAN is not in {folder}: set EARMARK_DATA to the folder that holds gtzan/pictures.npz."
        )
    valid = set((LISTS / "gtzan-valid.txt").read_text().split())
    result = {"model": name, "list": "GTZAN's fault-filtered valid list"}
    seen, seen_labels, seen_tracks = _on_pictures(classifier, folder, valid)
    result["pictures"] = figures(seen, seen_labels, classifier.genres)
    files = [track for track in open_dataset(folder).files if track.name in valid]
    heard, heard_labels, refused = _on_recordings(classifier, files)
    result["recordings"] = figures(heard, heard_labels, classifier.genres) | {"refused": refused}

    row_of = {name: row for row, name in enumerate(seen_tracks.tolist())}
    both = [(row_of[track.name], row) for row, track in enumerate(files) if track.name in row_of]
    same = {genre: [0, 0] for genre in classifier.genres}
    for picture, recording in both:
        count = same[classifier.genres[heard_labels[recording]]]
        count[0] += int(seen[picture].argmax() == heard[recording].argmax())
        count[1] += 1
    result["agreement"] = {"same": sum(a for a, _ in same.values()), "both": len(both), "genres": same}
    return result


def _on_pictures(
    classifier: Classifier, folder: Path, valid: set[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """-> probabilities (T, G), labels (T,), names (T,)."""
    examples = read_pictures(folder).of(valid)
    return predict(classifier.network, examples), examples.labels, examples.tracks


def _on_recordings(
    classifier: Classifier, files: list[Track]
) -> tuple[np.ndarray, np.ndarray, int]:
    """-> probabilities (T, G), labels (T,), how many were taken for no music at all."""
    labels = np.array([classifier.genres.index(track.genre) for track in files])
    answers, refused = [], 0
    for track, label in zip(files, labels, strict=True):
        verdict = classifier.classify(load_clip(track.path))
        if verdict.probabilities:
            answers.append(list(verdict.probabilities.values()))
        else:  # a wrong answer, whichever it is
            refused += 1
            answers.append((1 - np.eye(len(classifier.genres))[label]) / (len(classifier.genres) - 1))
    return np.array(answers), labels, refused


def measured_as_text(result: dict) -> str:
    lines = [f"{result['model']} on {result['list']}"]
    for way in ("pictures", "recordings"):
        part = result[way]
        low, high = part["macro_accuracy_interval"]
        lines += [
            "", f"{way}: macro accuracy {part['macro_accuracy']:.3f} ({low:.3f} to {high:.3f}), plain "
            f"{part['accuracy']:.3f} of {part['count']} tracks, calibration error "
            f"{part['calibration_error']:.3f}",
            confusion_table(part["confusion"], tuple(part["genres"])),
        ]
    agreement = result["agreement"]
    lines += [
        "", f"recordings taken for no music: {result['recordings']['refused']}",
        f"picture and recording of a track answered alike: {agreement['same']} of {agreement['both']}",
        "  ".join(f"{genre} {a}/{b}" for genre, (a, b) in agreement["genres"].items()),
    ]
    return "\n".join(lines)
