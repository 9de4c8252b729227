"""genre.inference.explain: the map points at what the prediction depends on."""

import numpy as np
import pytest

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.audio.degrade import simulate_phone
from genre.inference.classifier import Classifier
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.inference.explain import MAX_FULL_S, PART_S, SPAN_S, deletion_check, explain
from genre.inference.load import load_classifier
from genre.inference.screening.noise import is_noisy
from genre.plots.prediction import why_spectrogram
from tests.support.data import SHARED_DATA, gtzan_recordings

GTZAN = SHARED_DATA / "gtzan"


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


def clip_of(samples: np.ndarray) -> Clip:
    return Clip(samples, len(samples) / SAMPLE_RATE)


def check(explanation, clip: Clip, classifier: Classifier) -> None:
    bands, columns = explanation.map.shape
    assert explanation.map.dtype == np.float32 and bands == classifier.front_end.params.bands
    assert explanation.map.min() >= 0 and explanation.map.max() <= 1
    assert explanation.times.shape == (columns,) and (np.diff(explanation.times) > 0).all()
    assert explanation.freqs.shape == (bands,) and (np.diff(explanation.freqs) > 0).all()
    start_s, end_s = explanation.part
    first_s, last_s = explanation.best_span
    assert 0 <= start_s <= first_s < last_s <= end_s + 1e-6 <= clip.duration_s + 1e-5
    assert last_s - first_s <= SPAN_S + 1e-6
    assert start_s <= explanation.times[0] and explanation.times[-1] <= end_s + 0.05


@pytest.mark.parametrize("seconds", [1.0, 6.0, 12.0])
def test_any_length(seconds, classifier, play):
    clip = clip_of(np.resize(play("jazz"), round(seconds * SAMPLE_RATE)))
    explanation = explain(classifier, clip, "jazz")
    check(explanation, clip, classifier)
    assert explanation.map.max() == 1 and sum(explanation.band_shares()) == pytest.approx(1)


def test_of_a_long_recording_the_likeliest_half_minute_is_explained(classifier, play):
    music = np.concatenate([np.tile(play(genre, 6.0), 5) for genre in ("classical", "metal")])
    assert len(music) / SAMPLE_RATE > MAX_FULL_S
    explanation = explain(classifier, clip_of(music), "metal")
    check(explanation, clip_of(music), classifier)
    assert 22 <= explanation.part[0] <= 30
    assert explanation.part[1] - explanation.part[0] == pytest.approx(PART_S)


def test_an_excerpted_recording(classifier, play):
    clip = Clip(np.tile(play("reggae", 6.0), 3), 3_600.0, (600.0, 1_800.0, 3_000.0))
    explanation = explain(classifier, clip, "reggae")
    check(explanation, clip, classifier)
    assert any(start - 1e-6 <= explanation.part[0] < start + 6 for start in clip.starts)
    assert deletion_check(classifier, clip, explanation).before > 0


def test_the_span_is_where_the_genre_is(classifier, play):
    music = np.concatenate([play("classical", 10.0), play("metal", 10.0)])
    assert explain(classifier, clip_of(music), "classical").best_span[1] <= 11
    assert explain(classifier, clip_of(music), "metal").best_span[0] >= 7.5


def test_the_map_passes_the_deletion_check_on_the_built_in_music(classifier, play):
    """Removing the top fifth costs the genre more than a random fifth: on average and mostly."""
    checks = []
    for genre in GENRES[::2]:
        clip = clip_of(play(genre, 4.0))
        best = classifier.classify(clip).genre
        checks.append(deletion_check(classifier, clip, explain(classifier, clip, best)))
    _check_deletions(checks, min_wins=0.7)


@pytest.mark.skipif(not GTZAN.exists(), reason="no GTZAN data here (set EARMARK_DATA)")
@pytest.mark.parametrize(("phone", "min_wins"), [(False, 0.75), (True, 0.7)])
def test_the_map_passes_the_deletion_check_on_recordings(phone, min_wins):
    classifier = load_classifier("listen-train")
    checks = []
    for path in gtzan_recordings("valid")[:: 30 if phone else 28]:
        clip = clip_of(load_clip(path).samples[: 5 * SAMPLE_RATE])
        clip = simulate_phone(clip, 0) if phone else clip
        if best := classifier.classify(clip).genre:
            checks.append(deletion_check(classifier, clip, explain(classifier, clip, best), draws=2))
    assert len(checks) >= (3 if phone else 4)
    _check_deletions(checks, min_wins)


def test_removal_does_not_change_whether_noise_is_removed(classifier, play, monkeypatch):
    """Else the check would compare predictions with and without denoising."""
    calls = []
    monkeypatch.setattr(
        "genre.inference.ensemble_classifier.is_noisy",
        lambda power: calls.append(is_noisy(power)) or calls[-1],
    )
    for noisy in (True, False):
        clip = clip_of(play("rock", 10.0))
        clip = simulate_phone(clip, 0) if noisy else clip
        explanation = explain(classifier, clip, "rock")
        calls.clear()
        deletion_check(classifier, clip, explanation)
        assert len(calls) == 5 and all(bool(call) == noisy for call in calls)


def _check_deletions(checks, min_wins: float) -> None:
    before, top, random = (
        np.array([getattr(check, name) for check in checks])
        for name in ("before", "without_top", "without_random")
    )
    print(
        f"{before.mean():.3f} before, {top.mean():.3f} without the top, {random.mean():.3f} random, "
        f"{np.mean(top < random):.2f} of {len(checks)}"
    )
    assert (top < random).mean() >= min_wins
    assert (before - top).mean() >= 1.5 * (before - random).mean()


def test_a_model_without_a_gradient_is_explained_over_time_alone(play, monkeypatch):
    classifier = load_classifier("listen-scratch")
    monkeypatch.setattr(EnsembleClassifier, "has_gradient", False)
    clip = clip_of(np.concatenate([play("classical", 10.0), play("metal", 10.0)]))
    explanation = explain(classifier, clip, "metal")
    check(explanation, clip, classifier)
    assert np.ptp(explanation.map[:, 100], axis=0) < 1e-6
    assert explanation.map[0, -40:].mean() > explanation.map[0, :40].mean()


def test_nothing_of_the_network_changes(classifier, play):
    clip = clip_of(play("pop"))
    before = classifier.classify(clip).probabilities
    explain(classifier, clip, "pop")
    assert classifier.classify(clip).probabilities == before
    networks = [classifier.features.tagger, classifier.heads]
    networks += [branch.network for branch in classifier.scratch.branches]
    for network in networks:
        assert not network.training
        assert all(parameter.grad is None for parameter in network.parameters())


def test_the_figure_leaves_the_decisive_places_clear(classifier, play):
    clip = clip_of(play("jazz"))
    explanation = explain(classifier, clip, "jazz")
    picture = np.zeros((128, 100), np.int8)
    figure = why_spectrogram(picture, explanation.freqs, explanation)
    _, shade = figure.data
    assert np.array(shade.z).max() == 255 and shade.x0 == pytest.approx(explanation.times[0])
    assert "0)" in shade.colorscale[-1][1], "nothing lies over what decides"
    assert tuple((s.x0, s.x1) for s in figure.layout.shapes) == (explanation.best_span,)
    assert len(figure.to_json()) < 200_000


def test_the_time_axis_is_that_of_the_recording_that_the_clip_was_cut_from(classifier, play):
    clip = clip_of(play("jazz"))
    explanation = explain(classifier, clip, "jazz")
    figure = why_spectrogram(np.zeros((128, 100), np.int8), explanation.freqs, explanation, begin_s=62.5)
    sound, shade = figure.data
    first_s, last_s = figure.layout.xaxis.range
    assert (first_s, last_s) == pytest.approx((62.5, 62.5 + clip.duration_s))
    assert first_s < sound.x0 < first_s + sound.dx and shade.x0 == pytest.approx(62.5 + explanation.times[0])
    (frame,) = figure.layout.shapes
    assert (frame.x0, frame.x1) == pytest.approx([62.5 + edge for edge in explanation.best_span])
    assert figure.layout.xaxis.ticktext[0] == "1:03", "whole seconds, from the first one in the picture"
