"""Moods of one's own: name one, show it to the camera, and it is known from then on.

Of each face only its embeddings stay, numbers and no picture; of every frame a few views with other
light and tilt are kept too. On these a logistic regression is fitted in a second or
two. A taught mood is one file, EARMARK_HOME/moods/<id>.safetensors, which is also what is exported.
"""

import json
import re
import secrets
import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save

from genre.home import home, write_atomic
from mood import EMOTIONS
from mood.augment import light, move
from mood.network import SIZE
from mood.reader import EmotionReader

FEWEST, MOST = 8, 60  # frames of a mood; ten to twenty are good
VIEWS = 6  # embeddings of a frame: the frame as it is, then other views of it
MAX_NAME = 40  # characters
MAX_BYTES = 2 << 20  # of a file: 60 frames are half a megabyte
MAX_MOODS = 50
BLOCKS = 5  # of neighbouring frames; each is held out once
STRENGTH = 0.05  # of the data against the penalty, on standardised embeddings
FORMAT = "earmark-mood-1"

_NOT_OURS = "This file is not a mood taught to Earmark: choose one that was exported here."
_OTHER_NETWORK = "{name!r} was taught to another version of Earmark: delete it and teach it again."


class MoodError(ValueError):
    """Something about a taught mood; the text is one sentence that says what to do."""


@dataclass(frozen=True, eq=False)
class Taught:
    """A mood as it was taught."""

    name: str
    embeddings: np.ndarray = field(repr=False)  # (frames, VIEWS, D) float32, frames in order of time
    network: str  # fingerprint of the network that the embeddings are of
    created: float = 0.0  # s since 1970
    key: str = ""  # the file's name, once it is saved

    @property
    def frames(self) -> int:
        return len(self.embeddings)


@dataclass(frozen=True)
class Separation:
    """How well taught moods are told apart in frames that were held out."""

    names: tuple[str, ...]
    confusion: list[list[int]]  # rows: what was shown; columns: what was read

    @property
    def accuracy(self) -> float:
        return float(np.trace(self.confusion) / max(1, np.sum(self.confusion)))

    @property
    def message(self) -> str:
        """One sentence: how well, and which two are taken for each other most."""
        table = np.array(self.confusion)
        right, count = int(np.trace(table)), int(table.sum())
        said = f"{right} of {count} held-out frames were read right."
        np.fill_diagonal(table, 0)
        if 5 * right >= 4 * count:
            return said
        shown, read = divmod(int(table.argmax()), len(self.names))
        return (f"{said[:-1]}: {self.names[shown]!r} often looks like {self.names[read]!r}. Exaggerate, "
                "and record both again.")  # fmt: skip


def embed_views(reader: EmotionReader, faces: Sequence[np.ndarray]) -> np.ndarray:
    """Crops (48, 48) uint8 -> (frames, VIEWS, D) float32; the same crops give the same views."""
    plain = torch.from_numpy(np.stack(faces))[:, None].float() / 255
    rng = torch.Generator().manual_seed(0)
    views = [plain, *(light(move(plain, SIZE, rng), rng) for _ in range(VIEWS - 1))]
    return torch.stack([reader.embed_batch(view) for view in views], dim=1).numpy()


def learn(reader: EmotionReader, name: str, faces: Sequence[np.ndarray]) -> Taught:
    """A mood from crops of its face, in order of time. Raises MoodError."""
    name = checked_name(name)
    if not FEWEST <= len(faces) <= MOST:
        raise MoodError(f"A mood needs {FEWEST} to {MOST} pictures of your face: take "
                        f"{'more' if len(faces) < FEWEST else 'fewer'}.")  # fmt: skip
    return Taught(name, embed_views(reader, faces), reader.fingerprint, time.time())


def checked_name(name: str) -> str:
    """A name as it will be shown. Raises MoodError for one that would not do."""
    kept = " ".join("".join(c for c in name if unicodedata.category(c)[0] != "C" or c.isspace()).split())
    if not 1 <= len(kept) <= MAX_NAME:
        raise MoodError(f"Give the mood a name of 1 to {MAX_NAME} characters.")
    return kept


class TaughtReader:
    """Taught moods as a Reader, with the seven emotions beside them if wished."""

    name = "taught"

    def __init__(self, reader: EmotionReader, moods: Sequence[Taught], stock: bool = True) -> None:
        """Raises MoodError for moods of another network, or one mood that nothing is beside."""
        require_network(reader, moods)
        if not moods or (len(moods) < 2 and not stock):
            raise MoodError("Teach at least two moods, or keep the seven emotions beside them.")
        self._reader, self._stock = reader, stock
        self.taught = tuple(mood.name for mood in moods)
        self.emotions = (*(e for e in EMOTIONS if stock and e not in self.taught), *self.taught)
        self._model = _fit([mood.embeddings for mood in moods])
        self._near = [_Nearness(mood.embeddings) for mood in moods]

    def read(self, faces: Sequence[np.ndarray]) -> np.ndarray:
        """B crops (48, 48) grey uint8 -> probabilities (B, emotions) float32."""
        embeddings = self._reader.embed(faces)
        if not len(embeddings):
            return np.zeros((0, len(self.emotions)), np.float32)
        taught = self._model(embeddings)
        if not self._stock:
            return taught
        # The seven have no examples here to be set against: a taught mood wins as far as the face is
        # as near to its frames as they are to each other.
        near = np.stack([nearness(embeddings) for nearness in self._near], axis=1)
        share = (taught * near).sum(axis=1, keepdims=True)
        stock = self._reader.name_embeddings(embeddings) * (1 - share)
        together = np.zeros((len(embeddings), len(self.emotions)), np.float32)
        for names, values in ((EMOTIONS, stock), (self.taught, taught * near)):
            for column, name in enumerate(names):
                together[:, self.emotions.index(name)] += values[:, column]
        return together / together.sum(axis=1, keepdims=True)


class _Nearness:
    """How near an embedding is to frames of a mood: 1 among them, 0 far away, one half at BEYOND.

    Distances are in those of held-out frames (four fifths of which are nearer than 1). Faces of other
    people lie at 1.5 at the least and mostly beyond 3.
    """

    BEYOND, SOFT = 1.7, 0.15

    def __init__(self, embeddings: np.ndarray) -> None:
        plain = embeddings[:, 0]
        held = [
            np.linalg.norm(plain[rows] - np.delete(plain, rows, axis=0).mean(axis=0), axis=1)
            for rows in _blocks(len(plain))
        ]
        self._centre = plain.mean(axis=0)
        self._usual = max(float(np.quantile(np.concatenate(held), 0.8)), 1e-6)

    def __call__(self, embeddings: np.ndarray) -> np.ndarray:
        """(B, D) -> (B,)."""
        distance = np.linalg.norm(embeddings - self._centre, axis=1) / self._usual
        return 1 / (1 + np.exp(((distance - self.BEYOND) / self.SOFT).clip(-50, 50)))


def separate(moods: Sequence[Taught]) -> Separation:
    """Hold out a block of each mood's frames in turn, and read it with what the others teach.

    Neighbouring frames are nearly the same picture: they stay together. Raises MoodError for fewer than
    two moods.
    """
    if len(moods) < 2:
        raise MoodError("Teach at least two moods: then we can see how far they lie apart.")
    confusion = np.zeros((len(moods), len(moods)), dtype=int)
    blocks = [_blocks(mood.frames) for mood in moods]
    for number in range(BLOCKS):
        model = _fit([np.delete(mood.embeddings, rows[number], axis=0)
                      for mood, rows in zip(moods, blocks, strict=True)])  # fmt: skip
        for truth, (mood, rows) in enumerate(zip(moods, blocks, strict=True)):
            answers = model(mood.embeddings[rows[number], 0]).argmax(axis=1)
            np.add.at(confusion, (truth, answers), 1)
    return Separation(tuple(mood.name for mood in moods), confusion.tolist())


def require_network(reader: EmotionReader, moods: Sequence[Taught]) -> None:
    """Raises MoodError for a mood whose embeddings another network made."""
    for mood in moods:
        if (mood.network, mood.embeddings.shape[2]) != (reader.fingerprint, reader.size):
            raise MoodError(_OTHER_NETWORK.format(name=mood.name))


def _blocks(frames: int) -> list[np.ndarray]:
    return np.array_split(np.arange(frames), BLOCKS)


def _fit(classes: list[np.ndarray]):
    """(frames, VIEWS, D) of each class -> a function (B, D) -> probabilities (B, classes) float32."""
    from sklearn.linear_model import LogisticRegression

    values = np.concatenate([views.reshape(-1, views.shape[-1]) for views in classes])
    labels = np.repeat(np.arange(len(classes)), [views.shape[0] * views.shape[1] for views in classes])
    mean, spread = values.mean(axis=0), values.std(axis=0) + 0.1 * values.std() + 1e-6
    if len(classes) == 1:
        return lambda embeddings: np.ones((len(embeddings), 1), np.float32)
    model = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=300)
    model.fit((values - mean) / spread, labels)
    return lambda embeddings: model.predict_proba((embeddings - mean) / spread).astype(np.float32)


# Files


def folder() -> Path:
    return home() / "moods"


def export(mood: Taught) -> bytes:
    """The mood as one file."""
    about = {"format": FORMAT, "name": mood.name, "network": mood.network, "created": mood.created}
    embeddings = np.ascontiguousarray(mood.embeddings, np.float32)
    return save({"embeddings": embeddings}, {"about": json.dumps(about)})


def save_mood(mood: Taught) -> Taught:
    """Keep a new mood. Raises MoodError for a name that is taken; OSError where nothing can be written."""
    moods = list_moods()
    if len(moods) >= MAX_MOODS:
        raise MoodError(f"There are {MAX_MOODS} moods already: delete one first.")
    _require_free(mood.name, moods)
    mood = replace(mood, key=secrets.token_hex(8))
    write_atomic(_path(mood.key), export(mood))
    return mood


def import_mood(reader: EmotionReader, content: bytes) -> Taught:
    """Check an exported file and keep it. Raises MoodError."""
    mood = parse(content)
    require_network(reader, [mood])
    return save_mood(mood)


def list_moods() -> list[Taught]:
    """The moods that were taught, in order of their names; damaged files are left out."""
    moods = []
    for path in sorted(folder().glob("*.safetensors")):
        try:
            if path == _path(path.stem) and path.stat().st_size <= MAX_BYTES:
                moods.append(replace(parse(path.read_bytes()), key=path.stem))
        except (MoodError, OSError):
            continue
    return sorted(moods, key=lambda mood: mood.name.casefold())


def rename(key: str, name: str) -> Taught:
    """Raises MoodError for a mood that is gone or a name that is taken or would not do."""
    moods = {mood.key: mood for mood in list_moods()}
    if key not in moods:
        raise MoodError("This mood is gone: choose another.")
    mood = replace(moods.pop(key), name=checked_name(name))
    _require_free(mood.name, list(moods.values()))
    write_atomic(_path(key), export(mood))
    return mood


def delete(key: str) -> None:
    """Forget a mood; one that is gone already is no error."""
    _path(key).unlink(missing_ok=True)


def parse(content: bytes) -> Taught:
    """An exported file -> the mood. Nothing of it is believed unchecked. Raises MoodError."""
    if len(content) > MAX_BYTES:
        raise MoodError(_NOT_OURS)
    try:
        size = int.from_bytes(content[:8], "little")
        about = json.loads(json.loads(content[8 : 8 + size])["__metadata__"]["about"])
        tensors = load(content)
        name, network, created = about["name"], about["network"], float(about["created"])
        embeddings = tensors["embeddings"]
        sound = (
            about["format"] == FORMAT
            and set(tensors) == {"embeddings"}
            and isinstance(name, str) and checked_name(name) == name
            and isinstance(network, str) and re.fullmatch(r"[0-9a-f]{16}", network)
            and np.isfinite(created)
            and embeddings.dtype == np.float32 and embeddings.ndim == 3
            and FEWEST <= len(embeddings) <= MOST and embeddings.shape[1] == VIEWS
            and 1 <= embeddings.shape[2] <= 4096
            and np.isfinite(embeddings).all() and np.abs(embeddings).max() < 1e4
        )  # fmt: skip
    except (SafetensorError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise MoodError(_NOT_OURS) from error
    if not sound:
        raise MoodError(_NOT_OURS)
    return Taught(name, embeddings, network, created)


def _path(key: str) -> Path:
    if not re.fullmatch(r"[0-9a-f]{16}", key):
        raise MoodError("This mood is gone: choose another.")
    return folder() / f"{key}.safetensors"


def _require_free(name: str, moods: Sequence[Taught]) -> None:
    known = name.casefold()
    if known in EMOTIONS and name != known:
        raise MoodError(f"There is an emotion called {known!r}: write it like that to put your own in its "
                        "place, or choose another name.")  # fmt: skip
    if known in (mood.name.casefold() for mood in moods):
        raise MoodError(f"There is a mood called {name!r} already: choose another name, or delete that one.")
