"""How good a model is: by window and by track, with the doubt that the number of tracks leaves."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax

CALIBRATION_BINS = 5
RESAMPLES = 1000
DRAWN_AT_ONCE = 50  # of them: the table of how often each item was drawn is as wide as there are items
INTERVAL = 0.95


def by_track(
    values: np.ndarray, labels: np.ndarray, tracks: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The mean over the windows of each track: of their probabilities, this lets the windows vote.

    (N, G), (N,), (N,) -> values (T, G), labels (T,), names (T,), in the order of the names.
    """
    names, first, place = np.unique(tracks, return_index=True, return_inverse=True)
    count = np.bincount(place)
    total = np.zeros((len(names), values.shape[1]))
    np.add.at(total, place, values)
    return total / count[:, None], labels[first], names


def pooled(answers: np.ndarray, weights: ArrayLike) -> np.ndarray:
    """Several answers to the same question, (K, ..., G), as one (..., G): the mean of their logarithms,
    by weights (K,), or (K, ...) of each question's own.

    The logarithmic opinion pool (Genest and Zidek, "Combining probability distributions", 1986): what one
    answer all but rules out stays unlikely, whatever the others say.
    """
    weights = np.asarray(weights, float)
    weights = np.expand_dims(weights, tuple(range(weights.ndim, answers.ndim)))
    total = (weights * np.log(answers.clip(1e-9))).sum(axis=0)
    return softmax(total / weights.sum(axis=0), axis=-1)


def figures(
    probabilities: np.ndarray, labels: np.ndarray, genres: tuple[str, ...], tracks: np.ndarray | None = None
) -> dict:
    """What probabilities (N, G) are worth against labels (N,), as a dictionary for JSON.

    `macro_accuracy` is the mean over genres of the share of each that was recognised (the macro
    recall); intervals are 95 % bootstrap intervals over the N items, or over the tracks (N,) that they are
    windows of, which are right or wrong together.
    """
    chosen = probabilities.argmax(axis=1)
    confusion = np.zeros((len(genres), len(genres)), dtype=int)
    np.add.at(confusion, (labels, chosen), 1)
    hits, support, guesses = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    present = support > 0
    recall = hits / support.clip(min=1)
    precision = hits / guesses.clip(min=1)
    f1 = 2 * hits / (support + guesses).clip(min=1)
    drawn = np.arange(len(labels)) if tracks is None else np.unique(tracks, return_inverse=True)[1]
    accuracy, macro = _intervals(chosen == labels, labels, len(genres), drawn)
    return {
        "count": len(labels),
        "accuracy": float((chosen == labels).mean()),
        "accuracy_interval": accuracy,
        "macro_accuracy": float(recall[present].mean()),
        "macro_accuracy_interval": macro,
        "macro_precision": float(precision[present].mean()),
        "macro_recall": float(recall[present].mean()),
        "macro_f1": float(f1[present].mean()),
        "calibration_error": calibration_error(probabilities, labels),
        "genres": {
            genre: {"precision": float(precision[k]), "recall": float(recall[k]),
                    "f1": float(f1[k]), "count": int(support[k])}
            for k, genre in enumerate(genres)
        },
        "confusion": confusion.tolist(),  # rows: the truth; columns: the answer
    }


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error: how far confidence lies from the share of right answers.

    Over five bins of equal width of the highest probability (Guo et al. 2017).
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    error = sum(
        abs(confidence[bins == k].sum() - right[bins == k].sum()) for k in range(CALIBRATION_BINS)
    )
    return float(error / len(labels))


def calibration_interval(probabilities: np.ndarray, labels: np.ndarray) -> list[float]:
    """95 % bootstrap interval of the calibration error, drawing items with replacement."""
    draws = np.random.default_rng(0).integers(len(labels), size=(RESAMPLES, len(labels)))
    errors = [calibration_error(probabilities[rows], labels[rows]) for rows in draws]
    return np.quantile(errors, ((1 - INTERVAL) / 2, (1 + INTERVAL) / 2)).round(4).tolist()


def _intervals(
    right: np.ndarray, labels: np.ndarray, n_genres: int, drawn: np.ndarray
) -> tuple[list, list]:
    """Bootstrap intervals of accuracy and of macro accuracy, drawing with replacement what items (N,)
    belong to.

    A genre that a drawing happens to miss does not count in its macro accuracy. Where all items are
    right, or all wrong, every drawing would say the same: then the exact interval of Clopper and Pearson.
    """
    count, rng = int(drawn.max()) + 1, np.random.default_rng(0)
    outside = (1 - INTERVAL) / 2
    if right.all() or not right.any():
        bound = round(outside ** (1 / count), 4)
        exact = [bound, 1.0] if right.all() else [0.0, round(1 - bound, 4)]
        return exact, exact
    member = np.eye(n_genres)[labels]  # (N, G)
    accuracy, macro = [], []
    for _ in range(RESAMPLES // DRAWN_AT_ONCE):
        times = rng.multinomial(count, np.full(count, 1 / count), DRAWN_AT_ONCE)[:, drawn]
        support = times @ member
        recall = np.where(support > 0, times @ (member * right[:, None]) / support.clip(min=1), np.nan)
        accuracy.append(times @ right / times.sum(axis=1))
        macro.append(np.nanmean(recall, axis=1))
    return tuple(
        [round(float(value), 4) for value in np.quantile(np.concatenate(values), (outside, 1 - outside))]
        for values in (accuracy, macro)
    )


def report(
    probabilities: np.ndarray, labels: np.ndarray, tracks: np.ndarray, genres: tuple[str, ...]
) -> dict:
    """Figures by track and by window, and each track's answer."""
    votes, truth, names = by_track(probabilities, labels, tracks)
    answers = [
        {"track": name, "genre": genres[label], "answer": genres[int(vote.argmax())],
         "probability": round(float(vote.max()), 4)}
        for name, label, vote in zip(names.tolist(), truth.tolist(), votes, strict=True)
    ]
    return {
        "by_track": figures(votes, truth, genres),
        "by_window": figures(probabilities, labels, genres, tracks),
        "answers": answers,
    }


def confusion_table(confusion: list[list[int]], genres: tuple[str, ...]) -> str:
    """The confusion matrix with counts, the truth in rows."""
    width = max(5, *(len(genre) for genre in genres))
    short = [genre[:5] for genre in genres]
    lines = [" " * width + "".join(f"{name:>6}" for name in short) + "  count"]
    for genre, row in zip(genres, confusion, strict=True):
        cells = "".join(f"{count or '.':>6}" for count in row)
        lines.append(f"{genre:{width}}{cells}{sum(row):>7}")
    return "\n".join(lines)


def left_out_in_words(left_out: list[tuple[str, str]]) -> str:
    """Of the files that could not be used, [(name, why)], not none: a line."""
    name, why = left_out[0]
    more = f", and {len(left_out) - 1} more (see report.json)" if len(left_out) > 1 else ""
    return f"left out: {name}: {why}{more}"


def as_text(result: dict) -> str:
    """A report.json as a table for a terminal."""
    lines = [f"{result['model']} on {result['input']}, split {result['split']['name']}"]
    if result["split"]["leaky"]:
        lines.append("LEAKY: windows of the same track are in both parts; this says nothing of new music.")
    lines += [f"data: {result['data']['name']}: {result['data']['source']}",
              f"split: {result['split']['note']}"]
    if left_out := result["data"].get("left_out"):
        lines.append(left_out_in_words(left_out))
    lines += result["notes"]
    if "by_track" not in result:
        return "\n".join([*lines, "Nothing was tested: no track was kept aside for it."])
    genres = tuple(result["by_track"]["genres"])
    for title, key in (("by track", "by_track"), ("by window", "by_window")):
        part = result[key]
        low, high = part["accuracy_interval"]
        lines.append(
            f"{title:10} accuracy {part['accuracy']:.3f} ({low:.3f} to {high:.3f})  macro: accuracy "
            f"{part['macro_accuracy']:.3f} precision {part['macro_precision']:.3f} "
            f"F1 {part['macro_f1']:.3f}  calibration error {part['calibration_error']:.3f}  "
            f"of {part['count']}"
        )
    lines += ["", f"{'':12}precision  recall      F1  tracks"]
    for genre, row in result["by_track"]["genres"].items():
        lines.append(f"{genre[:11]:12}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
                     f"{row['count']:8}")
    lines += ["", "rows: the truth, columns: the answer, by track",
              confusion_table(result["by_track"]["confusion"], genres), ""]
    parameters = f"{result['parameters']:,}" if result["parameters"] else "-"
    lines.append(f"training {result['training_s']:.1f} s, parameters {parameters}, "
                 f"one window answered in {result['inference_ms']:.1f} ms")
    return "\n".join(lines)
