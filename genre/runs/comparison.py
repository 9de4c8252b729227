"""The comparison of reports track by track: their disagreements, and a test of the difference of two."""

from collections.abc import Sequence
from dataclasses import dataclass

from genre.runs.report import Report

TrackKey = tuple[str, str]  # (data, track): other music may have tracks of the same names


@dataclass(frozen=True)
class TrackPredictions:
    """The predictions of one report's test; each is a dictionary as in `Report.predictions`."""

    by_track: dict[TrackKey, dict]

    @classmethod
    def of(cls, report: Report, data: str) -> "TrackPredictions":
        """Collect the predictions of a report on the folder of music `data`, or on "builtin"."""
        return cls({(data, row["track"]): row for row in report.predictions})


def common_tracks(tests: Sequence[TrackPredictions]) -> set[TrackKey]:
    """Return the tracks that all reports tested."""
    return set.intersection(*(set(test.by_track) for test in tests)) if tests else set()


def find_disagreements(tests: Sequence[TrackPredictions]) -> list[dict]:
    """Find the tracks that all reports tested, and for which their predictions differ.

    Returns [{"data", "track", "genre", "predictions": [(genre, probability), ...]}], in the order of the
    number of right predictions.
    """
    rows = []
    for key in sorted(common_tracks(tests)):
        predictions = [
            (test.by_track[key]["prediction"], test.by_track[key]["probability"]) for test in tests
        ]
        if len({genre for genre, _ in predictions}) > 1:
            truth = tests[0].by_track[key]["genre"]
            rows.append({"data": key[0], "track": key[1], "genre": truth, "predictions": predictions})
    return sorted(rows, key=lambda row: sum(genre == row["genre"] for genre, _ in row["predictions"]))


@dataclass(frozen=True)
class PairComparison:
    """The comparison of two reports on the tracks that both tested."""

    n_common: int
    n_first: int  # tracks that only the first gets right
    n_second: int
    better_genres: tuple[str, ...]  # genres of which the first gets more right, the largest difference first

    @property
    def p_value(self) -> float:
        """The probability of so uneven a result if both are equally good.

        It is that of the exact two-sided McNemar test, which Dietterich (Neural Computation 10, 1998)
        recommends for one split.
        """
        from scipy.stats import binomtest  # takes a second

        n = self.n_first + self.n_second
        return float(binomtest(self.n_first, n).pvalue) if n else 1.0


def compare_pair(first: TrackPredictions, second: TrackPredictions) -> PairComparison:
    """Compare two reports track by track."""
    common = common_tracks([first, second])
    n_first = n_second = 0
    balance: dict[str, int] = {}
    for key in common:
        row, other = first.by_track[key], second.by_track[key]
        genre = row["genre"]
        difference = (row["prediction"] == genre) - (other["prediction"] == genre)
        n_first += difference > 0
        n_second += difference < 0
        balance[genre] = balance.get(genre, 0) + difference
    better = sorted((genre for genre in balance if balance[genre] > 0), key=lambda g: (-balance[g], g))
    return PairComparison(len(common), n_first, n_second, tuple(better))
