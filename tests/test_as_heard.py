"""genre.as_heard: parts of recordings that a network is asked about, and its answers on disk."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch

from genre import GENRES
from genre.as_heard import Question, ask, questions, read_answers, write_answers
from genre.audio import SAMPLE_RATE, Clip
from genre.cards import ArtefactError
from genre.classifier import Classifier
from genre.dataset import Track, open_dataset
from genre.models.listen import ListenNet
from genre.spectrogram import EXCERPT
from genre.synth import render
from genre.views import Excerpts


@pytest.fixture
def track(folder_of_music) -> Track:
    return open_dataset(folder_of_music(("jazz", "metal"), 1, seconds=10.0)).files[0]


def test_the_questions_about_a_recording(track: Track) -> None:
    found = list(questions(track))
    asked = [question for question, _ in found]
    assert asked == sorted(asked, key=lambda q: (q.seconds, q.take, q.telephone)) and len(set(asked)) == 10
    assert {question.seconds for question in asked} == {3.0, 5.0, 10.0}, "no more than there is"
    for (plain, part), (called, heard) in zip(found[::2], found[1::2], strict=True):
        assert called == plain._replace(telephone=True) and plain.track == track.name
        assert len(part.samples) == len(heard.samples) == pytest.approx(plain.seconds * SAMPLE_RATE, abs=1)
        assert not np.allclose(part.samples, heard.samples, atol=0.01)
    again = list(questions(track))
    assert all(np.array_equal(a.samples, b.samples) for (_, a), (_, b) in zip(found, again, strict=True))
    takes = [part.samples for question, part in found if question.seconds == 3.0 and not question.telephone]
    assert len(takes) == 2 and not np.array_equal(*takes)


def test_answers_are_kept(track: Track, tmp_path: Path) -> None:
    torch.manual_seed(0)
    view = Excerpts(ListenNet((128, 130), len(GENRES), members=1), EXCERPT)
    found = ask(view, GENRES, track)
    assert {question.track for question in found} == {track.name} and len(found) == 10
    assert {label for _, _, label in found.values()} == {GENRES.index("jazz")}
    assert {round(heard) for question, (_, heard, _) in found.items() if question.seconds == 3.0} == {1}
    assert {round(heard) for question, (_, heard, _) in found.items() if question.seconds == 10.0} == {3}
    found[Question("a track as it was learnt from")] = np.full(10, 0.1), 2.0, 3
    write_answers(tmp_path / "answers", found)
    kept = read_answers(tmp_path / "answers")
    assert kept.keys() == found.keys()
    for question, (said, heard, label) in found.items():
        assert np.array_equal(kept[question][0], said) and kept[question][1:] == (heard, label)
        assert said.sum() == pytest.approx(1, abs=1e-5)


def test_networks_are_asked_about_noisy_music_as_it_is(track: Track, monkeypatch) -> None:
    def never(power: torch.Tensor) -> torch.Tensor:
        raise AssertionError("a second hearing")

    monkeypatch.setattr("genre.classifier.without_noise", never)
    monkeypatch.setattr("genre.classifier.is_noisy", lambda power: torch.ones(len(power), dtype=torch.bool))
    view = Excerpts(ListenNet((128, 130), len(GENRES), members=1), EXCERPT)
    assert len(ask(view, GENRES, track)) == 10
    card = {"genres": GENRES, "temperature": 1.0, "sure_above": 1.0}
    with pytest.raises(AssertionError, match="second"):
        Classifier([view], card).classify(next(questions(track))[1])


def test_of_a_long_recording_the_first_excerpt_is_asked_about(track: Track, monkeypatch) -> None:
    samples = np.arange(3 * 4 * SAMPLE_RATE, dtype=np.float32)
    long = Clip(samples, 3600.0, (0.0, 1800.0, 3590.0))
    monkeypatch.setattr("genre.as_heard.load_clip", lambda path: long)
    found = [(question, part) for question, part in questions(track) if not question.telephone]
    assert [question.seconds for question, _ in found] == [3.0]
    assert len(found[0][1].samples) == 3 * SAMPLE_RATE and found[0][1].samples[-1] < 4 * SAMPLE_RATE


def test_what_is_taken_for_no_music_is_no_answer(tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 / SAMPLE_RATE * np.arange(9 * SAMPLE_RATE))
    sf.write(tmp_path / "tone.wav", np.r_[tone, render("jazz", 1, 3.0)], SAMPLE_RATE)
    view = Excerpts(ListenNet((128, 130), len(GENRES), members=1), EXCERPT)
    track = Track("tone", "jazz", str(tmp_path / "tone.wav"))
    assert 0 < len(ask(view, GENRES, track)) < len(list(questions(track)))


def test_a_recording_that_is_gone_is_left_out(track: Track, tmp_path: Path) -> None:
    view = Excerpts(ListenNet((128, 130), len(GENRES), members=1), EXCERPT)
    assert ask(view, GENRES, replace(track, path=str(tmp_path / "gone.wav"))) == {}
    (tmp_path / "answers").write_bytes(b"nothing of ours")
    with pytest.raises(ArtefactError, match=r"calibrate the run again\.$"):
        read_answers(tmp_path / "answers")
