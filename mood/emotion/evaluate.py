"""Metrics of a recognizer on FER2013's valid faces, as they are and as a webcam might show them."""

from collections.abc import Callable

import cv2
import numpy as np
import torch

from genre.data.examples import Examples
from genre.evaluation.metrics import compute_metrics
from genre.evaluation.report import confusion_table
from mood import EMOTIONS
from mood.emotion.network import SIZE
from mood.emotion.recognizer import EmotionRecognizer

BATCH = 64
UNCHANGED = "as they are"


def evaluate_recognizer(
    recognizer: EmotionRecognizer, examples: Examples, perturbations: "dict[str, Perturbation] | None" = None
) -> dict:
    """Compute metrics on the faces, and the accuracy under each perturbation, by default PERTURBATIONS."""
    faces = examples.values[:, 0]
    metrics = compute_metrics(predict_probabilities(recognizer, faces), examples.labels, EMOTIONS)
    robustness = {UNCHANGED: metrics["accuracy"]}
    for name, perturb in (PERTURBATIONS if perturbations is None else perturbations).items():
        rng = np.random.default_rng(0)
        perturbed = np.stack([perturb(face, rng) for face in faces])
        predictions = predict_probabilities(recognizer, perturbed).argmax(axis=1)
        robustness[name] = float((predictions == examples.labels).mean())
    return {"recognizer": recognizer.name, **metrics, "robustness": robustness}


def predict_probabilities(recognizer: EmotionRecognizer, faces: np.ndarray) -> np.ndarray:
    """Predict the emotions of faces (N, 48, 48) uint8 -> probabilities (N, emotions)."""
    parts = torch.arange(len(faces)).split(BATCH)
    return np.concatenate([recognizer.predict(list(faces[rows.numpy()])) for rows in parts])


def emotion_metrics_table(result: dict) -> str:
    """Format metrics as lines for a terminal."""
    low, high = result["accuracy_interval"]
    balanced_low, balanced_high = result["balanced_accuracy_interval"]
    lines = [
        f"{result['recognizer']} on {result['count']} faces",
        f"accuracy           {result['accuracy']:.3f} ({low:.3f} to {high:.3f})",
        f"balanced accuracy  {result['balanced_accuracy']:.3f} ({balanced_low:.3f} to {balanced_high:.3f})",
        f"macro F1           {result['macro_f1']:.3f}",
        f"ECE                {result['ece']:.3f}",
        "",
        f"{'':9}precision  recall      F1  faces",
    ]
    lines += [
        f"{name:9}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}{row['count']:7}"
        for name, row in result["genres"].items()
    ]
    lines += [
        "",
        "rows: true emotions, columns: predictions",
        confusion_table(result["confusion"], EMOTIONS),
        "",
        "accuracy where the same faces are",
    ]
    lines += [f"{name:22}{accuracy:.3f}" for name, accuracy in result["robustness"].items()]
    return "\n".join(lines)


def conditions_markdown(result: dict) -> str:
    """Format the accuracy on changed faces as a Markdown table, a row for each condition."""
    lines = [f"{result['recognizer']} on {result['count']} faces:", "", "| Faces | Accuracy |", "|---|---|"]
    rows = [f"| {name} | {100 * accuracy:.1f} % |" for name, accuracy in result["robustness"].items()]
    return "\n".join(lines + rows)


Perturbation = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # (48, 48) uint8 -> the same


def rotate(degrees: float) -> Perturbation:
    """Make the perturbation that turns the head to one side, by so many degrees."""
    return lambda face, rng: _warp(face, degrees, 1.0, (0.0, 0.0))


def jitter_crop(fraction: float) -> Perturbation:
    """Make the perturbation that shifts a crop by up to this fraction of its width, and scales it as much."""

    def perturb(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        dx, dy, zoom = rng.uniform(-fraction, fraction, 3)
        return _warp(face, 0.0, 1.0 + zoom, (dx * SIZE, dy * SIZE))

    return perturb


def darken(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Reduce the light to a quarter, and add the noise of a camera that amplifies it."""
    return _add_noise(face * 0.25, 4.0, rng)


def light_from_side(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Leave full light on one cheek, a fifth of it on the other."""
    slope = np.linspace(0.2, 1.0, SIZE)
    return _add_noise(face * (slope if rng.random() < 0.5 else slope[::-1]), 2.0, rng)


def reduce_resolution(pixels: int) -> Perturbation:
    """Make the perturbation that reduces a face to so many pixels across."""

    def perturb(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        small = cv2.resize(face, (pixels, pixels), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)

    return perturb


PERTURBATIONS: dict[str, Perturbation] = {
    "tilted 15° left": rotate(15),
    "tilted 15° right": rotate(-15),
    "in the dark": darken,
    "lit from the side": light_from_side,
    "24 pixels wide": reduce_resolution(24),
    "16 pixels wide": reduce_resolution(16),
    "cropped 10 % off": jitter_crop(0.1),
}


def _warp(face: np.ndarray, degrees: float, zoom: float, shift: tuple[float, float]) -> np.ndarray:
    affine = cv2.getRotationMatrix2D(((SIZE - 1) / 2, (SIZE - 1) / 2), degrees, zoom)
    affine[:, 2] += np.asarray(shift)
    return cv2.warpAffine(face, affine, (SIZE, SIZE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _add_noise(values: np.ndarray, noise_std: float, rng: np.random.Generator) -> np.ndarray:
    return (values + rng.normal(0, noise_std, values.shape)).round().clip(0, 255).astype(np.uint8)
