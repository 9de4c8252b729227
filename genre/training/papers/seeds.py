"""Rows of the table again with other seeds: how much of a figure is chance.

A seed draws the weights, the batches and, unless a list fixes it, the split. Rows whose training takes longer
than ten minutes keep their one seed.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from genre.evaluation.reproduction import COLUMNS
from genre.runs import directory as runs
from genre.runs.report import ReportError, load_report
from genre.training.experiment import ExperimentSettings
from genre.training.papers.reproduce import Row, build_rows, row_results, run_rows

SEEDS = (0, 1, 2)
LONGEST_S = 600.0  # of one training


def measure_seeds(
    data: str,
    only: list[str] | None,
    at_once: int | Callable[[], int],
    deadline: float | None,
    notify: Callable[[str], None],
) -> list[dict[str, Any]]:
    """Do what is missing of each row and seed, until the deadline -> an entry for each row with all seeds.

    An entry has the row's "model", "input" and "published", and for both columns the outcomes by seed. Raises
    DataError and ValueError.
    """
    entries = []
    for row in build_rows(data, only):
        seeded = [with_seed(row, seed) for seed in SEEDS]
        for variation in seeded:
            if deadline is not None and time.monotonic() > deadline:
                break
            run_rows([variation], at_once, deadline, lambda run: None, notify)
            if _longest_s(variation) > LONGEST_S:
                notify(f"{row.spec.name} on {row.input} takes longer than ten minutes: one seed.")
                break
        outcomes = row_results(seeded)
        if all(outcome[name]["state"] == "done" for outcome in outcomes for name in COLUMNS if outcome[name]):
            entry = {name: outcomes[0][name] for name in ("model", "input", "published")}
            entry |= {name: [outcome[name] for outcome in outcomes] for name in COLUMNS if outcomes[0][name]}
            entries.append(entry | {"training_s": max(map(_longest_s, seeded))})
            notify(f"{row.spec.name} on {row.input}: {len(SEEDS)} seeds.")
    return entries


def with_seed(row: Row, seed: int) -> Row:
    """Give a row another seed; with its own it stays the same row, so that its runs serve here too."""

    def change(settings: ExperimentSettings) -> ExperimentSettings:
        return replace(settings, recipe=replace(settings.recipe, seed=seed))

    if seed == row.honest.recipe.seed:
        return row
    return replace(
        row,
        paper=row.paper and change(row.paper),
        honest=change(row.honest),
        folder=row.folder.with_name(f"{row.folder.name}-seed-{seed}"),
    )


def _longest_s(row: Row) -> float:
    """The seconds of the row's longest training; 0 where none has ended."""
    longest = 0.0
    for _, folder in row.experiments.values():
        if runs.is_finished(folder):
            try:
                longest = max(longest, load_report(folder).training_s)
            except ReportError:
                continue
    return longest
