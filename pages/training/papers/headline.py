"""The paper whose figure loses most on songs that are new to its model."""

from genre.evaluation.reproduction import Figures
from genre.models.papers import PAPERS, Paper


def largest_loss(figures: dict[tuple[str, str], Figures]) -> tuple[Paper, float, float] | None:
    """Find the headline that loses most -> (paper, share right with a leak, on new songs), or None."""
    losses = [
        (paper, figure.same, figure.honest)
        for paper in PAPERS
        if (figure := figures.get(paper.headline)) and figure.leaky and figure.same and figure.honest
    ]
    return max(losses, key=lambda loss: loss[1] - loss[2], default=None)
