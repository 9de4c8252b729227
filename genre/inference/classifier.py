"""The classifier turns a clip into a prediction: segments, screening, windows, calibration, confidence.

    classifier = load_classifier()               # genre.inference.load
    prediction = classifier.classify(load_clip("song.mp3"))

`Classifier` is the base of all models; a subclass defines how windows of mel power become probabilities.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.loudness import is_silent
from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram, SpectrogramParams
from genre.inference.description import Description
from genre.inference.screening.music import DOUBTFUL_DB, above_speech, is_flat, is_gliding_tone, is_stationary
from genre.models.cards import Card
from genre.text import certainty, genre_name, runner_up

WINDOW_AUDIBLE_DB = 40.0  # a window this far below the loudest one is not counted
MIN_CLIP_S = 1.0  # a shorter clip gets no genre
MIN_CONFIDENT_SECONDS = 2.9  # a prediction for less is never confident; recorders cut a little from 3 s
PAUSE_SECONDS = 0.5  # a pause as long as this does not count as audible
UNREACHABLE = 2.0  # a confidence threshold above every probability
MIN_THRESHOLD_RISE = 0.02  # rise of a short clip's threshold from which it is mentioned
SEGMENT_SECONDS = 30.0  # longer clips are cut into equal segments of about this length, as in training
PLAY_MORE = "Play more of it: half a minute is best."
SHORT_CLIP = f"The shorter a piece, the less often Earmark is sure. {PLAY_MORE}"
SILENCE = "Earmark hears silence."
SPEECH = "Earmark hears someone speaking, not music."
UNFAMILIAR = "This is not much like any of the genres that Earmark knows."
RECONCILING_ROUNDS = 100
# Of 49 takes of speech, 42 of them through simulated phones, none has this tag; 40 are taken for dance music.
VOICELESS = "instrumental"
LIKE_SPEECH = "It sounds almost like someone speaking, and so no genre is sure."


@dataclass(frozen=True)
class WindowPredictions:
    """The output of a model for the windows of a clip; probabilities are not calibrated yet."""

    times_s: np.ndarray  # (W,) centres of the windows in the source
    overall: Tensor  # (G,) probabilities of the whole clip
    by_window: Tensor  # (W, G) probabilities of each window
    description: Description = field(default_factory=Description)


@dataclass(frozen=True)
class Prediction:
    """The result for one clip. `genre` is None where there is no music."""

    status: str  # "music", "unsure", "not_music" or "too_short"
    genre: str | None
    confident: bool
    probabilities: dict[str, float]  # genre -> probability; empty unless there is music
    duration_s: float
    message: str  # one plain sentence
    window_times_s: np.ndarray = field(default_factory=lambda: np.zeros(0))  # (W,) centres of the windows
    window_probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))  # (W, G)
    confidence_threshold: float = UNREACHABLE  # the least probability of a confident prediction
    uncertainty_reason: str = ""  # a sentence, where the reason for low confidence is known
    description: Description = field(default_factory=Description)

    @property
    def is_doubtful(self) -> bool:
        """Whether the genre is no more than a guess, however probable it is among those that are known."""
        is_too_short = self.uncertainty_reason == SHORT_CLIP and self.confidence_threshold >= UNREACHABLE
        return not self.description.familiar or is_too_short or self.uncertainty_reason == LIKE_SPEECH

    @property
    def certainty(self) -> str:
        """How sure the model is, in words; empty without a genre."""
        if self.genre is None:
            return ""
        second = runner_up(self.probabilities)
        return certainty(self.probabilities[self.genre], self.confident, not self.is_doubtful, second)

    def to_json(self) -> dict:
        """Return the command line's object, without the path."""
        return {
            "duration_s": round(self.duration_s, 2),
            "status": self.status,
            "genre": self.genre,
            "confident": self.confident,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
            "tags": {tag: round(p, 4) for tag, p in self.description.tags.items()},
            "emotions": {name: round(share, 4) for name, share in self.description.emotions.items()},
            "familiar": self.description.familiar and self.genre is not None,
        }


class Classifier(ABC):
    """A trained model and its card, ready to classify clips."""

    has_gradient: ClassVar[bool] = False  # whether `predict_windows` can be differentiated by the mel power

    def __init__(self, card: Card) -> None:
        """Check the card's calibration. Raises ValueError where it does not fit."""
        self.card = card
        self.genres = card.genres
        self.temperature = card.temperature
        default = ((SEGMENT_SECONDS, card.confidence_threshold),)
        self._thresholds = np.array(sorted(card.confidence_thresholds_by_duration or default), float)
        self.class_bias = torch.tensor(card.class_bias or [1.0] * len(self.genres), dtype=torch.float32)
        if len(self.class_bias) != len(self.genres):
            raise ValueError("A card has one class bias for each genre.")
        self.front_end = Spectrogram(SpectrogramParams())  # every frame; each branch takes what it needs

    @abstractmethod
    def predict_windows(
        self, starts_s: list[float], segments: np.ndarray, power: Tensor, gain: Tensor | None = None
    ) -> WindowPredictions:
        """Predict the windows of segments (P, N) by their mel power (P, bands, frames).

        `starts_s` are the segments' starts in the source (s). An explanation multiplies the power of each
        point by `gain`, of the same shape.
        """

    @abstractmethod
    def embeddings(self, segments: np.ndarray, power: Tensor) -> list[np.ndarray]:
        """Embed segments as for `predict_windows` -> a vector (D,) for each part of the model, any length."""

    def mel_power(self, clip: Clip) -> Tensor:
        """Compute the mel power of the clip's segments: (P, bands, frames)."""
        with torch.inference_mode():
            return self.front_end.power(torch.from_numpy(_segments(clip)[1]))

    def classify(self, clip: Clip, power: Tensor | None = None) -> Prediction:
        """Classify a clip. It never raises, whatever the audio contains.

        `power` is its `mel_power`, where it is computed already.
        """
        seconds = len(clip.samples) / SAMPLE_RATE
        if seconds < MIN_CLIP_S:
            return _no_prediction(clip, "too_short", f"This is shorter than one second. {PLAY_MORE}")
        if is_silent(clip.samples):
            return _no_prediction(clip, "not_music", SILENCE)
        starts_s, segments = _segments(clip)
        with torch.inference_mode():
            power = self.front_end.power(torch.from_numpy(segments)) if power is None else power
            columns = FULL_CLIP_MEL.frame_indices((power.shape[2] - 1) * FULL_CLIP_MEL.hop_length)
            whole = torch.cat(tuple(power[:, :, columns]), dim=-1)
            if is_stationary(whole, seconds):
                return _no_prediction(
                    clip, "not_music", "Earmark hears a steady noise or a single tone, not music."
                )
            if is_gliding_tone(whole) or is_flat(whole):
                return _no_prediction(clip, "not_music", "Earmark hears noise or a gliding tone, not music.")
            above_speech_db = above_speech(whole, seconds)
            if above_speech_db > -DOUBTFUL_DB and self.has_music(segments):
                above_speech_db = float("-inf")
            if above_speech_db > 0:
                return _no_prediction(clip, "not_music", SPEECH)
            windows = self.predict_windows(starts_s, segments, power)
            overall, by_window = (
                self.apply_calibration(windows.overall),
                self.apply_calibration(windows.by_window),
            )
            windows = replace(windows, overall=overall, by_window=reconcile(by_window, overall))
        threshold, reason = self._threshold_and_reason(audible_seconds(power, seconds), above_speech_db)
        return self._prediction(clip, windows, threshold, reason)

    def has_music(self, segments: np.ndarray) -> bool:
        """Return whether segments (P, N) that resemble speech are music; a model that cannot tell says no."""
        return False

    def confidence_threshold(self, duration_s: float) -> float:
        """Return the least probability of a confident prediction, which is higher for less music (s)."""
        if duration_s < MIN_CONFIDENT_SECONDS:
            return UNREACHABLE
        durations_s, thresholds = self._thresholds.T
        return float(np.interp(np.log(duration_s), np.log(durations_s), thresholds))

    def apply_calibration(self, probabilities: Tensor) -> Tensor:
        """Apply the card's class bias and temperature to (..., G)."""
        powers = (self.class_bias * probabilities) ** (1.0 / self.temperature)
        return powers / powers.sum(dim=-1, keepdim=True)

    def _threshold_and_reason(self, duration_s: float, above_speech_db: float) -> tuple[float, str]:
        """Find the confidence threshold -> (threshold, a sentence why it is high, or empty)."""
        if above_speech_db > -DOUBTFUL_DB:
            return UNREACHABLE, LIKE_SPEECH
        threshold = self.confidence_threshold(duration_s)
        is_higher = threshold > self.confidence_threshold(SEGMENT_SECONDS) + MIN_THRESHOLD_RISE
        return threshold, SHORT_CLIP if is_higher else ""

    def _prediction(
        self, clip: Clip, windows: WindowPredictions, threshold: float, reason: str
    ) -> Prediction:
        if reason == LIKE_SPEECH and VOICELESS in windows.description.tags:
            reason = ""  # its level moves as in speech, but nobody speaks
        best = int(windows.overall.argmax())
        name = genre_name(self.genres[best])
        familiar = windows.description.familiar
        confident = familiar and float(windows.overall[best]) >= threshold
        if confident:
            reason, message = "", f"This sounds like {name}."
        elif not familiar and reason != LIKE_SPEECH:
            reason = UNFAMILIAR
            message = f"{UNFAMILIAR} The nearest is {name}."
        else:
            message = f"Earmark is not sure. Its best guess is {name}. {reason}".strip()
        return Prediction(
            status="music" if confident else "unsure",
            genre=self.genres[best],
            confident=confident,
            probabilities=dict(zip(self.genres, windows.overall.tolist(), strict=True)),
            duration_s=clip.duration_s,
            message=message,
            window_times_s=windows.times_s.clip(max=clip.duration_s),
            window_probabilities=windows.by_window.numpy(),
            confidence_threshold=threshold,
            uncertainty_reason=reason,
            description=windows.description,
        )


def reconcile(by_window: Tensor, overall: Tensor) -> Tensor:
    """Scale the windows' probabilities (W, G) by genre so that their mean over the windows is `overall` (G,).

    A chart of the windows over time then agrees with the prediction of the whole clip. The method is
    iterative proportional fitting (Deming and Stephan, 1940).
    """
    for _ in range(RECONCILING_ROUNDS):
        by_window = by_window * (overall / by_window.mean(dim=0).clamp(min=1e-12))
        by_window = by_window / by_window.sum(dim=1, keepdim=True)
    return by_window


def _no_prediction(clip: Clip, status: str, message: str) -> Prediction:
    return Prediction(status, None, False, {}, clip.duration_s, message)


def _segments(clip: Clip) -> tuple[list[float], np.ndarray]:
    """Cut a clip into equal segments of about 30 s -> (their starts in s, samples (P, N))."""
    starts_s, segments = [], []
    for start_s, samples in clip.pieces():
        count = max(1, round(len(samples) / SAMPLE_RATE / SEGMENT_SECONDS))
        size = len(samples) // count
        starts_s += [start_s + i * size / SAMPLE_RATE for i in range(count)]
        segments += [samples[i * size : (i + 1) * size] for i in range(count)]
    stacked = np.stack(segments)
    return starts_s, stacked - stacked.mean(axis=1, keepdims=True)  # a cheap sound card adds an offset


def audible_seconds(power: Tensor, seconds: float) -> float:
    """Measure how many of the `seconds` in mel power (P, bands, frames) are not silent beside the loudest."""
    cells = max(1, round(seconds / len(power) / PAUSE_SECONDS))
    return seconds * float(audible(power, cells).float().mean())


def audible(power: Tensor, n_windows: int) -> Tensor:
    """Find the windows that are not silent beside the loudest: (P, bands, frames) -> (P, n_windows) bool."""
    level = 10.0 * torch.log10(power.sum(dim=1) + 1e-20)
    peaks = nn.functional.adaptive_max_pool1d(level, n_windows)
    return peaks > level.max() - WINDOW_AUDIBLE_DB
