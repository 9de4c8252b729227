"""genre.views and genre.unite: two ways to look at the same music, and one model made of both."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from genre.artefacts import load_artefact, save_artefact
from genre.as_heard import LENGTHS_S, Question, read_answers, write_answers
from genre.audio import SAMPLE_RATE, Clip
from genre.calibration import ANSWERS
from genre.cards import ArtefactError
from genre.classifier import Classifier
from genre.evaluate import pooled
from genre.home import WEIGHTS
from genre.models.listen import COLUMNS_PER_CELL, ListenNet
from genre.spectrogram import EXCERPT, PICTURE, Spectrogram, SpectrogramParams, relative_db
from genre.synth import render
from genre.unite import unite
from genre.views import Excerpts, Pictures, View, spread


@pytest.fixture(scope="module")
def power() -> torch.Tensor:
    """Ten seconds of music: (1, 128, 431)."""
    return Spectrogram(SpectrogramParams()).power(torch.from_numpy(render("jazz", 1, 10.0))[None])


def excerpts(members: int = 1) -> Excerpts:
    torch.manual_seed(0)
    return Excerpts(ListenNet((128, 130), len(GENRES), members=members), EXCERPT)


def test_a_picture_is_the_front_end_that_the_network_learnt_from(power: torch.Tensor) -> None:
    view = Pictures(ListenNet((128, 334), 10, members=1), PICTURE)
    waveform = torch.from_numpy(render("jazz", 1, 10.0))[None]
    expected = 1 + Spectrogram(PICTURE)(waveform) / PICTURE.range_db
    torch.testing.assert_close(view.picture(power), expected, atol=1e-5, rtol=0)


@given(st.integers(1, 3_000))
def test_windows_cover_all_the_music_and_their_middles_lie_in_it(frames: int) -> None:
    starts = Excerpts.starts(excerpts(), frames)
    assert starts[0] == 0 and starts[-1] + Excerpts.SIZE >= frames
    assert (np.diff(starts) <= Excerpts.SIZE).all() and (np.diff(starts) > 0).all()
    assert starts[-1] <= max(0, frames - Excerpts.SIZE)


@pytest.mark.parametrize("frames", [1, 20, 128, 129, 431])
def test_each_window_is_heard_as_if_it_were_alone(power: torch.Tensor, frames: int) -> None:
    view = excerpts(members=2)
    with torch.inference_mode():
        logits = view.logits(power[:, :, :frames])
        assert logits.shape[1:] == (len(view.centres(frames)), 2, 10)
        last = power[:, :, :frames].repeat(1, 1, -(-128 // frames))  # a short take fills the window
        last = last[:, :, :128] if frames < 128 else last[:, :, frames - 128 : frames]
        alone = view.network(1 + relative_db(last, EXCERPT.range_db) / EXCERPT.range_db)
    torch.testing.assert_close(logits[:, -1], alone, atol=1e-4, rtol=1e-4)


def test_middles_of_a_picture(power: torch.Tensor) -> None:
    view = Pictures(ListenNet((128, 334), 10, members=1), PICTURE)
    with torch.inference_mode():
        windows = view.logits(power).shape[1]
    middles = view.centres(power.shape[2])
    assert len(middles) == windows and (np.diff(middles) > 0).all()
    assert COLUMNS_PER_CELL < middles[0] < power.shape[2] and middles[-1] < power.shape[2]


def test_answers_are_shared_out_to_the_windows_they_lie_in() -> None:
    logits = torch.tensor([0.0, 1.0, 2.0, 3.0])[None, :, None, None].expand(1, 4, 2, 3)
    middles = np.array([0.0, 10.0, 20.0, 30.0])
    out = spread(logits, middles, np.array([5.0, 15.0, 100.0]), reach=6.0)
    torch.testing.assert_close(out[0, :, 0, 0], torch.tensor([0.5, 1.5, 3.0]))


@pytest.mark.parametrize("frames", [100, 128, 431])
def test_three_seconds_have_a_vote_each_beside_that_of_the_picture(power: torch.Tensor, frames: int) -> None:
    picture, threes = Pictures(ListenNet((128, 334), 10, members=1), PICTURE), excerpts()
    card = {"genres": GENRES, "temperature": 1.0, "sure_above": 0.5}

    def said(*views: View) -> np.ndarray:
        with torch.inference_mode():
            return Classifier(views, card).hear([0.0], np.zeros((1, 1)), power[:, :, :frames])[1].numpy()

    votes = [1, max(1.0, frames / Excerpts.SIZE)]
    expected = pooled(np.array([said(picture), said(threes)]), votes)
    np.testing.assert_allclose(said(picture, threes), expected, atol=1e-5)


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """The shipped pictures' committee, and an untrained one for excerpts."""
    weights, card = load_artefact(WEIGHTS / "listen-train")
    first = card["views"]["pictures"] if "views" in card else card
    pictures = {name.removeprefix("pictures."): tensor for name, tensor in weights.items()
                if not name.startswith("excerpts.")}
    card = {name: value for name, value in card.items() if name != "views"} | first
    card |= {"input": "pictures"}
    save_artefact(tmp_path / "pictures", pictures, card)
    save_artefact(tmp_path / "excerpts", excerpts(members=2).network.state_dict(), card | {
        "input": "excerpts", "shape": [128, 130], "options": {"members": 2}, "front_end": EXCERPT.to_dict()})
    return [tmp_path / "pictures", tmp_path / "excerpts"]


def answer(folder: Path, labels: np.ndarray, right: float, heard: float = 1.0, **asked: float) -> None:
    """Leave answers as `calibrate` does, the given share of them right, beside those that are there."""
    rng = np.random.default_rng(int(right * 100))
    said = np.where(rng.random(len(labels)) < right, labels, (labels + 1) % 10)
    sure = rng.uniform(0.55, 0.9, (len(labels), 1))
    probabilities = sure * np.eye(10)[said] + (1 - sure) / 10
    there = read_answers(folder / ANSWERS) if asked else {}
    write_answers(folder / ANSWERS, there | {
        Question(f"track {k}", **asked): (probabilities[k], heard, int(label))
        for k, label in enumerate(labels)})  # fmt: skip


def test_a_united_model_answers_with_both(runs: list[Path], tmp_path: Path) -> None:
    labels = np.arange(400) % 10
    answer(runs[0], labels, 0.5)
    answer(runs[1], labels, 0.9)
    save_artefact(tmp_path / "whole", *unite(runs))
    card = load_artefact(tmp_path / "whole")[1]
    assert card["views"]["excerpts"]["weight"] > card["views"]["pictures"]["weight"]
    assert card["calibration"]["tracks"] == 400 and card["calibration"]["accuracy"] > 0.85
    assert card["temperature"] == card["calibration"]["temperature"]
    whole = Classifier.load("whole", tmp_path)
    assert [type(view) for view in whole.views] == [Pictures, Excerpts]
    clip = Clip(render("rock", 1, 20.0), 20.0)
    verdict = whole.classify(clip)
    assert sum(verdict.probabilities.values()) == pytest.approx(1, abs=1e-5)
    assert verdict.over_time.shape == (len(verdict.times), 10) and len(verdict.times) > 3
    np.testing.assert_allclose(verdict.over_time.sum(axis=1), 1, atol=1e-5)
    alone = Classifier.load("pictures", tmp_path).classify(clip)
    assert alone.probabilities != verdict.probabilities
    assert len(alone.times) == len(verdict.times)


def test_less_music_needs_a_higher_line_and_genres_are_weighed(runs: list[Path], tmp_path: Path) -> None:
    labels = np.arange(400) % 10
    for run in runs:
        answer(run, labels, 0.9)
    card = unite(runs)[1]
    assert "genre_weights" not in card and "sure_above_by_length" not in card, "no recording was heard"
    for run in runs:
        answer(run, labels, 0.85, seconds=10.0)
        answer(run, labels, 0.6, seconds=5.0)
        answer(run, labels, 0.9, seconds=3.0)
        answer(run, np.minimum(labels, 8), 0.8, seconds=LENGTHS_S[-1], telephone=True)
    weights, card = unite(runs)
    lines = dict(card["sure_above_by_length"])
    assert list(lines) == [3.0, 5.0, 10.0, LENGTHS_S[-1]]
    assert lines[LENGTHS_S[-1]] == card["sure_above"] < lines[5.0]
    assert lines[3.0] == lines[5.0] > 0.8, "of three seconds nobody is sure sooner than of five"
    assert card["calibration"]["tracks"] == 400 and len(card["genre_weights"]) == 10
    assert card["genre_weights"][8] > max(card["genre_weights"][:8]) > card["genre_weights"][9]
    save_artefact(tmp_path / "whole", weights, card)
    assert Classifier.load("whole", tmp_path).sure_above(5.0) == lines[5.0]


def test_the_order_they_are_named_in_does_not_matter(runs: list[Path], tmp_path: Path) -> None:
    answer(runs[0], np.arange(400) % 10, 0.5)
    answer(runs[1], np.arange(400) % 10, 0.9)
    save_artefact(tmp_path / "whole", *unite(runs[::-1]))
    assert load_artefact(tmp_path / "whole")[1] == json.loads(json.dumps(unite(runs)[1]))
    assert [type(view) for view in Classifier.load("whole", tmp_path).views] == [Pictures, Excerpts]


def test_what_is_heard_longer_needs_less_weight(runs: list[Path]) -> None:
    labels = np.arange(400) % 10
    weights = []
    for heard in (1.0, 4.0):
        answer(runs[0], labels, 0.8)
        answer(runs[1], labels, 0.81, heard)
        views = unite(runs)[1]["views"]
        weights.append(views["excerpts"]["weight"] / views["pictures"]["weight"])
    assert weights[1] == pytest.approx(weights[0] / 4)


def test_without_answers_both_count_alike(runs: list[Path]) -> None:
    _, card = unite(runs)
    assert [view["weight"] for view in card["views"].values()] == [1, 1]
    assert "calibration" not in card


def another(run: Path, seed: int, **changed: object) -> Path:
    """As `run`, with a single member of another seed."""
    _, card = load_artefact(run)
    torch.manual_seed(seed)
    folder = run.with_name(f"{run.name}-{seed}")
    save_artefact(folder, ListenNet(tuple(card["shape"]), len(GENRES), members=1).state_dict(), card | {
        "options": {"members": 1}, "recipe": card["recipe"] | {"seed": seed}} | changed)
    return folder


def test_runs_on_one_input_become_one_committee(runs: list[Path], tmp_path: Path) -> None:
    """Each member has the same voice, so that a run of two weighs as much as two runs of one."""
    third = another(runs[1], 10)
    weights, card = unite([third, *runs])
    assert json.dumps(card) == json.dumps(unite([*runs, third])[1])
    assert card["views"]["excerpts"]["options"] == {"members": 3}
    assert card["views"]["excerpts"]["seeds"] == [0, 10] and "seeds" not in card["views"]["pictures"]
    power = torch.rand(2, 128, 300)

    def said(name: str, weights: dict, card: dict) -> torch.Tensor:
        save_artefact(tmp_path / name, weights, card)
        with torch.inference_mode():
            return Classifier.load(name, tmp_path).views[1].logits(power)

    each = [said(f"with {run.name}", *unite([runs[0], run])) for run in (runs[1], third)]
    torch.testing.assert_close(said("whole", weights, card), torch.cat(each, dim=2), atol=1e-5, rtol=1e-5)


def test_their_answers_are_those_of_all_members(runs: list[Path]) -> None:
    labels, third = np.arange(400) % 10, another(runs[1], 10)
    answer(runs[0], labels, 0.3)
    answer(runs[1], labels, 1.0)
    answer(third, labels, 0.0)
    assert unite([*runs, third])[1]["views"]["excerpts"]["alone"]["accuracy"] == 1  # two against one
    answer(runs[1], labels, 0.0)
    answer(third, labels, 1.0)
    assert unite([*runs, third])[1]["views"]["excerpts"]["alone"]["accuracy"] == 0


def test_one_that_was_not_calibrated_leaves_the_whole_so(runs: list[Path]) -> None:
    for run in runs:
        answer(run, np.arange(400) % 10, 0.5)
    assert "calibration" not in unite([*runs, another(runs[1], 10)])[1]


def test_excerpts_alone_are_a_model_too(runs: list[Path], tmp_path: Path) -> None:
    save_artefact(tmp_path / "whole", *unite([runs[1], another(runs[1], 10)]))
    verdict = Classifier.load("whole", tmp_path).classify(Clip(render("pop", 2, 9.0), 9.0))
    assert verdict.genre in GENRES and len(verdict.times) == verdict.over_time.shape[0] >= 3


def test_what_cannot_be_united(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"a seed of its own.*\.$"):
        unite([runs[0], runs[0]])
    with pytest.raises(ArtefactError, match=r"in the same way\.$"):
        unite([*runs, another(runs[1], 10, windows="random")])
    with pytest.raises(ArtefactError, match=r"on pictures or excerpts can be united\.$"):
        unite([runs[0], another(runs[1], 11, input="mel")])
    with pytest.raises(ArtefactError, match=r"different genres.*\.$"):
        unite([runs[0], another(runs[1], 12, genres=GENRES[::-1])])
    for run in runs:
        (run / "calibration").mkdir()
        (run / ANSWERS).write_bytes(b"no answers")
    with pytest.raises(ArtefactError, match=r"calibrate the run again\.$"):
        unite(runs)


def test_a_clip_of_a_second_is_heard_by_both(runs: list[Path], tmp_path: Path) -> None:
    save_artefact(tmp_path / "whole", *unite(runs))
    samples = render("pop", 2, 3.0)[: int(1.2 * SAMPLE_RATE)]
    verdict = Classifier.load("whole", tmp_path).classify(Clip(samples, 1.2))
    assert verdict.genre in GENRES and len(verdict.times) == 1
