"""The Listen page's model: a pretrained network, linear heads on it, and the from-scratch ensemble.

Windows of 3 s, spread evenly, go through the pretrained network. The heads turn its features into
logits of ten genres and of other music, and into feelings. The mean of the logits is pooled with the
prediction of the from-scratch ensemble, which knows GTZAN's genres better.
"""

from pathlib import Path

import numpy as np
from torch import Tensor

from genre.inference.classifier import Classifier, WindowPredictions, audible
from genre.inference.description import Description
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.models.artefacts import load_artefact
from genre.models.cards import Card
from genre.models.pretrained.features import PretrainedFeatures, load_tagger
from genre.models.pretrained.heads import MUSIC_EMOTIONS, TransferHeads
from genre.models.pretrained.networks import TAGS

MAX_TAGS = 5  # tags of one clip
# The limit of the mean over windows of log(sum(exp(logits))) of the tags. A clip above it is music, even if
# its level moves as in speech. 78 clips of recorded speech in five languages, 10 and 30 s long, and 95 takes
# through simulated phones measure at most 0.77. Of 879 recordings of music 32 move like speech, and 13 of
# these measure more than the limit.
MUSIC_EVIDENCE = 0.85


class PretrainedClassifier(Classifier):
    """A pretrained network with heads, pooled with a from-scratch ensemble."""

    has_gradient = True

    def __init__(
        self, features: PretrainedFeatures, heads: TransferHeads, card: Card, scratch: EnsembleClassifier
    ) -> None:
        """Take the parts. Raises KeyError, TypeError or ValueError for a card that does not fit."""
        super().__init__(card)
        self.features, self.heads, self.scratch = features, heads.eval().requires_grad_(False), scratch
        self.scratch_weight = float(card.pretrained["scratch_weight"])
        self.max_other = float(card.pretrained["max_other"])
        self.tag_thresholds = {tag: float(part["threshold"]) for tag, part in card.pretrained["tags"].items()}
        if scratch.genres != self.genres or self.tag_thresholds.keys() - set(TAGS):
            raise ValueError("The parts of the model know different genres or tags.")

    @classmethod
    def from_folder(cls, folder: Path) -> "PretrainedClassifier":
        """Load a model and the two that it uses, which lie beside it.

        Raises ArtefactError, KeyError, TypeError, ValueError or RuntimeError.
        """
        weights, card = load_artefact(folder)
        parts = card.pretrained
        tagger = load_tagger(folder.parent / parts["tagger"], parts["tagger_sha256"])
        heads = TransferHeads(len(card.genres))
        heads.load_state_dict(weights)
        scratch = EnsembleClassifier.from_folder(folder.parent / parts["scratch"])
        return cls(PretrainedFeatures(tagger, float(parts["seconds_per_window"])), heads, card, scratch)

    def predict_windows(
        self, starts_s: list[float], segments: np.ndarray, power: Tensor, gain: Tensor | None = None
    ) -> WindowPredictions:
        centres_s, features = self.features.windows(segments, gain)
        vector = features.vector()
        logits, emotions = self.heads(vector)
        is_audible = audible(power, len(centres_s)).flatten()
        clip_logits = logits[is_audible].mean(dim=0)
        emotions = emotions.detach().clamp(0.0, 1.0)
        tags = features.logits.detach().sigmoid()[is_audible].mean(dim=0)
        description = Description(
            self._tags(tags),
            dict(zip(MUSIC_EMOTIONS, emotions[is_audible].mean(dim=0).tolist(), strict=True)),
            emotions.numpy(),
            float(clip_logits.detach().softmax(dim=0)[-1]) <= self.max_other,
            tags.numpy(),
            self.heads.standardize(vector.detach()[is_audible]).mean(dim=0).numpy(),
        )
        scratch = self.scratch.predict_windows(starts_s, segments, power, gain)
        times_s = np.concatenate([start_s + centres_s for start_s in starts_s])
        nearest = np.abs(times_s[:, None] - scratch.times_s).argmin(axis=1)
        return WindowPredictions(
            times_s,
            self._pool(clip_logits[:-1], self.scratch.apply_calibration(scratch.overall)),
            self._pool(logits[:, :-1], self.scratch.apply_calibration(scratch.by_window[nearest])),
            description,
        )

    def has_music(self, segments: np.ndarray) -> bool:
        """Return whether the pretrained network finds any of its tags; in speech it finds none."""
        _, features = self.features.windows(segments)
        return float(features.logits.logsumexp(dim=1).mean()) > MUSIC_EVIDENCE

    def embeddings(self, segments: np.ndarray, power: Tensor) -> list[np.ndarray]:
        """Compute the standardised features, averaged over the audible windows."""
        centres_s, features = self.features.windows(segments)
        values = self.heads.standardize(features.vector())[audible(power, len(centres_s)).flatten()]
        return [values.mean(dim=0).numpy()]

    def _pool(self, logits: Tensor, scratch: Tensor) -> Tensor:
        """Pool both predictions (..., G) by the logarithmic opinion pool."""
        logs = (1 - self.scratch_weight) * logits.log_softmax(dim=-1)
        return (logs + self.scratch_weight * scratch.clamp(min=1e-9).log()).softmax(dim=-1)

    def _tags(self, probabilities: Tensor) -> dict[str, float]:
        """Select the tags whose probability (50,) is above their thresholds, the clearest first."""
        values = dict(zip(TAGS, probabilities.tolist(), strict=True))
        clearness = {tag: values[tag] / least for tag, least in self.tag_thresholds.items()}
        tags = sorted((tag for tag in clearness if clearness[tag] >= 1), key=lambda tag: -clearness[tag])
        return {tag: values[tag] for tag in tags[:MAX_TAGS]}
