"""genre.runs.report: reports come back, those of older versions too, and damaged ones are a sentence."""

import json
from pathlib import Path

import pytest

from genre.evaluation.report import report_table
from genre.paths import REPOSITORY
from genre.runs.report import Report, ReportError, load_report, write_report

OLD_REPORT = Path(__file__).parents[2] / "fixtures" / "old" / "report.json"
METRICS = (
    "accuracy",
    "accuracy_interval",
    "macro_precision",
    "macro_recall",
    "macro_f1",
    "confusion",
    "genres",
)


@pytest.fixture
def old() -> dict:
    return json.loads(OLD_REPORT.read_text())


def test_an_old_report_loads(old: dict, tmp_path: Path) -> None:
    (tmp_path / "report.json").write_bytes(OLD_REPORT.read_bytes())
    report = load_report(tmp_path)
    assert (report.model, report.input, report.seed, report.is_tested) == ("knn", "mel", 0, True)
    assert report.data["tracks"] == 300 and report.data["skipped"] == old["data"]["left_out"] == []
    assert report.split["test_tracks"] == 60 and report.training_s == old["training_s"]
    assert report.inference_ms == old["inference_ms"] and report.parameters is None
    for part, old_part in ((report.by_track, old["by_track"]), (report.by_window, old["by_window"])):
        assert part["balanced_accuracy"] == old_part["macro_accuracy"]
        assert part["balanced_accuracy_interval"] == old_part["macro_accuracy_interval"]
        assert part["ece"] == old_part["calibration_error"]
        assert all(part[name] == old_part[name] for name in METRICS)
    assert len(report.predictions) == len(old["answers"]) == 60
    for row, old_row in zip(report.predictions, old["answers"], strict=True):
        assert set(row) == {"track", "genre", "prediction", "probability"}
        assert list(row.values()) == list(old_row.values())
    assert not report.metrics, "nothing was left over"
    text = report_table(report)
    assert "balanced accuracy 0.717" in text and "classical" in text


def test_an_old_report_without_a_test_keeps_its_numbers() -> None:
    """Runs on faces wrote their figures without a key around them."""
    report = Report.from_dict(
        {"model": "emotion", "valid": {"macro_accuracy": 0.6, "calibration_error": 0.1}}
    )
    assert report.metrics == {"valid": {"balanced_accuracy": 0.6, "ece": 0.1}} and not report.is_tested


def test_a_genre_may_have_the_name_of_an_old_key() -> None:
    """Genres are the names of a user's folders."""
    rows = {"lost": {"precision": 1.0, "count": 3}, "answers": {"precision": 0.5, "count": 2}}
    assert Report.from_dict({"model": "knn", "by_track": {"genres": rows}}).by_track["genres"] == rows


def test_a_report_comes_back(old: dict, tmp_path: Path) -> None:
    report = Report.from_dict(old)
    write_report(tmp_path, report)
    assert load_report(tmp_path) == report
    stored = json.loads((tmp_path / "report.json").read_text())
    assert stored == json.loads(json.dumps(report.to_dict()))
    assert "notes" not in stored and "metrics" not in stored, "empty parts are not stored"
    assert "macro_accuracy" not in json.dumps(stored) and "left_out" not in json.dumps(stored)


@pytest.mark.parametrize(
    "folder", sorted((REPOSITORY / "assets" / "recorded").iterdir()), ids=lambda p: p.name
)
def test_the_recorded_reports_load(folder: Path) -> None:
    report = load_report(folder)
    assert report.is_tested and report.model in folder.name and report.split["name"] in folder.name
    assert report.by_track["count"] == len(report.predictions) == report.split["test_tracks"]


@pytest.mark.parametrize(
    "content",
    [None, b"", b"{", b"{}", b"[]", b"3", b"\xff", b'{"by_track": []}', b'{"model": 3}', b"[" * 9999],
)
def test_a_damaged_report_is_a_sentence(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    with pytest.raises(
        ReportError, match=rf"^{tmp_path.name} has no report yet, or a damaged one: resume it\.$"
    ):
        load_report(tmp_path)
