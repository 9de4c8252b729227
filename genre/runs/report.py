"""The report of a finished run: report.json, one reader and one writer."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from genre.legacy import REPORT, renew_keys
from genre.paths import write_atomic


class ReportError(ValueError):
    """There is no report yet, or a damaged one; the text says what to do."""


@dataclass
class Report:
    """The outcome of a run. Empty parts are not stored."""

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
    metrics: dict[str, Any] = field(default_factory=dict)  # of runs that test no tracks: faces, generators

    @property
    def is_tested(self) -> bool:
        """Whether the run has test tracks."""
        return bool(self.by_track)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values, without its empty parts."""
        return {key: value for key, value in asdict(self).items() if value not in ({}, [], "")}

    @classmethod
    def from_dict(cls, values: Any) -> "Report":
        """Undo `to_dict`, also of older versions. Raises ReportError for what is no report."""
        if not isinstance(values, dict):
            raise ReportError("A report is a JSON object.")
        values = renew_keys(values, REPORT)
        names = {part.name for part in fields(cls)}
        others = {key: value for key, value in values.items() if key not in names}
        parts = {key: value for key, value in values.items() if key in names}
        if others:  # emotion and generator runs of older versions: their metrics lay bare
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


def load_report(folder: Path) -> Report:
    """Raises ReportError with a sentence while there is none, or when it is damaged."""
    try:
        values = json.loads((folder / "report.json").read_text())
        if not values:
            raise ReportError("The report is empty.")
        return Report.from_dict(values)
    except (OSError, ValueError, RecursionError) as error:
        raise ReportError(f"{folder.name} has no report yet, or a damaged one: resume it.") from error


def write_report(folder: Path, report: Report) -> None:
    """Replace the folder's report.json in one step."""
    write_atomic(folder / "report.json", json.dumps(report.to_dict(), indent=1) + "\n")
