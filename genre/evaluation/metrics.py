"""Metrics of predictions, by window and by track, with intervals for the number of tracks."""

import warnings
from collections.abc import Sequence

import numpy as np

ECE_BINS = 5
RESAMPLES = 1000  # bootstrap resamples
RESAMPLES_AT_ONCE = 50  # resamples in a batch, which bounds the memory: each takes a number an item
INTERVAL = 0.95


def aggregate_by_track(
    values: np.ndarray, labels: np.ndarray, tracks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Average over the windows of each track; for probabilities this is soft voting.

    (N, G), (N,), (N,) -> values (T, G), labels (T,), names (T,), in the order of the names.
    """
    names, first, row = np.unique(tracks, return_index=True, return_inverse=True)
    total = np.zeros((len(names), values.shape[1]))
    np.add.at(total, row, values)
    return total / np.bincount(row)[:, None], labels[first], names


def compute_metrics(
    probabilities: np.ndarray, labels: np.ndarray, genres: tuple[str, ...], tracks: np.ndarray | None = None
) -> dict:
    """Compute metrics of probabilities (N, G) against labels (N,), as a dictionary for JSON.

    `balanced_accuracy` is the mean recall of the genres that are present. Intervals are 95 % bootstrap
    intervals over the N items or, where these are windows, over their `tracks` (N,), since the windows of a
    track are right or wrong together.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support  # takes a second

    predictions = probabilities.argmax(axis=1)
    classes = np.arange(len(genres))
    confusion = confusion_matrix(labels, predictions, labels=classes)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predictions, labels=classes, zero_division=0.0
    )
    present = support > 0
    groups = np.arange(len(labels)) if tracks is None else np.unique(tracks, return_inverse=True)[1]
    accuracy_interval, balanced_interval = _intervals(predictions == labels, labels, len(genres), groups)
    return {
        "count": len(labels),
        "accuracy": float((predictions == labels).mean()),
        "accuracy_interval": accuracy_interval,
        "balanced_accuracy": balanced_accuracy(predictions, labels),
        "balanced_accuracy_interval": balanced_interval,
        "macro_precision": float(precision[present].mean()),
        "macro_recall": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "ece": ece(probabilities, labels),
        "genres": {
            genre: {
                "precision": float(precision[k]),
                "recall": float(recall[k]),
                "f1": float(f1[k]),
                "count": int(support[k]),
            }
            for k, genre in enumerate(genres)
        },
        "confusion": confusion.tolist(),  # rows: the true genre; columns: the predicted one
    }


def balanced_accuracy(predictions: np.ndarray, labels: np.ndarray) -> float:
    """Compute the mean recall of the classes that are present in labels (N,)."""
    from sklearn.metrics import balanced_accuracy_score  # takes a second

    with warnings.catch_warnings():  # warns of predicted classes that are not present
        warnings.simplefilter("ignore", UserWarning)
        return float(balanced_accuracy_score(labels, predictions))


def ece(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Compute the expected calibration error of (N, G) against (N,).

    It is the mean gap between confidence and accuracy over five bins of equal width of the highest
    probability (Guo et al. 2017).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    error = sum(abs(confidence[bins == k].sum() - right[bins == k].sum()) for k in range(ECE_BINS))
    return float(error / len(labels))


def ece_interval(probabilities: np.ndarray, labels: np.ndarray) -> list[float]:
    """Compute the 95 % bootstrap interval of `ece`, resampling items."""
    resamples = np.random.default_rng(0).integers(len(labels), size=(RESAMPLES, len(labels)))
    errors = [ece(probabilities[rows], labels[rows]) for rows in resamples]
    return interval_of(np.array(errors))


def accuracy_drop(before: np.ndarray, after: np.ndarray) -> dict:
    """Compare two predictions of the same items, (N,) bool each, true where right -> accuracy drop, interval.

    The bootstrap resamples items with both their predictions, so an item that is wrong both times adds
    nothing to the interval.
    """
    drop = before.astype(float) - after
    count = len(drop)
    weights = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), RESAMPLES)
    interval = interval_of(100 * (weights @ drop) / count, digits=2)
    return {"points": round(100 * float(drop.mean()), 2), "interval": interval}


def _intervals(
    right: np.ndarray, labels: np.ndarray, n_genres: int, groups: np.ndarray
) -> tuple[list[float], list[float]]:
    """Compute bootstrap intervals of accuracy and balanced accuracy, resampling the groups (N,) of the items.

    A genre that a resample misses does not count in its balanced accuracy. Where all items are right, or
    all wrong, every resample would be the same; the result is then the exact interval of Clopper and Pearson.
    """
    count, rng = int(groups.max()) + 1, np.random.default_rng(0)
    if right.all() or not right.any():
        bounds = exact_share(np.full(count, right.all()))["interval"]
        return bounds, bounds
    one_hot = np.eye(n_genres)[labels]  # (N, G)
    accuracy, balanced = [], []
    for _ in range(RESAMPLES // RESAMPLES_AT_ONCE):
        weights = rng.multinomial(count, np.full(count, 1 / count), RESAMPLES_AT_ONCE)[:, groups]
        support = weights @ one_hot
        recall = np.where(support > 0, weights @ (one_hot * right[:, None]) / support.clip(min=1), np.nan)
        accuracy.append(weights @ right / weights.sum(axis=1))
        balanced.append(np.nanmean(recall, axis=1))
    return interval_of(np.concatenate(accuracy)), interval_of(np.concatenate(balanced))


def exact_share(hits: Sequence[bool] | np.ndarray) -> dict:
    """Compute the share of hits (N,) with its exact interval (Clopper and Pearson 1934), for JSON."""
    from scipy.stats import binomtest  # takes a second

    exact = binomtest(int(np.sum(hits)), len(hits)).proportion_ci(INTERVAL, "exact")
    return {
        "count": len(hits),
        "fraction": round(float(np.mean(hits)), 4),
        "interval": [round(float(exact.low), 4), round(float(exact.high), 4)],
    }


def interval_of(values: np.ndarray, digits: int = 4) -> list[float]:
    """Compute the central 95 % interval of a figure's values (N,), each of another resample."""
    tail = (1 - INTERVAL) / 2
    return [round(float(value), digits) for value in np.quantile(values, (tail, 1 - tail))]
