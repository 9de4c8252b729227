"""Every model through the one door: trained, tested, saved, loaded, killed and resumed."""

import json
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from genre import runs
from genre.augment import Augmentation
from genre.cards import ArtefactError
from genre.dataset import DataError, open_dataset
from genre.evaluate import as_text, by_track
from genre.experiment import Settings, execute, load_model, probabilities, settings
from genre.failure import explain
from genre.home import data_folder
from genre.inputs import make_examples
from genre.models import MODELS
from genre.train import Recipe
from genre.worker import working

GTZAN = data_folder() / "gtzan"
with_gtzan = pytest.mark.skipif(not (GTZAN / "pictures.npz").exists(), reason="GTZAN is not here")
SMALL = {"resnet18": {"width": 8}, "res-bigru": {"width": 8, "hidden": 32}, "bigru": {"hidden": 32},
         "cnn-zhang": {"width": 8}, "cnn-cao": {"width": 32}, "listen": {"members": 1},
         "lstm": {"hidden": [32, 32]}, "knn": {"k": 3}}  # fmt: skip
EPOCHS = {"lstm": 40, "listen": 12}  # the one is slow to start, the other averages its weights


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def music(folder_of_music) -> Path:
    """The built-in dataset, small: two genres, eight pieces of 6 s each."""
    return folder_of_music(pieces=8, seconds=6.0)


@pytest.fixture(scope="module")
def more_music(folder_of_music) -> Path:
    """Enough of it that what two epochs teach holds for other pieces."""
    return folder_of_music(pieces=12, seconds=12.0)


def run(asked: Settings, folder: Path | None = None) -> tuple[dict, Path]:
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())), asked.model, folder)
    with working(folder) as worker:
        return execute(worker), folder


@pytest.mark.parametrize("model", MODELS)
def test_every_model_beats_chance_after_a_few_epochs(more_music, model):
    asked = settings(model, str(more_music), split="track", options=SMALL.get(model),
                     epochs=EPOCHS.get(model, 2), batch_size=4, learning_rate=2e-3, patience=0)
    result, folder = run(asked)
    assert (result["split"]["train_tracks"], result["split"]["test_tracks"]) == (18, 6)
    assert result["by_track"]["accuracy"] > 0.8, "of the six tracks that it has not heard"
    examples, _ = make_examples(open_dataset(more_music), asked.input_spec)
    loaded, card = load_model(folder)
    answers = probabilities(loaded, examples)
    assert answers.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert card["figures"]["by_track"]["count"] == 6 and card["genres"] == ["classical", "metal"]
    assert result["training_s"] >= 0 and result["inference_ms"] > 0
    assert not list(folder.glob("part-*"))
    assert model in as_text(runs.load_report(folder))


def test_a_loaded_model_answers_as_the_trained_one_did(music):
    for model in ("forest", "cnn-simple"):
        result, folder = run(settings(model, str(music), epochs=1))
        examples, _ = make_examples(open_dataset(music), MODELS[model].input())
        loaded, _ = load_model(folder)
        tested = {answer["track"]: answer for answer in result["answers"]}
        examples = examples.of(set(tested))
        answers, _, tracks = by_track(probabilities(loaded, examples), examples.labels, examples.tracks)
        assert set(tracks) == set(tested)
        for track, answer in zip(tracks, answers, strict=True):
            assert tested[track]["probability"] == pytest.approx(answer.max(), abs=1e-3)


@pytest.mark.parametrize(
    ("split", "parts", "tested"), [("kfold", 6, 16), ("all", 1, 0), ("segment", 1, None)]
)
def test_protocols(music, split, parts, tested):
    result, folder = run(settings("linear", str(music), split=split, epochs=1, patience=0))
    assert len(runs.metrics(folder)) == parts
    assert tested in (None, result["split"]["test_tracks"])
    assert ("by_track" in result) == (split != "all")
    assert result["split"]["leaky"] == (split == "segment")
    assert ("LEAKY" in as_text(result)) == (split == "segment")
    assert ("Leaky" in runs.read(folder).message) == (split == "segment")
    assert ("Nothing was tested" in as_text(result)) == (split == "all")


@pytest.mark.parametrize("changed", [False, True])
def test_a_part_begins_again_where_the_data_has_changed_meanwhile(music, tmp_path, monkeypatch, changed):
    """Divided anew, it might else be tested on tracks it has learnt from."""
    data = shutil.copytree(music, tmp_path / "music")
    asked = settings("linear", str(data), epochs=4, patience=0)
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())))
    done = []

    def attempt(last: int) -> None:
        with working(folder) as worker:
            show = worker.epoch

            def epoch(figures: dict, progress: float) -> None:
                show(figures, progress)
                done.append(figures["epoch"])
                if figures["epoch"] == last:
                    raise ValueError("It was meant to fail.")

            monkeypatch.setattr(worker, "epoch", epoch)
            execute(worker)

    with pytest.raises(ValueError, match="meant to fail"):
        attempt(last=2)
    if changed:
        (data / "metal" / "metal.00007.wav").unlink()
    attempt(last=0)
    assert done[2:] == ([1, 2, 3, 4] if changed else [2, 3, 4])  # an epoch counts when it is saved
    assert not list(folder.glob("part-*"))


def test_the_same_seed_gives_the_same_report(music):
    first, again = (run(settings("cnn-simple", str(music), epochs=2))[0] for _ in range(2))
    assert first["by_window"] == again["by_window"]
    other, _ = run(settings("cnn-simple", str(music), epochs=2, seed=1))
    assert first["answers"] != other["answers"]


def test_killed_in_the_middle_it_ends_with_the_same_figures(music):
    asked = settings("cnn-complex", str(music), epochs=5, batch_size=4, patience=3,
                     split="kfold", augmentation=MODELS["resnet18"].recipe.augmentation)
    whole, first = run(asked)
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())), cores=1)
    runs.start(folder)
    while len(runs.metrics(folder)) < 7:  # in the second of six parts
        assert runs.read(folder).active, (folder / "log.txt").read_text()
        time.sleep(0.02)
    os.kill(json.loads((folder / "status.json").read_text())["pid"], signal.SIGKILL)
    while runs.read(folder).active:
        time.sleep(0.02)
    assert runs.read(folder).state == "interrupted"
    with working(folder) as worker:
        execute(worker)
    resumed = runs.load_report(folder)
    for key in ("by_track", "by_window", "answers"):
        assert resumed[key] == whole[key]
    assert (first / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    plain = [{k: v for k, v in line.items() if k != "seconds"} for line in runs.metrics(folder)]
    assert plain == [{k: v for k, v in line.items() if k != "seconds"} for line in runs.metrics(first)]


def test_bad_files_are_in_the_report(music, tmp_path):
    folder = shutil.copytree(music, tmp_path / "music")
    (folder / "metal" / "broken.wav").write_bytes(b"no sound")
    (folder / "metal" / "gone.wav").symlink_to(tmp_path / "nothing.wav")
    linked = folder / "classical" / "linked.wav"
    linked.symlink_to(next(folder.glob("classical/*.00003.wav")))
    result, _ = run(settings("knn", str(folder), options={"k": 3}))
    left_out = dict(result["data"]["left_out"])
    assert set(left_out) == {"metal/broken.wav", "metal/gone.wav", "classical/linked.wav"}
    assert "gone" in left_out["metal/gone.wav"] and "same recording" in left_out["classical/linked.wav"]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"model": "no-such"}, "there are: knn"),
     ({"model": "lstm", "input": "mel"}, "lstm does not take the input 'mel'; it takes features"),
     ({"model": "knn", "options": {"depth": 3}}, "no option depth"),
     ({"split": "no-such"}, "neither a split nor a list"), ({"split": "artist"}, "a list of artists"),
     ({"windows": "odd"}, "no way 'odd'"), ({"seconds": 3.0, "model": "linear"}, "Only features"),
     ({"epochs": 0}, "at least 1"), ({"batch_size": 1}, "the batch size 2"), ({"patience": -1}, "0 or more"),
     ({"model": "cnn-simple", "options": {"channels": -1}}, "a whole number, at least 1, not -1"),
     ({"model": "cnn-simple", "options": {"channels": "x"}}, "a whole number, at least 1, not x"),
     ({"model": "knn", "options": {"k": 2.5}}, "option k of knn is a whole number, at least 1, not 2.5"),
     ({"model": "forest", "options": {"trees": True}}, "option trees of forest is a whole number"),
     ({"model": "forest", "options": {"seed": -1}}, "a whole number, at least 0, not -1"),
     ({"model": "svm", "options": {"c": -1}}, "c, the penalty of a mistake, is a number above 0, not -1"),
     ({"model": "svm", "options": {"c": "x"}}, "svm cannot be built with c=x"),
     ({"model": "lstm", "options": {"dropout": 1.5}}, "dropout probability"),
     ({"seed": -1}, "from 0 to"), ({"seed": 2**32}, "from 0 to"),
     ({"model": "lstm", "augmentation": Augmentation(mask_bands=3)}, "Only mixup")],
)  # fmt: skip
def test_what_does_not_go_together_is_told_before_anything_is_done(wrong, complaint):
    with pytest.raises(ValueError, match=complaint):
        settings(**{"model": "knn", "data": "builtin", **wrong})


def test_an_option_for_the_seed_is_the_seed(music):
    answers = [run(settings("forest", str(music), options={"trees": 2, **option}, seed=3))[0]["answers"]
               for option in ({}, {"seed": 3}, {"seed": 4})]
    assert answers[0] == answers[1] != answers[2]


def test_two_tracks_a_genre_are_too_few_to_choose_an_epoch(folder_of_music):
    music = folder_of_music(pieces=2, seconds=6.0)
    result, _ = run(settings("linear", str(music), epochs=1, patience=0))
    assert result["split"]["train_tracks"] == 2
    with pytest.raises(DataError, match="set the patience to 0"):
        run(settings("linear", str(music), epochs=1, patience=2))


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [({"data": "/no/such/folder"}, "no folder"), ({"options": {"k": 500}}, "only 12 windows"),
     ({"split": "filtered", "data": "music"}, "choose another")],
)  # fmt: skip
def test_what_turns_out_wrong_fails_the_run_in_a_sentence(music, tmp_path, wrong, complaint):
    renamed = tmp_path / "music"
    for path in music.rglob("*.wav"):
        (renamed / path.parent.name).mkdir(parents=True, exist_ok=True)
        shutil.copy(path, renamed / path.parent.name / f"my {path.stem[-2:]}.wav")
    wrong = {"data": str(music), **wrong}
    wrong["data"] = str(renamed) if wrong["data"] == "music" else wrong["data"]
    asked = settings("knn", **wrong)
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())))
    with pytest.raises(DataError, match=complaint), working(folder) as worker:
        execute(worker)
    assert runs.read(folder).state == "failed" and complaint in runs.read(folder).message


def test_settings_of_another_version():
    values = json.loads(json.dumps(settings("knn", "builtin").to_dict()))
    assert Settings.from_dict(values) == settings("knn", "builtin")
    for change in ({"flavour": 1}, {"recipe": {"speed": 1}}, {"recipe": None}):
        with pytest.raises(DataError, match="another version"):
            Settings.from_dict(values | change)
    older = json.loads(json.dumps(values))
    del older["begin"], older["recipe"]["augmentation"]["telephone"]
    assert settings("knn", "builtin").same_as(older)
    assert not settings("knn", "builtin", seed=1).same_as(older)
    assert not settings("knn", "builtin").same_as({"flavour": 1})
    del values["model"]
    with pytest.raises(DataError, match="another version"):
        Settings.from_dict(values)


def test_a_damaged_model_is_a_sentence(music):
    _, folder = run(settings("knn", str(music), options={"k": 3}))
    card = json.loads((folder / "card.json").read_text())
    for damage in ({"classical": {}}, {"classical": {"kind": "knn", "classes": [0, 1], "k": 99}},
                   {"model": "no-such", "classical": None}):
        changed = {key: value for key, value in (card | damage).items() if value is not None}
        (folder / "card.json").write_text(json.dumps(changed))
        with pytest.raises(ArtefactError):
            load_model(folder)
    assert "Train it again" in explain(ArtefactError("The weights are damaged. Train it again."))


@with_gtzan
@pytest.mark.parametrize("kind", ["pictures", "mel3s"])
def test_the_lists_of_gtzan(kind):
    result, _ = run(settings("linear", str(GTZAN), kind, "filtered", epochs=3, patience=0,
                             learning_rate=3e-3))
    assert result["split"]["train_tracks"] == 442 and result["split"]["test_tracks"] == 197
    assert result["by_track"]["macro_accuracy"] > 0.2


def test_the_recipe_of_the_listen_page_keeps_nothing_aside(music):
    recipe = MODELS["listen"].recipe
    assert isinstance(recipe, Recipe) and recipe.average and not recipe.patience
