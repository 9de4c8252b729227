"""Metrics against scikit-learn and the plain formulas, aggregation by track, calibration, intervals."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from genre.evaluation import report
from genre.evaluation.calibration import log_opinion_pool
from genre.evaluation.metrics import ECE_BINS, aggregate_by_track, compute_metrics, ece, ece_interval
from genre.evaluation.report import confusion_table, report_table
from genre.runs.report import Report

GENRES = ("blues", "classical", "metal")


def predictions(count: int = 200, skill: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count)
    scores = rng.standard_normal((count, 3)) + skill * np.eye(3)[labels]
    probabilities = np.exp(scores)
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels


def test_metrics_are_scikit_learns():
    probabilities, labels = predictions()
    metrics, predicted = compute_metrics(probabilities, labels, GENRES), probabilities.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, predicted, average="macro")
    assert metrics["accuracy"] == pytest.approx(accuracy_score(labels, predicted))
    assert metrics["macro_precision"] == pytest.approx(precision)
    assert metrics["macro_recall"] == metrics["balanced_accuracy"] == pytest.approx(recall)
    assert metrics["macro_f1"] == pytest.approx(f1)
    assert metrics["confusion"] == confusion_matrix(labels, predicted).tolist()
    for k, genre in enumerate(GENRES):
        one_genre = precision_recall_fscore_support(labels, predicted, labels=[k])
        assert metrics["genres"][genre]["f1"] == pytest.approx(one_genre[2][0])
        assert metrics["genres"][genre]["count"] == one_genre[3][0]


@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(2, 10))
def test_metrics_are_the_plain_formulas(seed: int, count: int, n_genres: int) -> None:
    """Also where a genre is missing from the labels, from the predictions, or from both."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(rng.integers(0, n_genres, 4), count)
    probabilities = rng.dirichlet(np.ones(n_genres), count)
    predicted = probabilities.argmax(axis=1)
    genres = tuple(f"genre {k}" for k in range(n_genres))
    confusion = np.zeros((n_genres, n_genres), int)
    for label, prediction in zip(labels, predicted, strict=True):
        confusion[label, prediction] += 1
    right, support, predictions = confusion.diagonal(), confusion.sum(axis=1), confusion.sum(axis=0)
    recall = np.array([hits / n if n else 0.0 for hits, n in zip(right, support, strict=True)])
    precision = np.array([hits / n if n else 0.0 for hits, n in zip(right, predictions, strict=True)])
    f1 = np.array([2 * p * r / (p + r) if p + r else 0.0 for p, r in zip(precision, recall, strict=True)])
    present = support > 0

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("genre.evaluation.metrics.RESAMPLES", 50)  # the intervals have tests of their own
        metrics = compute_metrics(probabilities, labels, genres)
    assert metrics["confusion"] == confusion.tolist() and metrics["count"] == count
    assert metrics["accuracy"] == pytest.approx(right.sum() / count)
    assert metrics["balanced_accuracy"] == pytest.approx(recall[present].mean())
    assert metrics["macro_recall"] == pytest.approx(recall[present].mean())
    assert metrics["macro_precision"] == pytest.approx(precision[present].mean())
    assert metrics["macro_f1"] == pytest.approx(f1[present].mean())
    for k, genre in enumerate(genres):
        expected = {"precision": precision[k], "recall": recall[k], "f1": f1[k], "count": support[k]}
        assert metrics["genres"][genre] == pytest.approx(expected)

    confidence = probabilities.max(axis=1)
    error = 0.0
    for k in range(ECE_BINS):
        bin_ = (confidence >= k / ECE_BINS) & (confidence < (k + 1) / ECE_BINS + (k == ECE_BINS - 1))
        if bin_.any():
            gap = abs(confidence[bin_].mean() - (predicted == labels)[bin_].mean())
            error += bin_.mean() * gap
    assert metrics["ece"] == pytest.approx(error)
    json.dumps(metrics)


def test_genres_without_a_test_track_do_not_count():
    metrics = compute_metrics(np.eye(3)[[0, 0, 1]], np.array([0, 0, 1]), GENRES)
    assert metrics["balanced_accuracy"] == metrics["macro_f1"] == 1.0
    assert metrics["balanced_accuracy_interval"] == metrics["accuracy_interval"]
    assert metrics["accuracy_interval"][1] == 1.0 and 0 < metrics["accuracy_interval"][0] < 1.0


def test_intervals_shrink_with_tracks_and_hold_the_accuracy():
    few, many = (compute_metrics(*predictions(count), GENRES) for count in (50, 2000))
    for metrics in (few, many):
        low, high = metrics["accuracy_interval"]
        assert low < metrics["accuracy"] < high
    width = [high - low for low, high in (few["accuracy_interval"], many["accuracy_interval"])]
    assert width[1] < width[0] / 4
    p, n = many["accuracy"], 2000
    assert width[1] == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / n), rel=0.1)


def test_ece():
    probabilities = np.array([[0.9, 0.1]] * 10)
    assert ece(probabilities, np.array([0] * 9 + [1])) == pytest.approx(0)
    assert ece(probabilities, np.array([1] * 10)) == pytest.approx(0.9)


def test_windows_are_averaged_by_track():
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0], [0.2, 0.8]])
    pooled, labels, names = aggregate_by_track(
        probabilities, np.array([1, 1, 1, 0]), np.array(["b", "b", "b", "a"])
    )
    assert names.tolist() == ["a", "b"] and labels.tolist() == [0, 1]
    assert pooled == pytest.approx(np.array([[0.2, 0.8], [0.4, 0.6]]))


def test_report_and_text():
    probabilities, labels = predictions(60, skill=3.0)
    tracks = np.array([f"{GENRES[label]}.{row // 2:05d}" for row, label in enumerate(labels)])
    result = json.loads(json.dumps(report.split_metrics(probabilities, labels, tracks, GENRES)))
    assert result["by_window"]["count"] == 60 and len(result["predictions"]) == len(set(tracks))
    result |= {
        "model": "knn",
        "input": "features",
        "notes": [],
        "training_s": 1.0,
        "parameters": 1234,
        "inference_ms": 1.0,
        "data": {"name": "music", "source": "recordings"},
        "split": {"name": "segment", "leaky": True, "note": "leaky"},
    }
    text = report_table(Report.from_dict(result))
    assert "LEAKY" in text and "1,234" in text and "classical" in text
    honest = Report.from_dict(result | {"split": result["split"] | {"leaky": False}})
    assert "LEAKY" not in report_table(honest)


def test_confusion_table_shows_counts():
    table = confusion_table([[3, 0], [1, 12]], ("jazz", "pop"))
    assert table.splitlines()[1].split() == ["jazz", "3", ".", "3"]
    assert table.splitlines()[2].split() == ["pop", "1", "12", "13"]


def test_what_one_prediction_rules_out_stays_unlikely():
    probabilities = np.array([[[0.5, 0.5, 1e-12]], [[0.1, 0.6, 0.3]]])
    both = log_opinion_pool(probabilities, [1, 1])
    assert both.shape == (1, 3) and both.sum() == pytest.approx(1)
    assert both.argmax() == 1 and both[0, 2] < 1e-3
    assert log_opinion_pool(probabilities, [1, 0]) == pytest.approx(probabilities[0], abs=1e-6)
    assert log_opinion_pool(probabilities[[0, 0]], [3, 1]) == pytest.approx(probabilities[0], abs=1e-6)


def test_each_item_may_have_weights_of_its_own():
    probabilities = np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.2, 0.8], [0.2, 0.8]]])
    weights = np.array([[1.0, 0.0], [0.0, 5.0]])
    assert log_opinion_pool(probabilities, weights) == pytest.approx(
        np.array([[0.9, 0.1], [0.2, 0.8]]), abs=1e-6
    )


@pytest.mark.parametrize("count", [1, 6, 60])
def test_the_interval_without_a_mistake_is_exact(count):
    """Every resample of a bootstrap would say 100 %: the exact interval is SciPy's."""
    right = np.tile([[0.9, 0.1]], (count, 1))
    for hits, labels in ((count, np.zeros(count, int)), (0, np.ones(count, int))):
        exact = binomtest(hits, count).proportion_ci(0.95, "exact")
        assert compute_metrics(right, labels, ("a", "b"))["accuracy_interval"] == pytest.approx(
            exact, abs=1e-4
        )


def test_windows_of_a_track_are_resampled_together():
    """Ten windows of a track that are right or wrong together tell no more than one."""
    rng = np.random.default_rng(0)
    right = rng.random(20) < 0.6
    probabilities = np.where(right[:, None], [[0.9, 0.1]], [[0.1, 0.9]])
    labels, tracks = np.zeros(20, int), np.arange(20).astype(str)
    parts = report.split_metrics(
        probabilities.repeat(10, 0), labels.repeat(10), tracks.repeat(10), ("a", "b")
    )
    for name in ("accuracy_interval", "balanced_accuracy_interval"):
        assert parts["by_window"][name] == pytest.approx(parts["by_track"][name], abs=0.06)
        ungrouped = compute_metrics(probabilities.repeat(10, 0), labels.repeat(10), ("a", "b"))[name]
        assert np.ptp(ungrouped) < 0.5 * np.ptp(parts["by_window"][name])


def test_the_interval_of_the_ece():
    rng = np.random.default_rng(0)
    probabilities = np.full((400, 2), [0.8, 0.2])
    labels = (rng.random(400) > 0.7).astype(int)
    low, high = ece_interval(probabilities, labels)
    assert 0 <= low < ece(probabilities, labels) < high < 0.25
    assert ece_interval(probabilities, 1 - labels)[0] > high  # confidently wrong
