"""Searches for a recipe: the trials on disk, the figure, the command line, and a search with Optuna alone."""

import json
import math

import pytest

from genre.__main__ import main
from genre.plots.trials import parallel_coordinates, trials_text
from genre.runs import directory as runs
from genre.runs.trials import SPACE, VALUE, Trial, read_searches, trial_rows, trial_table
from genre.training.experiment import experiment_settings
from genre.training.search import PRUNED, SearchError, Trials, trial_settings

PARAMS = {
    "learning_rate": 0.002,
    "batch_size": 64,
    "weight_decay": 0.001,
    "label_smoothing": 0.1,
    "mixup": 0.3,
}


@pytest.fixture
def base(music):
    return experiment_settings("linear", str(music), "mel", epochs=6)


def record(folder, values):
    lines = [json.dumps({"epoch": n, VALUE: value}) for n, value in enumerate(values, 1)]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")


def test_every_trial_chooses_its_best_epoch_by_validation_tracks(base):
    trials = Trials(base)
    settings = trial_settings(trials.base, PARAMS)
    assert settings.recipe.patience == settings.recipe.epochs == 6
    assert settings.recipe.augmentation.mixup == 0.3
    assert {name: getattr(settings.recipe, name) for name in PARAMS if name != "mixup"} == {
        name: value for name, value in PARAMS.items() if name != "mixup"
    }
    with pytest.raises(SearchError, match="network"):
        Trials(experiment_settings("knn", base.data))


def test_a_search_goes_on_with_the_trials_of_the_one_before(base):
    trials = Trials(base)
    trial = trials.begin(PARAMS)
    record(trial.folder, [0.5, 0.7])
    assert trial.follow() == [0.5, 0.7] and trial.follow() == []
    record(trial.folder, [0.5, 0.7, 0.6])
    assert trial.follow() == [0.6] and trial.value == 0.7 and trial.epochs == 3
    trials.save()
    again = Trials(base)
    assert again.begin(dict(PARAMS)).run == trial.run and len(again.trials) == 1
    runs.write_status(trial.folder, state="stopped", pid=1)
    again.end(again.trials[0], pruned=True)
    assert runs.read_run(trial.folder).message == PRUNED
    assert [t.state for t in Trials(base).finished()] == ["pruned"]
    assert again.begin(PARAMS).run != trial.run
    assert [len(trials) for trials in read_searches()] == [2]
    assert (again.folder / "trials.csv").read_text().count("\n") == 3


def test_finished_trials_come_first_and_the_best_of_them(base):
    trials = [
        Trial(PARAMS, "/runs/a", "done", 0.6, 6),
        Trial(PARAMS, "/runs/b", "pruned", 0.9, 2),
        Trial(PARAMS, "/runs/c", "done", 0.8, 6),
        Trial(PARAMS, "/runs/d"),
    ]
    rows = trial_rows(trials)
    assert [row["run"] for row in rows] == ["c", "a", "b", "d"]
    table = trial_table(rows)
    assert "0.800" in table and table.index("0.800") < table.index("0.600") < table.index("0.900")


def test_parallel_coordinates_have_a_line_a_trial_and_powers_of_ten():
    trials = [Trial(PARAMS | {"learning_rate": rate}, "r", "done", 0.5 + rate, 6) for rate in (1e-4, 1e-2)]
    figure = parallel_coordinates(trial_rows([*trials, Trial(PARAMS, "unfinished")]))
    (lines,) = figure.data
    assert len(lines.dimensions) == len(SPACE) + 2  # and the epochs, and the accuracy
    rates = next(axis for axis in lines.dimensions if axis.label == "learning rate")
    assert list(rates.values) == pytest.approx([math.log10(1e-2), math.log10(1e-4)])
    assert list(rates.ticktext) == ["0.0001", "0.001", "0.01"]
    assert list(lines.line.color) == pytest.approx([51.0, 50.01])
    assert "51\u00a0%" in trials_text(trial_rows(trials)) and "2 trials" in trials_text(trial_rows(trials))
    assert "No trial" in trials_text([])


def test_damaged_searches_are_left_out(base):
    folder = Trials(base).folder
    folder.mkdir(parents=True)
    (folder / "trials.json").write_text('{"trials": [{"params"')
    assert read_searches() == [] and Trials(base).trials == []


def test_command_lines_that_cannot_be(music, capsys):
    for options, sentence in (
        (["--trials", "3"], "--search tpe"),
        (["--search", "tpe", "--lr", "0.1,0.2"], "chooses rates"),
        (["--search", "tpe", "--epochs", "3,4"], "chooses rates"),
    ):
        assert main(["sweep", "linear", "--data", str(music), *options]) == 2
        assert sentence in capsys.readouterr().err


def test_a_search_with_optuna_alone(music, capsys):
    pytest.importorskip("optuna", reason="Optuna is not installed: make setup-cluster")
    command = ["sweep", "linear", "--input", "mel", "--data", str(music), "--search", "tpe", "--epochs", "4"]
    command += ["--cores", "2", "--json"]
    assert main([*command, "--trials", "2"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert len(first) == 2
    assert main([*command, "--trials", "5"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 5 and {row["run"] for row in first} <= {row["run"] for row in rows}
    assert len({row["learning_rate"] for row in rows}) == 5
    for row in rows:
        run = runs.read_run(runs.find_run(row["run"]))
        assert run.settings["recipe"]["learning_rate"] == row["learning_rate"]
        assert row["state"] in ("done", "pruned") and row["epochs"] <= 4
        values = [epoch[VALUE] for epoch in runs.read_metrics(run.folder)]
        assert max(values) == row[VALUE]
