"""Custom moods: learnt from embeddings of a few frames, recognised beside the seven emotions.

Of each face only its embeddings stay, numbers and no picture; every frame is embedded as it is and with
other light and rotation. A logistic regression is fitted to these in a second or two.
"""

import time
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.special import expit

from mood import EMOTIONS
from mood.emotion.augment import vary_light, warp_randomly
from mood.emotion.network import SIZE
from mood.emotion.recognizer import EmotionNetRecognizer

MIN_MOOD_FRAMES, MAX_MOOD_FRAMES = 8, 60  # frames of a mood; ten to twenty are good
N_VARIANTS = 6  # embeddings of a frame: the frame as it is, then augmented
MAX_NAME_CHARS = 40
N_FOLDS = 5  # folds of neighbouring frames; each is held out once
INVERSE_PENALTY = 0.05  # C of the logistic regression, on standardised embeddings
DISTANCE_QUANTILE = 0.8  # quantile of the distances of held-out frames: their spread
# Varied light, place and rotation of one face: 0.6 to 1.3 (5 to 95 % of faces); of two people 1.3 to 3.0.
MAX_SPREAD = 1.8

_OTHER_NETWORK = "{name!r} belongs to another version of Earmark: delete it and teach it again."


class MoodError(ValueError):
    """A custom mood cannot be learnt, saved or used; the text is one sentence that says what to do."""


@dataclass(frozen=True, eq=False)
class CustomMood:
    """A custom mood: its name and the embeddings of its frames."""

    name: str
    embeddings: np.ndarray = field(repr=False)  # (frames, N_VARIANTS, D) float32, frames in order of time
    network: str  # fingerprint of the network that made the embeddings
    created: float = 0.0  # seconds since 1970
    key: str = ""  # the file's name, once it is saved

    @property
    def n_frames(self) -> int:
        return len(self.embeddings)


@dataclass(frozen=True)
class Separation:
    """The separation of custom moods, by cross-validation."""

    names: tuple[str, ...]
    confusion: list[list[int]]  # rows: true moods; columns: predictions

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, np.sum(self.confusion)))

    @property
    def message(self) -> str:
        """The accuracy in one sentence, with the two moods that are confused most."""
        errors = np.array(self.confusion)
        n_correct, count = int(np.trace(errors)), int(errors.sum())
        summary = f"{n_correct} of {count} held-out frames were read right."
        np.fill_diagonal(errors, 0)
        if 5 * n_correct >= 4 * count:
            return summary
        truth, prediction = divmod(int(errors.argmax()), len(self.names))
        return (
            f"{summary[:-1]}: {self.names[truth]!r} often looks like {self.names[prediction]!r}. Exaggerate, "
            "and record both again."
        )


class CustomMoodRecognizer:
    """Custom moods as an EmotionRecognizer, with the seven emotions beside them by default."""

    name = "custom moods"

    def __init__(
        self, recognizer: EmotionNetRecognizer, moods: Sequence[CustomMood], with_emotions: bool = True
    ) -> None:
        """Fit to the moods.

        Raises MoodError for moods of another network, and for a single mood without the emotions.
        """
        require_network(recognizer, moods)
        if not moods or (len(moods) < 2 and not with_emotions):
            raise MoodError("Teach at least two moods, or keep the seven emotions beside them.")
        self._recognizer, self._with_emotions = recognizer, with_emotions
        self.mood_names = tuple(mood.name for mood in moods)
        emotions = EMOTIONS if with_emotions else ()
        self.emotions = (*(e for e in emotions if e not in self.mood_names), *self.mood_names)
        self._classify = _fit_classifier([mood.embeddings for mood in moods])
        self._proximities = [_Proximity(mood.embeddings) for mood in moods]

    def predict(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """Predict the moods of B crops (48, 48) grey uint8 -> probabilities (B, emotions) float32."""
        embeddings = self._recognizer.embed(faces)
        if not len(embeddings):
            return np.zeros((0, len(self.emotions)), np.float32)
        mood_probabilities = self._classify(embeddings)
        if not self._with_emotions:
            return mood_probabilities
        # The seven emotions have no frames here to be compared with, so the probability of a custom mood is
        # weighted by how near the face is to the mood's frames.
        proximity = np.stack([proximity(embeddings) for proximity in self._proximities], axis=1)
        weight = (mood_probabilities * proximity).sum(axis=1, keepdims=True)
        emotion_probabilities = self._recognizer.classify_embeddings(embeddings) * (1 - weight)
        probabilities = np.zeros((len(embeddings), len(self.emotions)), np.float32)
        for names, values in (
            (EMOTIONS, emotion_probabilities),
            (self.mood_names, mood_probabilities * proximity),
        ):
            for column, name in enumerate(names):
                probabilities[:, self.emotions.index(name)] += values[:, column]
        return probabilities / probabilities.sum(axis=1, keepdims=True)


class _Proximity:
    """The nearness of an embedding to a mood's frames: 1 among them, 0 far away, one half at MIDPOINT.

    The unit of distance is the spread of the frames, so that four fifths of the held-out ones are nearer
    than 1. Faces of other people lie at 1.5 or more, most of them beyond 3. Frames that differ more than one
    face does must not reach for the faces of everybody: their unit ends at MAX_UNIT.
    """

    MIDPOINT, SLOPE_WIDTH = 1.7, 0.15
    MAX_UNIT = 1.4

    def __init__(self, embeddings: np.ndarray) -> None:
        self._centre = embeddings[:, 0].mean(axis=0)
        self._unit = min(max(_spread(embeddings), 1e-6), self.MAX_UNIT)

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """Measure the nearness of embeddings (B, D) -> (B,) from 0 to 1."""
        distance = np.linalg.norm(embeddings - self._centre, axis=1) / self._unit
        return expit((self.MIDPOINT - distance) / self.SLOPE_WIDTH)


def learn_mood(recognizer: EmotionNetRecognizer, name: str, faces: Sequence[np.ndarray]) -> CustomMood:
    """Learn a mood from crops of one face, in order of time. Raises MoodError, also for several faces."""
    name = validate_name(name)
    if not MIN_MOOD_FRAMES <= len(faces) <= MAX_MOOD_FRAMES:
        raise MoodError(
            f"A mood needs {MIN_MOOD_FRAMES} to {MAX_MOOD_FRAMES} pictures of your face: take "
            f"{'more' if len(faces) < MIN_MOOD_FRAMES else 'fewer'}."
        )
    embeddings = embed_variants(recognizer, faces)
    if _spread(embeddings) > MAX_SPREAD:
        raise MoodError(
            "These pictures differ too much to be one mood: show the same face in all of them, one person "
            "with one look."
        )
    return CustomMood(name, embeddings, recognizer.fingerprint, time.time())


def embed_variants(recognizer: EmotionNetRecognizer, faces: Sequence[np.ndarray]) -> np.ndarray:
    """Embed crops (48, 48) uint8 -> (frames, N_VARIANTS, D) float32; the variants are always the same."""
    frames = torch.from_numpy(np.stack(faces))[:, None].float() / 255
    rng = torch.Generator().manual_seed(0)
    variants = [frames, *(vary_light(warp_randomly(frames, SIZE, rng), rng) for _ in range(N_VARIANTS - 1))]
    return torch.stack([recognizer.embed_batch(variant) for variant in variants], dim=1).numpy()


def validate_name(name: str) -> str:
    """Put the name on one line, without control characters. Raises MoodError for an empty or too long one."""
    printable = "".join(c for c in name if unicodedata.category(c)[0] != "C" or c.isspace())
    line = " ".join(printable.split())
    if not 1 <= len(line) <= MAX_NAME_CHARS:
        raise MoodError(f"Give the mood a name of 1 to {MAX_NAME_CHARS} characters.")
    return line


def cross_validate(moods: Sequence[CustomMood]) -> Separation:
    """Hold out a fold of each mood's frames in turn, and classify it by a fit to the other folds.

    Neighbouring frames are nearly the same picture, so they stay in one fold. Raises MoodError for fewer
    than two moods.
    """
    from sklearn.metrics import confusion_matrix

    if len(moods) < 2:
        raise MoodError("Teach at least two moods: then Earmark can see how far they lie apart.")
    labels, predictions = [], []
    folds = [_folds(mood.n_frames) for mood in moods]
    for fold in range(N_FOLDS):
        held_out = [rows[fold] for rows in folds]
        classify = _fit_classifier(
            [np.delete(mood.embeddings, rows, axis=0) for mood, rows in zip(moods, held_out, strict=True)]
        )
        for label, (mood, rows) in enumerate(zip(moods, held_out, strict=True)):
            labels += [label] * len(rows)
            predictions += classify(mood.embeddings[rows, 0]).argmax(axis=1).tolist()
    confusion = confusion_matrix(labels, predictions, labels=range(len(moods)))
    return Separation(tuple(mood.name for mood in moods), confusion.tolist())


def require_network(recognizer: EmotionNetRecognizer, moods: Sequence[CustomMood]) -> None:
    """Check the moods. Raises MoodError where another network made the embeddings of one."""
    for mood in moods:
        made_by = (mood.network, mood.embeddings.shape[2])
        if made_by != (recognizer.fingerprint, recognizer.embedding_size):
            raise MoodError(_OTHER_NETWORK.format(name=mood.name))


def _spread(embeddings: np.ndarray) -> float:
    """Measure how far frames (frames, N_VARIANTS, D) lie from the mean of those of the other folds."""
    frames = embeddings[:, 0]
    distances = [
        np.linalg.norm(frames[rows] - np.delete(frames, rows, axis=0).mean(axis=0), axis=1)
        for rows in _folds(len(frames))
    ]
    return float(np.quantile(np.concatenate(distances), DISTANCE_QUANTILE))


def _folds(n_frames: int) -> list[np.ndarray]:
    """Split row numbers into N_FOLDS blocks of neighbouring frames."""
    return np.array_split(np.arange(n_frames), N_FOLDS)


def _fit_classifier(classes: list[np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """Fit a logistic regression to the embeddings (frames, N_VARIANTS, D) of each class.

    Returns a function (B, D) -> probabilities (B, classes) float32.
    """
    from sklearn.linear_model import LogisticRegression

    values = np.concatenate([variants.reshape(-1, variants.shape[-1]) for variants in classes])
    sizes = [variants.shape[0] * variants.shape[1] for variants in classes]
    labels = np.repeat(np.arange(len(classes)), sizes)
    mean, std = values.mean(axis=0), values.std(axis=0) + 0.1 * values.std() + 1e-6
    if len(classes) == 1:
        return lambda embeddings: np.ones((len(embeddings), 1), np.float32)
    model = LogisticRegression(C=INVERSE_PENALTY, class_weight="balanced", max_iter=300)
    model.fit((values - mean) / std, labels)
    return lambda embeddings: model.predict_proba((embeddings - mean) / std).astype(np.float32)
