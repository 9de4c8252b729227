"""genre.inference.similarity: what sounds alike has similar embeddings."""

import numpy as np
import pytest

from genre import GENRES as ALL_GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.inference.classifier import Classifier
from genre.inference.load import load_classifier
from genre.inference.similarity import NeighbourIndex, embed_clip
from genre.inference.zoo_classifier import ZooClassifier
from genre.models.artefacts import save_artefact
from genre.models.cards import Card
from genre.models.registry import MODELS

GENRES = ("classical", "metal", "hiphop", "jazz")


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def clip_of(samples: np.ndarray) -> Clip:
    return Clip(samples.astype(np.float32), len(samples) / SAMPLE_RATE)


def test_another_piece_of_the_style_is_nearest(classifier, play):
    index = NeighbourIndex()
    for genre in GENRES:
        for seed in (1, 2):
            index.add(f"{genre} {seed}", embed_clip(classifier, clip_of(play(genre, 6.0, seed))))
    right = [index.nearest(id_)[0].id.split()[0] == id_.split()[0] for id_ in index.embeddings]
    assert np.mean(right) >= 0.5  # by chance one of seven


def test_the_same_music_has_the_same_embedding(classifier, play):
    music = play("jazz", 6.0)
    embedding, quieter, twice = (
        embed_clip(classifier, clip_of(s)) for s in (music, 0.1 * music, np.tile(music, 2))
    )
    assert np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5) and embedding.dtype == np.float32
    assert embedding @ quieter > 0.999 and embedding @ twice > 0.98
    assert embedding @ embed_clip(classifier, clip_of(play("metal", 6.0))) < embedding @ twice


@pytest.mark.parametrize("seconds", [6.0, 40.0])
@pytest.mark.parametrize("noise", [0.0, 1e-4])
def test_quiet_parts_do_not_count(seconds, noise, classifier, play):
    music = play("metal", 6.0)
    tail = noise * np.random.default_rng(0).normal(size=round(seconds * SAMPLE_RATE))
    alone, padded = (embed_clip(classifier, clip_of(s)) for s in (music, np.concatenate([music, tail])))
    assert alone @ padded > 0.9


@pytest.mark.parametrize("seconds", [1.0, 70.0])
def test_any_length(seconds, classifier, play):
    embedding = embed_clip(classifier, clip_of(np.resize(play("pop"), round(seconds * SAMPLE_RATE))))
    assert np.isfinite(embedding).all()


def test_a_model_of_the_registry_has_an_embedding_too(tmp_path, play):
    """Not every one has features: its probabilities stand in for them."""
    network = MODELS["linear"].build((64, 100), 10)
    front_end = {"n_fft": 2048, "hop_length": 667, "n_mels": 64}
    card = Card(
        "linear", ALL_GENRES, input="mel", shape=(64, 100), seconds=3.0, front_end=front_end, scale=1 / 40
    )
    save_artefact(tmp_path / "linear", network.state_dict(), card)
    classifier = load_classifier("linear", tmp_path)
    assert isinstance(classifier, ZooClassifier)
    clip = clip_of(play("rock"))
    embedding = embed_clip(classifier, clip)
    assert embedding.shape == (len(ALL_GENRES),) and np.linalg.norm(embedding) == pytest.approx(1, abs=1e-5)
    probabilities = np.array(list(classifier.classify(clip).probabilities.values()))
    assert np.square(embedding) == pytest.approx(probabilities, abs=1e-4)


def test_the_nearest_come_first_without_the_query():
    index = NeighbourIndex()
    for name, angle in (("a", 0.0), ("b", 0.1), ("c", 1.0), ("d", 3.0)):
        index.add(name, np.array([np.cos(angle), np.sin(angle)]))
    assert [neighbour.id for neighbour in index.nearest("a")] == ["b", "c", "d"]
    assert [neighbour.id for neighbour in index.nearest("c", 1)] == ["b"]
    assert index.nearest("a")[0].similarity == pytest.approx(np.cos(0.1))
    index.retain({"a", "d"})
    assert "b" not in index and [neighbour.id for neighbour in index.nearest("a")] == ["d"]
    with pytest.raises(KeyError):
        index.nearest("b")
