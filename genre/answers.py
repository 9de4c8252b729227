"""The clips of one visit: what we heard in each, what the visitor says, and the export of both.

    answers = Answers()
    answer = answers.add("song.mp3", content, "upload", classifier.classify)
    answers.to_csv()

The same bytes are classified once. Verdicts are kept for all clips, the sound of the latest ones
only, so that a long visit needs no more memory than KEPT_SOUND_S of 16-bit samples (44 kB each).
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
from genre.audio import SAMPLE_RATE, AudioError, Clip, display_name, load_clip

if TYPE_CHECKING:
    from genre.classifier import Verdict

Classify = Callable[[Clip], "Verdict"]

KEPT_SOUND_S = 30 * 60  # s of sound kept to play, draw and trim: 79 MB
OTHER = "other"  # a correction: none of the ten genres
NAMELESS = "unnamed"
# A spreadsheet runs cells that begin so as formulas (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Sound:
    """What is kept of a clip to play and draw it."""

    wav: bytes = field(repr=False)  # 16-bit PCM
    duration_s: float
    starts: tuple[float, ...]
    seconds: float  # of sound in wav: less than duration_s for excerpts

    @classmethod
    def of(cls, clip: Clip) -> "Sound":
        seconds = len(clip.samples) / SAMPLE_RATE
        loudest = np.abs(clip.samples).max(initial=1.0)  # floating point may go beyond full scale
        clip = replace(clip, samples=clip.samples / loudest)
        return cls(clip.to_wav(), clip.duration_s, clip.starts, seconds)

    def clip(self) -> Clip:
        samples, _ = sf.read(io.BytesIO(self.wav), dtype="float32")
        return Clip(samples, self.duration_s, self.starts)


@dataclass(eq=False)
class Answer:
    """One row: a recording and what was made of it. Either `error` or `whole` is there."""

    id: str
    digest: str  # SHA-256 of the bytes
    name: str  # for display only; may hold anything a file name can
    source: str  # "recording", "upload" or "example"
    error: str | None = None  # a sentence
    whole: "Verdict | None" = None  # on the whole recording
    sound: Sound | None = None  # None: unreadable, or let go
    part: tuple[float, float] | None = None  # s; what the visitor wants judged instead of the whole
    part_verdict: "Verdict | None" = None
    correction: str | None = None  # a genre, or OTHER

    @property
    def verdict(self) -> "Verdict | None":
        """The verdict that counts: on the chosen part, or else on the whole."""
        return self.part_verdict or self.whole

    def clip(self) -> Clip | None:
        """What the verdict is about, as long as its sound is kept."""
        if self.sound is None:
            return None
        clip = self.sound.clip()
        return clip.trimmed(*self.part) if self.part else clip

    @property
    def begin_s(self) -> float:
        """Where in the recording that clip begins."""
        return self.part[0] if self.part else 0.0

    def judge_part(self, start_s: float, end_s: float, classify: Classify) -> None:
        """Let the verdict be about what lies between two times (s); the whole range undoes it.

        Raises:
            AudioError: the part holds no sound.
        """
        if start_s <= 0 and end_s >= self.longest_part_s:
            self.part = self.part_verdict = None
        else:
            verdict = classify(self.sound.clip().trimmed(start_s, end_s))
            self.part, self.part_verdict = (start_s, end_s), verdict

    @property
    def longest_part_s(self) -> float:
        """The end of the whole range, in tenths of a second."""
        return int(10 * self.sound.duration_s) / 10

    def to_json(self) -> dict:
        """The command line's answer, with what only the visitor knows."""
        answer = self.verdict.to_json() if self.verdict else {"error": self.error}
        return {
            "name": self.name, "source": self.source, **answer,
            "part_s": list(self.part) if self.part else None, "correction": self.correction,
        }


class Answers:
    """The answers of one visit, in the order they came."""

    def __init__(self, kept_sound_s: float = KEPT_SOUND_S) -> None:
        self._rows: dict[str, Answer] = {}
        self._kept_sound_s = kept_sound_s

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Answer]:
        return iter(self._rows.values())

    def get(self, id_: str | None) -> Answer | None:
        return self._rows.get(id_)

    def add(self, name: str, content: bytes, source: str, classify: Classify) -> Answer:
        """Listen to the bytes of a file, or find what was heard when they came before.

        The same bytes under the same name are the same row; under another name a row of their own.
        """
        name = display_name(name) or NAMELESS
        digest = sha256(content).hexdigest()
        id_ = sha256(f"{digest} {name}".encode()).hexdigest()[:16]
        known = self._rows.get(id_)
        if known and (known.sound or known.error):
            return known
        answer = Answer(id_, digest, name, source)
        twin = next((a for a in self if a.digest == digest and (a.sound or a.error)), None)
        if twin:
            answer.error, answer.whole, answer.sound = twin.error, twin.whole, twin.sound
        else:
            try:
                clip = load_clip(content, name)
                answer.whole, answer.sound = classify(clip), Sound.of(clip)
            except AudioError as error:
                answer.error = str(error)
        if known:  # its sound was let go, and is back
            answer.correction = known.correction
            del self._rows[id_]
        self._rows[id_] = answer
        self._let_go_of_sound()
        return answer

    def judge_again(self, classify: Classify) -> None:
        """Let another model hear every clip whose sound is kept; a chosen part becomes the whole."""
        for answer in self:
            if answer.sound is not None:
                answer.whole = classify(answer.sound.clip())
                answer.part = answer.part_verdict = None

    def remove(self, id_: str) -> None:
        self._rows.pop(id_, None)

    def to_json(self) -> str:
        """A JSON list with one object an answer."""
        records = [answer.to_json() for answer in self]
        return json.dumps(records, indent=1, allow_nan=False) + "\n"

    def to_csv(self) -> str:
        """One line an answer, safe to open in a spreadsheet."""
        columns = ["name", "source", "status", "genre", "probability", "confident", "correction",
                   "duration_s", "part_start_s", "part_end_s", *self.genres(), "error"]
        text = io.StringIO()
        table = csv.DictWriter(text, columns, restval="", extrasaction="ignore")
        table.writerow({column: spreadsheet_cell(column) for column in columns})
        for answer in self:
            record = answer.to_json()
            probabilities = record.get("probabilities", {})
            start_s, end_s = answer.part or ("", "")
            row = {**record, **probabilities, "part_start_s": start_s, "part_end_s": end_s,
                   "probability": probabilities.get(record.get("genre"), "")}
            table.writerow({column: spreadsheet_cell(value) for column, value in row.items()})
        return text.getvalue()

    def genres(self) -> tuple[str, ...]:
        """GTZAN's ten, and those that a model of the visitor's own has named."""
        named = (genre for answer in self for genre in answer.to_json().get("probabilities", {}))
        return tuple(dict.fromkeys((*GENRES, *named)))

    def _let_go_of_sound(self) -> None:
        """Keep the sound of the latest answers; the newest keeps its own in any case."""
        seconds, kept = 0.0, set()
        for answer in reversed(self._rows.values()):
            if answer.sound is None:
                continue
            if id(answer.sound) not in kept:  # answers with the same bytes share it
                seconds += answer.sound.seconds
            if kept and seconds > self._kept_sound_s:
                answer.sound = None
            else:
                kept.add(id(answer.sound))


def spreadsheet_cell(value: object) -> object:
    """A value that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return "'" + value
    return "" if value is None else value
