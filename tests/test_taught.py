"""mood.taught: moods of one's own, learnt in seconds, kept as numbers alone."""

import json

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from mood import EMOTIONS, taught
from mood.reader import MEASURED, EmotionReader
from mood.taught import (
    FEWEST,
    VIEWS,
    MoodError,
    Taught,
    TaughtReader,
    delete,
    export,
    import_mood,
    learn,
    list_moods,
    parse,
    rename,
    save_mood,
    separate,
)
from tests.faces_at_hand import drawn_face, valid_faces


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
def reader() -> EmotionReader:
    return EmotionReader.load(MEASURED)


@pytest.fixture(scope="module")
def punk(reader) -> Taught:
    return learn(reader, "punk", frames(1))


@pytest.fixture(scope="module")
def dreamy(reader) -> Taught:
    return learn(reader, "dreamy", frames(2))


def test_new_frames_of_a_look_are_known(reader, punk, dreamy) -> None:
    ours = TaughtReader(reader, [punk, dreamy], stock=False)
    assert ours.emotions == ("punk", "dreamy")
    later = [*frames(1, 14)[10:], *frames(2, 14)[10:]]
    scores = ours.read(later)
    assert scores.shape == (8, 2) and scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert scores.argmax(axis=1).tolist() == [0] * 4 + [1] * 4


def test_beside_the_seven_emotions_a_taught_mood_wins_only_on_its_own_look(reader) -> None:
    faces, _ = valid_faces(120)
    ours = TaughtReader(reader, [learn(reader, "punk", frames(faces[0]))])
    assert ours.emotions == (*EMOTIONS, "punk")
    own, others = ours.read(frames(faces[0], 14)[10:]), ours.read(list(faces[1:]))
    for scores in (own, others):
        np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)
    assert own[:, -1].mean() > 0.6 and others[:, -1].mean() < 0.15
    stock = reader.read(list(faces[1:]))
    np.testing.assert_allclose(others[:, :7], stock * (1 - others[:, 7:]), atol=1e-4)
    assert ours.read([]).shape == (0, 8)


def test_one_s_own_happy_takes_the_place_of_the_stock_one(reader) -> None:
    happy = learn(reader, "happy", frames(4))
    ours = TaughtReader(reader, [happy])
    assert sorted(ours.emotions) == sorted(EMOTIONS)
    (scores,) = ours.read(frames(4, 11)[10:])
    assert ours.emotions[scores.argmax()] == "happy"


def test_held_out_frames_tell_looks_apart_and_the_same_look_not(reader, punk, dreamy) -> None:
    apart = separate([punk, dreamy])
    assert apart.accuracy == 1.0 and np.sum(apart.confusion) == 20
    assert apart.message == "20 of 20 held-out frames were read right."
    rng = np.random.default_rng(0)
    shuffled = rng.permutation(frames(5, 20))
    same = separate([learn(reader, "a", shuffled[:10]), learn(reader, "b", shuffled[10:])])
    assert same.accuracy < 0.8 and "looks like" in same.message
    with pytest.raises(MoodError, match="two moods"):
        separate([punk])


def test_the_same_frames_teach_the_same(reader, punk) -> None:
    np.testing.assert_array_equal(learn(reader, "punk", frames(1)).embeddings, punk.embeddings)
    assert punk.embeddings.shape == (10, VIEWS, 320) and punk.embeddings.dtype == np.float32


def test_too_few_frames_and_bad_names_are_refused(reader) -> None:
    with pytest.raises(MoodError, match="take more"):
        learn(reader, "punk", frames(1)[: FEWEST - 1])
    for name in ("", "  \n ", "\x00\x07", "x" * 41):
        with pytest.raises(MoodError, match="name"):
            learn(reader, name, frames(1))
    assert taught.checked_name(" p\u202eunk\n rock ") == "punk rock"
    with pytest.raises(MoodError, match="two moods"):
        TaughtReader(reader, [])


def test_kept_listed_renamed_exported_imported_deleted(reader, punk, dreamy, earmark_home) -> None:
    assert list_moods() == []
    kept = save_mood(punk)
    save_mood(dreamy)
    assert [mood.name for mood in list_moods()] == ["dreamy", "punk"]
    with pytest.raises(MoodError, match="called 'PUNK'"):
        rename(list_moods()[0].key, "PUNK")
    assert rename(kept.key, "Punk").name == "Punk"
    with pytest.raises(MoodError, match="already"):
        save_mood(punk)
    with pytest.raises(MoodError, match="emotion called 'happy'"):
        rename(kept.key, "Happy")
    content = export(list_moods()[1])
    delete(kept.key)
    delete(kept.key)
    assert [mood.name for mood in list_moods()] == ["dreamy"]
    back = import_mood(reader, content)
    np.testing.assert_array_equal(back.embeddings, punk.embeddings)
    assert back.name == "Punk" and len(list_moods()) == 2


def test_nothing_but_embeddings_is_kept(punk, earmark_home) -> None:
    save_mood(punk)
    (path,) = (each for each in earmark_home.rglob("*") if each.is_file())
    assert path.suffix == ".safetensors"
    assert path.stat().st_size < punk.embeddings.nbytes + 1000
    for face in frames(1):
        assert face.tobytes()[:200] not in path.read_bytes()


def test_damaged_files_do_not_hide_the_others(punk) -> None:
    save_mood(punk)
    (taught.folder() / "0123456789abcdef.safetensors").write_bytes(b"broken")
    (taught.folder() / "fedcba9876543210.safetensors").write_bytes(bytes(taught.MAX_BYTES + 1))
    assert [mood.name for mood in list_moods()] == ["punk"]


def test_moods_of_another_network_are_told(reader, punk) -> None:
    other = Taught("punk", punk.embeddings, "0" * 16)
    for use in (lambda: import_mood(reader, export(other)), lambda: TaughtReader(reader, [other])):
        with pytest.raises(MoodError, match="another version"):
            use()


def forged(embeddings: np.ndarray | None = None, **about: object) -> bytes:
    embeddings = np.zeros((10, VIEWS, 8), np.float32) if embeddings is None else embeddings
    told = {"format": taught.FORMAT, "name": "x", "network": "0" * 16, "created": 1.0} | about
    return save({"embeddings": embeddings}, {"about": json.dumps(told)})


def test_what_is_not_one_of_ours_is_refused() -> None:
    assert parse(forged()).name == "x"
    for content in (
        b"", b"PK\x03\x04", save({"embeddings": np.zeros((10, VIEWS, 8), np.float32)}),
        forged(np.zeros((10, VIEWS, 8), np.float64)), forged(np.zeros((2, VIEWS, 8), np.float32)),
        forged(np.zeros((10, 2, 8), np.float32)), forged(np.full((10, VIEWS, 8), np.nan, np.float32)),
        forged(name="../../etc"[:0]), forged(name=" x"), forged(name=3), forged(name="a\nb"),
        forged(network="../x"), forged(format="other"), forged(created="inf"), forged(created=None),
        bytes(taught.MAX_BYTES + 1),
    ):  # fmt: skip
        with pytest.raises(MoodError, match="not a mood taught"):
            parse(content)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 5000), st.binary(min_size=1, max_size=12))
def test_a_file_that_was_tampered_with_is_a_mood_or_a_sentence(place: int, noise: bytes) -> None:
    content = bytearray(forged())
    place %= len(content)
    content[place : place + len(noise)] = noise
    try:
        assert np.isfinite(parse(bytes(content)).embeddings).all()
    except MoodError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("key", ["../../x", "", "0123456789ABCDEF", "0123456789abcdef\n", "a/b"])
def test_a_key_never_becomes_a_path(key: str) -> None:
    for use in (lambda: rename(key, "y"), lambda: delete(key)):
        with pytest.raises(MoodError, match="gone"):
            use()
