"""Wishes and dreams: what the same wish promises, how pieces are mixed, and what cannot be had."""

import json
import math
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan import artefact
from gan.mel import CONTROLS, GAN_MEL, measure_controls
from gan.prompt import understand
from gan.sample import Dreamer, again
from gan.wish import Wish, WishError, another_like, checked_count, mix, vary
from genre import GENRES
from genre.artefacts import save_artefact
from genre.audio import SAMPLE_RATE
from genre.cards import ArtefactError
from genre.home import WEIGHTS
from genre.loudness import true_peak_db
from tests.painters import card, save_untaught, untaught

needs_weights = pytest.mark.skipif(
    not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here"
)
JAZZ = Wish({"jazz": 1.0}, seconds=3, seed=3)
ROCK = Wish({"rock": 1.0}, {"energy": 1.0}, 1.2, 5, 8)


@pytest.fixture(scope="module")
def dreamer(tmp_path_factory) -> Dreamer:
    return untaught(tmp_path_factory.mktemp("weights"))


def test_the_same_wish_is_the_same_music(dreamer: Dreamer) -> None:
    first = dreamer.dream(JAZZ)
    second = dreamer.dream(Wish({"jazz": 1.0}, seconds=3, seed=3))
    np.testing.assert_array_equal(first.mel_db, second.mel_db)
    np.testing.assert_array_equal(first.clip.samples, second.clip.samples)
    assert not np.allclose(first.mel_db, dreamer.mel(replace(JAZZ, seed=4)), atol=1)
    assert not np.allclose(first.mel_db, dreamer.mel(replace(JAZZ, genres={"rock": 1.0})), atol=1)


def test_a_dream_is_presentable(dreamer: Dreamer) -> None:
    dream = dreamer.dream(JAZZ)
    assert dream.mel_db.shape[0] == GAN_MEL.bands and dream.mel_db.dtype == np.float32
    assert dream.mel_db.max() == 0 and dream.mel_db.min() >= -GAN_MEL.range_db
    assert dream.clip.duration_s == pytest.approx(3, abs=0.02)
    assert len(dream.clip.samples) == round(dream.clip.duration_s * SAMPLE_RATE)
    assert true_peak_db(dream.clip.samples) < -1 and np.isfinite(dream.clip.samples).all()
    assert dream.name == "jazz-3" and dream.picture().startswith(b"\x89PNG")
    kept = artefact.load(dream.spectrogram())
    np.testing.assert_allclose(kept.mel_db, dream.mel_db, atol=0.05)


def test_the_json_makes_it_again(dreamer: Dreamer) -> None:
    wish = another_like(mix(JAZZ, replace(ROCK, prompt="loud rock"), 0.3), seed=11)
    recipe = dreamer.dream(replace(wish, seconds=3.0)).recipe()
    read = again(json.loads(json.dumps(recipe)))
    assert recipe["weights"] == dreamer.weights and len(dreamer.weights) == 16
    np.testing.assert_array_equal(dreamer.mel(read), dreamer.mel(replace(wish, seconds=3.0)))


@pytest.mark.parametrize(
    "recipe",
    [None, [], {}, {"made_by": "Earmark"}, {"made_by": "Earmark", "version": 1},
     {"made_by": "Earmark", "version": 99, "wish": JAZZ.to_dict()},
     {"made_by": "Earmark", "version": 1, "wish": {"genres": {"jazz": "x"}}},
     {"made_by": "Earmark", "version": 1, "wish": {"genres": {"jazz": 1}, "folder": "/etc"}},
     {"made_by": "Earmark", "version": 1, "wish": {"genres": {"jazz": 1}, "style": [[1, 2, 3]]}},
     {"made_by": "Earmark", "version": 1, "wish": {"genres": {"jazz": 1}, "style": [[1, float("nan")]]}}],
)  # fmt: skip
def test_a_foreign_json_is_a_sentence(recipe: object) -> None:
    with pytest.raises(WishError, match=r"^[A-Z].*\.$"):
        again(recipe)


@pytest.mark.parametrize(
    "values",
    [{"genres": {}}, {"genres": {"jazz": 0.0}}, {"genres": {"jazz": -1}}, {"genres": {"jazz": math.nan}},
     {"genres": ["jazz"]}, {"seconds": 2.9}, {"seconds": 61}, {"seconds": math.inf}, {"seconds": "10"},
     {"tempo": 0}, {"tempo": 9}, {"seed": -1}, {"seed": 2**31}, {"seed": 1.5}, {"seed": True},
     {"controls": {"sadness": 1}}, {"controls": {"energy": 99}}, {"truncation": -1}, {"prompt": "x" * 2000},
     {"style": ((1, 0.1),)}, {"rhythm": tuple((k, 0.2) for k in range(25))}],
)  # fmt: skip
def test_what_cannot_be_wished_for_is_a_sentence(values: dict) -> None:
    with pytest.raises(WishError, match=r"^[A-Z].*\.$"):
        Wish(**{"genres": {"jazz": 1.0}, **values})


@pytest.mark.parametrize("count", [0, -1, 21, 10**9, 2.5, True])
def test_counts(count: object) -> None:
    with pytest.raises(WishError, match="1 to 20"):
        checked_count(count)
    assert checked_count(20) == 20


def test_a_genre_that_is_not_known(dreamer: Dreamer) -> None:
    with pytest.raises(WishError, match=r"'polka'.*blues"):
        dreamer.mel(Wish({"polka": 1.0}))


@pytest.mark.parametrize("seconds", [3.0, 7.3, 20.0])
def test_lengths(seconds: float, dreamer: Dreamer) -> None:
    frames = dreamer.mel(replace(JAZZ, seconds=seconds)).shape[1]
    assert (frames - 1) * GAN_MEL.seconds_per_frame == pytest.approx(seconds, abs=0.02)


def test_the_path_drifts_and_neither_jumps_nor_loops(dreamer: Dreamer) -> None:
    latents = dreamer.latents(replace(JAZZ, seconds=60.0), 80)
    style, local = latents.style.numpy(), latents.local[0].numpy().T
    steps = np.linalg.norm(np.diff(style, axis=0), axis=1)
    far = np.linalg.norm(style[40:] - style[:40], axis=1)
    assert steps.max() < 0.35 * far.mean()  # slow
    assert far.mean() > 1  # and yet somewhere else in the end
    apart = np.linalg.norm(local[:, None] - local[None], axis=2) + 99 * np.eye(80)
    assert apart.min() > 1  # no moment comes twice
    # The same seed begins alike, however long the piece.
    np.testing.assert_array_equal(local[:20], dreamer.latents(JAZZ, 20).local[0].numpy().T)


def test_latents_are_standard_normal_however_often_they_are_mixed(dreamer: Dreamer) -> None:
    styles, locals_ = [], []
    for seed in range(150):
        one, other = (Wish({"pop": 1.0}, seed=k, truncation=1.0) for k in (seed, seed + 5000))
        latents = dreamer.latents(mix(another_like(one, seed + 1000), other, 0.4), 4)
        styles.append(latents.style[2])
        locals_.append(latents.local[0, :, 1])
    for values in (np.stack(styles), np.stack(locals_)):
        assert abs(values.mean()) < 0.06 and values.std() == pytest.approx(1, abs=0.06)


def test_tempo(dreamer: Dreamer) -> None:
    """Twice as fast is the same in half the time."""
    slow, fast, unhurried = (
        dreamer.mel(wish)[:, : 40 * size].reshape(GAN_MEL.bands, 40, size).mean(axis=2)  # 40 moments of each
        for wish, size in ((replace(JAZZ, seconds=8.0), 8), (replace(JAZZ, seconds=4.0, tempo=2.0), 4),
                           (replace(JAZZ, seconds=4.0), 4))
    )  # fmt: skip
    slow, fast, unhurried = (mel - mel.mean(axis=1, keepdims=True) for mel in (slow, fast, unhurried))
    assert np.corrcoef(slow.ravel(), fast.ravel())[0, 1] > 0.5
    assert abs(np.corrcoef(slow.ravel(), unhurried.ravel())[0, 1]) < 0.3


def test_mixing(dreamer: Dreamer) -> None:
    assert mix(JAZZ, ROCK, 0) == JAZZ and mix(JAZZ, ROCK, 1) == ROCK
    half = mix(JAZZ, ROCK, 0.5)
    assert half.genres == {"jazz": 0.5, "rock": 0.5} and half.seconds == 4 and half.controls["energy"] == 0.5
    assert JAZZ.tempo < half.tempo < ROCK.tempo
    style = dreamer.latents(half, 6).style
    for parent in (JAZZ, ROCK):
        parent_style = dreamer.latents(parent, 6).style
        assert np.corrcoef(style.ravel(), parent_style.ravel())[0, 1] > 0.5
    with pytest.raises(WishError):
        mix(JAZZ, ROCK, 1.5)


def test_another_like_is_nearer_than_a_stranger(dreamer: Dreamer) -> None:
    style, near, stranger = (
        dreamer.latents(wish, 6).style for wish in (JAZZ, another_like(JAZZ, 9), replace(JAZZ, seed=9))
    )  # fmt: skip
    assert (style - near).norm() < 0.75 * (style - stranger).norm()
    assert another_like(JAZZ, 9).genres == JAZZ.genres and another_like(JAZZ, 9).seed == 9


@pytest.mark.parametrize(
    ("keep", "same", "other"), [("style", "style", "local"), ("rhythm", "local", "style")]
)
def test_locks(keep: str, same: str, other: str, dreamer: Dreamer) -> None:
    before, after = (dreamer.latents(wish, 6) for wish in (JAZZ, vary(JAZZ, 77, keep)))
    np.testing.assert_array_equal(getattr(before, same), getattr(after, same))
    assert not np.allclose(getattr(before, other), getattr(after, other))
    with pytest.raises(WishError):
        vary(JAZZ, 77, "melody")


WISHES = st.builds(
    Wish,
    st.dictionaries(st.sampled_from(GENRES), st.floats(0.01, 5), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(CONTROLS), st.floats(-4, 4)),
    st.floats(0.5, 2), st.floats(3, 60), st.integers(0, 2**31 - 1),
)


@settings(max_examples=50, deadline=None)
@given(WISHES, WISHES, st.floats(0, 1), st.integers(0, 2**31 - 1))
def test_what_comes_of_wishes_is_a_wish(a: Wish, b: Wish, share: float, seed: int) -> None:
    for wish in (mix(a, b, share), another_like(mix(a, b, share), seed), vary(a, seed, "rhythm")):
        assert sum(wish.genres.values()) == pytest.approx(1)
        for noise in (wish.noise("style"), wish.noise("rhythm")):
            assert sum(weight**2 for _, weight in noise) == pytest.approx(1, abs=0.01)
        assert Wish.from_dict(json.loads(json.dumps(wish.to_dict()))) == wish


def test_a_prompt_becomes_a_wish() -> None:
    wish = Wish.read(understand("fast angry metal"), 5, 2)
    assert wish.genres == {"metal": 1.0} and wish.tempo > 1 and wish.controls["energy"] > 0
    anything = {next(iter(Wish.read(understand("calm"), 5, seed).genres)) for seed in range(40)}
    assert len(anything) > 5  # the seed chooses
    assert Wish.read(understand("calm"), 5, 1) == Wish.read(understand("calm"), 5, 1)
    assert Wish.read(understand("x" * 5000)).seconds == 10


def test_a_prompt_is_read_with_the_genres_there_are() -> None:
    known = ("jazz", "fado")
    chosen = {next(iter(Wish.read(understand("calm, no jazz"), seed=seed, known=known).genres))
              for seed in range(20)}
    assert chosen == {"fado"}
    assert Wish.read(understand("jazz and metal"), known=known).genres == {"jazz": 1.0}
    with pytest.raises(WishError, match="no metal here; there is jazz, fado"):
        Wish.read(understand("metal"), known=known)


@pytest.mark.parametrize("name", ["../gan", "", ".hidden", "no-such-model", "a/b"])
def test_weights_that_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"\.$"):
        Dreamer.load(name, tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"typical": {"mean": [[0.0] * 3], "spread": [[1.0] * 3]}}, {"typical": None}, {"genres": ["jazz"]},
     {"front_end": {"n_mels": 64}}, {"front_end": {"hops": 1}}],
)  # fmt: skip
def test_a_card_that_does_not_fit(change: dict, tmp_path: Path) -> None:
    folder = save_untaught(tmp_path / "gan")
    (folder / "card.json").write_text(json.dumps(card() | change))
    with pytest.raises(ArtefactError, match="do not fit"):
        Dreamer.load("gan", tmp_path)


def test_weights_of_another_network(tmp_path: Path) -> None:
    save_artefact(tmp_path / "gan", {}, card())
    with pytest.raises(ArtefactError, match="do not fit"):
        Dreamer.load("gan", tmp_path)


@needs_weights
@pytest.mark.parametrize("control", CONTROLS)
def test_the_shipped_generator_can_be_steered(control: str) -> None:
    import torch

    dreamer = Dreamer.load()
    place = CONTROLS.index(control)
    measured = []
    for shift in (-1.0, 1.0):
        mels = [dreamer.mel(Wish({genre: 1.0}, {control: shift}, seconds=3, seed=5)) for genre in GENRES[::3]]
        values = torch.from_numpy(np.stack(mels)) / (GAN_MEL.range_db / 2) + 1
        measured.append(float(measure_controls(values)[:, place].mean()))
    assert measured[1] > measured[0]


@needs_weights
def test_the_first_sound_comes_within_three_seconds() -> None:
    dreamer = Dreamer.load()
    dreamer.dream(JAZZ)
    began = time.process_time()
    dreamer.dream(replace(JAZZ, seconds=10.0))
    assert time.process_time() - began < 6  # of two cores
