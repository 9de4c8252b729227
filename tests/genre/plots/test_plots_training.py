"""genre.plots.training: the values of the learning curves, not their looks."""

import pytest

from genre.plots.training import Learning, confusion_matrix, learning_curve, live_curve, reach


def _epochs(with_validation: bool, part: int = 1, count: int = 3) -> list[dict]:
    validation = {"valid_loss": 1.5, "valid_accuracy": 0.4} if with_validation else {}
    return [
        {"epoch": number, "loss": 1 / number, "accuracy": 0.2 * number, "part": part} | validation
        for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("measure", ["accuracy", "loss"])
def test_only_validation_is_drawn_solid(measure):
    """A recipe without early stopping has no validation: a solid line would promise too much."""
    runs = [
        Learning("with", _epochs(with_validation=True)),
        Learning("without", _epochs(with_validation=False)),
    ]
    lines = [(line.name, line.line.dash, line.showlegend) for line in learning_curve(runs, measure).data]
    assert lines == [("with", "solid", True), ("with", "dot", False), ("without", "dot", True)]
    rows, _ = live_curve(runs, measure)
    assert {(row["run"], row["music"]) for row in rows} == {
        ("with", "kept aside"),
        ("with", "learnt from"),
        ("without", "learnt from"),
    }


def test_mistakes_look_like_mistakes():
    """On the other side of the scale of colours, however many there are."""
    matrix = confusion_matrix({"confusion": [[3, 1], [0, 4]], "genres": ["jazz", "rock"]}).data[0]
    assert matrix.z.tolist() == [[75, -25], [0, 100]] and (matrix.zmin, matrix.zmax) == (-100, 100)
    assert matrix.customdata[0].tolist() == [[3, 75], [1, 25]]


def test_accuracies_are_drawn_in_percent():
    line = learning_curve([Learning("knn", _epochs(with_validation=False))], "accuracy").data[0]
    assert list(line.x) == [1, 2, 3]
    assert list(line.y) == pytest.approx([20, 40, 60])


def test_of_several_parts_the_latest_is_drawn():
    folds = Learning("folds", _epochs(with_validation=True) + _epochs(with_validation=True, part=2, count=1))
    for line in learning_curve([folds], "loss").data:
        assert list(line.x) == [1]
    rows, _ = live_curve([folds], "loss")
    assert {row["epoch"] for row in rows} == {1}


def test_an_axis_of_epochs_moves_on_seldom_and_is_mostly_full():
    assert [reach([longest]) for longest in (0, 1, 12, 14, 16, 21, 160, 1_001)] == [
        10,
        10,
        15,
        15,
        20,
        25,
        200,
        1_500,
    ]
    ends = [reach(range(longest + 1)) for longest in range(20, 1_000)]
    assert all(longest <= end < 1.6 * longest for longest, end in enumerate(ends, 20))
    assert reach([]) == 10


@pytest.mark.parametrize("measure", ["accuracy", "loss"])
def test_scales_do_not_wait_for_data(measure):
    """Vega takes the extent of a scale of nothing for infinite, and says so in the console."""
    for runs in ([], [Learning("a", [{"epoch": 1, "loss": 2.3, "accuracy": 0.1}])]):
        _, description = live_curve(runs, measure)
        assert all(len(description["encoding"][axis]["scale"]["domain"]) == 2 for axis in ("x", "y"))
