"""A training that begins where another ended: its own recipe, the same data and the same test."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile as sf

from genre.__main__ import main
from genre.data.examples import DataError
from genre.models.artefacts import load_artefact
from genre.models.cards import load_card
from genre.models.recipe import Augmentation
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import load_report
from genre.runs.worker import work_on
from genre.training.calibrate import calibrate_run
from genre.training.experiment import (
    ExperimentSettings,
    continued_settings,
    experiment_settings,
    run_experiment,
)

pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture
def music(folder_of_music) -> Path:
    return folder_of_music(pieces=8, seconds=6.0)


def run(settings: ExperimentSettings) -> Path:
    folder = runs.create_run_folder("genre", settings.to_dict(), settings.model)
    with work_on(folder) as worker:
        run_experiment(worker)
    return folder


@pytest.fixture(scope="module")
def archive(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("archive") / "first"


@pytest.fixture
def first(music, archive) -> Path:
    """A trained run under this test's home; it is trained only once."""
    if not archive.exists():
        settings = experiment_settings(
            "cnn-simple", str(music), epochs=3, batch_size=4, learning_rate=5e-3, patience=0
        )
        shutil.copytree(run(settings), archive)
    return shutil.copytree(archive, runs.runs_folder() / "first")


def test_a_continued_run_begins_with_the_weights_of_the_first(first):
    settings = continued_settings(first, epochs=1, learning_rate=1e-5)
    second = run(settings)
    before, after = (load_artefact(folder)[0] for folder in (first, second))
    for name in before:
        if before[name].is_floating_point() and "running" not in name:
            assert (before[name] - after[name]).abs().max() < 1e-3, f"{name}: a small step from the first"
    assert any(not before[name].equal(after[name]) for name in before)
    reports = [load_report(folder) for folder in (first, second)]
    tests = [{prediction["track"] for prediction in report.predictions} for report in reports]
    assert tests[0] == tests[1]
    card = load_card(second)
    assert [recipe["epochs"] for recipe in card.previous_recipes] == [3] and card.recipe["epochs"] == 1
    third = run(continued_settings(second, epochs=2))
    assert [recipe["epochs"] for recipe in load_card(third).previous_recipes] == [3, 1]


def test_calibration_keeps_each_fold_from_both_trainings(first):
    second = run(continued_settings(first, epochs=1))
    summary = calibrate_run(second, epochs=2)
    assert (summary["epochs"], summary["tracks"], summary["folds"]) == ([2, 1], 12, 5)
    assert len(list(first.glob("calibration/fold-*-2-epochs"))) == 5
    assert len(list(second.glob("calibration/fold-*-1-epochs"))) == 5


def test_only_peak_normalized_inputs_take_a_simulated_phone(first, music):
    with pytest.raises(ValueError, match="mel_30s and mel_3s"):
        continued_settings(first, phone=0.5)
    windows = run(experiment_settings("listen", str(music), "mel_3s", options={"members": 1}, epochs=1))
    settings = continued_settings(windows, phone=0.5, epochs=1)
    assert settings.recipe.augmentation.phone == 0.5
    assert replace(settings.recipe.augmentation, phone=0.0) != Augmentation(), "the others stay"
    run(settings)
    with pytest.raises(ValueError, match="between 0 and 1"):
        continued_settings(windows, phone=2.0)


def test_no_track_of_the_first_training_is_tested(first, music, tmp_path):
    folds = run(experiment_settings("linear", str(music), split="kfold", epochs=1, patience=0))
    forest = run(experiment_settings("forest", str(music)))
    for folder in (folds, forest):
        with pytest.raises(ValueError, match="Only a network"):
            continued_settings(folder)
    changed = shutil.copytree(music, tmp_path / "music")  # as many tracks, and not the same
    for genre in ("classical", "metal"):
        (changed / genre / f"{genre}.00000.wav").rename(changed / genre / f"{genre}.00099.wav")
    larger = shutil.copytree(music, tmp_path / "more music")
    samples, rate = sf.read(larger / "metal" / "metal.00000.wav")
    sf.write(larger / "metal" / "metal.00099.wav", samples[::-1], rate)
    for data in (changed, larger):
        with pytest.raises(DataError, match="has changed since"):
            run(replace(continued_settings(first), data=str(data)))


def test_the_first_run_may_be_deleted_once_its_weights_are_taken(first):
    settings = continued_settings(first, epochs=2)
    folder = runs.create_run_folder("genre", settings.to_dict(), settings.model)
    with pytest.raises(KeyboardInterrupt), work_on(folder) as worker:
        worker.record_epoch = _interrupt(worker.record_epoch)
        run_experiment(worker)
    process.delete_run(first)
    with work_on(folder) as worker:
        run_experiment(worker)
    assert [recipe["epochs"] for recipe in load_card(folder).previous_recipes] == [3]
    assert "3 epochs old" in load_report(folder).notes[0]


def _interrupt(record_epoch: Callable) -> Callable:
    """Record epochs; the power fails after the second one."""

    def interrupted(metrics: dict, progress: float) -> None:
        record_epoch(metrics, progress)
        if metrics["epoch"] == 2:
            raise KeyboardInterrupt

    return interrupted


def test_the_command_line(first, capsys):
    begin = ["train", "--begin", first.name]
    assert main([*begin, "--epochs", "1"]) == 0
    assert "kept in" in capsys.readouterr().out
    for command, message in (
        ([*begin, "--seed", "3"], "leave them out"),
        ([*begin, "--data", "elsewhere"], "leave them out"),
        (["train", "--begin", "nothing"], "no run"),
        (["train", "--phone", "0.5"], "goes with --begin"),
        ([*begin, "--phone", "0.5"], "mel_30s and mel_3s"),
        ([*begin, "--seed", "0"], "leave them out"),
        ([*begin, "--patience", "0"], "leave them out"),
        ([*begin, "--windows", "overlap"], "leave them out"),
    ):
        assert main(command) == 2
        assert message in capsys.readouterr().err
