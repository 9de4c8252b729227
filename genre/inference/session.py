"""The clips of one visit: the prediction for each, the visitor's corrections, and the export of both.

    session = Session()
    clip = session.add("song.mp3", content, "upload", classifier.classify)
    session.to_csv()

The same bytes are classified once. Predictions are stored for all clips, but sound for the latest clips only,
so that a long visit needs no more memory than MAX_SOUND_S seconds of 16-bit samples (44 kB each).
"""

import csv
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
import soundfile as sf

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, AudioError, Clip, display_name, load_clip
from genre.text import spreadsheet_cell

if TYPE_CHECKING:
    from genre.inference.classifier import Prediction

Classify = Callable[[Clip], "Prediction"]

MAX_SOUND_S = 30 * 60  # seconds of sound stored to play, draw and trim: 79 MB
MAX_CLIPS = 1000  # clips that a visit stores; the oldest are dropped
OTHER = "other"  # the correction "none of the ten genres"
UNNAMED = "unnamed"
CSV_COLUMNS = (
    "name",
    "source",
    "status",
    "genre",
    "probability",
    "confident",
    "correction",
    "duration_s",
    "part_start_s",
    "part_end_s",
)


@dataclass(frozen=True)
class StoredSound:
    """The sound of a clip, which a page plays and draws."""

    wav: bytes = field(repr=False)  # 16-bit PCM
    duration_s: float
    starts: tuple[float, ...]
    seconds: float  # length of the sound in wav: less than duration_s for excerpts

    @classmethod
    def of(cls, clip: Clip) -> "StoredSound":
        """Store the sound of a clip, its peak at most full scale."""
        seconds = len(clip.samples) / SAMPLE_RATE
        peak = np.abs(clip.samples).max(initial=1.0)  # floating point may go beyond full scale
        clip = replace(clip, samples=clip.samples / peak)
        return cls(clip.to_wav(), clip.duration_s, clip.starts, seconds)

    def clip(self) -> Clip:
        """Return the clip that `of` stored, in 16 bits."""
        samples, _ = sf.read(io.BytesIO(self.wav), dtype="float32")
        return Clip(samples, self.duration_s, self.starts)


@dataclass(eq=False)
class SessionClip:
    """A recording of the visit and its prediction; it has either an `error` or a `full_prediction`."""

    id: str
    digest: str  # SHA-256 of the bytes
    name: str  # for display only; may hold anything a file name can
    source: str  # "recording", "upload", "example" or "generated"
    error: str | None = None  # a sentence
    full_prediction: "Prediction | None" = None  # for the whole recording
    sound: StoredSound | None = None  # None: unreadable, or dropped for memory
    part: tuple[float, float] | None = None  # s; the part that the visitor chose instead of the whole
    part_prediction: "Prediction | None" = None
    correction: str | None = None  # a genre, or OTHER

    @property
    def prediction(self) -> "Prediction | None":
        """The prediction for the chosen part, or for the whole if none is chosen."""
        return self.part_prediction or self.full_prediction

    def clip(self) -> Clip:
        """Return the clip that the prediction is for. Raises AudioError where its sound was dropped."""
        if self.sound is None:
            raise AudioError("The sound of this clip is gone: play it again.")
        clip = self.sound.clip()
        return clip.trimmed(*self.part) if self.part else clip

    @property
    def wav(self) -> bytes:
        """Return that clip as a WAV file. Raises AudioError where its sound was dropped."""
        return self.sound.wav if self.sound and not self.part else self.clip().to_wav()

    @property
    def begin_s(self) -> float:
        """The start of that clip in the recording, in s."""
        return self.part[0] if self.part else 0.0

    def classify_part(self, start_s: float, end_s: float, classify: Classify) -> None:
        """Classify the part between two times (s) instead of the whole; the whole range resets the choice.

        Raises:
            AudioError: the part holds no sound.
        """
        if self.sound is None or (start_s <= 0 and end_s >= self.max_part_s):
            self.part = self.part_prediction = None
        else:
            prediction = classify(self.sound.clip().trimmed(start_s, end_s))
            self.part, self.part_prediction = (start_s, end_s), prediction

    @property
    def max_part_s(self) -> float:
        """The end of the whole range, in tenths of a second."""
        return int(10 * self.sound.duration_s) / 10 if self.sound else 0.0

    def to_json(self) -> dict:
        """Convert to the command line's object, with name, source, part and correction."""
        result = self.prediction.to_json() if self.prediction else {"error": self.error}
        return {
            "name": self.name,
            "source": self.source,
            **result,
            "part_s": list(self.part) if self.part else None,
            "correction": self.correction,
        }


class Session:
    """The clips of one visit, oldest first."""

    def __init__(self, max_sound_s: float = MAX_SOUND_S) -> None:
        self._clips: dict[str, SessionClip] = {}
        self.max_sound_s = max_sound_s

    def __len__(self) -> int:
        return len(self._clips)

    def __iter__(self) -> Iterator[SessionClip]:
        return iter(self._clips.values())

    @property
    def held_s(self) -> float:
        """Seconds of sound in memory, an upper bound: clips with the same bytes share it."""
        return sum(clip.sound.seconds for clip in list(self._clips.values()) if clip.sound)

    def get(self, id_: str | None) -> SessionClip | None:
        """Return the clip of this id, or None."""
        return self._clips.get(id_) if id_ else None

    def add(self, name: str, content: bytes, source: str, classify: Classify) -> SessionClip:
        """Classify the bytes of a file, or return their clip if they were classified before.

        The same bytes are the same clip under the same name, and another clip under another name.
        """
        name = display_name(name) or UNNAMED
        digest = sha256(content).hexdigest()
        id_ = sha256(f"{digest} {name}".encode()).hexdigest()[:16]
        existing = self._clips.get(id_)
        if existing and (existing.sound or existing.error):
            return existing
        clip = SessionClip(id_, digest, name, source)
        duplicate = next((c for c in self if c.digest == digest and (c.sound or c.error)), None)
        if duplicate:
            clip.error, clip.sound = duplicate.error, duplicate.sound
            clip.full_prediction = duplicate.full_prediction
        else:
            try:
                audio = load_clip(content, name)
                clip.full_prediction, clip.sound = classify(audio), StoredSound.of(audio)
            except AudioError as error:
                clip.error = str(error)
        if existing:
            clip.correction = existing.correction
        return self._store(clip)

    def adopt(self, clip: SessionClip) -> SessionClip:
        """Add a clip of another session with its prediction, or return the one that is here already."""
        existing = self._clips.get(clip.id)
        if existing and existing.sound and existing.full_prediction is clip.full_prediction:
            return existing
        correction = existing.correction if existing else None
        return self._store(replace(clip, part=None, part_prediction=None, correction=correction))

    def classify_again(self, classify: Classify) -> None:
        """Classify all clips with stored sound by another model; a chosen part becomes the whole."""
        for clip in self:
            if clip.sound is not None:
                clip.full_prediction = classify(clip.sound.clip())
                clip.part = clip.part_prediction = None

    def _store(self, clip: SessionClip) -> SessionClip:
        """Store a clip as the latest, in place of one whose sound was dropped."""
        self._clips.pop(clip.id, None)
        while len(self._clips) >= MAX_CLIPS:
            del self._clips[next(iter(self._clips))]
        self._clips[clip.id] = clip
        self._drop_old_sound()
        return clip

    def remove(self, id_: str) -> None:
        """Remove a clip; an unknown id is no error."""
        self._clips.pop(id_, None)

    def to_json(self) -> str:
        """Write a JSON list with one object a clip."""
        records = [clip.to_json() for clip in self]
        return json.dumps(records, indent=1, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """Write one line a clip, safe to open in a spreadsheet."""
        columns = [*CSV_COLUMNS, *self.genres(), "error"]
        text = io.StringIO()
        table = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
        table.writerow({column: spreadsheet_cell(column) for column in columns})
        for clip in self:
            record = clip.to_json()
            probabilities = record.get("probabilities", {})
            start_s, end_s = clip.part or ("", "")
            row = {
                **record,
                **probabilities,
                "part_start_s": start_s,
                "part_end_s": end_s,
                "probability": probabilities.get(record.get("genre"), ""),
            }
            table.writerow({column: spreadsheet_cell(value) for column, value in row.items()})
        return text.getvalue()

    def genres(self) -> tuple[str, ...]:
        """Return GTZAN's ten genres, and those of the visitor's own models."""
        others = (genre for clip in self for genre in clip.to_json().get("probabilities", {}))
        return tuple(dict.fromkeys((*GENRES, *others)))

    def _drop_old_sound(self) -> None:
        """Drop the sound of all but the latest clips; the newest keeps its sound in any case."""
        seconds = 0.0
        stored_ids: set[int] = set()
        for clip in reversed(self._clips.values()):
            if clip.sound is None:
                continue
            if id(clip.sound) not in stored_ids:  # clips with the same bytes share it
                seconds += clip.sound.seconds
            if stored_ids and seconds > self.max_sound_s:
                clip.sound = None
            else:
                stored_ids.add(id(clip.sound))
