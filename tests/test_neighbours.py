"""genre.neighbours: what sounds alike lies near."""

import copy

import numpy as np
import pytest

from genre.audio import SAMPLE_RATE, Clip
from genre.classifier import Classifier
from genre.neighbours import Neighbourhood, embedding

GENRES = ("classical", "metal", "hiphop", "jazz")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return Classifier.load()


def clip_of(samples: np.ndarray) -> Clip:
    return Clip(samples.astype(np.float32), len(samples) / SAMPLE_RATE)


def test_another_piece_of_the_style_is_nearest(classifier, play):
    around = Neighbourhood()
    for genre in GENRES:
        for seed in (1, 2):
            around.add(f"{genre} {seed}", embedding(classifier, clip_of(play(genre, 6.0, seed))))
    right = [around.nearest(id_)[0].id.split()[0] == id_.split()[0] for id_ in around.places]
    assert np.mean(right) >= 0.5  # by chance one of seven


def test_the_same_music_is_the_same_place(classifier, play):
    music = play("jazz", 6.0)
    here, quieter, twice = (
        embedding(classifier, clip_of(s)) for s in (music, 0.1 * music, np.tile(music, 2))
    )
    assert np.linalg.norm(here) == pytest.approx(1, abs=1e-5) and here.dtype == np.float32
    assert here @ quieter > 0.999 and here @ twice > 0.98
    assert here @ embedding(classifier, clip_of(play("metal", 6.0))) < here @ twice


@pytest.mark.parametrize("seconds", [6.0, 40.0])
@pytest.mark.parametrize("hiss", [0.0, 1e-4])
def test_quiet_parts_say_nothing_of_what_is_alike(seconds, hiss, classifier, play):
    music = play("metal", 6.0)
    tail = hiss * np.random.default_rng(0).normal(size=round(seconds * SAMPLE_RATE))
    here, there = (embedding(classifier, clip_of(s)) for s in (music, np.concatenate([music, tail])))
    assert here @ there > 0.9


@pytest.mark.parametrize("seconds", [1.0, 70.0])
def test_any_length(seconds, classifier, play):
    place = embedding(classifier, clip_of(np.resize(play("pop"), round(seconds * SAMPLE_RATE))))
    assert np.isfinite(place).all()


def test_any_model(classifier, play):
    """One without views of our own places by its probabilities."""
    other = copy.copy(classifier)
    other.views, other.hear = (), classifier.hear
    place = embedding(other, clip_of(play("rock")))
    assert place.shape == (len(classifier.genres),) and np.linalg.norm(place) == pytest.approx(1, abs=1e-5)


def test_the_nearest_come_first_and_never_oneself():
    around = Neighbourhood()
    for name, angle in (("a", 0.0), ("b", 0.1), ("c", 1.0), ("d", 3.0)):
        around.add(name, np.array([np.cos(angle), np.sin(angle)]))
    assert [each.id for each in around.nearest("a")] == ["b", "c", "d"]
    assert [each.id for each in around.nearest("c", 1)] == ["b"]
    assert around.nearest("a")[0].likeness == pytest.approx(np.cos(0.1))
    around.keep_only({"a", "d"})
    assert "b" not in around and [each.id for each in around.nearest("a")] == ["d"]
    with pytest.raises(KeyError):
        around.nearest("b")
