"""The layout shift of a benchmark's visit, as web.dev defines it."""

import pytest

from tests.benchmarks.app.bench_felt import worst_shift


def test_the_worst_window_counts():
    assert worst_shift([]) == 0
    assert worst_shift([[0, 0.1], [900, 0.1], [1_800, 0.1]]) == pytest.approx(0.3), "one window"
    assert worst_shift([[0, 0.1], [1_001, 0.2]]) == pytest.approx(0.2), "a gap of a second ends it"
    long = [[500 * n, 0.01] for n in range(20)]
    assert worst_shift(long) == pytest.approx(0.11), "five seconds at most"
