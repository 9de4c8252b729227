"""The form of longer pieces: where sections lie, what comes again, and that pieces without form stay."""

import json
from dataclasses import replace

import numpy as np
import pytest

from gan.request import MIN_FORM_S, SECTIONS, GenerationRequest, RequestError, mix_requests
from gan.sampling import link
from gan.sampling.form import FADE_DB, MIN_SECTION_S, fade_db, plan_form, section_starts
from gan.sampling.sampler import Sampler, request_from_recipe
from pages.generation import request as form_page
from tests.support.generators import load_untrained

COLUMN_S = 0.743
PLAIN = GenerationRequest({"jazz": 1.0}, seconds=30, seed=3)
FORMED = replace(PLAIN, form=SECTIONS)


@pytest.fixture(scope="module")
def sampler(tmp_path_factory) -> Sampler:
    return load_untrained(tmp_path_factory.mktemp("weights"))


@pytest.mark.parametrize("seconds", [12.0, 13.7, 18.0, 30.0, 45.0, 60.0])
def test_no_section_is_shorter_than_six_seconds(seconds: float) -> None:
    starts = section_starts(seconds)
    lengths = np.diff([*starts, seconds])
    assert len(starts) == (1 if seconds < 15 else len(starts)) and lengths.min() >= MIN_SECTION_S
    assert section_starts(30.0) == [0, 10, 20] and len(section_starts(60.0)) == 5


def test_the_third_section_is_the_first_again() -> None:
    plan = plan_form(30.0, 43, COLUMN_S, 1)
    assert len(plan.source) == len(plan.turns) == len(plan.shifts) == 43
    again = np.flatnonzero(plan.source != np.arange(43))
    assert len(again) and np.ptp(again) == len(again) - 1, "it comes again as a whole"
    assert (again - plan.source[again] > MIN_SECTION_S / COLUMN_S).all(), "and no loop is short"
    assert plan.turns[20, 0] > 0.5 and plan.turns[[3, 35]].max() == 0 and plan.turns.max() < 1


def test_the_fades() -> None:
    fade = fade_db(1292, 512 / 22050)
    assert fade[0] == fade[-1] == -FADE_DB and fade[100:1100].max() == 0 and fade[100:1100].min() == 0
    assert (np.diff(fade[1200:]) < 0).all()


def test_a_piece_with_sections_is_repeatable_and_ends(sampler: Sampler) -> None:
    mel = sampler.generate_mel(FORMED)
    np.testing.assert_array_equal(mel, sampler.generate_mel(request_from_recipe(_recipe(sampler, FORMED))))
    assert mel[:, -20:].mean() < mel[:, 600:1000].mean() - 10
    assert not np.allclose(mel[:, 100:300], mel[:, 500:700], atol=1)
    assert not np.allclose(mel, sampler.generate_mel(PLAIN), atol=1)


def test_recipes_without_a_form_are_as_before(sampler: Sampler) -> None:
    recipe = _recipe(sampler, PLAIN)
    assert "form" not in recipe["request"] and request_from_recipe(recipe) == PLAIN
    packed = link.unpack_recipe(link.pack_recipe(_recipe(sampler, FORMED)))
    assert request_from_recipe(packed) == FORMED


def test_forms_out_of_bounds() -> None:
    for wrong in ({"form": "rondo"}, {"form": 3}, {"form": SECTIONS, "seconds": 8.0}):
        with pytest.raises(RequestError, match=r"\.$"):
            replace(PLAIN, **wrong)
    short = replace(PLAIN, seconds=5.0, seed=4)
    assert mix_requests(FORMED, short, 0.4).form == SECTIONS and mix_requests(FORMED, short, 0.6).form == ""
    assert mix_requests(replace(FORMED, seconds=12.0), short, 0.3).form == "", "too short by now"


def test_the_page_knows_the_same_limit() -> None:
    assert (form_page.SECTIONS, form_page.MIN_FORM_S) == (SECTIONS, MIN_FORM_S)


def _recipe(sampler: Sampler, request: GenerationRequest) -> dict:
    values = {
        "made_by": "Earmark",
        "version": 1,
        "weights": sampler.fingerprint,
        "request": request.to_dict(),
    }
    return json.loads(json.dumps(values))
