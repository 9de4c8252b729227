"""The benchmark of a shipped model on GTZAN's valid list, which must be on disk.

It measures recordings, the accuracy drop through a simulated phone and a small MP3 file, and for the
from-scratch ensemble also ready-made mels.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from scipy.stats import t as student_t

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.audio.degrade import mp3, simulate_phone
from genre.data.dataset import Track, open_dataset
from genre.data.examples import DataError
from genre.data.gtzan import read_mel_30s
from genre.data.splits import read_track_list
from genre.data.windows import ready_made_windows
from genre.evaluation.calibration import log_opinion_pool, selective_metrics
from genre.evaluation.metrics import INTERVAL, accuracy_drop, compute_metrics
from genre.evaluation.report import confusion_table
from genre.inference.branches import Branch, WindowBranch
from genre.inference.classifier import SEGMENT_SECONDS, Classifier
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.inference.load import load_classifier
from genre.inference.pretrained_classifier import PretrainedClassifier
from genre.models.cards import ENSEMBLE, Card, load_card, write_card
from genre.models.predict import predict
from genre.models.registry import MODELS
from genre.paths import WEIGHTS, gtzan_folder

# The changes of a recording before it is classified: (clip, its number) -> clip.
CONDITIONS: dict[str, Callable[[Clip, int], Clip]] = {
    "as it is": lambda clip, number: clip,
    "phone microphone": simulate_phone,
    "MP3 at 64 kbit/s": lambda clip, number: mp3(clip, 64),
}
CLEAN = "as it is"
# Draws of the room and the noise for each recording: with a single one, the drop varies by two or three
# points.
DRAWS = {"phone microphone": 4}
RECORDED_PARTS = ("recordings", "agreement", "conditions", "seeds", "other_collections")  # parts in a card
SEED_STEP = 1000  # step between the numbers of a recording in two draws, more than there are recordings


def run_benchmark(
    name: str, robust: bool = False, folder: Path | None = None, weights: Path | None = None
) -> dict:
    """Test the model `name` -> a dictionary for JSON; with `robust`, also under each of CONDITIONS.

    `folder` is GTZAN's folder, by default EARMARK_DATA/gtzan; `weights` is the folder of models, by default
    that of the shipped ones. Raises DataError and ArtefactError.
    """
    classifier = load_classifier(name, weights)
    if not isinstance(classifier, (EnsembleClassifier, PretrainedClassifier)):
        raise DataError(f"{name} is no shipped model of the Listen page: print its run's report instead.")
    card = classifier.card
    if card.split.get("name") != "filtered" or classifier.genres != GENRES:
        raise DataError(
            f"{name} did not learn from GTZAN's filtered train list alone, so that no figure can "
            "be taken of it on the valid list."
            + (f" Measure {card.metrics_from}, of the same recipe." if card.metrics_from else "")
        )
    folder = folder or gtzan_folder()
    if not (folder / "pictures.npz").exists():
        raise DataError(f"GTZAN is not in {folder}: give the folder that holds pictures.npz with --data.")
    valid = read_track_list("gtzan-valid")
    result = {
        "model": name,
        "list": "GTZAN's fault-filtered valid list",
        "folds": fold_metrics(card),
        "ablation": card.ablation,
    }
    files = [track for track in open_dataset(folder).files if track.name in valid]
    if not files:
        raise DataError(f"{folder} has no recording of GTZAN's valid list: they belong into audio/<genre>/.")
    recordings, labels, n_rejected = predict_recordings(classifier, files, CONDITIONS[CLEAN])
    result["recordings"] = _metrics(recordings, labels, classifier) | {"rejected": n_rejected}
    if isinstance(classifier, EnsembleClassifier):
        result |= _ready_made_metrics(classifier, folder, valid, files, recordings)
    if robust:
        result["conditions"] = compare_conditions(classifier, files)
    return result


def _ready_made_metrics(
    classifier: EnsembleClassifier, folder: Path, valid: set[str], files: list[Track], recordings: np.ndarray
) -> dict:
    """Compute metrics of GTZAN's ready-made mels, and the agreement of mel and recording of a track."""
    ready_made, labels, tracks = predict_ready_made(classifier, folder, valid)
    metrics = _metrics(ready_made, labels, classifier)
    row_of = {track: row for row, track in enumerate(tracks.tolist())}
    rows = [row for row, track in enumerate(files) if track.name in row_of]
    mel_rows = [row_of[files[row].name] for row in rows]
    others = {"full_recording": recordings, "same_seconds": predict_same_seconds(classifier, files)}
    agreement = {
        part: _agreement(ready_made[mel_rows], probabilities[rows], labels[mel_rows], classifier.genres)
        for part, probabilities in others.items()
    }
    return {"mel_30s": metrics, "agreement": agreement}


def _metrics(probabilities: np.ndarray, labels: np.ndarray, classifier: Classifier) -> dict:
    """Compute the metrics as `compute_metrics` does, with those of the confident predictions."""
    threshold = classifier.confidence_threshold(SEGMENT_SECONDS)
    return compute_metrics(probabilities, labels, classifier.genres) | selective_metrics(
        probabilities, labels, threshold
    )


def record_benchmark(name: str, result: dict) -> None:
    """Write the result of `run_benchmark` into the card of the shipped model, beside its other metrics.

    Raises ArtefactError.
    """
    card = load_card(WEIGHTS / name)
    parts = {key: result[key] for key in RECORDED_PARTS if key in result}
    metrics = {**card.metrics, "by_track": result.get("mel_30s", result["recordings"]), **parts}
    write_card(WEIGHTS / name, replace(card, metrics=metrics))


def summarize_seeds(results: list[dict]) -> dict:
    """Summarize the results of one recipe from several seeds -> {metric: {"values", "mean", "interval"}}.

    The interval is Student's for the mean over the seeds; each result has its own interval over the tracks.
    """
    metrics: dict[str, Callable[[dict], float]] = {
        "accuracy, recordings": lambda result: result["recordings"]["accuracy"]
    }
    if "mel_30s" in results[0]:
        metrics |= {
            "balanced accuracy, ready-made mels": lambda result: result["mel_30s"]["balanced_accuracy"],
            "agreement, same seconds": lambda result: _agreement_rate(result, "same_seconds"),
            "agreement, full recording": lambda result: _agreement_rate(result, "full_recording"),
        }
    else:
        metrics["balanced accuracy, recordings"] = lambda result: result["recordings"]["balanced_accuracy"]
    for condition in results[0].get("conditions", {}):
        if condition != CLEAN:
            metrics[f"accuracy drop, {condition}"] = partial(_accuracy_drop_rate, condition=condition)
    summary = {}
    for name, metric in metrics.items():
        values = np.array([metric(result) for result in results])
        half = student_t.ppf((1 + INTERVAL) / 2, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
        summary[name] = {
            "values": values.round(4).tolist(),
            "mean": round(float(values.mean()), 4),
            "interval": [round(float(values.mean() - half), 4), round(float(values.mean() + half), 4)],
        }
    return summary


def _accuracy_drop_rate(result: dict, condition: str) -> float:
    return result["conditions"][condition]["accuracy_drop"]["points"] / 100


def _agreement_rate(result: dict, part: str) -> float:
    agreement = result["agreement"][part]
    return agreement["same"] / agreement["count"]


def seeds_table(summary: dict) -> str:
    """Format the result of `summarize_seeds` as lines of text."""
    count = len(next(iter(summary.values()))["values"])
    lines = [f"over {count} seeds, with Student's interval of the mean:"]
    for name, part in summary.items():
        low, high = part["interval"]
        values = " ".join(f"{value:.3f}" for value in part["values"])
        lines.append(f"{name}: {part['mean']:.3f} ({low:.3f} to {high:.3f}); each {values}")
    return "\n".join(lines)


def _agreement(first: np.ndarray, second: np.ndarray, labels: np.ndarray, genres: tuple[str, ...]) -> dict:
    """Count on how many tracks two predictions (T, G) have the same genre, in all and by true genre."""
    same = first.argmax(axis=1) == second.argmax(axis=1)
    by_genre = {
        genre: [int(same[labels == k].sum()), int((labels == k).sum())] for k, genre in enumerate(genres)
    }
    return {"same": int(same.sum()), "count": len(same), "genres": by_genre}


def _apply_condition(clip: Clip, number: int, change: Callable[[Clip, int], Clip], draw: int) -> Clip:
    """Apply a condition to a clip, with different random numbers in each draw."""
    return change(clip, number + draw * SEED_STEP)


def compare_conditions(classifier: Classifier, files: list[Track]) -> dict:
    """Predict under each of CONDITIONS -> metrics over all draws.

    "accuracy_drop" compares with clean recordings; "rejected" and "confusion" count every draw.
    """
    result: dict = {}
    clean_right = np.zeros(0)
    for condition, change in CONDITIONS.items():
        probabilities, right, n_rejected = [], [], 0
        for draw in range(DRAWS.get(condition, 1)):
            predictions, labels, count = predict_recordings(
                classifier, files, partial(_apply_condition, change=change, draw=draw)
            )
            probabilities.append(predictions)
            right.append(predictions.argmax(axis=1) == labels)
            n_rejected += count
        metrics = compute_metrics(
            np.concatenate(probabilities), np.tile(labels, len(probabilities)), classifier.genres
        )
        if condition == CLEAN:
            clean_right = right[0]
        result[condition] = {
            name: metrics[name] for name in ("accuracy", "balanced_accuracy", "confusion")
        } | {
            "count": len(files),
            "draws": len(probabilities),
            "rejected": n_rejected,
            "accuracy_drop": accuracy_drop(clean_right, np.mean(right, axis=0)),
        }
    return result


def predict_ready_made(
    classifier: EnsembleClassifier | PretrainedClassifier, folder: Path, tracks: set[str]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Predict GTZAN's ready-made 30 s mels, and its 3 s mels where there is a branch for them.

    Mels have no waveform for a pretrained network, so its from-scratch ensemble predicts alone.
    Returns probabilities (T, G), labels (T,), names (T,).
    """
    if isinstance(classifier, PretrainedClassifier):
        classifier = classifier.scratch
    dataset = open_dataset(folder)
    inputs = [
        (ready_made_windows(dataset) if isinstance(branch, WindowBranch) else read_mel_30s(folder)).of(tracks)
        for branch in classifier.branches
    ]
    common = set.intersection(*(set(examples.tracks.tolist()) for examples in inputs))
    inputs = [examples.of(common) for examples in inputs]
    inputs = [examples.take(np.argsort(examples.tracks)) for examples in inputs]
    probabilities = [
        predict(branch.network, examples)
        for branch, examples in zip(classifier.branches, inputs, strict=True)
    ]
    pooled = log_opinion_pool(np.array(probabilities), [branch.weight for branch in classifier.branches])
    return (
        classifier.apply_calibration(torch.from_numpy(pooled)).numpy(),
        inputs[0].labels,
        inputs[0].tracks,
    )


def predict_same_seconds(classifier: EnsembleClassifier, files: list[Track]) -> np.ndarray:
    """Predict recordings -> (T, G), with the same seconds for each branch as in `predict_ready_made`.

    The 30 s mels show the whole recording, the 3 s mels its beginning.
    """
    probabilities = [
        predict_recordings(
            classifier.only(branch), files, partial(_beginning, seconds=_ready_made_seconds(branch))
        )[0]
        for branch in classifier.branches
    ]
    return log_opinion_pool(np.array(probabilities), [branch.weight for branch in classifier.branches])


def _ready_made_seconds(branch: Branch) -> float | None:
    return MODELS[ENSEMBLE].input("mel_3s").seconds if isinstance(branch, WindowBranch) else None


def _beginning(clip: Clip, number: int, seconds: float | None) -> Clip:
    return clip if seconds is None else replace(clip, samples=clip.samples[: round(seconds * SAMPLE_RATE)])


def predict_recordings(
    classifier: Classifier, files: list[Track], change: Callable[[Clip, int], Clip]
) -> tuple[np.ndarray, np.ndarray, int]:
    """Predict each recording -> probabilities (T, G), labels (T,), the number rejected as no music."""
    labels = np.array([classifier.genres.index(track.genre) for track in files])
    probabilities, n_rejected = [], 0
    for number, (track, label) in enumerate(zip(files, labels, strict=True)):
        prediction = classifier.classify(change(load_clip(track.path), number))
        if prediction.probabilities:
            probabilities.append(list(prediction.probabilities.values()))
        else:  # a rejected clip counts as a wrong prediction
            n_rejected += 1
            probabilities.append((1 - np.eye(len(classifier.genres))[label]) / (len(classifier.genres) - 1))
    return np.array(probabilities), labels, n_rejected


def fold_metrics(card: Card) -> dict[str, dict]:
    """Read the card's calibration inside the train list: of each branch, and of all branches together."""
    parts = {kind: part["calibration"] for kind, part in card.branches.items() if "calibration" in part}
    if not card.calibration:
        return parts
    thresholds = [list(pair) for pair in card.confidence_thresholds_by_duration]
    return parts | {"together": card.calibration | {"confidence_thresholds_by_duration": thresholds}}


def _fold_lines(folds: dict[str, dict]) -> list[str]:
    lines = ["", "on folds inside the list it learnt from, as its card has it:"] if folds else []
    for name, part in folds.items():
        low, high = part["ece_interval"]
        lines.append(
            f"{name}: balanced accuracy {part['balanced_accuracy']:.3f} of {part['tracks']} tracks, "
            f"ECE {part['ece']:.3f} ({low:.3f} to {high:.3f}){_selective_text(part)}"
        )
        if thresholds := part.get("confidence_thresholds_by_duration"):
            lines.append(
                "confidence threshold by duration: "
                + ", ".join(f"{seconds:g} s {threshold:.3f}" for seconds, threshold in thresholds)
            )
    return lines


def _selective_text(part: dict) -> str:
    accuracy = part["selective_accuracy"]
    text = f", coverage {part['coverage']:.3f}"
    return text + (f" at selective accuracy {accuracy:.3f}" if accuracy is not None else "")


def benchmark_table(result: dict) -> str:
    """Format the result of `run_benchmark` as text for a terminal."""
    lines = [f"{result['model']} on {result['list']}"]
    for part_name in ("mel_30s", "recordings"):
        if part_name not in result:
            continue
        part = result[part_name]
        low, high = part["balanced_accuracy_interval"]
        lines += [
            "",
            f"{part_name}: balanced accuracy {part['balanced_accuracy']:.3f} ({low:.3f} to {high:.3f}), "
            f"accuracy {part['accuracy']:.3f} of {part['count']} tracks, ECE {part['ece']:.3f}"
            f"{_selective_text(part)}",
            confusion_table(part["confusion"], tuple(part["genres"])),
        ]
    lines += ["", f"recordings rejected as no music: {result['recordings']['rejected']}"]
    for part_name, text in (("same_seconds", "the same seconds"), ("full_recording", "the full recording")):
        agreement = result.get("agreement", {}).get(part_name)
        if agreement is None:
            continue
        lines += [
            f"ready-made mel and recording agree, {text}: {agreement['same']} of {agreement['count']}",
            "  ".join(f"{genre} {same}/{count}" for genre, (same, count) in agreement["genres"].items()),
        ]
    for condition, part in result.get("conditions", {}).items():
        low, high = part["accuracy_drop"]["interval"]
        drop = f", accuracy drop {part['accuracy_drop']['points']:.1f} points ({low:.1f} to {high:.1f})"
        lines.append(
            f"{condition}: accuracy {part['accuracy']:.3f} of {part['count']} recordings, balanced accuracy "
            f"{part['balanced_accuracy']:.3f}, rejected {part['rejected']}"
            + (drop if condition != CLEAN else "")
            + (f", the mean of {part['draws']} rooms" if part["draws"] > 1 else "")
        )
    return "\n".join(lines + _fold_lines(result["folds"]))
