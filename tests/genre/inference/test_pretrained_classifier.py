"""The Listen page's model: how good it is on other people's songs, and what it says besides the genre."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.evaluation.other_collections import emotion_correlations, predict_songs, song_metrics
from genre.inference.classifier import UNFAMILIAR, Prediction
from genre.inference.description import strongest_emotions, window_energy
from genre.inference.explain import deletion_check, explain
from genre.inference.load import MEASURED_MODEL, SHIPPED_MODEL, load_classifier
from genre.inference.pretrained_classifier import MAX_TAGS, PretrainedClassifier
from genre.inference.similarity import embed_clip
from genre.models.cards import ArtefactError, load_card
from genre.models.pretrained.heads import MUSIC_EMOTIONS
from genre.paths import REPOSITORY, WEIGHTS
from genre.training.transfer.songs import Song, dev_names, wild_songs
from tests.support.data import SHARED_DATA

WILD = SHARED_DATA / "wild"
# On every eighth song of the development part, with a margin.
MIN_BALANCED_ACCURACY, MIN_SELECTIVE_ACCURACY, MAX_OTHER_CONFIDENT = 0.55, 0.8, 0.25

needs_songs = pytest.mark.skipif(not WILD.exists(), reason="no songs of other collections (set EARMARK_DATA)")


@pytest.fixture(scope="module")
def classifier() -> PretrainedClassifier:
    classifier = load_classifier()
    assert isinstance(classifier, PretrainedClassifier)
    return classifier


@pytest.fixture(scope="module")
def song(classifier: PretrainedClassifier) -> Clip:
    """A real recording that the page offers."""
    return load_clip(REPOSITORY / "assets" / "music" / "classical_hungarian-dance.opus")


def dev_songs() -> list[Song]:
    names = dev_names()
    return sorted((s for s in wild_songs(WILD) if s.name in names), key=lambda song: song.name)


@pytest.fixture(scope="module")
def predicted_songs() -> tuple[list[Song], list[Prediction]]:
    """Every eighth song of the development part, of other artists and sources than those of the training."""
    songs = dev_songs()[::8]
    return songs, predict_songs(load_classifier(MEASURED_MODEL), songs)


@needs_songs
def test_other_peoples_songs(predicted_songs: tuple[list[Song], list[Prediction]]) -> None:
    metrics = song_metrics(*predicted_songs, GENRES)
    assert metrics["count"] == 13 and metrics["other_styles"]["count"] == 7
    assert metrics["balanced_accuracy"] >= MIN_BALANCED_ACCURACY, metrics["balanced_accuracy"]
    assert metrics["selective_accuracy"] >= MIN_SELECTIVE_ACCURACY, metrics["selective_accuracy"]
    assert metrics["other_styles"]["confident"] <= MAX_OTHER_CONFIDENT * metrics["other_styles"]["count"]


@needs_songs
def test_feelings_agree_with_listeners(predicted_songs: tuple[list[Song], list[Prediction]]) -> None:
    correlations = emotion_correlations(*predicted_songs)
    assert tuple(correlations) == MUSIC_EMOTIONS
    assert np.mean(list(correlations.values())) >= 0.35, correlations


@needs_songs
def test_no_song_of_the_development_part_was_learnt_from() -> None:
    songs, names = wild_songs(WILD), dev_names()
    dev = {song.group for song in songs if song.name in names}
    assert not dev & {song.group for song in songs if song.name not in names}, "no artist, no source in both"
    assert load_card(WEIGHTS / MEASURED_MODEL).split["wild_tracks"] == len(songs) - len(names)


def test_a_clip_gets_tags_and_feelings(classifier: PretrainedClassifier, song: Clip) -> None:
    prediction = classifier.classify(song)
    description = prediction.description
    assert prediction.genre == "classical" and prediction.confident and description.familiar
    assert (
        0 < len(description.tags) <= MAX_TAGS and description.tags.keys() <= classifier.tag_thresholds.keys()
    )
    assert all(0 < p < 1 for p in description.tags.values())
    assert tuple(description.emotions) == MUSIC_EMOTIONS
    assert all(0 <= share <= 1 for share in description.emotions.values())
    assert description.window_emotions.shape == (len(prediction.window_times_s), len(MUSIC_EMOTIONS))
    values = json.loads(json.dumps(prediction.to_json()))
    assert values["familiar"] is True and values["tags"] and set(values["emotions"]) == set(MUSIC_EMOTIONS)


def test_loud_guitars_have_more_energy_than_a_slow_piece(classifier: PretrainedClassifier, play) -> None:
    statistics = classifier.card.pretrained["emotions"]
    calm, loud = (
        classifier.classify(Clip(play(genre, 9.0), 9.0)).description for genre in ("classical", "metal")
    )
    assert window_energy(loud, statistics).mean() > window_energy(calm, statistics).mean()
    for description in (calm, loud):
        feelings = strongest_emotions(description, statistics)
        assert len(feelings) <= 3 and all(statistics[name]["correlation"] >= 0.5 for name in feelings)


def test_what_is_unlike_all_genres_is_never_confident(song: Clip) -> None:
    classifier = load_classifier()
    assert isinstance(classifier, PretrainedClassifier)
    classifier.max_other = -1.0
    prediction = classifier.classify(song)
    assert prediction.status == "unsure" and not prediction.confident and not prediction.description.familiar
    assert prediction.uncertainty_reason == UNFAMILIAR and UNFAMILIAR in prediction.message
    assert prediction.to_json()["familiar"] is False and "classical" in prediction.message


def test_the_model_and_its_parts_belong_together(tmp_path: Path) -> None:
    for name in (SHIPPED_MODEL, "listen-scratch", "musicnn"):
        shutil.copytree(WEIGHTS / name, tmp_path / name)
    assert load_classifier(SHIPPED_MODEL, tmp_path).genres == GENRES
    path = tmp_path / SHIPPED_MODEL / "card.json"
    values = json.loads(path.read_text())
    values["pretrained"]["tagger_sha256"] = "another"
    path.write_text(json.dumps(values))
    with pytest.raises(ArtefactError, match=r"train it again\.$"):
        load_classifier(SHIPPED_MODEL, tmp_path)
    shutil.rmtree(tmp_path / "musicnn")
    with pytest.raises(ArtefactError, match="musicnn"):
        load_classifier(SHIPPED_MODEL, tmp_path)


def test_the_card_names_what_it_was_measured_by() -> None:
    card, measured = load_card(WEIGHTS / SHIPPED_MODEL), load_card(WEIGHTS / MEASURED_MODEL)
    assert (card.split["name"], measured.split["name"]) == ("all", "filtered")
    assert card.metrics_from == MEASURED_MODEL and card.recipe == measured.recipe
    assert card.metrics == measured.metrics and card.confidence_threshold == measured.confidence_threshold
    assert card.pretrained["scratch"] == "listen-scratch"
    assert measured.pretrained["scratch"] == "listen-scratch-train"


def test_an_explanation_goes_through_both_parts(classifier: PretrainedClassifier, song: Clip) -> None:
    clip = song.trimmed(4.0, 13.0)
    explanation = explain(classifier, clip, "classical")
    check = deletion_check(classifier, clip, explanation, draws=2)
    assert check.without_top < check.before and explanation.map.max() == 1
    assert all(parameter.grad is None for parameter in classifier.features.tagger.parameters())
    samples = clip.samples[None]
    with torch.inference_mode():
        power = classifier.front_end.power(torch.from_numpy(samples))
        plain, ones = (
            classifier.predict_windows([0.0], samples, power, gain).overall
            for gain in (None, torch.ones_like(power))
        )
    torch.testing.assert_close(plain, ones, atol=1e-4, rtol=1e-3)


def test_the_embedding_is_of_the_pretrained_features(classifier: PretrainedClassifier, song: Clip) -> None:
    one, other = (embed_clip(classifier, song.trimmed(start, start + 12.0)) for start in (0.0, 15.0))
    assert one.shape == (250,) and np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    noise = np.random.default_rng(0).normal(scale=0.1, size=12 * SAMPLE_RATE).astype(np.float32)
    assert one @ other > one @ embed_clip(classifier, Clip(noise, 12.0))
