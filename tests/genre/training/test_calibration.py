"""Temperature, class bias and confidence thresholds, of predictions and of whole runs."""

import json

import numpy as np
import pytest

from genre.evaluation.calibration import (
    MIN_CONFIDENT,
    TARGET_SELECTIVE_ACCURACY,
    apply_temperature,
    fit_class_bias,
    fit_confidence_threshold,
    fit_temperature,
)
from genre.evaluation.metrics import ece
from genre.evaluation.short_clips import Excerpt, ExcerptPrediction, read_predictions
from genre.models.cards import load_card
from genre.runs import directory as runs
from genre.runs.directory import RunError
from genre.runs.worker import work_on
from genre.training.calibrate import PREDICTIONS, calibrate_run, thresholds_of_excerpts
from genre.training.experiment import experiment_settings, run_experiment


def predictions(count: int, confidence: float, share_right: float, seed: int = 0):
    """`count` predictions (count, 4) of this confidence, a share of them right, and their labels (count,)."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    predicted = np.where(rng.random(count) < share_right, labels, (labels + 1) % 4)
    probabilities = np.full((count, 4), (1 - confidence) / 3)
    probabilities[np.arange(count), predicted] = confidence
    return probabilities, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_temperature_keeps_the_order_and_the_sum(temperature):
    probabilities = np.random.default_rng(1).dirichlet(np.ones(10), 50)
    calibrated = apply_temperature(probabilities, temperature)
    assert calibrated.sum(axis=1) == pytest.approx(1)
    assert (calibrated.argsort(axis=1) == probabilities.argsort(axis=1)).all()


@pytest.mark.parametrize(("confidence", "share"), [(0.95, 0.6), (0.5, 0.9), (0.7, 0.7)])
def test_the_temperature_makes_confidence_equal_accuracy(confidence, share):
    probabilities, labels = predictions(2000, confidence, share)
    temperature = fit_temperature(probabilities, labels)
    assert ece(apply_temperature(probabilities, temperature), labels) < 0.03
    assert (temperature > 1) == (confidence > share + 0.02)


def test_confident_predictions_reach_the_target_at_the_highest_coverage():
    doubtful = predictions(300, 0.5, 0.5, seed=1)
    fair = predictions(100, 0.8, 0.9, seed=2)
    certain = predictions(100, 0.95, 1.0, seed=3)
    probabilities, labels = (np.concatenate(parts) for parts in zip(doubtful, fair, certain, strict=True))
    threshold, coverage = fit_confidence_threshold(probabilities, labels)
    confident = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    assert right[confident].mean() >= TARGET_SELECTIVE_ACCURACY
    assert confident.sum() >= 200 and coverage == pytest.approx(0.4, abs=0.15)


def test_no_prediction_is_confident_where_no_threshold_reaches_the_target():
    assert fit_confidence_threshold(*predictions(500, 0.6, 0.4)) == (1.0, 0.0)
    assert fit_confidence_threshold(*predictions(MIN_CONFIDENT - 1, 0.9, 1.0)) == (1.0, 0.0)


def test_the_class_bias_corrects_a_genre_predicted_too_often():
    probabilities, labels = predictions(2000, 0.7, 0.7)
    assert fit_class_bias(probabilities, labels) == pytest.approx(1, abs=0.1)
    too_often = probabilities * [1, 1, 1, 5]
    bias = fit_class_bias(too_often / too_often.sum(axis=1, keepdims=True), labels)
    assert bias[3] < 0.8 < 1 < min(bias[:3]) and np.prod(bias) == pytest.approx(1)


def test_a_shorter_clip_never_has_a_lower_threshold():
    probabilities, labels = predictions(400, 0.7, 0.9)
    excerpts = [Excerpt(f"track {k}", (3.0, 5.0, 10.0, 20.0)[k % 4]) for k in range(400)]
    probabilities[1::4], labels[1::4] = predictions(100, 0.8, 0.5)  # of 5 s
    rows = [ExcerptPrediction(*row) for row in zip(probabilities, np.ones(400), labels, strict=True)]
    predicted = dict(zip(excerpts, rows, strict=True))
    thresholds = dict(thresholds_of_excerpts(predicted, 1.0, 0.6))
    assert thresholds[30.0] == 0.6 and thresholds[20.0] == thresholds[10.0] == pytest.approx(0.7)
    assert thresholds[5.0] == thresholds[3.0] == 1.0
    of_10_s = {excerpt: row for excerpt, row in predicted.items() if excerpt.seconds == 10.0}
    few = {
        excerpt._replace(seconds=20.0): row for excerpt, row in list(predicted.items())[: MIN_CONFIDENT - 1]
    }
    assert len(few) == MIN_CONFIDENT - 1
    assert list(dict(thresholds_of_excerpts(few | of_10_s, 1.0, 0.6))) == [10.0, 30.0]


@pytest.mark.usefixtures("shared_cache")
def test_networks_of_the_listen_page_predict_excerpts_of_recordings(folder_of_music):
    music = folder_of_music(("classical", "metal"), 4, seconds=6.0)
    settings = experiment_settings(
        "listen", str(music), "mel_3s", split="all", options={"members": 1}, epochs=1
    )
    folder = runs.create_run_folder("genre", settings.to_dict(), settings.model)
    with work_on(folder) as worker:
        run_experiment(worker)
    summary = calibrate_run(folder)
    predicted = read_predictions(folder / PREDICTIONS)
    assert summary["tracks"] == 8 == sum(excerpt.seconds == 0 for excerpt in predicted)
    assert {excerpt.seconds for excerpt in predicted} == {0.0, 3.0, 5.0}
    assert {row.label for row in predicted.values()} == {0, 1}
    thresholds = load_card(folder).confidence_thresholds_by_duration
    assert [seconds for seconds, _ in thresholds] == [3.0, 30.0]
    assert thresholds[0][1] >= thresholds[1][1] == summary["confidence_threshold"]


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "card.json").write_text(json.dumps({"model": "listen", "genres": ["a", "b"]}))
    with pytest.raises(RunError):
        calibrate_run(tmp_path)
