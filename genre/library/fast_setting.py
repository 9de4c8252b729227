"""The fast setting of the Listen page's model, for folders of thousands of songs.

It is cheaper than the Listen page's in three ways, and in nothing else: the pretrained network sees a window
for each SECONDS_PER_WINDOW instead of each 3 s; noisy recordings are not predicted a second time without
their noise; and of a song longer than half a minute three excerpts are read instead of all of it. RESULTS.md
has its speed, and its accuracy beside the default's.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from genre.audio.clip import SAMPLE_RATE, Clip, load_excerpts
from genre.audio.loudness import integrated_loudness
from genre.audio.tempo import estimate_tempo
from genre.inference.classifier import MIN_CLIP_S, Prediction
from genre.inference.load import load_classifier
from genre.inference.pretrained_classifier import PretrainedClassifier
from genre.library.predictor import SongPrediction, unit
from genre.models.cards import ArtefactError

SECONDS_PER_WINDOW = 7.5
EXCERPTS, EXCERPT_S, WINDOWS_PER_EXCERPT = 3, 10.0, 2


class FastSetting:
    """A shipped model in the fast setting, on one thread: a process for each core is faster than threads."""

    def __init__(self, name: str) -> None:
        """Load the model. Raises ArtefactError."""
        torch.set_num_threads(1)
        classifier = load_classifier(name)
        if not isinstance(classifier, PretrainedClassifier):
            raise ArtefactError(f"The model {name!r} has no embedding of songs: use the shipped one.")
        classifier.scratch.denoise_noisy = False
        self.classifier = classifier

    def predict(self, source: bytes | Path) -> SongPrediction:
        """Predict a song from its bytes or its path. Raises AudioError for what cannot be read."""
        return self.predict_clip(load_excerpts(source, EXCERPTS, EXCERPT_S, name=""))

    def classify(self, clip: Clip, power: Tensor | None = None) -> Prediction:
        """Classify a clip, whole or excerpted; `power` is its mel power, where that is there already."""
        seconds_per_window = EXCERPT_S / WINDOWS_PER_EXCERPT if clip.excerpted else SECONDS_PER_WINDOW
        self.classifier.features.seconds_per_window = seconds_per_window
        return self.classifier.classify(clip, power)

    def predict_clip(self, clip: Clip) -> SongPrediction:
        """Predict a clip, whole or excerpted."""
        is_long_enough = len(clip.samples) >= MIN_CLIP_S * SAMPLE_RATE
        power = self.classifier.mel_power(clip) if is_long_enough else None
        prediction = self.classify(clip, power)
        if power is None or prediction.genre is None:
            return SongPrediction(prediction.status, clip.duration_s)
        description = prediction.description
        loudness = integrated_loudness(clip.samples, SAMPLE_RATE)
        return SongPrediction(
            status=prediction.status,
            duration_s=clip.duration_s,
            genre=prediction.genre,
            confident=prediction.confident,
            familiar=description.familiar,
            tempo_bpm=estimate_tempo(power),
            loudness_lufs=loudness if np.isfinite(loudness) else None,
            probabilities=np.array(list(prediction.probabilities.values()), np.float16),
            feelings=np.array(list(description.emotions.values()), np.float16),
            tags=description.tag_probabilities.astype(np.float16),
            embedding=unit(description.embedding),
        )
