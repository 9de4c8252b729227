"""Every model through the one door: trained, tested, saved, loaded, killed and resumed."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from genre.data.dataset import open_dataset
from genre.data.examples import DataError
from genre.data.windows import make_examples
from genre.errors import error_sentence
from genre.evaluation.metrics import aggregate_by_track
from genre.evaluation.report import report_table
from genre.models.cards import ArtefactError
from genre.models.predict import load_model, predict_examples
from genre.models.recipe import Augmentation, Recipe
from genre.models.registry import MODELS
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import Report, load_report
from genre.runs.settings import SettingsError
from genre.runs.worker import work_on
from genre.training.experiment import ExperimentSettings, experiment_settings, run_experiment
from tests.support.data import SHARED_DATA

GTZAN = SHARED_DATA / "gtzan"
with_gtzan = pytest.mark.skipif(not (GTZAN / "pictures.npz").exists(), reason="GTZAN is not here")
SMALL = {
    "resnet18": {"width": 8},
    "res-bigru": {"width": 8, "hidden": 32},
    "bigru": {"hidden": 32},
    "cnn-zhang": {"width": 8},
    "cnn-cao": {"width": 32},
    "listen": {"members": 1},
    "lstm": {"hidden": [32, 32]},
    "knn": {"k": 3},
}
# The lstm is slow to start, listen averages its weights, and two epochs of so little music are few steps.
EPOCHS = {"lstm": 40, "listen": 12, "cnn-simple": 6, "cnn-complex": 6, "cnn-zhang": 6, "resnet18": 4}


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def music(folder_of_music) -> Path:
    """The built-in dataset, small: two genres, eight pieces of 6 s each."""
    return folder_of_music(pieces=8, seconds=6.0)


@pytest.fixture(scope="module")
def more_music(folder_of_music) -> Path:
    """Enough of it that what two epochs teach holds for other pieces."""
    return folder_of_music(pieces=12, seconds=6.0)


def run(settings: ExperimentSettings, folder: Path | None = None) -> tuple[Report, Path]:
    folder = runs.create_run_folder("genre", settings.to_dict(), settings.model, folder)
    with work_on(folder) as worker:
        return run_experiment(worker), folder


@pytest.mark.parametrize("model", MODELS)
def test_every_model_beats_chance_after_a_few_epochs(more_music, model):
    settings = experiment_settings(
        model,
        str(more_music),
        split="track",
        options=SMALL.get(model),
        epochs=EPOCHS.get(model, 2),
        batch_size=4,
        learning_rate=2e-3,
        patience=0,
    )
    report, folder = run(settings)
    assert (report.split["train_tracks"], report.split["test_tracks"]) == (18, 6)
    assert report.by_track["accuracy"] > 0.8, "of the six tracks that it was not trained on"
    examples, _ = make_examples(open_dataset(more_music), settings.input_spec)
    loaded, card = load_model(folder)
    probabilities = predict_examples(loaded, examples)
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert card.metrics["by_track"]["count"] == 6 and card.genres == ("classical", "metal")
    assert report.training_s >= 0 and report.inference_ms > 0
    assert not list(folder.glob("part-*"))
    assert model in report_table(load_report(folder))


def test_a_loaded_model_predicts_as_the_trained_one_did(music):
    for model in ("svm", "cnn-simple"):
        report, folder = run(experiment_settings(model, str(music), "mel", epochs=1))
        examples, _ = make_examples(open_dataset(music), MODELS[model].input("mel"))
        loaded, _ = load_model(folder)
        tested = {prediction["track"]: prediction for prediction in report.predictions}
        examples = examples.of(set(tested))
        probabilities, _, tracks = aggregate_by_track(
            predict_examples(loaded, examples), examples.labels, examples.tracks
        )
        assert set(tracks) == set(tested)
        for track, row in zip(tracks, probabilities, strict=True):
            assert tested[track]["probability"] == pytest.approx(row.max(), abs=1e-3)


@pytest.mark.parametrize(
    ("split", "parts", "tested"), [("kfold", 6, 16), ("all", 1, 0), ("segment", 1, None)]
)
def test_protocols(music, split, parts, tested):
    report, folder = run(experiment_settings("linear", str(music), split=split, epochs=1, patience=0))
    assert len(runs.read_metrics(folder)) == parts
    assert tested in (None, report.split["test_tracks"])
    assert ("by_track" in report.to_dict()) == report.is_tested == (split != "all")
    assert report.split["leaky"] == (split == "segment")
    assert ("LEAKY" in report_table(report)) == (split == "segment")
    assert ("The test leaks" in runs.read_run(folder).message) == (split == "segment")
    assert ("Nothing was tested" in report_table(report)) == (split == "all")


@pytest.mark.parametrize("changed", [False, True])
def test_a_part_begins_again_where_the_data_has_changed_meanwhile(music, tmp_path, monkeypatch, changed):
    """Split anew, it might else be tested on tracks it was trained on."""
    data = shutil.copytree(music, tmp_path / "music")
    settings = experiment_settings("linear", str(data), epochs=4, patience=0)
    folder = runs.create_run_folder("genre", settings.to_dict())
    epochs: list[int] = []

    def attempt(last: int) -> None:
        with work_on(folder) as worker:
            record = worker.record_epoch

            def record_epoch(metrics: dict, progress: float) -> None:
                record(metrics, progress)
                epochs.append(metrics["epoch"])
                if metrics["epoch"] == last:
                    raise ValueError("It was meant to fail.")

            monkeypatch.setattr(worker, "record_epoch", record_epoch)
            run_experiment(worker)

    with pytest.raises(ValueError, match="meant to fail"):
        attempt(last=2)
    if changed:
        (data / "metal" / "metal.00007.wav").unlink()
    attempt(last=0)
    assert epochs[2:] == ([1, 2, 3, 4] if changed else [2, 3, 4])  # an epoch counts when it is saved
    assert not list(folder.glob("part-*"))


def test_the_same_seed_gives_the_same_report(music):
    first, again = (run(experiment_settings("cnn-simple", str(music), epochs=2))[0] for _ in range(2))
    assert first.by_window == again.by_window
    other, _ = run(experiment_settings("cnn-simple", str(music), epochs=2, seed=1))
    assert first.predictions != other.predictions


def test_killed_in_the_middle_it_ends_with_the_same_metrics(music):
    settings = experiment_settings(
        "cnn-complex",
        str(music),
        epochs=3,
        batch_size=4,
        patience=2,
        split="kfold",
        augmentation=MODELS["resnet18"].recipe.augmentation,
    )
    whole, first = run(settings)
    folder = runs.create_run_folder("genre", settings.to_dict(), cores=1)
    process.start_run(folder)
    while len(runs.read_metrics(folder)) < 4:  # in the second of six parts
        assert runs.read_run(folder).active, (folder / "log.txt").read_text()
        time.sleep(0.02)
    os.kill(json.loads((folder / "status.json").read_text())["pid"], signal.SIGKILL)
    while runs.read_run(folder).active:
        time.sleep(0.02)
    assert runs.read_run(folder).state == "interrupted"
    with work_on(folder) as worker:
        run_experiment(worker)
    resumed = load_report(folder)
    for part in ("by_track", "by_window", "predictions"):
        assert getattr(resumed, part) == getattr(whole, part)
    assert (first / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    plain = [{k: v for k, v in line.items() if k != "seconds"} for line in runs.read_metrics(folder)]
    assert plain == [{k: v for k, v in line.items() if k != "seconds"} for line in runs.read_metrics(first)]


def test_bad_files_are_in_the_report(music, tmp_path):
    folder = shutil.copytree(music, tmp_path / "music")
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    (folder / "metal" / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    linked = folder / "classical" / "linked.wav"
    linked.symlink_to(next(folder.glob("classical/*.00003.wav")))
    report, _ = run(experiment_settings("svm", str(folder), "mel"))
    skipped = dict(report.data["skipped"])
    assert set(skipped) == {"metal/broken.wav", "metal/gone.wav", "classical/linked.wav"}
    assert "gone" in skipped["metal/gone.wav"] and "same recording" in skipped["classical/linked.wav"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"model": "no-such"}, "there are: knn"),
        ({"model": "lstm", "input": "mel"}, "lstm does not take the input 'mel'; it takes features"),
        ({"model": "knn", "options": {"depth": 3}}, "no option depth"),
        ({"split": "no-such"}, "neither a split nor a list"),
        ({"split": "artist"}, "a list of artists"),
        ({"windows": "odd"}, "no way 'odd'"),
        ({"seconds": 3.0, "model": "linear"}, "Only features"),
        ({"epochs": 0}, "at least 1"),
        ({"batch_size": 1}, "the batch size 2"),
        ({"patience": -1}, "0 or more"),
        ({"model": "cnn-simple", "options": {"channels": -1}}, "a whole number, at least 1, not -1"),
        ({"model": "cnn-simple", "options": {"channels": "x"}}, "a whole number, at least 1, not x"),
        ({"model": "knn", "options": {"k": 2.5}}, "option k of knn is a whole number, at least 1, not 2.5"),
        ({"model": "forest", "options": {"trees": True}}, "option trees of forest is a whole number"),
        ({"model": "forest", "options": {"seed": -1}}, "a whole number, at least 0, not -1"),
        ({"model": "svm", "options": {"c": -1}}, "c, the penalty of a mistake, is a number above 0, not -1"),
        ({"model": "svm", "options": {"c": "x"}}, "svm cannot be built with c=x"),
        ({"model": "lstm", "options": {"dropout": 1.5}}, "dropout probability"),
        ({"seed": -1}, "from 0 to"),
        ({"seed": 2**32}, "from 0 to"),
        ({"model": "lstm", "augmentation": Augmentation(mask_bands=3)}, "Only mixup"),
    ],
)
def test_settings_that_do_not_go_together_are_a_sentence(wrong, message):
    with pytest.raises(ValueError, match=message):
        experiment_settings(**{"model": "knn", "data": "builtin", **wrong})


def test_an_option_for_the_seed_is_the_seed(music):
    predictions = [
        run(experiment_settings("forest", str(music), options={"trees": 2, **option}, seed=3))[0].predictions
        for option in ({}, {"seed": 3}, {"seed": 4})
    ]
    assert predictions[0] == predictions[1] != predictions[2]


def test_two_tracks_a_genre_are_too_few_to_choose_an_epoch(folder_of_music):
    music = folder_of_music(pieces=2, seconds=6.0)
    report, _ = run(experiment_settings("linear", str(music), epochs=1, patience=0))
    assert report.split["train_tracks"] == 2
    with pytest.raises(DataError, match="set the patience to 0"):
        run(experiment_settings("linear", str(music), epochs=1, patience=2))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"data": "/no/such/folder"}, "no folder"),
        ({"options": {"k": 500}}, "only 12 windows"),
        ({"split": "filtered", "data": "music"}, "choose another"),
    ],
)
def test_data_that_does_not_do_fails_the_run_with_a_sentence(music, tmp_path, wrong, message):
    renamed = tmp_path / "music"
    for path in music.rglob("*.wav"):
        (renamed / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, renamed / path.parent.name / f"my {path.stem[-2:]}.wav")
    wrong = {"data": str(music), **wrong}
    wrong["data"] = str(renamed) if wrong["data"] == "music" else wrong["data"]
    settings = experiment_settings("knn", **wrong)
    folder = runs.create_run_folder("genre", settings.to_dict())
    with pytest.raises(DataError, match=message), work_on(folder) as worker:
        run_experiment(worker)
    assert runs.read_run(folder).state == "failed" and message in runs.read_run(folder).message


def test_settings_of_another_version():
    values = experiment_settings("knn", "builtin").to_dict()
    assert ExperimentSettings.from_dict(values) == experiment_settings("knn", "builtin")
    for change in ({"flavour": 1}, {"recipe": {"speed": 1}}, {"recipe": None}):
        with pytest.raises(SettingsError, match="another version"):
            ExperimentSettings.from_dict(values | change)
    older = json.loads(json.dumps(values))
    del older["initial_run"], older["recipe"]["augmentation"]["phone"]
    assert experiment_settings("knn", "builtin").equals(older)
    assert not experiment_settings("knn", "builtin", seed=1).equals(older)
    assert not experiment_settings("knn", "builtin").equals({"flavour": 1})
    del values["model"]
    with pytest.raises(SettingsError, match="another version"):
        ExperimentSettings.from_dict(values)


def test_a_damaged_model_is_a_sentence(music):
    _, folder = run(experiment_settings("knn", str(music), options={"k": 3}))
    card = json.loads((folder / "card.json").read_text())
    for damage in (
        {"classical": {}},
        {"classical": {"kind": "knn", "classes": [0, 1], "k": 99}},
        {"model": "no-such", "classical": None},
    ):
        changed = {key: value for key, value in (card | damage).items() if value is not None}
        (folder / "card.json").write_text(json.dumps(changed))
        with pytest.raises(ArtefactError):
            load_model(folder)
    assert "Train it again" in error_sentence(ArtefactError("The weights are damaged. Train it again."))


@with_gtzan
@pytest.mark.parametrize("kind", ["mel_30s", "mel_3s_zscored"])
def test_the_lists_of_gtzan(kind):
    report, _ = run(
        experiment_settings("linear", str(GTZAN), kind, "filtered", epochs=3, patience=0, learning_rate=3e-3)
    )
    assert report.split["train_tracks"] == 442 and report.split["test_tracks"] == 197
    assert report.by_track["balanced_accuracy"] > 0.2


def test_the_recipe_of_the_listen_page_has_no_validation_set(music):
    recipe = MODELS["listen"].recipe
    assert isinstance(recipe, Recipe) and recipe.average and not recipe.patience
