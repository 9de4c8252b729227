"""The report of an experiment as metrics and as text: by track, by window, and each prediction."""

from collections.abc import Sequence

import numpy as np

from genre.evaluation.metrics import aggregate_by_track, compute_metrics
from genre.runs.report import Report


def split_metrics(
    probabilities: np.ndarray, labels: np.ndarray, tracks: np.ndarray, genres: tuple[str, ...]
) -> dict:
    """Compute the parts of a Report from a test: `by_track`, `by_window`, and the `predictions` of tracks."""
    pooled, truth, names = aggregate_by_track(probabilities, labels, tracks)
    predictions = [
        {
            "track": name,
            "genre": genres[label],
            "prediction": genres[int(row.argmax())],
            "probability": round(float(row.max()), 4),
        }
        for name, label, row in zip(names.tolist(), truth.tolist(), pooled, strict=True)
    ]
    return {
        "by_track": compute_metrics(pooled, truth, genres),
        "by_window": compute_metrics(probabilities, labels, genres, tracks),
        "predictions": predictions,
    }


def confusion_table(confusion: list[list[int]], genres: tuple[str, ...]) -> str:
    """Format the confusion matrix as text, with the true genres in rows."""
    width = max(5, *(len(genre) for genre in genres))
    columns = [genre[:5] for genre in genres]
    lines = [" " * width + "".join(f"{name:>6}" for name in columns) + "  count"]
    for genre, row in zip(genres, confusion, strict=True):
        cells = "".join(f"{count or '.':>6}" for count in row)
        lines.append(f"{genre:{width}}{cells}{sum(row):>7}")
    return "\n".join(lines)


def percent(value: float) -> str:
    """Format a share: 0.745 -> "74.5 %"."""
    return f"{100 * value:.1f} %"


def percent_range(interval: list[float]) -> str:
    """Format an interval of shares in percent: "68.5 to 80.5"."""
    low, high = interval
    return f"{100 * low:.1f} to {100 * high:.1f}"


def markdown_table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Format a table in Markdown."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in lines)


def skipped_files_line(skipped_files: list[tuple[str, str]]) -> str:
    """Write one line about the files that could not be used, [(name, reason)], at least one."""
    name, reason = skipped_files[0]
    more = f", and {len(skipped_files) - 1} more (see report.json)" if len(skipped_files) > 1 else ""
    return f"left out: {name}: {reason}{more}"


def report_table(report: Report) -> str:
    """Format a report as text for a terminal. Raises KeyError or TypeError for a damaged one."""
    lines = [f"{report.model} on {report.input}, split {report.split['name']}"]
    if report.split["leaky"]:
        lines.append("LEAKY: windows of the same track are in both parts; this says nothing of new music.")
    lines += [f"data: {report.data['name']}: {report.data['source']}", f"split: {report.split['note']}"]
    if skipped_files := report.data.get("skipped"):
        lines.append(skipped_files_line(skipped_files))
    lines += report.notes
    if not report.is_tested:
        return "\n".join([*lines, "Nothing was tested: no track was kept aside for it."])
    genres = tuple(report.by_track["genres"])
    for title, part in (("by track", report.by_track), ("by window", report.by_window)):
        low, high = part["accuracy_interval"]
        lines.append(
            f"{title:10} accuracy {part['accuracy']:.3f} ({low:.3f} to {high:.3f})  balanced accuracy "
            f"{part['balanced_accuracy']:.3f}  macro precision {part['macro_precision']:.3f} "
            f"F1 {part['macro_f1']:.3f}  ECE {part['ece']:.3f}  of {part['count']}"
        )
    lines += ["", f"{'':12}precision  recall      F1  tracks"]
    for genre, row in report.by_track["genres"].items():
        lines.append(
            f"{genre[:11]:12}{row['precision']:9.3f}{row['recall']:8.3f}{row['f1']:8.3f}{row['count']:8}"
        )
    lines += [
        "",
        "rows: the true genre, columns: the predicted one, by track",
        confusion_table(report.by_track["confusion"], genres),
        "",
    ]
    parameters = f"{report.parameters:,}" if report.parameters else "-"
    lines.append(
        f"training {report.training_s:.1f} s, parameters {parameters}, "
        f"one window predicted in {report.inference_ms:.1f} ms"
    )
    return "\n".join(lines)
