"""How well a reader reads: FER2013's valid faces as they are, and as a webcam might show them."""

from collections.abc import Callable

import cv2
import numpy as np
import torch

from genre.dataset import Examples
from genre.evaluate import confusion_table, figures
from mood import EMOTIONS
from mood.network import SIZE
from mood.reader import Reader

BATCH = 64
AS_THEY_ARE = "as they are"


def evaluate(
    reader: Reader, examples: Examples, conditions: "dict[str, Condition] | None" = None
) -> dict:
    """Figures on the faces, and the accuracy under each condition, by default all of CONDITIONS."""
    faces = examples.values[:, 0]
    plain = figures(probabilities(reader, faces), examples.labels, EMOTIONS)
    robustness = {AS_THEY_ARE: plain["accuracy"]}
    for name, change in (CONDITIONS if conditions is None else conditions).items():
        rng = np.random.default_rng(0)
        changed = np.stack([change(face, rng) for face in faces])
        answers = probabilities(reader, changed).argmax(axis=1)
        robustness[name] = float((answers == examples.labels).mean())
    return {"reader": reader.name, **plain, "robustness": robustness}


def probabilities(reader: Reader, faces: np.ndarray) -> np.ndarray:
    """(N, 48, 48) uint8 -> (N, emotions)."""
    parts = torch.arange(len(faces)).split(BATCH)
    return np.concatenate([reader.read(list(faces[rows.numpy()])) for rows in parts])


def as_text(result: dict) -> str:
    """A result as lines for a terminal."""
    low, high = result["accuracy_interval"]
    macro_low, macro_high = result["macro_accuracy_interval"]
    lines = [
        f"{result['reader']} on {result['count']} faces",
        f"accuracy           {result['accuracy']:.3f} ({low:.3f} to {high:.3f})",
        f"macro recall       {result['macro_recall']:.3f} ({macro_low:.3f} to {macro_high:.3f})",
        f"macro F1           {result['macro_f1']:.3f}",
        f"calibration error  {result['calibration_error']:.3f}",
        "", f"{'':9}precision  recall      F1  faces",
    ]
    lines += [
        f"{name:9}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}{row['count']:7}"
        for name, row in result["genres"].items()
    ]
    lines += ["", "rows: the truth, columns: the answer", confusion_table(result["confusion"], EMOTIONS),
              "", "accuracy where the same faces are"]  # fmt: skip
    lines += [f"{name:22}{accuracy:.3f}" for name, accuracy in result["robustness"].items()]
    return "\n".join(lines)


Condition = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # (48, 48) uint8 -> the same


def tilted(degrees: float) -> Condition:
    """The head to one side."""
    return lambda face, rng: _warped(face, degrees, 1.0, (0.0, 0.0))


def jittered(part: float) -> Condition:
    """A crop that lies up to this part of its width beside the face, and is as much too small or large."""

    def change(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        across, down, zoom = rng.uniform(-part, part, 3)
        return _warped(face, 0.0, 1.0 + zoom, (across * SIZE, down * SIZE))

    return change


def dark(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A quarter of the light, and the noise of a camera that makes up for it."""
    return _noisy(face * 0.25, 4.0, rng)


def side_lit(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Full light on one cheek, a fifth of it on the other."""
    slope = np.linspace(0.2, 1.0, SIZE)
    return _noisy(face * (slope if rng.random() < 0.5 else slope[::-1]), 2.0, rng)


def far(pixels: int) -> Condition:
    """A face so many pixels wide."""

    def change(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        small = cv2.resize(face, (pixels, pixels), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)

    return change


CONDITIONS: dict[str, Condition] = {
    "tilted 15° left": tilted(15), "tilted 15° right": tilted(-15), "in the dark": dark,
    "lit from the side": side_lit, "24 pixels wide": far(24), "16 pixels wide": far(16),
    "cropped 10 % off": jittered(0.1),
}  # fmt: skip


def _warped(face: np.ndarray, degrees: float, zoom: float, shift: tuple[float, float]) -> np.ndarray:
    place = cv2.getRotationMatrix2D(((SIZE - 1) / 2, (SIZE - 1) / 2), degrees, zoom)
    place[:, 2] += shift
    return cv2.warpAffine(face, place, (SIZE, SIZE), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_REPLICATE)  # fmt: skip


def _noisy(values: np.ndarray, loudness: float, rng: np.random.Generator) -> np.ndarray:
    return (values + rng.normal(0, loudness, values.shape)).round().clip(0, 255).astype(np.uint8)
