"""Training of the emotion network on FER2013, into a run directory with weights, card and report."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from torch import Generator, Tensor
from torch.nn import functional as F

from genre.data.examples import Examples
from genre.evaluation.calibration import apply_temperature, fit_temperature
from genre.evaluation.metrics import compute_metrics
from genre.models.artefacts import compact, expand, load_artefact, save_artefact
from genre.models.cards import Card
from genre.models.recipe import Recipe
from genre.runs.directory import open_or_create_run
from genre.runs.report import Report
from genre.runs.settings import RunSettings
from genre.runs.worker import Worker
from genre.training.loop import fit
from mood import EMOTIONS
from mood.emotion.augment import augment_faces
from mood.emotion.dataset import DUPLICATE_CORRELATION, load_faces
from mood.emotion.network import SIZE, EmotionNet, predict_mirrored

# Progressive resizing: small faces first, at half the cost. Each pair is the fraction of the training up to
# which the faces have so many pixels.
SIZE_SCHEDULE = ((0.36, 32), (0.72, 40), (1.0, SIZE))
TEACHER_WEIGHT = 0.4  # weight of the teacher's probabilities in a target; the label, often wrong, has 0.6
DEFAULT_RECIPE = Recipe(
    epochs=80,
    batch_size=128,
    learning_rate=2e-3,
    weight_decay=0.05,
    label_smoothing=0.1,
    average=0.999,
    balance=False,
    keep_best=False,
    bfloat16=True,
)
DISTILLATION_RECIPE = replace(DEFAULT_RECIPE, epochs=45, learning_rate=1.2e-3, label_smoothing=0.0)


@dataclass(frozen=True)
class EmotionSettings(RunSettings):
    """The settings that determine the result of a training.

    With a `teacher`, the folder of an earlier training's weights, this one starts from them at full
    size, and learns the teacher's probabilities along with the labels (Furlanello et al. 2018).
    """

    data: str
    split: str = "train"
    recipe: Recipe = DEFAULT_RECIPE
    teacher: str = ""


def train_emotion_network(worker: Worker) -> Report:
    """Train by a run's settings; write weights, card and report to its folder.

    The last epoch's averaged weights are saved; valid is never used to choose among epochs. Raises
    DataError, ArtefactError, FloatingPointError or OSError with a sentence.
    """
    settings = EmotionSettings.from_dict(worker.settings)
    recipe = settings.recipe
    worker.set_status("Reading the faces.")
    train, valid, n_dropped = load_faces(Path(settings.data))
    examples = train if settings.split == "train" else concatenate_examples(train, valid)
    torch.manual_seed(recipe.seed)
    network = EmotionNet()
    targets = F.one_hot(torch.from_numpy(examples.labels), len(EMOTIONS)).float()
    if settings.teacher:
        worker.set_status("Computing the teacher's predictions.")
        network.load_state_dict(load_artefact(Path(settings.teacher))[0])
        soft_targets = torch.from_numpy(softmax(predict_logits(network, examples), axis=1))
        targets = torch.lerp(targets, soft_targets, TEACHER_WEIGHT)
    epoch_start = time.monotonic()

    def prepare(rows: np.ndarray, progress: float, rng: Generator) -> tuple[Tensor, Tensor]:
        size = SIZE if settings.teacher else size_at(progress)
        return augment_faces(examples.batch(rows), size, rng), targets[rows]

    def on_epoch(values: dict) -> None:
        nonlocal epoch_start
        now = time.monotonic()
        worker.record_epoch(
            values | {"seconds": round(now - epoch_start, 3)}, values["epoch"] / recipe.epochs
        )
        epoch_start = now

    validation = valid if settings.split == "train" else None
    weights = compact(fit(network, examples, validation, recipe, on_epoch, worker.folder, prepare))
    network.load_state_dict(expand(weights))  # the saved weights are evaluated
    card = Card(
        "emotion",
        EMOTIONS,
        size=SIZE,
        recipe=recipe.to_dict(),
        size_schedule=None if settings.teacher else SIZE_SCHEDULE,
        teacher=Path(settings.teacher).name or None,
        data={
            "name": Path(settings.data).name,
            "split": settings.split,
            "faces": len(examples),
            "near_duplicates_dropped": n_dropped,
            "near_duplicate_correlation": DUPLICATE_CORRELATION,
        },
    )
    metrics: dict = {"split": settings.split, "faces": len(examples)}
    if settings.split == "train":
        logits = predict_logits(network, valid)
        probabilities = softmax(logits, axis=1)
        temperature = fit_temperature(probabilities, valid.labels)
        metrics |= compute_metrics(apply_temperature(probabilities, temperature), valid.labels, EMOTIONS)
        card = replace(card, temperature=temperature, metrics={"valid": metrics})
    save_artefact(worker.folder, weights, card)
    report = Report("emotion", seed=recipe.seed, metrics=metrics)
    worker.finish(report)
    return report


def size_at(progress: float) -> int:
    """Compute the width of the faces in pixels at this point (0 to 1) of the training."""
    return next(size for until, size in SIZE_SCHEDULE if progress < until or until == 1.0)


def concatenate_examples(train: Examples, valid: Examples) -> Examples:
    """Join the faces of both splits."""
    return Examples(
        np.concatenate([train.values, valid.values]),
        np.concatenate([train.labels, valid.labels]),
        np.concatenate([train.tracks, valid.tracks]),
        train.genres,
        train.scale,
    )


def predict_logits(network: EmotionNet, examples: Examples, batch_size: int = 256) -> np.ndarray:
    """Predict logits (N, emotions), the mean over each face and its mirror image."""
    network.eval()
    device = next(network.parameters()).device
    batches = np.array_split(np.arange(len(examples)), -(-len(examples) // batch_size))
    logits = (predict_mirrored(network, examples.batch(batch).to(device)) for batch in batches)
    return np.concatenate([batch.cpu().numpy() for batch in logits])


def create_emotion_run(
    data: Path,
    split: str = "train",
    teacher: Path | None = None,
    *,
    epochs: int | None = None,
    seed: int | None = None,
    folder: Path | None = None,
    cores: int | None = None,
) -> Path:
    """Create a run directory for a training. Raises ValueError with a sentence."""
    if not data.is_file():
        raise ValueError(f"There is no file {data}: give FER2013 as a parquet file with --data.")
    teacher = teacher and teacher.expanduser().resolve()
    if teacher and load_artefact(teacher)[1].model != "emotion":
        raise ValueError(f"{teacher.name} does not read faces: give the folder of a training that does.")
    recipe = DISTILLATION_RECIPE if teacher else DEFAULT_RECIPE
    recipe = replace(
        recipe, epochs=recipe.epochs if epochs is None else epochs, seed=recipe.seed if seed is None else seed
    )
    settings = EmotionSettings(str(data.expanduser().resolve()), split, recipe, str(teacher or ""))
    return open_or_create_run("emotion", settings, "emotion", folder, cores)
