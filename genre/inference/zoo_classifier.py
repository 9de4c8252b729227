"""The classifier of any trained model of the registry: it averages the predictions of windows.

The windows are cut and computed by the same functions as the training examples (genre/data/windows.py), with
the numbers in the model's card.
"""

from itertools import compress
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genre.audio.clip import SAMPLE_RATE
from genre.data.examples import Examples
from genre.data.input_spec import InputSpec
from genre.data.windows import compute_windows, resize_to, window_samples, window_starts
from genre.inference.classifier import WINDOW_AUDIBLE_DB, Classifier, WindowPredictions
from genre.models.cards import ArtefactError
from genre.models.predict import load_model, predict_examples


class ZooClassifier(Classifier):
    """A network or a classical model of a run directory, ready to classify clips."""

    def __init__(self, folder: Path) -> None:
        """Load the model in a folder. Raises ArtefactError for a folder that does not hold one."""
        self.model, card = load_model(folder)
        try:
            front_end = card.front_end or {}
            if card.seconds is None:
                raise TypeError("The card of a genre model has its seconds.")
            self.spec = InputSpec(
                card.input,
                tuple(card.shape),
                float(card.seconds),
                front_end.get("n_fft", 0),
                front_end.get("hop_length", 0),
                front_end.get("n_mels", 0),
            )
            self.scale, self.offset = float(card.scale), float(card.offset)
            super().__init__(card)
        except (KeyError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"The card of {folder.name!r} does not fit this version of Earmark: train it again."
            ) from error

    def predict_windows(
        self, starts_s: list[float], segments: np.ndarray, power: Tensor, gain: Tensor | None = None
    ) -> WindowPredictions:
        times_s, parts = [], []
        peaks_db = 10 * torch.log10(power.sum(dim=1).amax(dim=1) + 1e-20)  # peak of each segment
        is_audible = (peaks_db > peaks_db.max() - WINDOW_AUDIBLE_DB).tolist()
        for start_s, samples in compress(zip(starts_s, segments, strict=True), is_audible):
            starts = window_starts(samples, self.spec, "even")  # silent windows are left out
            parts.append(compute_windows(samples, starts, self.spec))
            half = min(window_samples(self.spec), len(samples)) / 2
            times_s.append(start_s + (starts + half) / SAMPLE_RATE)
        values = np.concatenate(parts)
        unknown = np.zeros(len(values), dtype=int)
        examples = Examples(values, unknown, unknown.astype(str), self.genres, self.scale, self.offset)
        probabilities = predict_examples(self.model, resize_to(examples, self.spec.shape))
        by_window = torch.from_numpy(probabilities).double()
        return WindowPredictions(np.concatenate(times_s), by_window.mean(dim=0), by_window)

    def embeddings(self, segments: np.ndarray, power: Tensor) -> list[np.ndarray]:
        """Compute the square roots of the probabilities, since not every registered model has features."""
        windows = self.predict_windows([0.0] * len(segments), segments, power)
        return [windows.overall.sqrt().float().numpy()]
