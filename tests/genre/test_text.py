"""How names and figures are written."""

import pytest

from genre.text import shorten, whole_percent


@pytest.mark.parametrize(
    ("probability", "whole"), [(0.784, 78), (0.705, 71), (0.625, 63), (0.999, 99), (1.0, 100), (0.0, 0)]
)
def test_a_percentage_is_whole_and_a_half_goes_up(probability, whole):
    assert whole_percent(probability) == whole


def test_a_long_name_ends_with_an_ellipsis():
    assert shorten("A long name", 8) == "A long…" and shorten("A name", 8) == "A name"
