"""Any trained model of the zoo as a classifier: windows of its own input, then a vote.

The windows are cut and represented by the very functions that made the training examples
(genre/inputs.py), by the numbers in the model's card.
"""

from itertools import compress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genre.audio import SAMPLE_RATE
from genre.cards import ArtefactError
from genre.classifier import AUDIBLE_DB, Classifier
from genre.dataset import Examples
from genre.experiment import load_model, probabilities
from genre.inputs import fitted, represent, window_samples, window_starts
from genre.models import InputSpec


class PromotedClassifier(Classifier):
    """A network or a classical model of a run directory, ready to hear clips."""

    def __init__(self, folder: Path) -> None:
        """Raises ArtefactError for a folder that does not hold one."""
        self.model, card = load_model(folder)
        try:
            front_end = card["front_end"] or {}
            self.spec = InputSpec(
                card["input"], tuple(card["shape"]), float(card["seconds"]),
                front_end.get("n_fft", 0), front_end.get("hop_length", 0), front_end.get("n_mels", 0),
            )
            self.scale, self.offset = float(card["scale"]), float(card["offset"])
            super().__init__((), card)
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"The card of {folder.name!r} does not fit this version of Earmark: train it again."
            ) from error

    def hear(
        self, starts: list[float], pieces: np.ndarray, power: Tensor
    ) -> tuple[np.ndarray, Tensor, Tensor]:
        times, parts = [], []
        loudest = 10 * torch.log10(power.sum(dim=1).amax(dim=1) + 1e-20)  # of each piece
        audible = (loudest > loudest.max() - AUDIBLE_DB).tolist()
        for start_s, samples in compress(zip(starts, pieces, strict=True), audible):
            first = window_starts(samples, self.spec, "even")  # silent ones are left out
            parts.append(represent(samples, first, self.spec))
            middle = min(window_samples(self.spec), len(samples)) / 2
            times.append(start_s + (first + middle) / SAMPLE_RATE)
        values = np.concatenate(parts)
        nothing = np.zeros(len(values), dtype=int)
        examples = Examples(values, nothing, nothing.astype(str), self.genres, self.scale, self.offset)
        answers = probabilities(self.model, fitted(examples, self.spec.shape))
        over_time = torch.from_numpy(answers).double()
        return np.concatenate(times), over_time.mean(dim=0), over_time
