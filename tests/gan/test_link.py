"""A piece as an address: what it was made from comes back exactly, and any other text is refused."""

import base64
import string
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.request import GenerationRequest, RequestError, make_similar_request, mix_requests, vary_request
from gan.sampling.link import BROKEN, MAX_BYTES, MAX_CHARS, pack_recipe, unpack_recipe
from gan.sampling.sampler import RECIPE_VERSION, request_from_recipe

JAZZ = GenerationRequest({"jazz": 1.0}, seconds=3, seed=3)
ROCK = GenerationRequest({"rock": 0.7, "pop": 0.3}, {"energy": 1.0}, 1.2, 5, 8, prompt="läuft “gut”, oder?")
REQUESTS = (
    JAZZ,
    ROCK,
    make_similar_request(ROCK, 4),
    vary_request(JAZZ, 9, "style"),
    mix_requests(make_similar_request(JAZZ, 1), ROCK, 0.37),
)


def recipe_of(request: GenerationRequest) -> dict:
    return {
        "made_by": "Earmark",
        "version": RECIPE_VERSION,
        "model": "gan",
        "weights": "0123456789abcdef",
        "request": request.to_dict(),
    }


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_request_comes_back_exactly(request_):
    text = pack_recipe(recipe_of(request_))
    assert set(text) <= set(string.ascii_letters + string.digits + "-_") and len(text) < 700
    recipe = unpack_recipe(text)
    assert request_from_recipe(recipe) == request_ and recipe["weights"] == "0123456789abcdef"


def test_a_plain_piece_has_a_short_address():
    assert len(pack_recipe(recipe_of(JAZZ))) < 200


@given(st.text(max_size=200) | st.text(string.ascii_letters + "-_", max_size=400))
def test_any_other_text_is_refused_with_a_sentence(text):
    with pytest.raises(RequestError):
        request_from_recipe(unpack_recipe(text))


def test_an_address_that_was_cut_or_blown_up_is_refused():
    text = pack_recipe(recipe_of(ROCK))
    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 50 * MAX_BYTES)).decode().rstrip("=")
    assert len(bomb) < MAX_CHARS
    for broken in (text[: len(text) // 2], bomb, "A" * (MAX_CHARS + 1)):
        with pytest.raises(RequestError, match=BROKEN[:20]):
            unpack_recipe(broken)
