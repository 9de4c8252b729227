"""genre.evaluation.short_clips: excerpts of recordings, and a network's predictions of them, on disk."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import torch
from safetensors.numpy import save

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.spectrogram import WINDOW_MEL
from genre.data.dataset import Track, open_dataset
from genre.evaluation.short_clips import (
    Excerpt,
    ExcerptPrediction,
    cut_excerpts,
    predict_excerpts,
    read_predictions,
    write_predictions,
)
from genre.inference.branches import WindowBranch
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.models.cards import ENSEMBLE, ArtefactError, Card
from genre.models.listen import ListenNet
from genre.synth.dataset import render


@pytest.fixture
def track(folder_of_music) -> Track:
    return open_dataset(folder_of_music(("jazz", "metal"), 1, seconds=10.0)).files[0]


def test_the_excerpts_of_a_recording(track: Track) -> None:
    parts = list(cut_excerpts(track))
    excerpts = [excerpt for excerpt, _ in parts]
    assert excerpts == sorted(excerpts, key=lambda e: (e.seconds, e.number, e.phone))
    assert len(set(excerpts)) == 10
    assert {excerpt.seconds for excerpt in excerpts} == {3.0, 5.0, 10.0}, "no more than there is"
    for (plain, clip), (phone, recorded) in zip(parts[::2], parts[1::2], strict=True):
        assert phone == plain._replace(phone=True) and plain.track == track.name
        n_samples = pytest.approx(plain.seconds * SAMPLE_RATE, abs=1)
        assert len(clip.samples) == len(recorded.samples) == n_samples
        assert not np.allclose(clip.samples, recorded.samples, atol=0.01)
    again = list(cut_excerpts(track))
    assert all(np.array_equal(a.samples, b.samples) for (_, a), (_, b) in zip(parts, again, strict=True))
    short = [clip.samples for excerpt, clip in parts if excerpt.seconds == 3.0 and not excerpt.phone]
    assert len(short) == 2 and not np.array_equal(*short)


def test_predictions_come_back(track: Track, tmp_path: Path) -> None:
    torch.manual_seed(0)
    branch = WindowBranch(ListenNet((128, 130), len(GENRES), members=1), WINDOW_MEL)
    predictions = predict_excerpts(branch, GENRES, track)
    assert {excerpt.track for excerpt in predictions} == {track.name} and len(predictions) == 10
    assert {prediction.label for prediction in predictions.values()} == {GENRES.index("jazz")}
    for seconds, n_windows in ((3.0, 1), (10.0, 3)):
        counts = [part.n_windows for excerpt, part in predictions.items() if excerpt.seconds == seconds]
        assert {round(count) for count in counts} == {n_windows}
    predictions[Excerpt("examples of a track")] = ExcerptPrediction(np.full(10, 0.1), 2.0, 3)
    write_predictions(tmp_path / "predictions", predictions)
    stored = read_predictions(tmp_path / "predictions")
    assert stored.keys() == predictions.keys()
    for excerpt, (probabilities, n_windows, label) in predictions.items():
        assert np.array_equal(stored[excerpt].probabilities, probabilities)
        assert stored[excerpt][1:] == (n_windows, label)
        assert probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_predictions_of_older_versions_load(tmp_path: Path) -> None:
    arrays = {"probabilities": np.full((1, 10), 0.1), "heard": np.array([2.0]), "labels": np.array([3])}
    questions = json.dumps([["jazz.00001", 3.0, True, 1]])
    (tmp_path / "answers").write_bytes(save(arrays, {"questions": questions}))
    ((excerpt, prediction),) = read_predictions(tmp_path / "answers").items()
    assert excerpt == Excerpt("jazz.00001", 3.0, True, 1)
    assert (prediction.n_windows, prediction.label) == (2.0, 3) and prediction.probabilities.sum() == 1


def test_noisy_music_is_predicted_as_it_is(track: Track, monkeypatch) -> None:
    def never(power: torch.Tensor) -> torch.Tensor:
        raise AssertionError("denoised")

    monkeypatch.setattr("genre.inference.ensemble_classifier.denoise", never)
    monkeypatch.setattr(
        "genre.inference.ensemble_classifier.is_noisy", lambda power: torch.ones(len(power), dtype=torch.bool)
    )
    branch = WindowBranch(ListenNet((128, 130), len(GENRES), members=1), WINDOW_MEL)
    assert len(predict_excerpts(branch, GENRES, track)) == 10
    card = Card(ENSEMBLE, GENRES, confidence_threshold=1.0)
    with pytest.raises(AssertionError, match="denoised"):
        EnsembleClassifier([branch], card).classify(next(cut_excerpts(track))[1])


def test_excerpts_of_a_long_recording_lie_in_its_first_part(track: Track, monkeypatch) -> None:
    samples = np.arange(3 * 4 * SAMPLE_RATE, dtype=np.float32)
    long = Clip(samples, 3600.0, (0.0, 1800.0, 3590.0))
    monkeypatch.setattr("genre.evaluation.short_clips.load_clip", lambda path: long)
    parts = [(excerpt, clip) for excerpt, clip in cut_excerpts(track) if not excerpt.phone]
    assert [excerpt.seconds for excerpt, _ in parts] == [3.0]
    assert len(parts[0][1].samples) == 3 * SAMPLE_RATE and parts[0][1].samples[-1] < 4 * SAMPLE_RATE


def test_rejected_excerpts_have_no_prediction(tmp_path: Path) -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 / SAMPLE_RATE * np.arange(9 * SAMPLE_RATE))
    sf.write(tmp_path / "tone.wav", np.r_[tone, render("jazz", 1, 3.0)], SAMPLE_RATE)
    branch = WindowBranch(ListenNet((128, 130), len(GENRES), members=1), WINDOW_MEL)
    track = Track("tone", "jazz", str(tmp_path / "tone.wav"))
    assert 0 < len(predict_excerpts(branch, GENRES, track)) < len(list(cut_excerpts(track)))


def test_a_missing_recording_has_no_predictions(track: Track, tmp_path: Path) -> None:
    branch = WindowBranch(ListenNet((128, 130), len(GENRES), members=1), WINDOW_MEL)
    assert predict_excerpts(branch, GENRES, replace(track, path=str(tmp_path / "gone.wav"))) == {}
    (tmp_path / "predictions").write_bytes(b"nothing of ours")
    with pytest.raises(ArtefactError, match=r"calibrate the run again\.$"):
        read_predictions(tmp_path / "predictions")
