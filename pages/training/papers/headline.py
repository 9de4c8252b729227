"""The paper whose figure loses most on songs that are new to its model."""

from genre.evaluation.reproduction import Figures
from genre.models.papers import PAPERS, Paper


def largest_loss(figures: dict[tuple[str, str], Figures]) -> tuple[Paper, float, float] | None:
    """Find the headline that loses most -> (paper, share of excerpts right with a leak, of new songs)."""
    losses = [
        (paper, figure.same, figure.honest_windows)
        for paper in PAPERS
        if (figure := figures.get(paper.headline)) and figure.leaky and figure.same and figure.honest_windows
    ]
    return max(losses, key=lambda loss: loss[1] - loss[2], default=None)
