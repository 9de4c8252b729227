"""The windows of the built-in music that come with Earmark."""

import numpy as np
import pytest

from genre import GENRES
from genre.audio.clip import load_clip
from genre.data import builtin
from genre.data.windows import compute_windows, window_starts
from genre.models.registry import MODELS
from genre.paths import home
from genre.synth import dataset as synth
from genre.training.experiment import experiment_settings
from pages.training.setup.plan import FIRST_MODELS


@pytest.mark.parametrize(("genre", "number"), [("jazz", 0), ("metal", 29)])
def test_they_are_those_of_the_music_as_it_is_played(tmp_path, genre, number):
    synth._write(tmp_path / "piece.wav", genre, number, 30.0)
    samples = load_clip(tmp_path / "piece.wav").samples
    windows = compute_windows(samples, window_starts(samples, builtin.SPEC, builtin.WINDOWING), builtin.SPEC)
    examples, summary = builtin.load_examples("builtin", builtin.SPEC, builtin.WINDOWING)
    stored = examples.of({f"{genre}.{number:05d}"}).values
    assert stored.shape == windows.shape and summary["tracks"] == 300
    difference = np.abs(stored.astype(int) - windows.astype(int))
    assert difference.mean() < 6, "of 255 levels, which are 80 dB"
    assert np.corrcoef(stored.ravel(), windows.ravel())[0, 1] > 0.98


def test_a_first_visitor_waits_for_no_music():
    """Neither played nor computed: nothing is written beside the run."""
    for model in FIRST_MODELS:
        settings = experiment_settings(model, "builtin", "mel", "track")
        assert builtin.comes_with_earmark(settings.data, settings.input_spec, settings.windows)
    examples, _ = builtin.load_examples("builtin", settings.input_spec, settings.windows)
    assert np.bincount(examples.labels).tolist() == [300] * len(GENRES)
    assert not (home() / "datasets").exists() and not (home() / "cache").exists()


def test_another_input_is_computed():
    assert not builtin.comes_with_earmark("builtin", MODELS["knn"].input("mel"))
    assert not builtin.comes_with_earmark("/music", builtin.SPEC)
    assert not builtin.comes_with_earmark("builtin", builtin.SPEC, "overlap")
