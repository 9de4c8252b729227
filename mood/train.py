"""Train the emotion network: FER2013 in, a run directory with weights, card and report out."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genre.artefacts import compact, expanded, load_artefact, save_artefact
from genre.calibration import best_temperature, tempered
from genre.dataset import Examples
from genre.evaluate import figures
from genre.train import Recipe, RunSettings, fit
from genre.worker import Worker
from mood import EMOTIONS
from mood.augment import augment_faces
from mood.dataset import TWINS, load_faces
from mood.network import SIZE, EmotionNet, read_faces

SPLITS = ("train", "all")  # learn from the train faces alone, or from those of valid too
# Small faces first: what they teach costs half (progressive resizing). Up to this share of the training
# faces have this many pixels.
SIZES = ((0.36, 32), (0.72, 40), (1.0, SIZE))
TRUST = 0.4  # how much of a target is the teacher's opinion; the rest is the label, which is often wrong
FIRST = Recipe(
    epochs=80, batch_size=128, learning_rate=2e-3, weight_decay=0.05, label_smoothing=0.1,
    average=0.999, balance=False, keep_best=False, bfloat16=True,
)
SECOND = replace(FIRST, epochs=45, learning_rate=1.2e-3, label_smoothing=0.0)


@dataclass(frozen=True)
class Settings(RunSettings):
    """Everything that decides what a training gives.

    With a `teacher`, the folder of an earlier training's weights, this one goes on from them at full
    size, and learns what the teacher says of a face along with its label (Furlanello et al. 2018).
    """

    data: str
    split: str = "train"
    recipe: Recipe = FIRST
    teacher: str = ""


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
    targets = F.one_hot(torch.from_numpy(learnt.labels), len(EMOTIONS)).float()
    if asked.teacher:
        worker.show("Asking the teacher.")
        network.load_state_dict(load_artefact(Path(asked.teacher))[0])
        targets = torch.lerp(targets, torch.from_numpy(softmax(judge(network, learnt))), TRUST)
    began = time.monotonic()

    def prepare(rows: np.ndarray, progress: float, rng: Generator) -> tuple[Tensor, Tensor]:
        size = SIZE if asked.teacher else size_at(progress)
        return augment_faces(learnt.batch(rows), size, rng), targets[rows]

    def on_epoch(values: dict) -> None:
        nonlocal began
        now = time.monotonic()
        worker.epoch(values | {"seconds": round(now - began, 3)}, values["epoch"] / recipe.epochs)
        began = now

    watched = valid if asked.split == "train" else None
    weights = compact(fit(network, learnt, watched, recipe, on_epoch, worker.folder, prepare))
    network.load_state_dict(expanded(weights))  # what is measured is what is kept
    card = {
        "model": "emotion", "genres": list(EMOTIONS), "size": SIZE, "temperature": 1.0,
        "recipe": recipe.to_dict(), "sizes": None if asked.teacher else SIZES,
        "teacher": Path(asked.teacher).name or None,
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
    where = next(network.parameters()).device
    rows = np.array_split(np.arange(len(examples)), -(-len(examples) // batch_size))
    logits = (read_faces(network, examples.batch(part).to(where)) for part in rows)
    return np.concatenate([part.cpu().numpy() for part in logits])


def softmax(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).softmax(dim=1).numpy()
