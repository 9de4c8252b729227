"""Several trained networks as one model of the Listen page.

Runs on the same input, each with its own seed, become one branch with all their members; runs on
different inputs become branches of one model. The weight of each branch, the class bias, the temperature and
the confidence thresholds are fitted to the predictions of `calibrate` in the runs, all by networks that were
not trained on the track.
"""

import itertools
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import Tensor

from genre.evaluation.calibration import (
    apply_temperature,
    calibration_summary,
    fit_class_bias,
    fit_temperature,
    fit_thresholds_by_duration,
    log_opinion_pool,
)
from genre.evaluation.short_clips import DURATIONS_S, ExcerptPrediction, Predictions, read_predictions
from genre.inference.branches import BRANCHES
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError, Card, load_card
from genre.training.calibrate import OLD_PREDICTIONS, PREDICTIONS

# Settings that all runs of one branch share.
SHARED_SETTINGS = ("genres", "shape", "front_end", "windows", "split")
BRANCH_PARTS = ("shape", "options", "front_end", "previous_recipes", "recipe", "seeds", "windows", "data")
BRANCH_WEIGHTS = (1, 2, 3, 4)  # candidate weights


@dataclass
class TrainedRun:
    """A finished training: its weights, its card and, where it was calibrated, its predictions."""

    weights: dict[str, Tensor]
    card: Card
    predictions: Predictions | None

    @classmethod
    def load(cls, folder: Path) -> "TrainedRun":
        """Load a run. Raises ArtefactError."""
        weights, card = load_artefact(folder)
        paths = [folder / name for name in (PREDICTIONS, OLD_PREDICTIONS) if (folder / name).exists()]
        return cls(weights, card, read_predictions(paths[0]) if paths else None)

    @property
    def seed(self) -> int:
        """The seed of the training."""
        return self.card.recipe["seed"]

    @property
    def n_members(self) -> int:
        """The number of networks in the weights."""
        return len({name.split(".")[1] for name in self.weights})  # members.0.head.bias


def build_ensemble(folders: list[Path]) -> tuple[dict[str, Tensor], Card]:
    """Build one model from runs of the model `listen` -> (weights, card).

    The model is calibrated if all runs are. Raises ArtefactError with a sentence.
    """
    by_kind: dict[str, list[TrainedRun]] = {kind: [] for kind in BRANCHES}
    for folder in folders:
        if (kind := load_card(folder).input) not in BRANCHES:
            raise ArtefactError(f"Only runs of listen on {' or '.join(BRANCHES)} can be combined.")
        by_kind[kind].append(TrainedRun.load(folder))
    branches = {kind: _merge_members(runs) for kind, runs in by_kind.items() if runs}
    first = next(iter(branches.values())).card
    if any(branch.card.genres != first.genres for branch in branches.values()):
        raise ArtefactError("These runs know different genres: train them on the same data.")
    weights = {
        f"{kind}.{name}": tensor
        for kind, branch in branches.items()
        for name, tensor in branch.weights.items()
    }
    parts = {kind: _branch_part(branch.card) | {"weight": 1} for kind, branch in branches.items()}
    card = Card(
        first.model,
        first.genres,
        input=first.input,
        split=first.split,
        temperature=first.temperature,
        confidence_threshold=first.confidence_threshold,
        branches=parts,
        data={"name": first.data["name"]},
    )
    predictions = [branch.predictions for branch in branches.values() if branch.predictions is not None]
    if len(predictions) == len(branches):
        card = _calibrate(card, predictions)
    return weights, card


def _branch_part(card: Card) -> dict:
    values = card.to_dict()
    return {"options": {}} | {name: values[name] for name in BRANCH_PARTS if name in values}


def _merge_members(runs: list[TrainedRun]) -> TrainedRun:
    """Merge runs on one input into one run with all their members, which have equal weights."""
    if len(runs) == 1:
        return runs[0]
    runs = sorted(runs, key=lambda run: run.seed)
    card, seeds = runs[0].card, [run.seed for run in runs]
    if any(_shared_parts(run.card) != _shared_parts(card) for run in runs):
        raise ArtefactError(
            "Runs on one input can be combined only if their settings are the same but for the seed."
        )
    if len(set(seeds)) < len(seeds):
        raise ArtefactError(
            "Runs on one input can be combined only if each has another seed: the same seed gives the "
            "same network."
        )
    weights, members = {}, 0
    for run in runs:
        for name, tensor in run.weights.items():
            _, number, rest = name.split(".", 2)
            weights[f"members.{members + int(number)}.{rest}"] = tensor
        members += run.n_members
    card = replace(card, options=card.options | {"members": members}, seeds=tuple(seeds))
    return TrainedRun(weights, card, _merge_predictions(runs))


def _merge_predictions(runs: list[TrainedRun]) -> Predictions | None:
    """Average the predictions of the excerpts that all runs have, weighted by the runs' members."""
    predictions = [run.predictions for run in runs if run.predictions]
    if len(predictions) < len(runs):
        return None
    members = [run.n_members for run in runs]
    merged = {}
    for excerpt in set.intersection(*(set(part) for part in predictions)):
        probabilities = np.average(
            [part[excerpt].probabilities for part in predictions], axis=0, weights=members
        )
        first = predictions[0][excerpt]
        merged[excerpt] = ExcerptPrediction(probabilities, first.n_windows, first.label)
    return merged


def _shared_parts(card: Card) -> dict:
    return {name: getattr(card, name) for name in SHARED_SETTINGS} | {"recipe": card.recipe | {"seed": None}}


def _calibrate(card: Card, branches: list[Predictions]) -> Card:
    """Calibrate the card: fit the branch weights, and the calibration of all branches together."""
    excerpts = sorted(set.intersection(*map(set, branches)))
    probabilities, n_windows, labels = (
        np.array([[predictions[excerpt][part] for excerpt in excerpts] for predictions in branches])
        for part in range(3)
    )
    labels = labels[0]
    is_track = np.array([not excerpt.seconds for excerpt in excerpts])  # training examples, not excerpts
    truth = np.arange(is_track.sum()), labels[is_track]

    def pool(weights: tuple[int, ...]) -> np.ndarray:
        return log_opinion_pool(probabilities, np.array(weights)[:, None] * n_windows)

    def likelihood(weights: tuple[int, ...]) -> float:
        tracks = pool(weights)[is_track]
        calibrated = apply_temperature(tracks, fit_temperature(tracks, labels[is_track]))
        return float(np.log(calibrated[truth]).mean())

    weights = max(itertools.product(BRANCH_WEIGHTS, repeat=len(branches)), key=likelihood)
    pooled = pool(weights)
    is_phone = np.array([excerpt.phone and excerpt.seconds == DURATIONS_S[-1] for excerpt in excerpts])
    bias = np.ones(probabilities.shape[-1])
    if is_phone.any():  # a temperature fitted to clean music alone harms music through a phone
        bias = fit_class_bias(pooled[is_track | is_phone], labels[is_track | is_phone])
    pooled = pooled * bias / (pooled * bias).sum(axis=1, keepdims=True)
    summary = calibration_summary(pooled[is_track], labels[is_track])
    parts = {}
    for (kind, part), weight, alone in zip(card.branches.items(), weights, probabilities, strict=True):
        calibration = calibration_summary(alone[is_track], labels[is_track])
        parts[kind] = part | {"weight": weight, "calibration": calibration}
    card = replace(
        card,
        branches=parts,
        calibration=summary,
        temperature=summary["temperature"],
        confidence_threshold=summary["confidence_threshold"],
    )
    if is_track.all():
        return card
    seconds = np.array([excerpt.seconds for excerpt in excerpts])[~is_track]
    calibrated = apply_temperature(pooled[~is_track], card.temperature)
    thresholds = fit_thresholds_by_duration(
        DURATIONS_S, seconds, calibrated, labels[~is_track], card.confidence_threshold
    )
    return replace(
        card, class_bias=tuple(bias.round(4).tolist()), confidence_thresholds_by_duration=tuple(thresholds)
    )
