"""Confidence of a pooled prediction: the temperature, the thresholds by duration, the limit of familiarity.

All are fitted to predictions of songs from which neither the heads nor the from-scratch ensemble learnt.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from scipy.special import log_softmax, softmax

from genre.audio.clip import load_clip
from genre.cache import cached_results, key_of, pack, progress_line, unpack
from genre.evaluation.calibration import (
    apply_temperature,
    fit_confidence_threshold,
    fit_temperature,
    fit_thresholds_by_duration,
)
from genre.evaluation.short_clips import DURATIONS_S
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.models.cards import load_card
from genre.models.pretrained.features import window_centres
from genre.training.transfer.fit import TransferRecipe
from genre.training.transfer.songs import OTHER, Song

SELECTIVE_ACCURACY = 0.9  # accuracy that confident predictions must reach on songs of other collections
MAX_OTHER_CONFIDENT = 0.15  # share of the songs of other styles that may get a confident genre
OTHER_LIMITS = np.linspace(0.05, 0.95, 19)  # candidates for the largest probability of other music
SCRATCH_VERSION = 1


@dataclass(frozen=True)
class PooledPrediction:
    """A song's prediction by the heads, and by the from-scratch ensemble if that did not learn from it."""

    song: Song
    logits: np.ndarray  # (W, G + 1)
    scratch: np.ndarray | None  # (1 + W, G) probabilities of the whole, and of each window

    def pool(self, windows: slice, scratch_weight: float) -> np.ndarray:
        """Pool the probabilities (G,) of some of the windows like the classifier."""
        logs = log_softmax(self.logits[windows].mean(axis=0)[:-1])
        if self.scratch is None:
            return softmax(logs)
        is_whole = windows == slice(None)
        other_logs = np.log(self.scratch[0] if is_whole else self.scratch[1:][windows].mean(axis=0))
        return softmax((1 - scratch_weight) * logs + scratch_weight * other_logs)

    @property
    def other(self) -> float:
        """The probability of other music."""
        return float(softmax(self.logits.mean(axis=0))[-1])


@dataclass(frozen=True)
class Confidence:
    """The parts of a card that are fitted here."""

    temperature: float
    threshold: float
    thresholds_by_duration: tuple[tuple[float, float], ...]
    max_other: float


def fit_confidence(predictions: list[PooledPrediction], recipe: TransferRecipe) -> Confidence:
    """Fit to songs of the ten genres and of other styles; the thresholds are for music outside GTZAN."""
    in_vocabulary = [item for item in predictions if item.song.genre != OTHER]
    labels = np.array([item.song.label for item in in_vocabulary])
    pooled = np.array([item.pool(slice(None), recipe.scratch_weight) for item in in_vocabulary])
    temperature = fit_temperature(pooled, labels)
    wild = [item for item in in_vocabulary if item.song.collection == "wild"]
    wild_labels = np.array([item.song.label for item in wild])
    calibrated = _calibrated_probabilities(wild, slice(None), recipe, temperature)
    other_styles = [item for item in predictions if item.song.genre == OTHER]
    max_other, threshold = _fit_limits(wild, calibrated, wild_labels, other_styles, recipe, temperature)
    seconds, parts, part_labels = [], [], []
    for duration_s in DURATIONS_S:
        count = max(1, round(duration_s / recipe.seconds_per_window))
        for first in (0, count):
            windows = slice(first, first + count)
            if all(len(item.logits) >= first + count for item in wild):
                parts.append(_calibrated_probabilities(wild, windows, recipe, temperature))
                seconds += [duration_s] * len(wild)
                part_labels.append(wild_labels)
    thresholds = fit_thresholds_by_duration(
        DURATIONS_S,
        np.array(seconds),
        np.concatenate(parts),
        np.concatenate(part_labels),
        threshold,
        SELECTIVE_ACCURACY,
    )
    return Confidence(temperature, threshold, tuple(thresholds), max_other)


def _calibrated_probabilities(
    items: list[PooledPrediction], windows: slice, recipe: TransferRecipe, temperature: float
) -> np.ndarray:
    pooled = np.array([item.pool(windows, recipe.scratch_weight) for item in items])
    return apply_temperature(pooled, temperature)


def _fit_limits(
    in_vocabulary: list[PooledPrediction],
    calibrated: np.ndarray,
    labels: np.ndarray,
    other_styles: list[PooledPrediction],
    recipe: TransferRecipe,
    temperature: float,
) -> tuple[float, float]:
    """Fit the limits of confidence: the pair with the largest coverage that meets both requirements.

    Returns the largest probability of other music in a familiar song, and the confidence threshold.
    """
    other_of_genres = np.array([item.other for item in in_vocabulary])
    other_of_styles = np.array([item.other for item in other_styles])
    style_confidences = _calibrated_probabilities(other_styles, slice(None), recipe, temperature).max(axis=1)
    best = (0.0, float(OTHER_LIMITS[0]), 1.0)
    for limit in OTHER_LIMITS:
        familiar = other_of_genres <= limit
        threshold, share = fit_confidence_threshold(
            calibrated[familiar], labels[familiar], SELECTIVE_ACCURACY
        )
        confidences = np.sort(style_confidences[other_of_styles <= limit])[::-1]
        max_confident = int(MAX_OTHER_CONFIDENT * len(other_styles))
        if len(confidences) > max_confident:
            threshold = max(threshold, float(np.nextafter(confidences[max_confident], 1)))
        coverage = float((calibrated[familiar].max(axis=1) >= threshold).sum() / len(labels))
        if share > 0 and coverage > best[0]:
            best = (coverage, float(limit), threshold)
    return best[1], best[2]


def scratch_predictions(songs: list[Song], folder: Path, seconds_per_window: float) -> dict[str, np.ndarray]:
    """Predict recordings by the from-scratch ensemble in `folder`.

    Returns name -> (1 + W, G), for the whole and for each window.
    """
    sha256 = load_card(folder).weights_sha256
    jobs = {
        key_of(SCRATCH_VERSION, sha256, song.name, seconds_per_window): (
            song.path,
            str(folder),
            seconds_per_window,
        )
        for song in songs
    }
    results = dict(
        cached_results("scratch_predictions", jobs, _compute, unpack, progress_line("From-scratch ensemble"))
    )
    return {song.name: results[key] for song, key in zip(songs, jobs, strict=True)}


@lru_cache(maxsize=2)
def _ensemble(folder: str) -> EnsembleClassifier:
    return EnsembleClassifier.from_folder(Path(folder))


def _compute(job: tuple[str, str, float]) -> bytes:
    path, folder, seconds_per_window = job
    scratch, samples = _ensemble(folder), load_clip(path).samples
    segments = (samples - samples.mean())[None]
    with torch.inference_mode():
        power = scratch.front_end.power(torch.from_numpy(segments))
        windows = scratch.predict_windows([0.0], segments, power)
        overall, by_window = (
            scratch.apply_calibration(part) for part in (windows.overall, windows.by_window)
        )
    centres_s = window_centres(len(samples), seconds_per_window)
    nearest = np.abs(centres_s[:, None] - windows.times_s).argmin(axis=1)
    return pack(torch.cat([overall[None], by_window[nearest]]).numpy().clip(1e-9))
