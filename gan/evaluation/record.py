"""The record of a generator's metrics: in its card and in RESULTS.md."""

from dataclasses import replace
from pathlib import Path

from genre.evaluation.results import record_cards
from genre.models.cards import ArtefactError, load_card, write_card
from genre.paths import WEIGHTS


def record_metrics(model: str, metrics: dict, folder: Path | None = None) -> None:
    """Write the metrics into the card of published weights, beside other parts of the same weights.

    Raises ArtefactError or OSError.
    """
    target = (folder or WEIGHTS) / model
    card = load_card(target)
    if card.metrics.get("weights") == metrics["weights"]:
        metrics = card.metrics | metrics
    elif "genre_accuracy" not in metrics:
        raise ArtefactError(
            "The card holds no figures of these weights yet: measure all parts first, without --part."
        )
    write_card(target, replace(card, metrics=metrics))
    if folder is None:
        record_cards()
