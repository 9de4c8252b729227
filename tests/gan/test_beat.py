"""The requested tempo: stretch, accents, recipes, and what is heard of the shipped model."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gan import prompt
from gan.evaluation.tempo import (
    MIN_STRENGTH,
    TOLERANCE,
    TempoMeasurement,
    detect_bpm,
    evaluate_tempo,
    tempo_figures,
)
from gan.mel import FRAMES_PER_MINUTE, GAN_MEL
from gan.request import BPM_RANGE, GenerationRequest, RequestError, mix_requests
from gan.sampling import link
from gan.sampling.beat import DEPTHS_DB, accent_beats, beat_margin, choose_stretch
from gan.sampling.pulse import onset_envelope
from gan.sampling.sampler import Sampler, request_from_recipe
from genre import GENRES
from genre.paths import WEIGHTS
from pages.generation import request as request_page
from tests.gan.test_pulse import clicks, mel_of
from tests.support.generators import load_untrained

JAZZ = GenerationRequest({"jazz": 1.0}, seconds=6, seed=3)
BEATING = replace(JAZZ, bpm=100.0)


@pytest.fixture(scope="module")
def sampler(tmp_path_factory) -> Sampler:
    return load_untrained(tmp_path_factory.mktemp("weights"))


def test_accents_give_any_spectrogram_the_beat() -> None:
    """Noise with random onsets: nothing leaves the range, and the beat of the grid is clearer than it was.

    Where half of a fast beat is tapped more readily, a few accents help the half more: 5 of 484.
    """
    margins = []
    for seed in range(4):
        mel = noise_mel(seed)
        for bpm in np.linspace(*BPM_RANGE, 17):
            period = FRAMES_PER_MINUTE / float(bpm)
            accented = accent_beats(mel, period)
            assert accented.shape == mel.shape and accented.max() == 0
            assert accented.min() >= -GAN_MEL.range_db
            margins.append([beat_margin(onset_envelope(values), period) for values in (mel, accented)])
    assert np.mean([after > before for before, after in margins]) >= 0.95
    np.testing.assert_array_equal(accented, accent_beats(mel, period))


def test_a_clear_beat_is_accented_least() -> None:
    mel = mel_of(clicks(100))
    period = FRAMES_PER_MINUTE / 100
    change = accent_beats(mel, period) - mel
    assert np.ptp(change[mel > -60]) < 2 * DEPTHS_DB[0]
    floor = np.full((128, 300), -GAN_MEL.range_db, np.float32)
    floor[:, 10] = 0
    assert (accent_beats(floor, period)[:, 20:] == -GAN_MEL.range_db).all(), "silence stays silent"


@pytest.mark.parametrize(("painted", "requested"), [(100, 120), (120, 100), (90, 100), (110, 110)])
def test_time_is_stretched_to_the_requested_tempo(painted: float, requested: float) -> None:
    stretch = choose_stretch(mel_of(clicks(painted)), FRAMES_PER_MINUTE / requested)
    assert painted * stretch == pytest.approx(requested, rel=0.03)


def test_the_beat_stands_out_from_half_and_double() -> None:
    envelope = onset_envelope(mel_of(clicks(110)))
    right, half, double = (beat_margin(envelope, FRAMES_PER_MINUTE / bpm) for bpm in (110, 55, 220))
    assert right > 0.2 > 0 > max(half, double)


def test_a_piece_with_a_beat_is_repeatable_and_has_it(sampler: Sampler) -> None:
    recipe = json.loads(json.dumps(_recipe(sampler, BEATING)))
    mel = sampler.generate_mel(BEATING)
    np.testing.assert_array_equal(mel, sampler.generate_mel(request_from_recipe(recipe)))
    assert mel.shape == sampler.generate_mel(JAZZ).shape
    assert not np.allclose(mel, sampler.generate_mel(JAZZ), atol=1)
    assert not np.allclose(mel, sampler.generate_mel(replace(BEATING, seed=4)), atol=1)
    assert np.isfinite(onset_envelope(mel)).all()


def test_the_factor_of_the_tempo_does_not_change_an_asked_tempo(sampler: Sampler) -> None:
    np.testing.assert_array_equal(
        sampler.generate_mel(BEATING), sampler.generate_mel(replace(BEATING, tempo=1.5))
    )


def test_recipes_without_beats_are_as_before(sampler: Sampler) -> None:
    recipe = _recipe(sampler, JAZZ)
    assert "bpm" not in recipe["request"] and request_from_recipe(recipe) == JAZZ
    assert request_from_recipe(link.unpack_recipe(link.pack_recipe(_recipe(sampler, BEATING)))) == BEATING


@pytest.mark.parametrize("bpm", [59, 181, "120", float("nan"), True])
def test_beats_out_of_bounds_are_a_sentence(bpm: object) -> None:
    with pytest.raises(RequestError, match=r"beats a minute must be from 60 to 180\.$"):
        replace(JAZZ, bpm=bpm)


def test_mixed_requests_have_a_tempo_between() -> None:
    fast = replace(JAZZ, seed=5, bpm=144.0)
    assert mix_requests(BEATING, fast, 0.5).bpm == pytest.approx(120)
    assert mix_requests(BEATING, JAZZ, 0.3).bpm == 100 and mix_requests(BEATING, JAZZ, 0.7).bpm is None


def test_the_prompt_and_the_page_know_the_same_limits() -> None:
    assert (prompt.MIN_BPM, prompt.MAX_BPM) == (request_page.MIN_BPM, request_page.MAX_BPM) == BPM_RANGE


def test_a_prompt_gives_its_beats() -> None:
    request = GenerationRequest.from_prompt(prompt.parse_prompt("fast jazz at 96 bpm"), 5, 1)
    assert (request.bpm, request.tempo) == (96, 1)


def test_the_judge_hears_clicks() -> None:
    for bpm in (75, 100, 140):
        assert detect_bpm(clicks(bpm)) == pytest.approx(bpm, rel=TOLERANCE)
    assert detect_bpm(np.zeros(66150, np.float32)) == pytest.approx(0, abs=300)


def test_octaves_are_wrong_and_counted_apart() -> None:
    pieces = [
        TempoMeasurement("jazz", 100.0, 103.0, 0.5),
        TempoMeasurement("jazz", 100.0, 50.5, 0.5),
        TempoMeasurement("rock", 100.0, 120.0, 0.5),
        TempoMeasurement("rock", 170.0, 170.0, MIN_STRENGTH - 0.01),
    ]
    figures = tempo_figures(pieces)
    assert figures["with_pulse"]["count"] == 3 and figures["all"]["right"] == 0.5
    assert figures["with_pulse"]["right"] == pytest.approx(1 / 3, abs=1e-4) == figures["with_pulse"]["octave"]
    assert figures["genres"]["rock"]["right"] == 0 and figures["bands"]["150 to 180"]["count"] == 0
    assert json.loads(json.dumps(figures)) == figures and figures["count"] == 4


@pytest.mark.skipif(not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here")
def test_the_asked_tempo_is_heard(compiled_librosa) -> None:
    """The aim is 70 % of the pieces with a pulse; of 118 pieces it was 91 %."""
    figures = evaluate_tempo(n_seeds=1, seed=500)
    assert figures["count"] == len(GENRES) and figures["with_pulse"]["count"] >= 8
    assert figures["with_pulse"]["right"] >= 0.7


def noise_mel(seed: int) -> np.ndarray:
    """Coloured noise of 6 s with onsets at random times."""
    rng = np.random.default_rng(seed)
    mel = rng.normal(-35, 4, (128, 260))
    for frame in rng.integers(0, 250, 20):
        mel[:, frame : frame + 6] += rng.uniform(3, 12)
    return (mel - mel.max()).astype(np.float32)


def _recipe(sampler: Sampler, request: GenerationRequest) -> dict:
    return {"made_by": "Earmark", "version": 1, "weights": sampler.fingerprint, "request": request.to_dict()}
