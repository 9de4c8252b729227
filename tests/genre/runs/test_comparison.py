"""Reports compared track by track: disagreements, and the test whether one is better."""

from dataclasses import replace

import pytest

from genre.runs.comparison import (
    PairComparison,
    TrackPredictions,
    common_tracks,
    compare_pair,
    find_disagreements,
)
from genre.runs.report import Report
from tests.support.training_runs import make_report


def predictions(*genres: str, data: str = "builtin") -> TrackPredictions:
    """Of tracks that are pop, jazz, pop, jazz, ... in turn."""
    rows = [
        {"track": str(number), "genre": "jazz" if number % 2 else "pop", "prediction": genre}
        for number, genre in enumerate(genres)
    ]
    return TrackPredictions.of(Report("knn", predictions=rows), data)


def test_disagreements():
    first, second = make_report("linear", "track", 3.0), make_report("knn", "track", 0.0)
    one, other = (TrackPredictions.of(report, "builtin") for report in (first, second))
    rows = find_disagreements([one, other])
    assert rows and all(len({genre for genre, _ in row["predictions"]}) == 2 for row in rows)
    assert len(common_tracks([one, other])) == 40 and find_disagreements([one, one]) == []
    little = TrackPredictions.of(replace(first, predictions=first.predictions[:1]), "builtin")
    assert len(common_tracks([little, other])) == 1 and not common_tracks([])
    elsewhere = TrackPredictions.of(second, "/other/music")
    assert not common_tracks([one, elsewhere]) and find_disagreements([one, elsewhere]) == []


def test_a_pair_is_compared_by_the_exact_test():
    right = predictions("pop", "jazz", "pop", "jazz", "pop", "jazz", "pop")
    wrong = predictions("pop", "pop", "rock", "rock", "pop", "rock")
    result = compare_pair(right, wrong)
    assert result == PairComparison(6, 4, 0, ("jazz", "pop")) and result.p_value == 2 / 16
    assert compare_pair(wrong, right) == PairComparison(6, 0, 4, ())
    other_music = predictions("pop", "pop", data="/other/music")
    assert compare_pair(right, other_music).n_common == 0, "other music with the same names"
    assert compare_pair(right, right).p_value == 1.0
    assert compare_pair(right, predictions()) == PairComparison(0, 0, 0, ())
    # scipy.stats.binomtest(3, 20).pvalue
    assert PairComparison(30, 17, 3, ()).p_value == pytest.approx(0.002576828)
