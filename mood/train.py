"""Train the emotion network: FER2013 in, a run directory with weights, card and report out."""

import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genre.artefacts import halved, save_artefact
from genre.calibration import best_temperature, tempered
from genre.dataset import DataError, Examples
from genre.evaluate import figures
from genre.train import Recipe, fit
from genre.worker import Worker
from mood import EMOTIONS
from mood.augment import augment_faces
from mood.dataset import TWINS, load_faces
from mood.network import SIZE, EmotionNet, read_faces

SPLITS = ("train", "all")  # learn from the train faces alone, or from those of valid too
# Small faces first: what they teach costs half (progressive resizing). Up to this share of the training
# faces have this many pixels.
SIZES = ((0.36, 32), (0.72, 40), (1.0, SIZE))


@dataclass(frozen=True)
class Settings:
    """Everything that decides what a training gives."""

    data: str
    split: str = "train"
    recipe: Recipe = field(default_factory=lambda: Recipe(
        epochs=80, batch_size=128, learning_rate=2e-3, weight_decay=0.05, label_smoothing=0.1,
        average=0.999, balance=False, keep_best=False, bfloat16=True,
    ))

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "Settings":
        """Raises DataError for the settings of another version."""
        try:
            return cls(**{**values, "recipe": Recipe.from_dict(values["recipe"])})
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError("This run was made by another version of Earmark: start a new one.") from error


def execute(worker: Worker) -> dict:
    """Do what a run's settings say and leave weights, card and report in its folder.

    The last epoch's averaged weights are kept; valid is never used to choose among epochs. Raises
    DataError, ArtefactError, FloatingPointError or OSError with a sentence.
    """
    asked = Settings.from_dict(worker.settings)
    recipe = asked.recipe
    worker.show("Reading the faces.")
    train, valid, dropped = load_faces(Path(asked.data))
    learnt = train if asked.split == "train" else both(train, valid)
    torch.manual_seed(recipe.seed)
    network = EmotionNet()
    began = time.monotonic()

    def prepare(rows: np.ndarray, progress: float, rng: Generator) -> tuple[Tensor, Tensor]:
        faces = augment_faces(learnt.batch(rows), size_at(progress), rng)
        return faces, F.one_hot(torch.from_numpy(learnt.labels[rows]), len(EMOTIONS)).float()

    def on_epoch(values: dict) -> None:
        nonlocal began
        now = time.monotonic()
        worker.epoch(values | {"seconds": round(now - began, 3)}, values["epoch"] / recipe.epochs)
        began = now

    watched = valid if asked.split == "train" else None
    weights = halved(fit(network, learnt, watched, recipe, on_epoch, worker.folder, prepare))
    network.load_state_dict(weights)  # what is measured is what is kept
    card = {
        "model": "emotion", "genres": list(EMOTIONS), "size": SIZE, "temperature": 1.0,
        "recipe": recipe.to_dict(), "sizes": SIZES,
        "data": {"name": Path(asked.data).name, "split": asked.split, "faces": len(learnt),
                 "twins_dropped": dropped, "twins_correlate_above": TWINS},
    }
    report = {"split": asked.split, "faces": len(learnt)}
    if asked.split == "train":
        logits = judge(network, valid)
        card["temperature"] = best_temperature(softmax(logits), valid.labels)
        report |= figures(tempered(softmax(logits), card["temperature"]), valid.labels, EMOTIONS)
        card["figures"] = {"valid": report}
    save_artefact(worker.folder, weights, card)
    worker.finish(report)
    return report


def size_at(progress: float) -> int:
    """How many pixels wide the faces are at this point (0 to 1) of the training."""
    return next(size for until, size in SIZES if progress < until or until == 1.0)


def both(train: Examples, valid: Examples) -> Examples:
    """All faces of the two lists together."""
    return Examples(
        np.concatenate([train.values, valid.values]), np.concatenate([train.labels, valid.labels]),
        np.concatenate([train.tracks, valid.tracks]), train.genres, train.scale,
    )


def judge(network: EmotionNet, examples: Examples, batch_size: int = 256) -> np.ndarray:
    """Logits (N, emotions), each face seen with its mirror image."""
    network.eval()
    rows = np.array_split(np.arange(len(examples)), -(-len(examples) // batch_size))
    return np.concatenate([read_faces(network, examples.batch(part)).numpy() for part in rows])


def softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).softmax(dim=1).numpy()
