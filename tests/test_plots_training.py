"""The drawings of trainings, as what they say and not how they look."""

import pytest

from genre.plots_training import Learning, learning_curve, live_curve


def _epochs(aside: bool, part: int = 1, count: int = 3) -> list[dict]:
    kept_aside = {"valid_loss": 1.5, "valid_accuracy": 0.4} if aside else {}
    return [{"epoch": number, "loss": 1 / number, "accuracy": 0.2 * number, "part": part} | kept_aside
            for number in range(1, count + 1)]


@pytest.mark.parametrize("measure", ["accuracy", "loss"])
def test_only_what_was_kept_aside_is_drawn_solid(measure):
    """A recipe without early stopping keeps nothing aside: a solid line would promise too much."""
    runs = [Learning("with", _epochs(aside=True)), Learning("without", _epochs(aside=False))]
    lines = [(line.name, line.line.dash, line.showlegend) for line in learning_curve(runs, measure).data]
    assert lines == [("with", "solid", True), ("with", "dot", False), ("without", "dot", True)]
    rows, _ = live_curve(runs, measure)
    assert {(row["run"], row["music"]) for row in rows} == {
        ("with", "kept aside"), ("with", "learnt from"), ("without", "learnt from")}


def test_shares_are_drawn_in_percent():
    line = learning_curve([Learning("knn", _epochs(aside=False))], "accuracy").data[0]
    assert list(line.x) == [1, 2, 3]
    assert list(line.y) == pytest.approx([20, 40, 60])


def test_of_several_parts_the_latest_is_drawn():
    folds = Learning("folds", _epochs(aside=True) + _epochs(aside=True, part=2, count=1))
    for line in learning_curve([folds], "loss").data:
        assert list(line.x) == [1]
    rows, _ = live_curve([folds], "loss")
    assert {row["epoch"] for row in rows} == {1}
