"""What is asked of a network about a recording: parts of some seconds, as they are and through a telephone.

So music comes to the Listen page. Asked of networks that have not learnt from the recording, the answers
tell how sure one may be of so little (`genre.calibration`, `genre.unite`).
"""

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from genre.audio import SAMPLE_RATE, AudioError, Clip, load_clip
from genre.cards import ArtefactError
from genre.classifier import PIECE_SECONDS, Classifier
from genre.dataset import Track
from genre.degrade import phone_microphone
from genre.home import write_atomic
from genre.spectrogram import SpectrogramParams
from genre.views import View

LENGTHS_S = (3.0, 5.0, 10.0, 20.0, PIECE_SECONDS)
TAKES = 2  # parts of each length, where a recording has room for as many
SHORT_S = 0.5  # that a recording may fall short of a length


class Question(NamedTuple):
    """What a network was asked about."""

    track: str
    seconds: float = 0.0  # the length of a part of its recording; 0: the track's examples, as in training
    telephone: bool = False
    take: int = 0


Answers = dict[Question, tuple[np.ndarray, float, int]]  # probabilities (G,), how much was heard, label


def questions(track: Track) -> Iterator[tuple[Question, Clip]]:
    """The parts of a recording, always the same ones. Raises AudioError."""
    samples = next(load_clip(track.path).pieces())[1]  # of a long one we have excerpts: the first
    clip = Clip(samples, len(samples) / SAMPLE_RATE)
    rng = np.random.default_rng(zlib.crc32(track.name.encode()))
    for seconds in LENGTHS_S:
        room = clip.duration_s - seconds
        for take in range(min(TAKES, int((clip.duration_s + SHORT_S) / seconds))):
            begin = rng.uniform(0, max(0.0, room))
            part = clip.trimmed(begin, begin + seconds)
            seed = int(rng.integers(1 << 32))
            yield Question(track.name, seconds, False, take), part
            yield Question(track.name, seconds, True, take), phone_microphone(part, seed)


def ask(view: View, genres: tuple[str, ...], track: Track) -> Answers:
    """What is said of the parts of a recording; those that are taken for no music are left out."""
    classifier = Classifier([view], {"genres": genres, "temperature": 1.0, "sure_above": 1.0})
    classifier.second_hearing = False  # what is fitted to the answers shall correct the networks alone
    label, found = genres.index(track.genre), {}
    try:
        for question, part in questions(track):
            if said := classifier.classify(part).probabilities:
                frames = 1 + len(part.samples) // SpectrogramParams().hop_length
                found[question] = np.array(list(said.values())), view.heard(frames), label
    except AudioError:  # it was heard when it was prepared, and is gone or damaged since
        return {}
    return found


def write_answers(path: Path, answers: Answers) -> None:
    probabilities, heard, labels = zip(*answers.values(), strict=True)
    write_atomic(path, save({"probabilities": np.array(probabilities), "heard": np.array(heard, float),
                             "labels": np.array(labels)}, {"questions": json.dumps(list(answers))}))


def read_answers(path: Path) -> Answers:
    """Raises ArtefactError for a damaged file."""
    try:
        with safe_open(path, framework="numpy") as file:
            questions = [Question(*asked) for asked in json.loads(file.metadata()["questions"])]
            parts = [file.get_tensor(name) for name in ("probabilities", "heard", "labels")]
        return dict(zip(questions, zip(*parts, strict=True), strict=True))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ArtefactError(f"The answers in {path} are damaged: calibrate the run again.") from error
