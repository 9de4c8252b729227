"""Figures against scikit-learn's, voting, calibration and intervals."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from genre.evaluate import (
    as_text,
    by_track,
    calibration_error,
    calibration_interval,
    confusion_table,
    figures,
    pooled,
    report,
)

GENRES = ("blues", "classical", "metal")


def some(count: int = 200, skill: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count)
    scores = rng.standard_normal((count, 3)) + skill * np.eye(3)[labels]
    probabilities = np.exp(scores)
    return probabilities / probabilities.sum(axis=1, keepdims=True), labels


def test_figures_are_scikit_learns():
    probabilities, labels = some()
    ours, chosen = figures(probabilities, labels, GENRES), probabilities.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(labels, chosen, average="macro")
    assert ours["accuracy"] == pytest.approx(accuracy_score(labels, chosen))
    assert ours["macro_precision"] == pytest.approx(precision)
    assert ours["macro_recall"] == ours["macro_accuracy"] == pytest.approx(recall)
    assert ours["macro_f1"] == pytest.approx(f1)
    assert ours["confusion"] == confusion_matrix(labels, chosen).tolist()
    for k, genre in enumerate(GENRES):
        each = precision_recall_fscore_support(labels, chosen, labels=[k])
        assert ours["genres"][genre]["f1"] == pytest.approx(each[2][0])
        assert ours["genres"][genre]["count"] == each[3][0]


def test_genres_without_a_test_track_do_not_count():
    ours = figures(np.eye(3)[[0, 0, 1]], np.array([0, 0, 1]), GENRES)
    assert ours["macro_accuracy"] == ours["macro_f1"] == 1.0
    assert ours["macro_accuracy_interval"] == ours["accuracy_interval"]
    assert ours["accuracy_interval"][1] == 1.0 and 0 < ours["accuracy_interval"][0] < 1.0


def test_intervals_shrink_with_tracks_and_hold_the_figure():
    few, many = (figures(*some(count), GENRES) for count in (50, 2000))
    for ours in (few, many):
        low, high = ours["accuracy_interval"]
        assert low < ours["accuracy"] < high
    width = [high - low for low, high in (few["accuracy_interval"], many["accuracy_interval"])]
    assert width[1] < width[0] / 4
    p, n = many["accuracy"], 2000
    assert width[1] == pytest.approx(2 * 1.96 * np.sqrt(p * (1 - p) / n), rel=0.1)


def test_calibration_error():
    probabilities = np.array([[0.9, 0.1]] * 10)
    assert calibration_error(probabilities, np.array([0] * 9 + [1])) == pytest.approx(0)
    assert calibration_error(probabilities, np.array([1] * 10)) == pytest.approx(0.9)


def test_windows_vote_by_their_mean():
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.0, 1.0], [0.2, 0.8]])
    votes, labels, names = by_track(probabilities, np.array([1, 1, 1, 0]), np.array(["b", "b", "b", "a"]))
    assert names.tolist() == ["a", "b"] and labels.tolist() == [0, 1]
    assert votes == pytest.approx(np.array([[0.2, 0.8], [0.4, 0.6]]))


def test_report_and_text():
    probabilities, labels = some(60, skill=3.0)
    tracks = np.array([f"{GENRES[label]}.{row // 2:05d}" for row, label in enumerate(labels)])
    result = json.loads(json.dumps(report(probabilities, labels, tracks, GENRES)))
    assert result["by_window"]["count"] == 60 and len(result["answers"]) == len(set(tracks))
    result |= {
        "model": "knn", "input": "features", "notes": [], "training_s": 1.0, "parameters": 1234,
        "inference_ms": 1.0, "data": {"name": "music", "source": "recordings"},
        "split": {"name": "segment", "leaky": True, "note": "leaky"},
    }
    text = as_text(result)
    assert "LEAKY" in text and "1,234" in text and "classical" in text
    assert "LEAKY" not in as_text(result | {"split": result["split"] | {"leaky": False}})


def test_confusion_table_shows_counts():
    table = confusion_table([[3, 0], [1, 12]], ("jazz", "pop"))
    assert table.splitlines()[1].split() == ["jazz", "3", ".", "3"]
    assert table.splitlines()[2].split() == ["pop", "1", "12", "13"]


def test_what_one_answer_rules_out_stays_unlikely():
    answers = np.array([[[0.5, 0.5, 1e-12]], [[0.1, 0.6, 0.3]]])
    both = pooled(answers, [1, 1])
    assert both.shape == (1, 3) and both.sum() == pytest.approx(1)
    assert both.argmax() == 1 and both[0, 2] < 1e-3
    assert pooled(answers, [1, 0]) == pytest.approx(answers[0], abs=1e-6)
    assert pooled(answers[[0, 0]], [3, 1]) == pytest.approx(answers[0], abs=1e-6)


def test_each_question_may_have_weights_of_its_own():
    answers = np.array([[[0.9, 0.1], [0.9, 0.1]], [[0.2, 0.8], [0.2, 0.8]]])
    weights = np.array([[1.0, 0.0], [0.0, 5.0]])
    assert pooled(answers, weights) == pytest.approx(np.array([[0.9, 0.1], [0.2, 0.8]]), abs=1e-6)


@pytest.mark.parametrize("count", [1, 6, 60])
def test_no_mistake_at_all_is_no_certainty(count):
    """Every drawing of a bootstrap would say 100 %: the exact interval is SciPy's."""
    right = np.tile([[0.9, 0.1]], (count, 1))
    for hits, labels in ((count, np.zeros(count, int)), (0, np.ones(count, int))):
        exact = binomtest(hits, count).proportion_ci(0.95, "exact")
        assert figures(right, labels, ("a", "b"))["accuracy_interval"] == pytest.approx(exact, abs=1e-4)


def test_windows_of_a_track_are_drawn_together():
    """Ten windows of a track that are right or wrong together tell no more than one."""
    rng = np.random.default_rng(0)
    right = rng.random(20) < 0.6
    votes = np.where(right[:, None], [[0.9, 0.1]], [[0.1, 0.9]])
    labels, tracks = np.zeros(20, int), np.arange(20).astype(str)
    told = report(votes.repeat(10, 0), labels.repeat(10), tracks.repeat(10), ("a", "b"))
    for name in ("accuracy_interval", "macro_accuracy_interval"):
        assert told["by_window"][name] == pytest.approx(told["by_track"][name], abs=0.06)
        alone = figures(votes.repeat(10, 0), labels.repeat(10), ("a", "b"))[name]
        assert np.ptp(alone) < 0.5 * np.ptp(told["by_window"][name])


def test_the_interval_of_the_calibration_error():
    rng = np.random.default_rng(0)
    probabilities = np.full((400, 2), [0.8, 0.2])
    labels = (rng.random(400) > 0.7).astype(int)
    low, high = calibration_interval(probabilities, labels)
    assert 0 <= low < calibration_error(probabilities, labels) < high < 0.25
    assert calibration_interval(probabilities, 1 - labels)[0] > high  # confidently wrong
