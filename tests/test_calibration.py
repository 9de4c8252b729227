"""Temperature and the line above which an answer counts as sure."""

import json

import numpy as np
import pytest

from genre import runs
from genre.as_heard import Question, read_answers
from genre.calibration import (
    ANSWERS,
    FEWEST_SURE,
    RIGHT_WHEN_SURE,
    best_temperature,
    calibrate,
    genre_weights,
    lines_by_length,
    sure_above,
    tempered,
)
from genre.cards import load_card
from genre.evaluate import calibration_error
from genre.experiment import execute, settings
from genre.runs import RunError
from genre.worker import working


def answers(count: int, confidence: float, share_right: float, seed: int = 0):
    """`count` answers over four genres, each `confidence` sure; a share of them is right."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 4, count)
    chosen = np.where(rng.random(count) < share_right, labels, (labels + 1) % 4)
    probabilities = np.full((count, 4), (1 - confidence) / 3)
    probabilities[np.arange(count), chosen] = confidence
    return probabilities, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_tempering_keeps_the_order_and_the_sum(temperature):
    probabilities = np.random.default_rng(1).dirichlet(np.ones(10), 50)
    after = tempered(probabilities, temperature)
    assert after.sum(axis=1) == pytest.approx(1)
    assert (after.argsort(axis=1) == probabilities.argsort(axis=1)).all()


@pytest.mark.parametrize(("confidence", "share"), [(0.95, 0.6), (0.5, 0.9), (0.7, 0.7)])
def test_the_temperature_makes_confidence_true(confidence, share):
    probabilities, labels = answers(2000, confidence, share)
    temperature = best_temperature(probabilities, labels)
    assert calibration_error(tempered(probabilities, temperature), labels) < 0.03
    assert (temperature > 1) == (confidence > share + 0.02)


def test_sure_answers_are_right_often_enough_and_as_many_as_can_be():
    doubtful = answers(300, 0.5, 0.5, seed=1)
    fair = answers(100, 0.8, 0.9, seed=2)
    certain = answers(100, 0.95, 1.0, seed=3)
    probabilities, labels = (np.concatenate(parts) for parts in zip(doubtful, fair, certain, strict=True))
    threshold, coverage = sure_above(probabilities, labels)
    sure = probabilities.max(axis=1) >= threshold
    right = probabilities.argmax(axis=1) == labels
    assert right[sure].mean() >= RIGHT_WHEN_SURE
    assert sure.sum() >= 200 and coverage == pytest.approx(0.4, abs=0.15)


def test_nothing_is_sure_where_nothing_is_good_enough():
    assert sure_above(*answers(500, 0.6, 0.4)) == (1.0, 0.0)
    assert sure_above(*answers(FEWEST_SURE - 1, 0.9, 1.0)) == (1.0, 0.0)


def test_genres_are_weighed_as_their_answers_ask_for():
    probabilities, labels = answers(2000, 0.7, 0.7)
    assert genre_weights(probabilities, labels) == pytest.approx(1, abs=0.1)
    too_often = probabilities * [1, 1, 1, 5]
    weights = genre_weights(too_often / too_often.sum(axis=1, keepdims=True), labels)
    assert weights[3] < 0.8 < 1 < min(weights[:3]) and np.prod(weights) == pytest.approx(1)


def test_of_less_music_nobody_is_sure_sooner():
    probabilities, labels = answers(400, 0.7, 0.9)
    asked = [Question(f"track {k}", (3.0, 5.0, 10.0, 20.0)[k % 4]) for k in range(400)]
    probabilities[1::4], labels[1::4] = answers(100, 0.8, 0.5)  # of 5 s
    lines = dict(lines_by_length(asked, probabilities, labels, 0.6))
    assert lines[30.0] == 0.6 and lines[20.0] == lines[10.0] == pytest.approx(0.7)
    assert lines[5.0] == lines[3.0] == 1.0
    few = [question._replace(seconds=20.0) for question in asked[: FEWEST_SURE - 1]]
    some = [question for question in asked if question.seconds == 10.0] + few
    rows = np.r_[2:400:4, : len(few)]
    assert list(dict(lines_by_length(some, probabilities[rows], labels[rows], 0.6))) == [10.0, 30.0]


@pytest.mark.usefixtures("shared_cache")
def test_networks_of_the_listen_page_are_asked_about_parts_of_recordings(folder_of_music):
    music = folder_of_music(("classical", "metal"), 4, seconds=6.0)
    asked = settings("listen", str(music), "excerpts", split="all", options={"members": 1}, epochs=1)
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())), asked.model)
    with working(folder) as worker:
        execute(worker)
    told = calibrate(folder)
    answered = read_answers(folder / ANSWERS)
    assert told["tracks"] == 8 == sum(question.seconds == 0 for question in answered)
    assert {question.seconds for question in answered} == {0.0, 3.0, 5.0}
    assert {label for _, _, label in answered.values()} == {0, 1}
    lines = load_card(folder)["sure_above_by_length"]
    assert [seconds for seconds, _ in lines] == [3.0, 30.0]
    assert lines[0][1] >= lines[1][1] == told["sure_above"]


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "card.json").write_text(json.dumps({"model": "listen", "genres": ["a", "b"]}))
    with pytest.raises(RunError):
        calibrate(tmp_path)
