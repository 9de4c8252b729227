"""The commands models, train, evaluate, compare, sweep, promote, publish, reproduce and features."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from genre.__main__ import main
from genre.models.registry import MODELS
from genre.paths import REPOSITORY
from genre.runs import directory as runs
from genre.runs.process import stop_run
from genre.training.papers.reproduce import build_rows
from tests.support.data import write_features_table
from tests.support.patience import PATIENCE_S, wait_until

pytestmark = pytest.mark.usefixtures("shared_cache")


def test_models_are_listed(capsys):
    assert main(["models"]) == 0
    text = capsys.readouterr().out
    assert "res-bigru" in text and "511,370" in text and "0.3345 to 0.9178" in text
    assert main(["models", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {row["name"] for row in rows} == set(MODELS)
    simple = next(row for row in rows if row["name"] == "cnn-simple" and row["input"] == "mel")
    assert simple["parameters"] == 15_610 and simple["published"] == "0.545"
    assert {"description", "source", "shape", "protocol"} < set(simple)


def test_train_then_evaluate(music, tmp_path, capsys):
    folder = tmp_path / "my run"
    command = [
        "train",
        "linear",
        "--data",
        str(music),
        "--input",
        "mel",
        "--split",
        "track",
        "--epochs",
        "2",
        "--batch-size",
        "4",
        "--lr",
        "0.001",
        "--seed",
        "3",
        "--patience",
        "0",
        "--augment",
        "mask,mixup,noise,gain,stretch,pitch,equaliser",
        "--run",
        str(folder),
    ]
    assert main(command) == 0
    assert "by track" in capsys.readouterr().out
    recipe = json.loads((folder / "config.json").read_text())["settings"]["recipe"]
    assert (recipe["epochs"], recipe["batch_size"], recipe["seed"]) == (2, 4, 3)
    assert recipe["augmentation"]["mask_bands"] and recipe["augmentation"]["stretch"]
    assert {path.name for path in folder.iterdir()} >= {
        "config.json",
        "metrics.jsonl",
        "status.json",
        "model.safetensors",
        "card.json",
        "report.json",
    }
    assert str(music) not in (folder / "card.json").read_text()  # no path of this machine travels
    assert main(["evaluate", str(folder)]) == 0
    assert "linear on mel, split track" in capsys.readouterr().out
    assert main(["evaluate", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["model"] == "linear"
    assert main(command) == 0 and "is done already" in capsys.readouterr().out
    command[command.index("--seed") + 1] = "4"
    assert main(command) == 2 and "holds a run already" in capsys.readouterr().err


def test_the_same_command_goes_on_with_what_was_interrupted(music, tmp_path, capsys):
    command = ["train", "svm", "--data", str(music), "--input", "mel", "--run", str(tmp_path / "run")]
    assert main(command) == 0
    runs.write_status(tmp_path / "run", state="running", pid=1, progress=0.5, message="")
    capsys.readouterr()
    assert main(command) == 0
    assert "Going on with" in capsys.readouterr().out
    runs.write_status(tmp_path / "run", state="stopped", pid=1, progress=0.5, message="")
    assert main(["train", "--resume", str(tmp_path / "run")]) == 0


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["train"], "Name a model"),
        (["train", "vgg"], "There is no model 'vgg'; there are: knn"),
        (["train", "lstm", "--input", "mel"], "lstm does not take the input 'mel'; it takes features"),
        (["train", "knn", "--split", "none"], "neither a split nor a list"),
        (["train", "knn", "--option", "k"], "NAME=NUMBER"),
        (["train", "knn", "--lr", "-1"], "above 0"),
        (["train", "linear", "--lr", "inf"], "above 0"),
        (["train", "linear", "--lr", "nan"], "above 0"),
        (["train", "cnn-simple", "--option", "shape=1"], "no option shape"),
        (["train", "linear", "--resume", "x", "--epochs", "3"], "give --resume and its folder alone"),
        (["publish", "x", "../away"], "cannot be a model's name"),
        (["train", "linear", "--augment", "reverb"], "no augmentation 'reverb'"),
        (["train", "--resume", "nothing"], "no run 'nothing'"),
        (["evaluate"], "Name a run"),
        (["evaluate", "nothing"], "no run 'nothing'"),
        (["evaluate", "--model", "no"], "There is no model 'no'; there are: listen"),
        (["classify", "x.wav", "--model", "emotion"], "'emotion' is no model that hears music"),
        (["promote", "nothing", "x"], "no run 'nothing'"),
        (["compare", ""], "no model ''"),
        (["compare", "knn:video"], "does not take the input"),
        (["sweep", "knn"], "no epochs"),
        (["train", "knn", "--patience", "5"], "no epochs"),
        (["reproduce", "--only", "vgg"], "no model 'vgg'"),
        (["compare", "knn", "--data", "/no/such"], "no folder"),
        (["reproduce", "--data", "/no/such"], "no folder"),
        (["reproduce", "settings", "--epochs", "3"], "go with the rows alone"),
        (["reproduce", "variants", "--data", "/no/such"], "no folder"),
    ],
)
def test_wrong_arguments_are_a_sentence_and_status_2(command, message, capsys):
    assert main(command) == 2
    errors = capsys.readouterr().err
    assert message in errors and "Traceback" not in errors


def test_a_second_end_of_options_is_a_sentence(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["publish", "", "--", "--"])
    assert exit_.value.code == 2 and "-- may stand only once" in capsys.readouterr().err


def test_a_file_system_that_refuses_is_a_sentence_and_status_1(music, tmp_path, monkeypatch, capsys):
    nowhere = tmp_path / "a file"
    nowhere.write_text("")
    assert main(["train", "svm", "--data", str(music), "--run", str(nowhere / "run")]) == 1
    assert "cannot be used: not a directory." in capsys.readouterr().err

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write_atomic", full)
    for command in (["train", "svm"], ["compare", "svm:mel"], ["reproduce", "--only", "svm"]):
        assert main([*command, "--data", str(music)]) == 1
        assert "The disk is full. Free some space, then go on: nothing is lost." in capsys.readouterr().err


def test_a_budget_is_a_number_of_minutes(capsys):
    for budget in ("nan", "-3", "inf", "soon"):
        with pytest.raises(SystemExit) as exit_:
            main(["reproduce", "--budget", budget])
        assert exit_.value.code == 2 and "not a number of minutes" in capsys.readouterr().err


def test_a_finished_run_is_not_trained_again(music, tmp_path, capsys):
    folder = tmp_path / "run"
    assert main(["train", "svm", "--data", str(music), "--input", "mel", "--run", str(folder)]) == 0
    assert main(["train", "--resume", str(folder)]) == 2
    assert "is done: start a new run" in capsys.readouterr().err
    (folder / "report.json").unlink()
    assert main(["train", "--resume", str(folder)]) == 0 and (folder / "report.json").exists()


@pytest.mark.parametrize("name", ["report.json", "status.json", "card.json", "model.safetensors"])
def test_a_finished_run_that_lost_a_file_is_made_whole_by_the_same_command(music, tmp_path, capsys, name):
    folder = tmp_path / "run"
    command = ["train", "svm", "--data", str(music), "--input", "mel", "--run", str(folder)]
    assert main(command) == 0
    weights = (folder / "model.safetensors").read_bytes()
    for content in (b"{}", None):
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)
        assert not runs.is_finished(folder)
        capsys.readouterr()
        assert main(command) == 0
        assert "Going on with" in capsys.readouterr().out
        assert runs.is_finished(folder) and (folder / "model.safetensors").read_bytes() == weights
    assert main(command) == 0 and "is done already" in capsys.readouterr().out


def test_weights_that_are_cut_off_are_no_finished_run(music, tmp_path):
    folder = tmp_path / "run"
    assert main(["train", "svm", "--data", str(music), "--input", "mel", "--run", str(folder)]) == 0
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[:-1])
    assert not runs.is_finished(folder)


def test_a_folder_without_its_configuration_says_so(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "report.json").write_text("{}")
    assert main(["evaluate", str(tmp_path / "run")]) == 2
    assert "run is not a run: it has no config.json" in capsys.readouterr().err


@pytest.mark.parametrize(
    "wrong", [{"cores": "two"}, {"data": None}, {"split": 5}, {"recipe": []}, {"recipe": {"epochs": "many"}}]
)
def test_a_configuration_of_wrong_kinds_is_a_sentence(music, tmp_path, capfd, wrong):
    folder = tmp_path / "run"
    assert main(["train", "svm", "--data", str(music), "--input", "mel", "--run", str(folder)]) == 0
    config = json.loads((folder / "config.json").read_text())
    config |= wrong if "cores" in wrong else {"settings": config["settings"] | wrong}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "report.json").unlink()
    capfd.readouterr()
    assert main(["train", "--resume", str(folder)]) in (1, 2)
    errors = capfd.readouterr().err
    assert "another version of Earmark" in errors and "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_reproduce_goes_on_after_it_was_ended(music, tmp_path, monkeypatch, capsys, number):
    """On SIGTERM it stops the run that it started; killed, it leaves it to the next call, which waits."""
    monkeypatch.setenv("EARMARK_CORES", "1")
    row = next(row for row in build_rows(str(music), ["linear"]) if row.input == "mel")
    settings, folder = row.experiments["honest"]
    long = replace(settings, recipe=replace(settings.recipe, epochs=100_000, patience=0))
    monkeypatch.setattr("genre.training.papers.reproduce.experiment_settings", lambda *_: long)
    monkeypatch.setitem(runs.PROGRAMS, "genre", "tests.support.stand_ins.work")
    script = tmp_path / "reproduce.py"
    script.write_text(
        "from dataclasses import replace\n"
        "from genre.__main__ import main\n"
        "from genre.runs.directory import PROGRAMS\n"
        "from genre.training.papers import reproduce\n"
        "PROGRAMS['genre'] = 'tests.support.stand_ins.work'\n"
        "original = reproduce.experiment_settings\n"
        "def long(*arguments):\n"
        "    settings = original(*arguments)\n"
        "    return replace(settings, recipe=replace(settings.recipe, epochs=100_000, patience=0))\n"
        "reproduce.experiment_settings = long\n"
        f"main(['reproduce', '--only', ' linear ', '--data', {str(music)!r}])\n"
    )
    process = subprocess.Popen([sys.executable, script], env=os.environ | {"PYTHONPATH": str(REPOSITORY)})
    wait_until(lambda: process.poll() is not None or runs.read_run(folder).last.get("epoch", 0) >= 3)
    assert process.poll() is None, runs.read_run(folder)
    process.send_signal(number)
    process.wait(PATIENCE_S)
    assert runs.read_run(folder).active == (number == signal.SIGKILL)
    reached = runs.read_run(folder).last["epoch"]
    assert main(["reproduce", "--only", "linear", "--data", str(music), "--budget", "0.03"]) == 0
    output = capsys.readouterr().out
    if number == signal.SIGKILL:  # the run of another process goes on after the budget
        assert "done, and under way" in output and runs.read_run(folder).active
        stop_run(folder)
    else:
        assert "done, the budget was over" in output
    assert not runs.read_run(folder).active and runs.read_run(folder).last["epoch"] >= reached


def test_a_run_goes_on_with_the_threads_it_began_with(music, tmp_path, monkeypatch, capsys):
    """With others the sums come out otherwise, and so do the final figures."""
    monkeypatch.setenv("EARMARK_CORES", "2")
    folder = tmp_path / "run"
    command = ["train", "svm", "--data", str(music), "--input", "mel", "--cores", "1", "--run", str(folder)]
    assert main(command) == 0
    (folder / "report.json").unlink()
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert main(["train", "--resume", str(folder)]) == 0
    assert os.environ["OMP_NUM_THREADS"] == "1"


def test_features_are_compared_with_a_table(music, tmp_path, capsys):
    assert main(["features", "--data", str(music)]) == 2
    assert "needs recordings and a features_30_sec.csv" in capsys.readouterr().err
    copy = tmp_path / "music"
    shutil.copytree(music, copy)
    n_tracks = write_features_table(copy)
    assert main(["features", "--data", str(copy), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["tracks"] == n_tracks and len(result["correlation"]) == 57
    assert result["correlation"]["mfcc1_mean"] == pytest.approx(1.0, abs=1e-5)
    assert main(["features", "--data", str(copy)]) == 0
    assert "mfcc1_mean" in capsys.readouterr().out


def test_skipped_files_are_reported(music, tmp_path, capsys):
    copy = tmp_path / "music"
    shutil.copytree(music, copy)
    (copy / "metal" / "broken.wav").write_bytes(b"no sound")
    assert main(["train", "svm", "--data", str(copy), "--input", "mel"]) == 0
    assert "left out: metal/broken.wav: " in capsys.readouterr().out
    for path in copy.rglob("*.wav"):
        path.write_bytes(b"no sound")
    assert main(["train", "svm", "--data", str(copy), "--input", "mel"]) == 1
    errors = capsys.readouterr().err
    assert "recordings can be used. classical/" in errors or "recordings can be used. classical." in errors


def test_data_that_does_not_do_is_a_sentence_and_status_1(tmp_path, music, capsys):
    for arguments, message in (
        (["--data", str(tmp_path)], "no music"),
        (["--data", str(music), "--split", "filtered"], "no track"),
    ):
        assert main(["train", "svm", *arguments]) == 1
        errors = capsys.readouterr().err
        assert message in errors and "Traceback" not in errors


def test_compare_and_sweep(music, capsys):
    common = ["--data", str(music), "--cores", "2"]
    assert main(["compare", "linear:mel", "--epochs", "1", *common]) == 0
    text = capsys.readouterr().out
    assert "linear" in text and "64,010" not in text  # two genres, fewer parameters
    assert main(["sweep", "linear", "--epochs", "2", "--lr", "1e-3", "--json", *common]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["epochs"] == 2 and row["state"] == "done"


def test_reproduce_prints_a_table_within_its_budget(music, capsys):
    assert main(["reproduce", "--data", str(music), "--budget", "0", "--only", "knn"]) == 0
    text = capsys.readouterr().out
    assert "| knn | features | 0.55" in text and "not started yet" in text
    assert main(["reproduce", "--data", str(music), "--budget", "0", "--only", "knn", "--json"]) == 0
    assert {row["model"] for row in json.loads(capsys.readouterr().out)} == {"knn"}


def test_as_a_program(tmp_path):
    """The command line says no without loading torch."""
    process = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "genre", "train"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert process.returncode == 2 and "Name a model" in process.stderr
    assert "torch" not in process.stderr


@pytest.mark.parametrize(
    ("old", "kind"), [("pictures", "mel_30s"), ("mel3s", "mel_3s_zscored"), ("excerpts", "mel_3s")]
)
def test_old_names_of_inputs_are_aliases(music, tmp_path, capsys, old, kind):
    model = "listen" if old == "excerpts" else "svm"
    assert MODELS[model].input(old) == MODELS[model].input(kind)
    assert MODELS[model].input(old).kind == kind
    if model == "listen":
        return
    folder = tmp_path / "run"
    assert main(["train", model, "--data", str(music), "--input", old, "--run", str(folder)]) == 0
    assert f"{model} on {kind}, split track" in capsys.readouterr().out
    assert json.loads((folder / "config.json").read_text())["settings"]["input"] == kind
    assert main(["train", model, "--data", str(music), "--input", kind, "--run", str(folder)]) == 0
    assert "is done already" in capsys.readouterr().out
    if old != "pictures":
        return
    assert main(["compare", f"{model}:{old}", "--data", str(music), "--cores", "1", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["model"], row["input"], row["state"]) == (model, kind, "done")


def test_reproduce_takes_old_names_of_inputs(music, capsys):
    arguments = ["reproduce", "--data", str(music), "--budget", "0", "--json", "--only"]
    assert main([*arguments, "listen:pictures"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["model"], row["input"]) for row in rows] == [("listen", "mel_30s")]
    assert main([*arguments, "listen:mel_30s"]) == 0
    assert json.loads(capsys.readouterr().out) == rows


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["ship", "x", "../away"], "cannot be a model's name"),
        (["ship", "nothing", "y", "--as-measured", "listen"], "no run 'nothing'"),
        (["withdraw", "nothing"], "nothing"),
        (["train", "--telephone", "0.5"], "--phone goes with --begin"),
    ],
)
def test_old_names_of_commands_and_options_are_aliases(command, message, capsys):
    assert main(command) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", [[], ["publish"], ["train"]])
def test_the_help_has_no_old_names(command, capsys):
    with pytest.raises(SystemExit):
        main([*command, "--help"])
    text = capsys.readouterr().out
    assert command or "unpublish" in text
    assert not re.search(
        "ship|withdraw|as-measured|telephone|pictures|excerpts|mel3s", text.replace("shipped", "")
    )
