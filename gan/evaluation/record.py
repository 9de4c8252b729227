"""The record of a generator's metrics: in its card and in RESULTS.md."""

from dataclasses import replace
from pathlib import Path

from genre.evaluation.results import record_cards
from genre.models.cards import load_card, write_card
from genre.paths import WEIGHTS


def record_metrics(model: str, metrics: dict, folder: Path | None = None) -> None:
    """Write the metrics into the card of published weights. Raises ArtefactError or OSError."""
    target = (folder or WEIGHTS) / model
    write_card(target, replace(load_card(target), metrics=metrics))
    if folder is None:
        record_cards()
