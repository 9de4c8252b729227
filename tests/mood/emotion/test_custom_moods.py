"""mood.emotion.custom_moods: learnt in seconds, saved as numbers alone, in files of any version."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from mood import EMOTIONS
from mood.emotion.custom_moods import storage
from mood.emotion.custom_moods.learning import (
    MIN_MOOD_FRAMES,
    N_VARIANTS,
    CustomMood,
    CustomMoodRecognizer,
    MoodError,
    cross_validate,
    learn_mood,
    validate_name,
)
from mood.emotion.custom_moods.storage import (
    delete_mood,
    export_mood,
    import_mood,
    list_moods,
    parse_mood,
    rename_mood,
    save_mood,
)
from mood.emotion.recognizer import EVALUATED_NETWORK, EmotionNetRecognizer
from tests.support.faces import drawn_face, valid_faces


def frames(look: int | np.ndarray, count: int = 10) -> list[np.ndarray]:
    """One look, a drawn or a given face, as it moves a little from frame to frame."""
    rng = np.random.default_rng(look if isinstance(look, int) else 0)
    look = drawn_face(look) if isinstance(look, int) else look
    shots = []
    for step in range(count):
        place = cv2.getRotationMatrix2D((24, 24), rng.normal(0, 3), 1 + rng.normal(0, 0.03))
        place[:, 2] += rng.normal(0, 0.8, 2) + step * 0.1
        face = cv2.warpAffine(look, place, (48, 48), borderMode=cv2.BORDER_REPLICATE)
        shots.append((face + rng.normal(0, 4, face.shape)).clip(0, 255).astype(np.uint8))
    return shots


@pytest.fixture(scope="module")
def recognizer() -> EmotionNetRecognizer:
    return EmotionNetRecognizer.load(EVALUATED_NETWORK)


@pytest.fixture(scope="module")
def punk(recognizer) -> CustomMood:
    return learn_mood(recognizer, "punk", frames(1))


@pytest.fixture(scope="module")
def dreamy(recognizer) -> CustomMood:
    return learn_mood(recognizer, "dreamy", frames(2))


def test_new_frames_of_a_look_are_recognized(recognizer, punk, dreamy) -> None:
    custom = CustomMoodRecognizer(recognizer, [punk, dreamy], with_emotions=False)
    assert custom.emotions == ("punk", "dreamy")
    new_frames = [*frames(1, 14)[10:], *frames(2, 14)[10:]]
    scores = custom.predict(new_frames)
    assert scores.shape == (8, 2) and scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert scores.argmax(axis=1).tolist() == [0] * 4 + [1] * 4


def test_beside_the_seven_emotions_a_custom_mood_wins_only_on_its_own_look(recognizer) -> None:
    faces, _ = valid_faces(120)
    custom = CustomMoodRecognizer(recognizer, [learn_mood(recognizer, "punk", frames(faces[0]))])
    assert custom.emotions == (*EMOTIONS, "punk")
    same, others = custom.predict(frames(faces[0], 14)[10:]), custom.predict(list(faces[1:]))
    for scores in (same, others):
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert same[:, -1].mean() > 0.6 and others[:, -1].mean() < 0.15
    emotions = recognizer.predict(list(faces[1:]))
    np.testing.assert_allclose(others[:, :7], emotions * (1 - others[:, 7:]), atol=1e-4)
    assert custom.predict([]).shape == (0, 8)


def test_pictures_of_several_people_are_no_mood(recognizer) -> None:
    faces, _ = valid_faces()
    refused = 0
    for first in (0, 4, 8, 12):
        pictures = [frame for face in faces[first : first + 4] for frame in frames(face, 3)]
        try:
            mood = learn_mood(recognizer, "everybody", pictures)
        except MoodError as error:
            assert "same face" in str(error)
            refused += 1
            continue
        taken = CustomMoodRecognizer(recognizer, [mood]).predict(list(faces[40:]))[:, -1] > 0.5
        assert taken.mean() < 0.5, "what is learnt does not take most faces of others"
    assert refused >= 3


def test_one_s_own_happy_takes_the_place_of_the_stock_one(recognizer) -> None:
    happy = learn_mood(recognizer, "happy", frames(4))
    custom = CustomMoodRecognizer(recognizer, [happy])
    assert sorted(custom.emotions) == sorted(EMOTIONS)
    (scores,) = custom.predict(frames(4, 11)[10:])
    assert custom.emotions[scores.argmax()] == "happy"


def test_held_out_frames_tell_looks_apart_and_the_same_look_not(recognizer, punk, dreamy) -> None:
    separation = cross_validate([punk, dreamy])
    assert separation.accuracy == 1.0 and np.sum(separation.confusion) == 20
    assert separation.message == "20 of 20 held-out frames were read right."
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(frames(5, 20))
    same = cross_validate(
        [learn_mood(recognizer, "a", shuffled[:10]), learn_mood(recognizer, "b", shuffled[10:])]
    )
    assert same.accuracy < 0.8 and "looks like" in same.message
    with pytest.raises(MoodError, match="two moods"):
        cross_validate([punk])


def test_the_same_frames_teach_the_same(recognizer, punk) -> None:
    np.testing.assert_array_equal(learn_mood(recognizer, "punk", frames(1)).embeddings, punk.embeddings)
    assert punk.embeddings.shape == (10, N_VARIANTS, 320) and punk.embeddings.dtype == np.float32


def test_too_few_frames_and_bad_names_are_refused(recognizer) -> None:
    with pytest.raises(MoodError, match="take more"):
        learn_mood(recognizer, "punk", frames(1)[: MIN_MOOD_FRAMES - 1])
    for name in ("", "  \n ", "\x00\x07", "x" * 41):
        with pytest.raises(MoodError, match="name"):
            learn_mood(recognizer, name, frames(1))
    assert validate_name(" p\u202eunk\n rock ") == "punk rock"
    with pytest.raises(MoodError, match="two moods"):
        CustomMoodRecognizer(recognizer, [])


def test_saved_listed_renamed_exported_imported_deleted(recognizer, punk, dreamy, earmark_home) -> None:
    assert list_moods() == []
    saved = save_mood(punk)
    save_mood(dreamy)
    assert [mood.name for mood in list_moods()] == ["dreamy", "punk"]
    with pytest.raises(MoodError, match="called 'PUNK'"):
        rename_mood(list_moods()[0].key, "PUNK")
    assert rename_mood(saved.key, "Punk").name == "Punk"
    with pytest.raises(MoodError, match="already"):
        save_mood(punk)
    with pytest.raises(MoodError, match="emotion called 'happy'"):
        rename_mood(saved.key, "Happy")
    content = export_mood(list_moods()[1])
    delete_mood(saved.key)
    delete_mood(saved.key)
    assert [mood.name for mood in list_moods()] == ["dreamy"]
    back = import_mood(recognizer, content)
    np.testing.assert_array_equal(back.embeddings, punk.embeddings)
    assert back.name == "Punk" and len(list_moods()) == 2


def test_nothing_but_embeddings_is_saved(punk, earmark_home) -> None:
    save_mood(punk)
    (path,) = (entry for entry in earmark_home.rglob("*") if entry.is_file())
    assert path.suffix == ".safetensors"
    assert path.stat().st_size < punk.embeddings.nbytes + 1000
    for face in frames(1):
        assert face.tobytes()[:200] not in path.read_bytes()


def test_damaged_files_do_not_hide_the_others(punk) -> None:
    save_mood(punk)
    (storage.moods_folder() / "0123456789abcdef.safetensors").write_bytes(b"broken")
    (storage.moods_folder() / "fedcba9876543210.safetensors").write_bytes(bytes(storage.MAX_MOOD_BYTES + 1))
    assert [mood.name for mood in list_moods()] == ["punk"]


def test_moods_of_another_network_are_refused(recognizer, punk) -> None:
    other = CustomMood("punk", punk.embeddings, "0" * 16)
    for action in (
        lambda: import_mood(recognizer, export_mood(other)),
        lambda: CustomMoodRecognizer(recognizer, [other]),
    ):
        with pytest.raises(MoodError, match="another version"):
            action()


def forged(embeddings: np.ndarray | None = None, **about: object) -> bytes:
    embeddings = np.zeros((10, N_VARIANTS, 8), np.float32) if embeddings is None else embeddings
    metadata = {"format": storage.FORMAT, "name": "x", "network": "0" * 16, "created": 1.0} | about
    return save({"embeddings": embeddings}, {"about": json.dumps(metadata)})


def test_what_is_not_one_of_ours_is_refused() -> None:
    assert parse_mood(forged()).name == "x"
    for content in (
        b"",
        b"PK\x03\x04",
        save({"embeddings": np.zeros((10, N_VARIANTS, 8), np.float32)}),
        forged(np.zeros((10, N_VARIANTS, 8), np.float64)),
        forged(np.zeros((2, N_VARIANTS, 8), np.float32)),
        forged(np.zeros((10, 2, 8), np.float32)),
        forged(np.full((10, N_VARIANTS, 8), np.nan, np.float32)),
        forged(name="../../etc"[:0]),
        forged(name=" x"),
        forged(name=3),
        forged(name="a\nb"),
        forged(network="../x"),
        forged(format="other"),
        forged(created="inf"),
        forged(created=None),
        bytes(storage.MAX_MOOD_BYTES + 1),
    ):
        with pytest.raises(MoodError, match="not a custom mood"):
            parse_mood(content)


@settings(max_examples=60)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=12))
def test_a_file_that_was_tampered_with_is_a_mood_or_a_sentence(place: int, noise: bytes) -> None:
    content = bytearray(forged())
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        assert np.isfinite(parse_mood(bytes(content)).embeddings).all()
    except MoodError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("key", ["../../x", "", "0123456789ABCDEF", "0123456789abcdef\n", "a/b"])
def test_a_key_never_becomes_a_path(key: str) -> None:
    for action in (lambda: rename_mood(key, "y"), lambda: delete_mood(key)):
        with pytest.raises(MoodError, match="gone"):
            action()


def test_a_file_of_an_older_version_is_recognized(earmark_home) -> None:
    """Made by commit b7a9e87."""
    content = (Path(__file__).parents[2] / "fixtures" / "old" / "mood" / "punk.safetensors").read_bytes()
    mood = parse_mood(content)
    assert mood.name == "punk" and mood.embeddings.shape == (8, N_VARIANTS, 320)
    assert import_mood(EmotionNetRecognizer.load(), content).name == "punk"
    assert [saved.name for saved in list_moods()] == ["punk"]
