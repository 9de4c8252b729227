"""A training that begins where another ended: its own recipe, the same data and the same test."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from genre import runs
from genre.__main__ import main
from genre.artefacts import load_artefact
from genre.augment import Augmentation
from genre.calibration import calibrate
from genre.cards import load_card
from genre.dataset import DataError
from genre.experiment import Settings, continued, execute, settings
from genre.worker import working

pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture
def music(folder_of_music) -> Path:
    return folder_of_music(pieces=8, seconds=6.0)


def run(asked: Settings) -> Path:
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())), asked.model)
    with working(folder) as worker:
        execute(worker)
    return folder


@pytest.fixture
def first(music) -> Path:
    return run(settings("cnn-simple", str(music), epochs=3, batch_size=4, learning_rate=5e-3, patience=0))


def test_it_goes_on_where_the_other_ended(first):
    asked = continued(first, epochs=1, learning_rate=1e-5)
    second = run(asked)
    before, after = (load_artefact(folder)[0] for folder in (first, second))
    for name in before:
        if before[name].is_floating_point() and "running" not in name:
            assert (before[name] - after[name]).abs().max() < 1e-3, f"{name}: a small step from the first"
    assert any(not before[name].equal(after[name]) for name in before)
    reports = [runs.load_report(folder) for folder in (first, second)]
    tests = [{answer["track"] for answer in report["answers"]} for report in reports]
    assert tests[0] == tests[1]
    card = load_card(second)
    assert [recipe["epochs"] for recipe in card["begun_with"]] == [3] and card["recipe"]["epochs"] == 1
    third = run(continued(second, epochs=2))
    assert [recipe["epochs"] for recipe in load_card(third)["begun_with"]] == [3, 1]


def test_calibration_keeps_each_fold_from_both_trainings(first):
    second = run(continued(first, epochs=1))
    account = calibrate(second, epochs=2)
    assert (account["epochs"], account["tracks"], account["folds"]) == ([2, 1], 12, 5)
    assert len(list(first.glob("calibration/fold-*-2-epochs"))) == 5
    assert len(list(second.glob("calibration/fold-*-1-epochs"))) == 5


def test_a_telephone_is_heard_where_it_can_be(first, music):
    with pytest.raises(ValueError, match="pictures and excerpts"):
        continued(first, telephone=0.5)
    excerpts = run(settings("listen", str(music), "excerpts", options={"members": 1}, epochs=1))
    asked = continued(excerpts, telephone=0.5, epochs=1)
    assert asked.recipe.augmentation.telephone == 0.5
    assert replace(asked.recipe.augmentation, telephone=0.0) != Augmentation(), "the others stay"
    run(asked)
    with pytest.raises(ValueError, match="between 0 and 1"):
        continued(excerpts, telephone=2.0)


def test_nothing_learnt_is_tested(first, music, folder_of_music, tmp_path):
    folds = run(settings("linear", str(music), split="kfold", epochs=1, patience=0))
    forest = run(settings("forest", str(music)))
    for folder in (folds, forest):
        with pytest.raises(ValueError, match="Only a network"):
            continued(folder)
    changed = shutil.copytree(music, tmp_path / "music")  # as many tracks, and not the same
    for genre in ("classical", "metal"):
        (changed / genre / f"{genre}.00000.wav").rename(changed / genre / f"{genre}.00099.wav")
    for data in (changed, folder_of_music(pieces=9, seconds=6.0)):
        with pytest.raises(DataError, match="has changed since"):
            run(replace(continued(first), data=str(data)))


def test_the_first_run_may_be_deleted_once_its_weights_are_taken(first):
    asked = continued(first, epochs=2)
    folder = runs.create("genre", asked.to_dict(), asked.model)
    with pytest.raises(KeyboardInterrupt), working(folder) as worker:
        worker.epoch = _interrupt(worker.epoch)
        execute(worker)
    runs.delete(first)
    with working(folder) as worker:
        execute(worker)
    assert [recipe["epochs"] for recipe in load_card(folder)["begun_with"]] == [3]
    assert "3 epochs old" in runs.load_report(folder)["notes"][0]


def _interrupt(epoch: Callable) -> Callable:
    """An epoch that is told, and then the power fails in the second one."""
    def interrupted(figures: dict, done: float) -> None:
        epoch(figures, done)
        if figures["epoch"] == 2:
            raise KeyboardInterrupt

    return interrupted


def test_the_command_line(first, capsys):
    begin = ["train", "--begin", first.name]
    assert main([*begin, "--epochs", "1"]) == 0
    assert "kept in" in capsys.readouterr().out
    for wrong, complaint in (
        ([*begin, "--seed", "3"], "leave them out"), ([*begin, "--data", "elsewhere"], "leave them out"),
        (["train", "--begin", "nothing"], "no run"), (["train", "--telephone", "0.5"], "goes with --begin"),
        ([*begin, "--telephone", "0.5"], "pictures and excerpts"),
        ([*begin, "--seed", "0"], "leave them out"), ([*begin, "--patience", "0"], "leave them out"),
        ([*begin, "--windows", "overlap"], "leave them out"),
    ):
        assert main(wrong) == 2
        assert complaint in capsys.readouterr().err
