"""genre.answers: one answer a recording, bounded memory, exports that harm nobody."""

import csv
import io
import json

import numpy as np
import pytest

from genre import GENRES
from genre.answers import OTHER, Answers, Sound
from genre.audio import SAMPLE_RATE, AudioError, Clip
from genre.classifier import Verdict
from tests.hostile import NAMES


class Ear:
    """A classifier that always hears jazz, and counts."""

    def __init__(self):
        self.clips = []

    def __call__(self, clip):
        self.clips.append(clip)
        return Verdict(
            "music", "jazz", True, {"jazz": 0.75, "rock": 0.25}, clip.duration_s,
            "This sounds like jazz.", np.array([clip.duration_s / 2]), np.ones((1, 10)) / 10,
        )  # fmt: skip


@pytest.fixture
def ear():
    return Ear()


def test_the_same_bytes_are_listened_to_once(ear, wav):
    answers = Answers()
    first = answers.add("a.wav", wav("jazz"), "upload", ear)
    again = answers.add("a.wav", wav("jazz"), "upload", ear)
    copy = answers.add("b.wav", wav("jazz"), "upload", ear)
    assert again is first and copy is not first
    assert [answer.name for answer in answers] == ["a.wav", "b.wav"]
    assert len(ear.clips) == 1 and copy.sound is first.sound
    copy.correction = "rock"
    assert first.correction is None


def test_genres_of_another_model_are_exported_too(wav):
    answers = Answers()
    answers.add("a.wav", wav("jazz"), "upload", lambda clip: Verdict(
        "music", "techno", True, {"techno": 0.9, "house": 0.1}, clip.duration_s, "This sounds like techno."))
    (row,) = csv.DictReader(io.StringIO(answers.to_csv()))
    assert (row["genre"], row["techno"], row["house"], row["jazz"]) == ("techno", "0.9", "0.1", "")
    assert answers.genres() == (*GENRES, "techno", "house")


def test_genres_may_be_called_anything(wav):
    answers = Answers()
    answers.add("a.wav", wav("jazz"), "upload", lambda clip: Verdict(
        "music", "=1+1", True, {"=1+1": 0.9, "@b": 0.1}, clip.duration_s, "This sounds like that."))
    header = next(csv.reader(io.StringIO(answers.to_csv())))
    assert {"'=1+1", "'@b"} <= set(header)


def test_a_source_that_told_no_length_keeps_its_seconds():
    """Such a one may be a little longer than what is else cut into excerpts."""
    seconds = 620
    samples = np.random.default_rng(0).normal(0, 0.1, seconds * 100).repeat(SAMPLE_RATE // 100 + 1)
    clip = Clip(samples[: seconds * SAMPLE_RATE].astype(np.float32), float(seconds))
    kept = Sound.of(clip).clip()
    assert kept.starts == (0.0,) and np.abs(kept.samples - clip.samples).max() < 1e-4
    assert len(kept.trimmed(605, 615).samples) == 10 * SAMPLE_RATE


def test_a_bad_file_is_a_sentence(ear):
    answer = Answers().add("notes.wav", b"once upon a time", "upload", ear)
    assert answer.error.endswith(".") and answer.verdict is None and answer.clip() is None
    assert not ear.clips


def test_a_part_is_judged_and_the_whole_range_undoes_it(ear, wav):
    answer = Answers().add("a.wav", wav("jazz", 6.0), "recording", ear)
    answer.judge_part(1.0, 4.0, ear)
    assert answer.part == (1.0, 4.0) and answer.verdict.duration_s == pytest.approx(3.0)
    assert answer.clip().duration_s == pytest.approx(3.0)
    assert answer.to_json()["part_s"] == [1.0, 4.0]
    answer.judge_part(0.0, answer.longest_part_s, ear)
    assert answer.part is None and answer.verdict is answer.whole


def test_a_part_of_no_length_is_refused_and_changes_nothing(ear, wav):
    answer = Answers().add("a.wav", wav("jazz", 6.0), "recording", ear)
    with pytest.raises(AudioError):
        answer.judge_part(2.0, 2.0, ear)
    assert answer.part is None and answer.verdict is answer.whole


def test_the_sound_of_old_clips_is_let_go_and_comes_back(ear, wav):
    answers = Answers(kept_sound_s=13.0)
    rows = [answers.add(f"{seed}.wav", wav("pop", 6.0, seed), "upload", ear) for seed in (1, 2, 3)]
    assert [row.sound is not None for row in rows] == [False, True, True]
    assert rows[0].verdict.genre == "jazz" and rows[0].clip() is None
    rows[0].correction = "pop"
    back = answers.add("1.wav", wav("pop", 6.0, 1), "upload", ear)
    assert back.sound and back.correction == "pop" and len(answers) == 3
    assert [answer.name for answer in answers] == ["2.wav", "3.wav", "1.wav"]


def test_what_goes_beyond_full_scale_is_kept_in_shape():
    samples = (4 * np.sin(np.linspace(0, 500, 22_050))).astype(np.float32)
    kept = Sound.of(Clip(samples, 1.0)).clip().samples
    np.testing.assert_allclose(kept, samples / 4, atol=1e-4)


def test_the_newest_clip_keeps_its_sound_however_long(ear, wav):
    answers = Answers(kept_sound_s=1.0)
    assert answers.add("a.wav", wav("pop", 6.0), "upload", ear).sound


def test_the_kept_sound_is_the_clip(ear, wav, play):
    clip = Answers().add("a.wav", wav("pop", 6.0), "upload", ear).clip()
    assert np.abs(clip.samples - play("pop", 6.0)).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_exports_survive_any_name(name, ear, wav):
    answers = Answers()
    answer = answers.add(name, wav("jazz"), "upload", ear)
    answer.correction = OTHER
    answers.add(name, b"not music", "upload", ear)
    good, bad = json.loads(answers.to_json())
    assert good["name"] == bad["name"] == answer.name
    assert good["genre"] == "jazz" and good["correction"] == OTHER and "error" in bad
    text = answers.to_csv().encode().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2
    assert rows[0]["name"].removeprefix("'") == answer.name.removeprefix("'")
    assert not rows[0]["name"].startswith(("=", "+", "-", "@", "\t"))
    assert rows[0]["probability"] == "0.75" and rows[0]["rock"] == "0.25"
    assert rows[1]["error"] == bad["error"] and rows[1]["genre"] == ""
    assert "/" not in answer.name and "\n" not in answer.name


def test_removing_is_final_and_harmless_twice(ear, wav):
    answers = Answers()
    answer = answers.add("a.wav", wav("jazz"), "upload", ear)
    answers.remove(answer.id)
    answers.remove(answer.id)
    assert len(answers) == 0 and answers.get(answer.id) is None
    answers.add("a.wav", wav("jazz"), "upload", ear)
    assert len(ear.clips) == 2
