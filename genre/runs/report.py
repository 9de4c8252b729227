"""The report of a finished run, report.json, with its only reader and writer."""

import json
from dataclasses import asdict, dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any

from genre.legacy import REPORT_KEYS, renew_keys
from genre.paths import write_atomic
from genre.reading import MAX_NUMBER, read_json


class ReportError(ValueError):
    """A report is missing or damaged; the text says what to do."""


@dataclass
class Report:
    """The outcome of a run; empty parts are not stored."""

    model: str
    input: str = ""
    seed: int = 0
    data: dict[str, Any] = field(default_factory=dict)  # name, source, tracks, windows, skipped
    split: dict[str, Any] = field(default_factory=dict)  # name, leaky, note, train_tracks, test_tracks
    notes: list[str] = field(default_factory=list)
    training_s: float = 0.0
    parameters: int | None = None
    inference_ms: float = 0.0  # median time to predict one window
    by_track: dict[str, Any] = field(default_factory=dict)  # see genre.evaluation.metrics.compute_metrics
    by_window: dict[str, Any] = field(default_factory=dict)
    predictions: list[dict[str, Any]] = field(default_factory=list)  # track, genre, prediction, probability
    metrics: dict[str, Any] = field(default_factory=dict)  # metrics without tracks: faces, generators

    @property
    def is_tested(self) -> bool:
        """Return whether the run has test tracks."""
        return bool(self.by_track)

    def to_dict(self) -> dict[str, Any]:
        """Convert the report to plain JSON values, without its empty parts."""
        return {key: value for key, value in asdict(self).items() if value not in ({}, [], "")}

    @classmethod
    def from_dict(cls, values: Any) -> "Report":
        """Read the values of `to_dict`, also of older versions. Raises ReportError for other values."""
        if not isinstance(values, dict):
            raise ReportError("A report is a JSON object.")
        values = renew_keys(values, REPORT_KEYS)
        names = {part.name for part in fields(cls)}
        others = {key: value for key, value in values.items() if key not in names}
        parts = {key: value for key, value in values.items() if key in names}
        if others:  # emotion and generator runs of older versions have their metrics at the top level
            parts["metrics"] = others | parts.get("metrics", {})
        if not (isinstance(parts.setdefault("model", ""), str) and _has_types(parts)):
            raise ReportError("A part of the report is of another type.")
        return cls(**parts)


def _has_types(parts: dict[str, Any]) -> bool:
    kinds: dict[str, type] = {
        "data": dict,
        "split": dict,
        "by_track": dict,
        "by_window": dict,
        "metrics": dict,
    }
    kinds |= {"predictions": list, "notes": list}
    return all(isinstance(parts[name], kind) for name, kind in kinds.items() if name in parts)


def _is_whole(report: Report) -> bool:
    """Return whether the report of a test has all parts that tables and charts show."""
    try:
        numbers = [report.training_s, report.inference_ms, report.by_window["accuracy"]]
        numbers += [report.split["train_tracks"], report.split["test_tracks"], report.parameters or 0]
        by_track = report.by_track
        numbers += [
            by_track["count"],
            by_track["accuracy"],
            by_track["macro_f1"],
            *by_track["accuracy_interval"],
        ]
        for row in (*by_track["genres"].values(), *report.by_window.get("genres", {}).values()):
            numbers += [row["precision"], row["recall"], row["f1"], row["count"]]
        sides = [len(by_track["genres"]), len(by_track["confusion"]), *map(len, by_track["confusion"])]
        numbers += [count for row in by_track["confusion"] for count in row]
        numbers += [row["probability"] for row in report.predictions]
        names = [row[part] for row in report.predictions for part in ("track", "genre", "prediction")]
        names += [report.split["name"], report.data["source"]]
        return (
            len(by_track["accuracy_interval"]) == 2
            and len(set(sides)) == 1
            and all(isfinite(number) and abs(number) < MAX_NUMBER for number in numbers)
            and all(isinstance(name, str) for name in names)
            and isinstance(report.split["leaky"], bool)
        )
    except (KeyError, TypeError, AttributeError, OverflowError):
        return False


def load_report(folder: Path) -> Report:
    """Read the folder's report. Raises ReportError with a sentence while it is missing or damaged."""
    try:
        values = read_json(folder / "report.json")
        if not values:
            raise ReportError("The report is empty.")
        report = Report.from_dict(values)
        if report.is_tested and not _is_whole(report):
            raise ReportError("A part of the report is missing, or no number.")
        return report
    except (OSError, ValueError) as error:
        raise ReportError(f"{folder.name} has no report yet, or a damaged one: resume it.") from error


def write_report(folder: Path, report: Report) -> None:
    """Replace the folder's report.json in one step."""
    write_atomic(folder / "report.json", json.dumps(report.to_dict(), indent=1) + "\n")
