"""Runs of an older version: its stored keys and kinds of input are read, and an interrupted run resumes.

tests/fixtures/old/run holds three of them, made by commit b7a9e87 with `train cnn-simple --input pictures
--option channels=1 --epochs 3` on the folder that `folder_of_music` makes: `done`; `continued`, which began
with its weights; and `interrupted`, killed after the third epoch and before its checkpoint.
"""

import json
import shutil
from pathlib import Path

import pytest

from genre.__main__ import main
from genre.models.artefacts import load_artefact
from genre.models.cards import load_card
from genre.models.predict import load_model
from genre.paths import home
from genre.runs import directory as runs
from genre.runs.catalogue import Catalogue, leak_pairs
from genre.runs.report import load_report
from genre.runs.worker import work_on
from genre.training.experiment import ExperimentSettings, continued_settings, run_experiment
from tests.support.data import FIXTURES

OLD_RUNS = FIXTURES / "old" / "run"
OLD_KEYS = {
    "begin",
    "begun_with",
    "telephone",
    "relevel",
    "figures",
    "answers",
    "macro_accuracy",
    "sure_above",
}
OLD_KEYS |= {"calibration_error", "learnt_from", "left_out"}

pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture
def old_runs(music) -> Path:
    """The old runs under EARMARK_HOME, on the folder of music as it is called here."""
    folder = runs.runs_folder()
    shutil.copytree(OLD_RUNS, folder)
    for path in folder.glob("*/config.json"):
        text = path.read_text().replace("/srv/music", str(music)).replace("/srv/done", str(folder / "done"))
        path.write_text(text)
    return folder


def keys_of(value: object) -> set[str]:
    """The keys of the dictionaries in a JSON value, at any depth."""
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_the_fixtures_hold_the_old_keys():
    stored = [json.loads(path.read_text()) for path in OLD_RUNS.rglob("*.json")]
    assert keys_of(stored) >= OLD_KEYS
    assert {values["input"] for values in stored if "input" in values} == {"pictures"}
    assert sum(path.stat().st_size for path in OLD_RUNS.rglob("*") if path.is_file()) < 100_000


def test_old_runs_are_listed(old_runs):
    assert {run.name: run.state for run in runs.list_runs("genre")} == {
        "done": "done",
        "continued": "done",
        "interrupted": "interrupted",
    }
    entries = {entry.run.name: entry for entry in Catalogue().entries() if not entry.recorded}
    assert entries["interrupted"].run.resumable and not entries["interrupted"].metrics
    for name in ("done", "continued"):
        assert entries[name].metrics["accuracy"] == 0.5 and entries[name].metrics["count"] == 2
        assert entries[name].metrics["window_accuracy"] == 0.5
    assert not leak_pairs(entries.values())
    assert len(runs.read_metrics(old_runs / "done")) == 3


def test_an_old_run_shows_its_report(old_runs, capsys):
    report = load_report(old_runs / "done")
    assert report.input == "mel_30s" and len(report.predictions) == 2
    assert set(report.predictions[0]) == {"track", "genre", "prediction", "probability"}
    assert report.by_track["ece"] > 0 and report.by_track["balanced_accuracy_interval"]
    assert report.data["skipped"] == [] and report.split["train_fingerprint"]
    assert not OLD_KEYS & keys_of(report.to_dict())
    assert main(["evaluate", "done"]) == 0
    text = capsys.readouterr().out
    assert "cnn-simple on mel_30s, split track" in text and "balanced accuracy 0.500" in text


def test_an_old_model_is_loaded_and_promoted(old_runs):
    model, card = load_model(old_runs / "continued")
    assert sum(parameter.numel() for parameter in model.parameters()) == 298
    assert card.input == "mel_30s" and card.metrics["by_track"]["ece"] > 0
    assert card.recipe["augmentation"]["phone"] == 0.5
    assert [recipe["epochs"] for recipe in card.previous_recipes] == [3]
    assert not OLD_KEYS & keys_of(card.to_dict())
    assert main(["promote", "continued", "mine"]) == 0
    assert load_card(home() / "models" / "mine").input == "mel_30s"


def test_old_settings_are_those_of_now(old_runs):
    settings = ExperimentSettings.from_dict(runs.load_config(old_runs / "continued")["settings"])
    assert settings.input == "mel_30s" and settings.initial_run == str(old_runs / "done")
    assert settings.recipe.augmentation.phone == 0.5
    again = continued_settings(old_runs / "done", phone=0.5, epochs=1)
    assert again == settings and again.equals(runs.load_config(old_runs / "continued")["settings"])


def test_an_old_interrupted_run_resumes_from_its_checkpoint(old_runs, monkeypatch):
    epochs = []
    with work_on(old_runs / "interrupted") as worker:
        record_epoch = worker.record_epoch

        def count_epoch(metrics: dict, progress: float) -> None:
            epochs.append(metrics["epoch"])
            record_epoch(metrics, progress)

        monkeypatch.setattr(worker, "record_epoch", count_epoch)
        run_experiment(worker)
    assert epochs == [3], "the checkpoint of the second epoch was taken"
    assert runs.is_finished(old_runs / "interrupted")
    resumed, uninterrupted = (load_artefact(old_runs / name)[0] for name in ("interrupted", "done"))
    for name, weights in uninterrupted.items():
        # Rounding, which differs between processors, is all that a bias before a batch norm learns from.
        assert (resumed[name] - weights).abs().max() < 2e-3, name
    resumed_report, report = (load_report(old_runs / name) for name in ("interrupted", "done"))
    assert resumed_report.split == report.split and resumed_report.data["input"] == report.data["input"]


def test_the_same_command_goes_on_with_an_old_run(old_runs, music, capsys):
    command = ["train", "cnn-simple", "--data", str(music), "--input", "pictures", "--option", "channels=1"]
    command += ["--epochs", "3", "--patience", "0", "--run"]
    assert main([*command, str(old_runs / "done")]) == 0
    assert "is done already" in capsys.readouterr().out
    assert main([*command, str(old_runs / "interrupted")]) == 0
    assert "Going on with" in capsys.readouterr().out
    assert main(["train", "--begin", "done", "--phone", "0.5", "--epochs", "1"]) == 0
