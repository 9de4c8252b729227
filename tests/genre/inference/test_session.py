"""genre.inference.session: one prediction a recording, bounded memory, exports that harm nobody."""

import csv
import io
import json

import numpy as np
import pytest

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, AudioError, Clip
from genre.inference.classifier import Prediction
from genre.inference.session import OTHER, Session, StoredSound
from tests.support.hostile import NAMES


class JazzClassifier:
    """A classifier whose prediction is always jazz; it keeps the clips."""

    def __init__(self):
        self.clips = []

    def __call__(self, clip):
        self.clips.append(clip)
        return Prediction(
            "music",
            "jazz",
            True,
            {"jazz": 0.75, "rock": 0.25},
            clip.duration_s,
            "This sounds like jazz.",
            np.array([clip.duration_s / 2]),
            np.ones((1, 10)) / 10,
        )


@pytest.fixture
def classify():
    return JazzClassifier()


def test_the_same_bytes_are_classified_once(classify, wav):
    session = Session()
    first = session.add("a.wav", wav("jazz"), "upload", classify)
    again = session.add("a.wav", wav("jazz"), "upload", classify)
    copy = session.add("b.wav", wav("jazz"), "upload", classify)
    assert again is first and copy is not first
    assert [item.name for item in session] == ["a.wav", "b.wav"]
    assert len(classify.clips) == 1 and copy.sound is first.sound
    copy.correction = "rock"
    assert first.correction is None


def test_a_clip_of_another_session_is_adopted_and_stays_apart(classify, wav):
    known = Session().add("a.wav", wav("jazz"), "example", classify)
    session = Session()
    clip = session.adopt(known)
    assert clip is not known and clip == next(iter(session)) and session.adopt(known) is clip
    assert clip.full_prediction is known.full_prediction and clip.sound is known.sound
    clip.correction, clip.sound = "rock", None  # as if dropped for memory
    again = session.adopt(known)
    assert again.correction == "rock" and again.sound is known.sound and len(session) == 1
    assert known.correction is None


def test_genres_of_another_model_are_exported_too(wav):
    session = Session()
    session.add(
        "a.wav",
        wav("jazz"),
        "upload",
        lambda clip: Prediction(
            "music",
            "techno",
            True,
            {"techno": 0.9, "house": 0.1},
            clip.duration_s,
            "This sounds like techno.",
        ),
    )
    (row,) = csv.DictReader(io.StringIO(session.to_csv()))
    assert (row["genre"], row["techno"], row["house"], row["jazz"]) == ("techno", "0.9", "0.1", "")
    assert session.genres() == (*GENRES, "techno", "house")


def test_genres_may_be_called_anything(wav):
    session = Session()
    session.add(
        "a.wav",
        wav("jazz"),
        "upload",
        lambda clip: Prediction(
            "music", "=1+1", True, {"=1+1": 0.9, "@b": 0.1}, clip.duration_s, "This sounds like that."
        ),
    )
    header = next(csv.reader(io.StringIO(session.to_csv())))
    assert {"'=1+1", "'@b"} <= set(header)


def test_a_source_without_a_length_keeps_its_seconds():
    """Such a one may be a little longer than what is else cut into excerpts."""
    seconds = 620
    samples = np.random.default_rng(0).normal(0, 0.1, seconds * 100).repeat(SAMPLE_RATE // 100 + 1)
    clip = Clip(samples[: seconds * SAMPLE_RATE].astype(np.float32), float(seconds))
    stored = StoredSound.of(clip).clip()
    assert stored.starts == (0.0,) and np.abs(stored.samples - clip.samples).max() < 1e-4
    assert len(stored.trimmed(605, 615).samples) == 10 * SAMPLE_RATE


def test_a_bad_file_has_an_error_sentence(classify):
    item = Session().add("notes.wav", b"once upon a time", "upload", classify)
    assert item.error.endswith(".") and item.prediction is None and item.sound is None
    assert not classify.clips


def test_a_part_is_classified_and_the_whole_range_undoes_it(classify, wav):
    item = Session().add("a.wav", wav("jazz", 6.0), "recording", classify)
    item.classify_part(1.0, 4.0, classify)
    assert item.part == (1.0, 4.0) and item.prediction.duration_s == pytest.approx(3.0)
    assert item.clip().duration_s == pytest.approx(3.0)
    assert item.to_json()["part_s"] == [1.0, 4.0]
    item.classify_part(0.0, item.max_part_s, classify)
    assert item.part is None and item.prediction is item.full_prediction


def test_a_part_of_no_length_is_rejected_and_changes_nothing(classify, wav):
    item = Session().add("a.wav", wav("jazz", 6.0), "recording", classify)
    with pytest.raises(AudioError):
        item.classify_part(2.0, 2.0, classify)
    assert item.part is None and item.prediction is item.full_prediction


def test_the_sound_of_old_clips_is_discarded_and_comes_back(classify, wav):
    session = Session(max_sound_s=13.0)
    rows = [session.add(f"{seed}.wav", wav("pop", 6.0, seed), "upload", classify) for seed in (1, 2, 3)]
    assert [row.sound is not None for row in rows] == [False, True, True]
    assert rows[0].prediction.genre == "jazz" and rows[0].sound is None
    rows[0].correction = "pop"
    back = session.add("1.wav", wav("pop", 6.0, 1), "upload", classify)
    assert back.sound and back.correction == "pop" and len(session) == 3
    assert [item.name for item in session] == ["2.wav", "3.wav", "1.wav"]


def test_what_goes_beyond_full_scale_keeps_its_shape():
    samples = (4 * np.sin(np.linspace(0, 500, 22_050))).astype(np.float32)
    stored = StoredSound.of(Clip(samples, 1.0)).clip().samples
    np.testing.assert_allclose(stored, samples / 4, atol=1e-4)


def test_the_newest_clip_keeps_its_sound_however_long(classify, wav):
    session = Session(max_sound_s=1.0)
    assert session.add("a.wav", wav("pop", 6.0), "upload", classify).sound


def test_the_stored_sound_is_the_clip(classify, wav, play):
    clip = Session().add("a.wav", wav("pop", 6.0), "upload", classify).clip()
    assert np.abs(clip.samples - play("pop", 6.0)).max() < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_exports_survive_any_name(name, classify, wav):
    session = Session()
    item = session.add(name, wav("jazz"), "upload", classify)
    item.correction = OTHER
    session.add(name, b"not music", "upload", classify)
    good, bad = json.loads(session.to_json())
    assert good["name"] == bad["name"] == item.name
    assert good["genre"] == "jazz" and good["correction"] == OTHER and "error" in bad
    text = session.to_csv().encode().decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 2
    assert rows[0]["name"].removeprefix("'") == item.name.removeprefix("'")
    assert not rows[0]["name"].startswith(("=", "+", "-", "@", "\t"))
    assert rows[0]["probability"] == "0.75" and rows[0]["rock"] == "0.25"
    assert rows[1]["error"] == bad["error"] and rows[1]["genre"] == ""
    assert "/" not in item.name and "\n" not in item.name


def test_removing_is_final_and_harmless_twice(classify, wav):
    session = Session()
    item = session.add("a.wav", wav("jazz"), "upload", classify)
    session.remove(item.id)
    session.remove(item.id)
    assert len(session) == 0 and session.get(item.id) is None
    session.add("a.wav", wav("jazz"), "upload", classify)
    assert len(classify.clips) == 2
