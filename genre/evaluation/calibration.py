"""Calibration of probabilities: temperature, class bias, confidence thresholds, pooling.

All functions take probabilities (N, G) of models that were not trained on the N items.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from genre.evaluation.metrics import balanced_accuracy, ece, ece_interval

TARGET_SELECTIVE_ACCURACY = 0.85  # accuracy that the confident predictions must reach
MIN_CONFIDENT = 30  # least number of confident predictions: the accuracy of fewer means nothing
TEMPERATURES = np.geomspace(0.2, 5.0, 200)
BIAS_PENALTY = 0.3  # penalty on squared log biases, in likelihood; chosen on folds inside GTZAN's train list


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Sharpen (temperature below 1) or soften (above 1) probabilities (N, G); rows add up to 1."""
    powers = np.power(probabilities.clip(1e-12), 1.0 / temperature)
    return powers / powers.sum(axis=1, keepdims=True)


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Fit the temperature of the highest likelihood (Guo et al. 2017), for (N, G) and (N,)."""
    truth = np.arange(len(labels)), labels
    losses = [-np.log(apply_temperature(probabilities, t)[truth]).mean() for t in TEMPERATURES]
    return round(float(TEMPERATURES[int(np.argmin(losses))]), 3)


def fit_confidence_threshold(
    probabilities: np.ndarray, labels: np.ndarray, target: float = TARGET_SELECTIVE_ACCURACY
) -> tuple[float, float]:
    """Fit the confidence threshold -> (threshold, its coverage).

    It is the lowest threshold whose selective accuracy reaches the target. Where none does, the result is
    (1, 0), and no prediction is confident.
    """
    confidence = probabilities.max(axis=1)
    order = np.argsort(-confidence)
    confidence = confidence[order]
    n_right = np.cumsum(probabilities.argmax(axis=1)[order] == labels[order])
    count = np.arange(1, len(labels) + 1)
    is_last_of_ties = np.append(confidence[1:] < confidence[:-1], True)
    reaches = (n_right / count >= target) & (count >= MIN_CONFIDENT) & is_last_of_ties
    if not reaches.any():
        return 1.0, 0.0
    last = np.flatnonzero(reaches)[-1]
    return float(confidence[last]), float(count[last] / len(labels))


def fit_class_bias(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Fit the factor of each genre's probability: (N, G), (N,) -> (G,), of geometric mean 1.

    With the temperature this is bias-corrected temperature scaling (Alexandari et al., "Maximum likelihood
    with bias-corrected calibration is hard-to-beat at label shift adaptation", 2020), with a penalty.
    """
    logits, truth = np.log(probabilities.clip(1e-12)), (np.arange(len(labels)), labels)

    def loss(parameters: np.ndarray) -> float:
        sharpness, biases = np.exp(parameters[0]), parameters[1:]
        likelihood = log_softmax(sharpness * logits + biases, axis=1)[truth].mean()
        return BIAS_PENALTY * np.square(biases).sum() - likelihood

    sharpness, *biases = minimize(loss, np.zeros(1 + logits.shape[1])).x
    return np.exp((biases - np.mean(biases)) / np.exp(sharpness))


def fit_thresholds_by_duration(
    durations_s: Sequence[float],
    seconds: np.ndarray,
    probabilities: np.ndarray,
    labels: np.ndarray,
    full: float,
    target: float = TARGET_SELECTIVE_ACCURACY,
) -> list[tuple[float, float]]:
    """Fit thresholds to predictions of excerpts of `seconds` (N,) -> [(duration in s, confidence threshold)].

    `durations_s` are the durations, ascending; the longest has the threshold `full`, that of whole clips. A
    shorter clip never has a lower threshold than a longer one.
    """
    thresholds = [(durations_s[-1], full)]
    for duration_s in durations_s[-2::-1]:
        rows = seconds == duration_s
        if rows.sum() >= MIN_CONFIDENT:
            threshold, _ = fit_confidence_threshold(probabilities[rows], labels[rows], target)
            thresholds.insert(0, (duration_s, max(thresholds[0][1], threshold)))
    return thresholds


def calibration_summary(probabilities: np.ndarray, labels: np.ndarray) -> dict:
    """Fit temperature and confidence threshold to (N, G) and (N,) -> both, and the metrics with them."""
    temperature = fit_temperature(probabilities, labels)
    calibrated = apply_temperature(probabilities, temperature)
    threshold, _ = fit_confidence_threshold(calibrated, labels)
    predictions = probabilities.argmax(axis=1)
    return {
        "tracks": len(labels),
        "accuracy": round(float((predictions == labels).mean()), 4),
        "balanced_accuracy": round(balanced_accuracy(predictions, labels), 4),
        "temperature": temperature,
        "ece_before": round(ece(probabilities, labels), 4),
        "ece": round(ece(calibrated, labels), 4),
        "ece_interval": ece_interval(calibrated, labels),
        "confidence_threshold": threshold,
        **selective_metrics(calibrated, labels, threshold),
    }


def selective_metrics(probabilities: np.ndarray, labels: np.ndarray, threshold: float) -> dict:
    """Compute coverage and accuracy of the predictions (N, G) whose probability reaches the threshold."""
    confident = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    return {
        "coverage": round(float(confident.mean()), 4),
        "selective_accuracy": round(float(right[confident].mean()), 4) if confident.any() else None,
    }


def log_opinion_pool(probabilities: np.ndarray, weights: ArrayLike) -> np.ndarray:
    """Pool the predictions of K models, (K, ..., G) -> (..., G), by weights (K,) or (K, ...) of each item.

    In the logarithmic opinion pool (Genest and Zidek, "Combining probability distributions", 1986), a genre
    to which one model gives almost no probability stays unlikely, whatever the others predict.
    """
    weights = np.asarray(weights, float)
    weights = np.expand_dims(weights, tuple(range(weights.ndim, probabilities.ndim)))
    total = (weights * np.log(probabilities.clip(1e-9))).sum(axis=0)
    return softmax(total / weights.sum(axis=0), axis=-1)
