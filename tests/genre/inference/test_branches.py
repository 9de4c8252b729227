"""genre.inference.branches and genre.training.ensemble: two branches on the same music, one model of both."""

import functools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.spectrogram import FULL_CLIP_MEL, WINDOW_MEL, Spectrogram, SpectrogramParams, relative_db
from genre.evaluation.calibration import log_opinion_pool
from genre.evaluation.short_clips import (
    DURATIONS_S,
    Excerpt,
    ExcerptPrediction,
    read_predictions,
    write_predictions,
)
from genre.inference.branches import Branch, FullClipBranch, WindowBranch, resample_windows
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.inference.load import load_classifier
from genre.models.artefacts import load_artefact, save_artefact
from genre.models.cards import ENSEMBLE, ArtefactError, Card
from genre.models.listen import COLUMNS_PER_CELL, ListenNet
from genre.synth.dataset import render
from genre.training.calibrate import PREDICTIONS
from genre.training.ensemble import build_ensemble


@pytest.fixture(scope="module")
def power() -> torch.Tensor:
    """Ten seconds of music: (1, 128, 431)."""
    return Spectrogram(SpectrogramParams()).power(torch.from_numpy(render("jazz", 1, 10.0))[None])


@functools.cache
def window_branch(members: int = 1) -> WindowBranch:
    torch.manual_seed(0)
    return WindowBranch(ListenNet((128, 130), len(GENRES), members=members), WINDOW_MEL)


def test_the_picture_is_the_front_end_that_the_network_was_trained_on(power: torch.Tensor) -> None:
    branch = FullClipBranch(ListenNet((128, 334), 10, members=1), FULL_CLIP_MEL)
    waveform = torch.from_numpy(render("jazz", 1, 10.0))[None]
    expected = 1 + Spectrogram(FULL_CLIP_MEL)(waveform) / FULL_CLIP_MEL.range_db
    torch.testing.assert_close(branch.picture(power), expected, atol=1e-5, rtol=0)


@given(st.integers(1, 3_000))
def test_windows_cover_all_frames(frames: int) -> None:
    starts = WindowBranch.starts(window_branch(), frames)
    assert starts[0] == 0 and starts[-1] + WindowBranch.SIZE >= frames
    assert (np.diff(starts) <= WindowBranch.SIZE).all() and (np.diff(starts) > 0).all()
    assert starts[-1] <= max(0, frames - WindowBranch.SIZE)


@pytest.mark.parametrize("frames", [1, 20, 128, 129, 431])
def test_each_window_is_predicted_as_if_it_were_alone(power: torch.Tensor, frames: int) -> None:
    branch = window_branch(members=2)
    with torch.inference_mode():
        logits = branch.logits(power[:, :, :frames])
        assert logits.shape[1:] == (len(branch.centres(frames)), 2, 10)
        last = power[:, :, :frames].repeat(1, 1, -(-128 // frames))  # a short clip fills the window
        last = last[:, :, :128] if frames < 128 else last[:, :, frames - 128 : frames]
        alone = branch.network(1 + relative_db(last, WINDOW_MEL.range_db) / WINDOW_MEL.range_db)
    torch.testing.assert_close(logits[:, -1], alone, atol=1e-4, rtol=1e-4)


def test_centres_of_a_picture(power: torch.Tensor) -> None:
    branch = FullClipBranch(ListenNet((128, 334), 10, members=1), FULL_CLIP_MEL)
    with torch.inference_mode():
        windows = branch.logits(power).shape[1]
    centres = branch.centres(power.shape[2])
    assert len(centres) == windows and (np.diff(centres) > 0).all()
    assert COLUMNS_PER_CELL < centres[0] < power.shape[2] and centres[-1] < power.shape[2]


def test_logits_are_resampled_to_the_windows_they_lie_in() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, 3.0])[None, :, None, None].expand(1, 4, 2, 3)
    centres = np.array([0.0, 10.0, 20.0, 30.0])
    out = resample_windows(logits, centres, np.array([5.0, 15.0, 100.0]), reach=6.0)
    torch.testing.assert_close(out[0, :, 0, 0], torch.tensor([0.5, 1.5, 3.0]))


@pytest.mark.parametrize("frames", [100, 128, 431])
def test_each_window_weighs_as_much_as_the_full_clip(power: torch.Tensor, frames: int) -> None:
    full_clip, windows = FullClipBranch(ListenNet((128, 334), 10, members=1), FULL_CLIP_MEL), window_branch()
    card, segments = Card(ENSEMBLE, GENRES), np.zeros((1, 1))

    def predict(*branches: Branch) -> np.ndarray:
        classifier = EnsembleClassifier(list(branches), card)
        with torch.inference_mode():
            return classifier.predict_windows([0.0], segments, power[:, :, :frames]).overall.numpy()

    weights = [1, max(1.0, frames / WindowBranch.SIZE)]
    expected = log_opinion_pool(np.array([predict(full_clip), predict(windows)]), weights)
    np.testing.assert_allclose(predict(full_clip, windows), expected, atol=1e-5)


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """The shipped ensemble on 30 s mels, and an untrained one on 3 s windows."""
    classifier = load_classifier("listen-scratch-train")
    assert isinstance(classifier, EnsembleClassifier)
    card = replace(classifier.card, branches={}, input="mel_30s", calibration={}, class_bias=())
    card = replace(card, confidence_thresholds_by_duration=())
    part = classifier.card.branches["mel_30s"]
    part = {name: part[name] for name in ("options", "front_end", "recipe", "windows", "data")}
    card = replace(card, **part, shape=(128, 334))
    save_artefact(tmp_path / "mel_30s", classifier.branches[0].network.state_dict(), card)
    save_artefact(
        tmp_path / "mel_3s",
        window_branch(members=2).network.state_dict(),
        replace(
            card, input="mel_3s", shape=(128, 130), options={"members": 2}, front_end=WINDOW_MEL.to_dict()
        ),
    )
    return [tmp_path / "mel_30s", tmp_path / "mel_3s"]


def predict(
    folder: Path, labels: np.ndarray, accuracy: float, n_windows: float = 1.0, **excerpt: float
) -> None:
    """Leave predictions as `calibrate` does, the given fraction of them right, beside other excerpts'."""
    rng = np.random.default_rng(int(accuracy * 100))
    predicted = np.where(rng.random(len(labels)) < accuracy, labels, (labels + 1) % 10)
    confidence = rng.uniform(0.55, 0.9, (len(labels), 1))
    probabilities = confidence * np.eye(10)[predicted] + (1 - confidence) / 10
    others = read_predictions(folder / PREDICTIONS) if excerpt else {}
    write_predictions(
        folder / PREDICTIONS,
        others
        | {
            Excerpt(f"track {k}", **excerpt): ExcerptPrediction(probabilities[k], n_windows, int(label))
            for k, label in enumerate(labels)
        },
    )


def test_an_ensemble_predicts_with_both_branches(runs: list[Path], tmp_path: Path) -> None:
    labels = np.arange(400) % 10
    predict(runs[0], labels, 0.5)
    predict(runs[1], labels, 0.9)
    save_artefact(tmp_path / "whole", *build_ensemble(runs))
    card = load_artefact(tmp_path / "whole")[1]
    assert card.branches["mel_3s"]["weight"] > card.branches["mel_30s"]["weight"]
    assert card.calibration["tracks"] == 400 and card.calibration["accuracy"] > 0.85
    assert card.temperature == card.calibration["temperature"]
    whole = load_classifier("whole", tmp_path)
    assert [type(branch) for branch in whole.branches] == [FullClipBranch, WindowBranch]
    clip = Clip(render("rock", 1, 20.0), 20.0)
    prediction = whole.classify(clip)
    assert sum(prediction.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert (
        prediction.window_probabilities.shape == (len(prediction.window_times_s), 10)
        and len(prediction.window_times_s) > 3
    )
    np.testing.assert_allclose(prediction.window_probabilities.sum(axis=1), 1, atol=1e-5)
    alone = load_classifier("mel_30s", tmp_path).classify(clip)
    assert alone.probabilities != prediction.probabilities
    assert len(alone.window_times_s) == len(prediction.window_times_s)


def test_less_music_needs_a_higher_threshold_and_classes_have_a_bias(
    runs: list[Path], tmp_path: Path
) -> None:
    labels = np.arange(400) % 10
    for run in runs:
        predict(run, labels, 0.9)
    card = build_ensemble(runs)[1]
    assert not card.class_bias and not card.confidence_thresholds_by_duration, "there is no excerpt"
    for run in runs:
        predict(run, labels, 0.85, seconds=10.0)
        predict(run, labels, 0.6, seconds=5.0)
        predict(run, labels, 0.9, seconds=3.0)
        predict(run, np.minimum(labels, 8), 0.8, seconds=DURATIONS_S[-1], phone=True)
    weights, card = build_ensemble(runs)
    thresholds = dict(card.confidence_thresholds_by_duration)
    assert list(thresholds) == [3.0, 5.0, 10.0, DURATIONS_S[-1]]
    assert thresholds[DURATIONS_S[-1]] == card.confidence_threshold < thresholds[5.0]
    assert thresholds[3.0] == thresholds[5.0] > 0.8, "that of a shorter clip is never lower"
    assert card.calibration["tracks"] == 400 and len(card.class_bias) == 10
    assert card.class_bias[8] > max(card.class_bias[:8]) > card.class_bias[9]
    save_artefact(tmp_path / "whole", weights, card)
    assert load_classifier("whole", tmp_path).confidence_threshold(5.0) == thresholds[5.0]


def test_the_order_of_the_runs_does_not_matter(runs: list[Path], tmp_path: Path) -> None:
    predict(runs[0], np.arange(400) % 10, 0.5)
    predict(runs[1], np.arange(400) % 10, 0.9)
    card = build_ensemble(runs[::-1])[1]
    assert card == build_ensemble(runs)[1] and list(card.branches) == ["mel_30s", "mel_3s"]
    save_artefact(tmp_path / "whole", *build_ensemble(runs[::-1]))
    stored = load_artefact(tmp_path / "whole")[1]
    assert (stored.branches, stored.calibration) == (card.branches, card.calibration)
    assert [type(branch) for branch in load_classifier("whole", tmp_path).branches] == [
        FullClipBranch,
        WindowBranch,
    ]


def test_a_branch_with_more_windows_needs_less_weight(runs: list[Path]) -> None:
    labels = np.arange(400) % 10
    weights = []
    for n_windows in (1.0, 4.0):
        predict(runs[0], labels, 0.8)
        predict(runs[1], labels, 0.81, n_windows)
        branches = build_ensemble(runs)[1].branches
        weights.append(branches["mel_3s"]["weight"] / branches["mel_30s"]["weight"])
    assert weights[1] == pytest.approx(weights[0] / 4)


def test_without_predictions_both_count_alike(runs: list[Path]) -> None:
    _, card = build_ensemble(runs)
    assert [branch["weight"] for branch in card.branches.values()] == [1, 1]
    assert not card.calibration


def retrained(run: Path, seed: int, **changes: object) -> Path:
    """As `run`, with a single member of another seed."""
    _, card = load_artefact(run)
    torch.manual_seed(seed)
    folder = run.with_name(f"{run.name}-{seed}")
    card = replace(card, options={"members": 1}, recipe=card.recipe | {"seed": seed})
    state = ListenNet(card.shape, len(GENRES), members=1).state_dict()
    save_artefact(folder, state, replace(card, **changes))
    return folder


def test_runs_on_one_input_become_one_branch(runs: list[Path], tmp_path: Path) -> None:
    """Each member has the same weight, so that a run of two weighs as much as two runs of one."""
    third = retrained(runs[1], 10)
    weights, card = build_ensemble([third, *runs])
    assert card == build_ensemble([*runs, third])[1]
    assert card.branches["mel_3s"]["options"] == {"members": 3}
    assert card.branches["mel_3s"]["seeds"] == [0, 10] and "seeds" not in card.branches["mel_30s"]
    power = torch.rand(2, 128, 300)

    def logits(name: str, weights: dict, card: Card) -> torch.Tensor:
        save_artefact(tmp_path / name, weights, card)
        with torch.inference_mode():
            return load_classifier(name, tmp_path).branches[1].logits(power)

    parts = [logits(f"with {run.name}", *build_ensemble([runs[0], run])) for run in (runs[1], third)]
    torch.testing.assert_close(logits("whole", weights, card), torch.cat(parts, dim=2), atol=1e-5, rtol=1e-5)


def test_their_predictions_are_the_mean_of_all_members(runs: list[Path]) -> None:
    labels, third = np.arange(400) % 10, retrained(runs[1], 10)
    predict(runs[0], labels, 0.3)
    predict(runs[1], labels, 1.0)
    predict(third, labels, 0.0)
    assert (
        build_ensemble([*runs, third])[1].branches["mel_3s"]["calibration"]["accuracy"] == 1
    )  # two against one
    predict(runs[1], labels, 0.0)
    predict(third, labels, 1.0)
    assert build_ensemble([*runs, third])[1].branches["mel_3s"]["calibration"]["accuracy"] == 0


def test_with_an_uncalibrated_run_the_whole_is_uncalibrated(runs: list[Path]) -> None:
    for run in runs:
        predict(run, np.arange(400) % 10, 0.5)
    assert not build_ensemble([*runs, retrained(runs[1], 10)])[1].calibration


def test_windows_alone_are_a_model_too(runs: list[Path], tmp_path: Path) -> None:
    save_artefact(tmp_path / "whole", *build_ensemble([runs[1], retrained(runs[1], 10)]))
    prediction = load_classifier("whole", tmp_path).classify(Clip(render("pop", 2, 9.0), 9.0))
    assert (
        prediction.genre in GENRES
        and len(prediction.window_times_s) == prediction.window_probabilities.shape[0] >= 3
    )


def test_what_cannot_be_one_ensemble(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"has another seed.*\.$"):
        build_ensemble([runs[0], runs[0]])
    with pytest.raises(ArtefactError, match=r"but for the seed\.$"):
        build_ensemble([*runs, retrained(runs[1], 10, windows="random")])
    with pytest.raises(ArtefactError, match=r"on mel_30s or mel_3s can be combined\.$"):
        build_ensemble([runs[0], retrained(runs[1], 11, input="mel")])
    with pytest.raises(ArtefactError, match=r"different genres.*\.$"):
        build_ensemble([runs[0], retrained(runs[1], 12, genres=GENRES[::-1])])
    for run in runs:
        (run / "calibration").mkdir()
        (run / PREDICTIONS).write_bytes(b"no predictions")
    with pytest.raises(ArtefactError, match=r"calibrate the run again\.$"):
        build_ensemble(runs)


def test_a_clip_of_a_second_is_predicted_by_both(runs: list[Path], tmp_path: Path) -> None:
    save_artefact(tmp_path / "whole", *build_ensemble(runs))
    samples = render("pop", 2, 3.0)[: int(1.2 * SAMPLE_RATE)]
    prediction = load_classifier("whole", tmp_path).classify(Clip(samples, 1.2))
    assert prediction.genre in GENRES and len(prediction.window_times_s) == 1
