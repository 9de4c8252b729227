"""Calibration of a run, measured on tracks that its networks were not trained on.

The training tracks of a run are cut into five blocks of neighbours; for each block a network is
trained by the run's recipe on the other four and predicts it. The pooled predictions give the temperature,
which softens or sharpens the probabilities, and the confidence threshold. Both go into the run's card. The
test tracks of the run are never used.

Networks of the Listen page also predict short excerpts of these recordings
(`genre.evaluation.short_clips`), which give the thresholds of shorter clips. Where several runs become one
model (`genre.training.ensemble`), the calibration is fitted anew to the predictions of all runs.
"""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy.special import softmax
from torch import nn

from genre.audio.spectrogram import SpectrogramParams
from genre.data import splits
from genre.data.dataset import open_dataset
from genre.data.examples import DataError, Examples
from genre.data.windows import make_examples
from genre.evaluation.calibration import apply_temperature, calibration_summary, fit_thresholds_by_duration
from genre.evaluation.metrics import aggregate_by_track
from genre.evaluation.short_clips import (
    DURATIONS_S,
    Excerpt,
    ExcerptPrediction,
    Predictions,
    predict_excerpts,
    write_predictions,
)
from genre.inference.branches import BRANCHES
from genre.models.cards import ENSEMBLE, load_card, write_card
from genre.models.predict import predict
from genre.runs.directory import load_config
from genre.training.experiment import ExperimentSettings, hold_out_validation, new_network
from genre.training.loop import fit

logger = logging.getLogger(__name__)

PREDICTIONS = "calibration/predictions.safetensors"  # by networks not trained on the track
OLD_PREDICTIONS = "calibration/answers.safetensors"


def calibrate_run(folder: Path, epochs: int | None = None) -> dict:
    """Calibrate the run in `folder`, write its card anew and return the summary.

    `epochs` shortens the trainings of the five networks; interrupted trainings are resumed. Raises DataError,
    ArtefactError, RunError or OSError with a sentence.
    """
    card = load_card(folder)
    settings = ExperimentSettings.from_dict(load_config(folder)["settings"])
    if settings.spec.kind != "network":
        raise DataError("Only networks can be calibrated; this is a classical model.")
    dataset = open_dataset(settings.data)
    examples, _ = make_examples(dataset, settings.input_spec, settings.windows)
    artists = Path(settings.artists) if settings.artists else None
    train_rows = splits.split(examples, settings.split, settings.recipe.seed, artists).parts[0].train
    examples = examples.take(train_rows)
    folds = [part for part in splits.split(examples, "blocks").parts if len(part.test)]
    fold_probabilities = []
    excerpts: Predictions = {}
    for number, part in enumerate(folds, start=1):
        network = _train_fold(folder, settings, number, examples.take(part.train), epochs)
        fold_probabilities.append(predict(network, examples.take(part.test)))
        if _is_branch(settings):
            front_end = SpectrogramParams.from_dict(card.front_end or {})
            branch = BRANCHES[settings.input](network, front_end)  # type: ignore[arg-type]
            names = set(examples.tracks[part.test].tolist())
            recordings = [track for track in dataset.files if track.name in names]
            logger.info("%s, fold %d: excerpts of %d recordings", folder.name, number, len(recordings))
            for track in recordings:
                excerpts |= predict_excerpts(branch, examples.genres, track)
    test_examples = examples.take(np.concatenate([part.test for part in folds]))
    probabilities, labels, tracks = pool_windows(settings, np.concatenate(fold_probabilities), test_examples)
    rows = map(ExcerptPrediction, probabilities, count_windows(settings, test_examples), labels)
    by_track: Predictions = dict(zip(map(Excerpt, tracks.tolist()), rows, strict=True))
    write_predictions(folder / PREDICTIONS, by_track | excerpts)
    stages = [*(recipe["epochs"] for recipe in settings.previous_recipes), settings.recipe.epochs]
    summary = calibration_summary(probabilities, labels) | {
        "epochs": [min(epochs or stage, stage) for stage in stages],
        "folds": len(folds),
    }
    card = replace(
        card,
        temperature=summary["temperature"],
        confidence_threshold=summary["confidence_threshold"],
        calibration=summary,
    )
    if excerpts:
        card = replace(
            card,
            confidence_thresholds_by_duration=tuple(
                thresholds_of_excerpts(excerpts, card.temperature, card.confidence_threshold)
            ),
        )
    write_card(folder, card)
    return summary


def thresholds_of_excerpts(
    excerpts: Predictions, temperature: float, full_threshold: float
) -> list[tuple[float, float]]:
    """Fit confidence thresholds by duration, [(s, threshold)], to predictions of excerpts.

    Half of the excerpts are degraded by a simulated phone, like recordings on the page.
    """
    probabilities, _, labels = (np.array(part) for part in zip(*excerpts.values(), strict=True))
    seconds = np.array([excerpt.seconds for excerpt in excerpts])
    calibrated = apply_temperature(probabilities, temperature)
    return fit_thresholds_by_duration(DURATIONS_S, seconds, calibrated, labels, full_threshold)


def _is_branch(settings: ExperimentSettings) -> bool:
    """Return whether the settings are those of a network that can become a branch of an ensemble."""
    return settings.model == ENSEMBLE and settings.input in BRANCHES


def pool_windows(
    settings: ExperimentSettings, probabilities: np.ndarray, examples: Examples
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pool window probabilities (N, G) like the classifier -> (T, G), labels (T,), names (T,)."""
    if not _is_branch(settings):
        return aggregate_by_track(probabilities, examples.labels, examples.tracks)
    logs = np.log(probabilities.clip(1e-9))
    means, labels, tracks = aggregate_by_track(logs, examples.labels, examples.tracks)
    return softmax(means, axis=1), labels, tracks


def count_windows(settings: ExperimentSettings, examples: Examples) -> np.ndarray:
    """Count the windows side by side of each track: (T,), in the order of `pool_windows`."""
    windows = np.unique(examples.tracks, return_counts=True)[1].astype(float)
    return (windows + 1) / 2 if settings.windows == "overlap" else windows  # these overlap by half


def _train_fold(
    folder: Path, settings: ExperimentSettings, number: int, train: Examples, epochs: int | None
) -> nn.Module:
    """Train a network on `train` alone; if the run continues another one, it begins with that run's fold."""
    if settings.initial_run:
        first = Path(settings.initial_run)
        first_settings = ExperimentSettings.from_dict(load_config(first)["settings"])
        network = _train_fold(first, first_settings, number, train, epochs)
    else:
        network = new_network(settings, train.genres)
    recipe = replace(settings.recipe, epochs=min(epochs or settings.recipe.epochs, settings.recipe.epochs))
    checkpoints = folder / "calibration" / f"fold-{number}-{train.fingerprint()}-{recipe.epochs}-epochs"
    checkpoints.mkdir(parents=True, exist_ok=True)

    def log_epoch(metrics: dict) -> None:
        logger.info("%s, fold %d: %s", folder.name, number, metrics)

    weights = fit(network, *hold_out_validation(train, recipe), recipe, log_epoch, checkpoints)
    network.load_state_dict(weights)
    return network
