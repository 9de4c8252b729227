"""Generation requests and the sampler: reproducibility, mixing, variation, and what is out of bounds."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.controls import CONTROLS
from gan.mel import GAN_MEL, measure_controls
from gan.prompt import parse_prompt
from gan.request import (
    GenerationRequest,
    RequestError,
    make_similar_request,
    mix_requests,
    require_count,
    vary_request,
)
from gan.sampling import spectrogram_file
from gan.sampling.sampler import Sampler, request_from_recipe
from genre import GENRES
from genre.audio.clip import SAMPLE_RATE
from genre.audio.loudness import true_peak_db
from genre.models.artefacts import save_artefact
from genre.models.cards import ArtefactError
from genre.paths import WEIGHTS
from tests.support.generators import card, load_untrained, save_untrained

needs_weights = pytest.mark.skipif(
    not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here"
)
JAZZ = GenerationRequest({"jazz": 1.0}, seconds=3, seed=3)
ROCK = GenerationRequest({"rock": 1.0}, {"energy": 1.0}, 1.2, 5, 8)


@pytest.fixture(scope="module")
def sampler(tmp_path_factory) -> Sampler:
    return load_untrained(tmp_path_factory.mktemp("weights"))


def test_the_same_request_gives_the_same_clip(sampler: Sampler) -> None:
    first = sampler.generate(JAZZ)
    second = sampler.generate(GenerationRequest({"jazz": 1.0}, seconds=3, seed=3))
    np.testing.assert_array_equal(first.mel_db, second.mel_db)
    np.testing.assert_array_equal(first.clip.samples, second.clip.samples)
    assert not np.allclose(first.mel_db, sampler.generate_mel(replace(JAZZ, seed=4)), atol=1)
    assert not np.allclose(first.mel_db, sampler.generate_mel(replace(JAZZ, genres={"rock": 1.0})), atol=1)


def test_a_generated_clip_is_mastered(sampler: Sampler) -> None:
    generate = sampler.generate(JAZZ)
    assert generate.mel_db.shape[0] == GAN_MEL.bands and generate.mel_db.dtype == np.float32
    assert generate.mel_db.max() == 0 and generate.mel_db.min() >= -GAN_MEL.range_db
    assert generate.clip.duration_s == pytest.approx(3, abs=0.02)
    assert len(generate.clip.samples) == round(generate.clip.duration_s * SAMPLE_RATE)
    assert true_peak_db(generate.clip.samples) < -1 and np.isfinite(generate.clip.samples).all()
    assert generate.name == "jazz-3" and generate.png().startswith(b"\x89PNG")
    stored = spectrogram_file.read_spectrogram(generate.spectrogram())
    np.testing.assert_allclose(stored.mel_db, generate.mel_db, atol=0.05)


def test_the_json_makes_it_again(sampler: Sampler) -> None:
    request = make_similar_request(mix_requests(JAZZ, replace(ROCK, prompt="loud rock"), 0.3), seed=11)
    recipe = sampler.generate(replace(request, seconds=3.0)).recipe()
    read = request_from_recipe(json.loads(json.dumps(recipe)))
    assert recipe["weights"] == sampler.fingerprint and len(sampler.fingerprint) == 16
    np.testing.assert_array_equal(
        sampler.generate_mel(read), sampler.generate_mel(replace(request, seconds=3.0))
    )


@pytest.mark.parametrize(
    "recipe",
    [
        None,
        [],
        {},
        {"made_by": "Earmark"},
        {"made_by": "Earmark", "version": 1},
        {"made_by": "Earmark", "version": 99, "request": JAZZ.to_dict()},
        {"made_by": "Earmark", "version": 1, "request": {"genres": {"jazz": "x"}}},
        {"made_by": "Earmark", "version": 1, "request": {"genres": {"jazz": 1}, "folder": "/etc"}},
        {"made_by": "Earmark", "version": 1, "request": {"genres": {"jazz": 1}, "style": [[1, 2, 3]]}},
        {
            "made_by": "Earmark",
            "version": 1,
            "request": {"genres": {"jazz": 1}, "style": [[1, float("nan")]]},
        },
    ],
)
def test_a_foreign_json_is_a_sentence(recipe: object) -> None:
    with pytest.raises(RequestError, match=r"^[A-Z].*\.$"):
        request_from_recipe(recipe)


@pytest.mark.parametrize(
    "values",
    [
        {"genres": {}},
        {"genres": {"jazz": 0.0}},
        {"genres": {"jazz": -1}},
        {"genres": {"jazz": math.nan}},
        {"genres": ["jazz"]},
        {"seconds": 2.9},
        {"seconds": 61},
        {"seconds": math.inf},
        {"seconds": "10"},
        {"tempo": 0},
        {"tempo": 9},
        {"seed": -1},
        {"seed": 2**31},
        {"seed": 1.5},
        {"seed": True},
        {"controls": {"sadness": 1}},
        {"controls": {"energy": 99}},
        {"truncation": -1},
        {"prompt": "x" * 2000},
        {"style": ((1, 0.1),)},
        {"rhythm": tuple((k, 0.2) for k in range(25))},
    ],
)
def test_a_request_out_of_bounds_is_a_sentence(values: dict) -> None:
    with pytest.raises(RequestError, match=r"^[A-Z].*\.$"):
        GenerationRequest(**{"genres": {"jazz": 1.0}, **values})


@pytest.mark.parametrize("count", [0, -1, 21, 10**9, 2.5, True])
def test_counts(count: object) -> None:
    with pytest.raises(RequestError, match="1 to 20"):
        require_count(count)
    assert require_count(20) == 20


def test_a_genre_that_is_not_known(sampler: Sampler) -> None:
    with pytest.raises(RequestError, match=r"'polka'.*blues"):
        sampler.generate_mel(GenerationRequest({"polka": 1.0}))


@pytest.mark.parametrize("seconds", [3.0, 7.3, 20.0])
def test_lengths(seconds: float, sampler: Sampler) -> None:
    frames = sampler.generate_mel(replace(JAZZ, seconds=seconds)).shape[1]
    assert (frames - 1) * GAN_MEL.seconds_per_frame == pytest.approx(seconds, abs=0.02)


def test_the_path_drifts_and_neither_jumps_nor_loops(sampler: Sampler) -> None:
    latents = sampler.compute_latents(replace(JAZZ, seconds=60.0), 80)
    style, local = latents.style.numpy(), latents.local[0].numpy().T
    steps = np.linalg.norm(np.diff(style, axis=0), axis=1)
    far = np.linalg.norm(style[40:] - style[:40], axis=1)
    assert steps.max() < 0.35 * far.mean()  # slow
    assert far.mean() > 1  # and yet somewhere else in the end
    apart = np.linalg.norm(local[:, None] - local[None], axis=2) + 99 * np.eye(80)
    assert apart.min() > 1  # no moment comes twice
    # The same seed begins alike, however long the clip.
    np.testing.assert_array_equal(local[:20], sampler.compute_latents(JAZZ, 20).local[0].numpy().T)


def test_latents_are_standard_normal_however_often_they_are_mixed(sampler: Sampler) -> None:
    styles, locals_ = [], []
    for seed in range(150):
        one, other = (GenerationRequest({"pop": 1.0}, seed=k, truncation=1.0) for k in (seed, seed + 5000))
        latents = sampler.compute_latents(mix_requests(make_similar_request(one, seed + 1000), other, 0.4), 4)
        styles.append(latents.style[2])
        locals_.append(latents.local[0, :, 1])
    for values in (np.stack(styles), np.stack(locals_)):
        assert abs(values.mean()) < 0.06 and values.std() == pytest.approx(1, abs=0.06)


def test_tempo(sampler: Sampler) -> None:
    """Twice as fast is the same in half the time."""
    slow, fast, unhurried = (
        sampler.generate_mel(request)[:, : 40 * size]
        .reshape(GAN_MEL.bands, 40, size)
        .mean(axis=2)  # 40 moments of each
        for request, size in (
            (replace(JAZZ, seconds=8.0), 8),
            (replace(JAZZ, seconds=4.0, tempo=2.0), 4),
            (replace(JAZZ, seconds=4.0), 4),
        )
    )
    slow, fast, unhurried = (mel - mel.mean(axis=1, keepdims=True) for mel in (slow, fast, unhurried))
    assert np.corrcoef(slow.ravel(), fast.ravel())[0, 1] > 0.5
    assert abs(np.corrcoef(slow.ravel(), unhurried.ravel())[0, 1]) < 0.3


def test_mixing(sampler: Sampler) -> None:
    assert mix_requests(JAZZ, ROCK, 0) == JAZZ and mix_requests(JAZZ, ROCK, 1) == ROCK
    half = mix_requests(JAZZ, ROCK, 0.5)
    assert half.genres == {"jazz": 0.5, "rock": 0.5} and half.seconds == 4 and half.controls["energy"] == 0.5
    assert JAZZ.tempo < half.tempo < ROCK.tempo
    style = sampler.compute_latents(half, 6).style
    for parent in (JAZZ, ROCK):
        parent_style = sampler.compute_latents(parent, 6).style
        assert np.corrcoef(style.ravel(), parent_style.ravel())[0, 1] > 0.5
    with pytest.raises(RequestError):
        mix_requests(JAZZ, ROCK, 1.5)


def test_another_like_is_nearer_than_a_stranger(sampler: Sampler) -> None:
    style, near, stranger = (
        sampler.compute_latents(request, 6).style
        for request in (JAZZ, make_similar_request(JAZZ, 9), replace(JAZZ, seed=9))
    )
    assert (style - near).norm() < 0.75 * (style - stranger).norm()
    assert make_similar_request(JAZZ, 9).genres == JAZZ.genres and make_similar_request(JAZZ, 9).seed == 9


@pytest.mark.parametrize(
    ("keep", "same", "other"), [("style", "style", "local"), ("rhythm", "local", "style")]
)
def test_locks(keep: str, same: str, other: str, sampler: Sampler) -> None:
    before, after = (sampler.compute_latents(request, 6) for request in (JAZZ, vary_request(JAZZ, 77, keep)))
    np.testing.assert_array_equal(getattr(before, same), getattr(after, same))
    assert not np.allclose(getattr(before, other), getattr(after, other))
    with pytest.raises(RequestError):
        vary_request(JAZZ, 77, "melody")


REQUESTS = st.builds(
    GenerationRequest,
    st.dictionaries(st.sampled_from(GENRES), st.floats(0.01, 5), min_size=1, max_size=4),
    st.dictionaries(st.sampled_from(CONTROLS), st.floats(-4, 4)),
    st.floats(0.5, 2),
    st.floats(3, 60),
    st.integers(0, 2**31 - 1),
)


@settings(max_examples=50)
@given(REQUESTS, REQUESTS, st.floats(0, 1), st.integers(0, 2**31 - 1))
def test_derived_requests_are_valid_requests(
    a: GenerationRequest, b: GenerationRequest, share: float, seed: int
) -> None:
    for request in (
        mix_requests(a, b, share),
        make_similar_request(mix_requests(a, b, share), seed),
        vary_request(a, seed, "rhythm"),
    ):
        assert sum(request.genres.values()) == pytest.approx(1)
        for noise in (request.noise("style"), request.noise("rhythm")):
            assert sum(weight**2 for _, weight in noise) == pytest.approx(1, abs=0.01)
        assert GenerationRequest.from_dict(json.loads(json.dumps(request.to_dict()))) == request


def test_a_prompt_becomes_a_request() -> None:
    request = GenerationRequest.from_prompt(parse_prompt("fast angry metal"), 5, 2)
    assert request.genres == {"metal": 1.0} and request.tempo > 1 and request.controls["energy"] > 0
    anything = {
        next(iter(GenerationRequest.from_prompt(parse_prompt("calm"), 5, seed).genres)) for seed in range(40)
    }
    assert len(anything) > 5  # the seed chooses
    assert GenerationRequest.from_prompt(parse_prompt("calm"), 5, 1) == GenerationRequest.from_prompt(
        parse_prompt("calm"), 5, 1
    )
    assert GenerationRequest.from_prompt(parse_prompt("x" * 5000)).seconds == 10


def test_a_prompt_is_read_with_the_genres_there_are() -> None:
    vocabulary = ("jazz", "fado")
    genres = {
        next(
            iter(
                GenerationRequest.from_prompt(
                    parse_prompt("calm, no jazz"), seed=seed, available=vocabulary
                ).genres
            )
        )
        for seed in range(20)
    }
    assert genres == {"fado"}
    assert GenerationRequest.from_prompt(parse_prompt("jazz and metal"), available=vocabulary).genres == {
        "jazz": 1.0
    }
    with pytest.raises(RequestError, match="no metal here; there is jazz, fado"):
        GenerationRequest.from_prompt(parse_prompt("metal"), available=vocabulary)


@pytest.mark.parametrize("name", ["../gan", "", ".hidden", "no-such-model", "a/b"])
def test_weights_that_are_not_there(name: str, tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"\.$"):
        Sampler.load(name, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        {"control_stats_by_genre": {"mean": [[0.0] * 3], "std": [[1.0] * 3]}},
        {"control_stats_by_genre": None},
        {"genres": ["jazz"]},
        {"front_end": {"n_mels": 64}},
        {"front_end": {"hops": 1}},
    ],
)
def test_a_card_that_does_not_fit(change: dict, tmp_path: Path) -> None:
    folder = save_untrained(tmp_path / "gan")
    (folder / "card.json").write_text(json.dumps(card().to_dict() | change))
    with pytest.raises(ArtefactError, match="do not fit"):
        Sampler.load("gan", tmp_path)


def test_weights_of_another_network(tmp_path: Path) -> None:
    save_artefact(tmp_path / "gan", {}, card())
    with pytest.raises(ArtefactError, match="do not fit"):
        Sampler.load("gan", tmp_path)


@needs_weights
@pytest.mark.parametrize("control", CONTROLS)
def test_the_published_generator_follows_its_controls(control: str) -> None:
    import torch

    sampler = Sampler.load()
    place = CONTROLS.index(control)
    measured = []
    for shift in (-1.0, 1.0):
        mels = [
            sampler.generate_mel(GenerationRequest({genre: 1.0}, {control: shift}, seconds=3, seed=5))
            for genre in GENRES[::3]
        ]
        values = torch.from_numpy(np.stack(mels)) / (GAN_MEL.range_db / 2) + 1
        measured.append(float(measure_controls(values)[:, place].mean()))
    assert measured[1] > measured[0]
