"""The from-scratch model: branches of small convolutional networks, whose predictions are pooled."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genre.audio.spectrogram import SpectrogramParams
from genre.inference.branches import BRANCHES, Branch, resample_windows
from genre.inference.classifier import Classifier, WindowPredictions, audible
from genre.inference.screening.noise import denoise, is_noisy
from genre.legacy import INPUT_ALIASES
from genre.models.artefacts import load_artefact
from genre.models.cards import Card
from genre.models.listen import ListenNet


class EnsembleClassifier(Classifier):
    """A classifier of branches, each an ensemble of networks, pooled by their logarithms and weights.

    Noisy segments are predicted a second time without their noise, and both predictions count alike,
    unless `denoise_noisy` is off.
    """

    has_gradient = True

    def __init__(self, branches: list[Branch], card: Card, denoise_noisy: bool = True) -> None:
        super().__init__(card)
        self.branches = branches
        self.denoise_noisy = denoise_noisy

    @classmethod
    def from_folder(cls, folder: Path) -> "EnsembleClassifier":
        """Load the model in a folder. Raises ArtefactError, and what `from_weights` raises."""
        return cls.from_weights(*load_artefact(folder))

    @classmethod
    def from_weights(cls, weights: dict[str, Tensor], card: Card) -> "EnsembleClassifier":
        """Build the classifier.

        Raises KeyError, TypeError, ValueError or RuntimeError for weights that do not fit the card.
        """
        only_branch = {
            "shape": card.shape,
            "options": card.options,
            "front_end": card.front_end,
            "weight": 1.0,
        }
        branches: list[Branch] = []
        for kind, part in (card.branches or {card.input: only_branch}).items():
            network = ListenNet(part["shape"], len(card.genres), **part["options"])
            network.load_state_dict(_weights_of(kind, weights) if card.branches else weights)
            front_end = SpectrogramParams.from_dict(part["front_end"])
            branches.append(BRANCHES[kind](network, front_end, float(part["weight"])))
        return cls(branches, card)

    def only(self, branch: Branch) -> "EnsembleClassifier":
        """Return a classifier with this branch alone and the same card."""
        return EnsembleClassifier([branch], self.card, self.denoise_noisy)

    def predict_windows(
        self, starts_s: list[float], segments: np.ndarray, power: Tensor, gain: Tensor | None = None
    ) -> WindowPredictions:
        versions = [power]
        if self.denoise_noisy and (noisy := is_noisy(power)).any():
            versions.append(torch.where(noisy[:, None, None], denoise(power), power))
        if gain is not None:
            versions = [version * gain for version in versions]
        logs = zip(*(self._log_probabilities(version) for version in versions), strict=True)
        overall, by_window = (torch.stack(parts).mean(dim=0).softmax(dim=-1) for parts in logs)
        centres_s = self.branches[0].centres(power.shape[2]) * self.front_end.params.seconds_per_frame
        times_s = np.concatenate([start_s + centres_s for start_s in starts_s])
        return WindowPredictions(times_s, overall, by_window)

    def embeddings(self, segments: np.ndarray, power: Tensor) -> list[np.ndarray]:
        """Compute the last features of each member of the first branch, averaged over the audible cells."""
        cells = [features.transpose(1, 2) for features in self.branches[0].features(power)]
        return [part[audible(power, part.shape[1])].mean(dim=0).numpy() for part in cells]

    def _log_probabilities(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Predict mel power (P, bands, frames) -> pooled log-probabilities: (G,), and by window (W, G)."""
        base, frames = self.branches[0], power.shape[2]
        centres = base.centres(frames)
        reach = centres[0] - base.params.first_frame  # half a window
        overall_weights = self._branch_weights(frames)
        window_weights = self._branch_weights(min(frames, round(2 * reach)))
        overall, by_window = (torch.zeros(()), torch.zeros(()))
        for branch, weight, window_weight in zip(self.branches, overall_weights, window_weights, strict=True):
            logits = branch.logits(power)
            overall = overall + weight * _log(vote(logits[audible(power, logits.shape[1])]))
            if branch is not base:
                logits = resample_windows(logits, branch.centres(frames), centres, reach)
            by_window = by_window + window_weight * _log(logits.softmax(dim=-1).mean(dim=2).flatten(0, 1))
        return overall, by_window

    def _branch_weights(self, frames: int) -> list[float]:
        """Compute the weight of each branch on a segment of so many frames; the weights add up to 1."""
        weights = [branch.weight * branch.n_windows(frames) for branch in self.branches]
        return [weight / sum(weights) for weight in weights]


def _weights_of(kind: str, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Select the weights of one branch; their names begin with its kind of input, or the kind's old name."""
    branch_weights = {}
    for name, tensor in weights.items():
        prefix, rest = name.split(".", 1)
        if INPUT_ALIASES.get(prefix, prefix) == kind:
            branch_weights[rest] = tensor
    return branch_weights


def vote(logits: Tensor) -> Tensor:
    """Average over windows, then over members: (..., windows, members, G) -> probabilities (..., G)."""
    return logits.mean(dim=-3).softmax(dim=-1).mean(dim=-2)


def _log(probabilities: Tensor) -> Tensor:
    return probabilities.clamp(min=1e-9).log()
