"""Trainings on a cluster: the run directory here, stop and resume, a node that dies, and the same result."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from genre.__main__ import main
from genre.cluster.connection import ClusterError
from genre.cluster.state import read_cluster_state
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import load_report
from genre.training.experiment import experiment_settings
from genre.training.sweep import create_run, pack_experiment, run_all
from tests.support.patience import wait_until

EPOCHS = 1_500  # enough for something to happen in the middle; an epoch on eight short pieces takes some ms


@pytest.fixture
def settings(music):
    return experiment_settings("linear", str(music), "mel", epochs=EPOCHS, patience=0, seed=3)


def outcome(folder: Path) -> tuple[dict, list[dict], dict]:
    """What must not depend on where a run was trained."""
    report = load_report(folder)
    epochs = [{k: v for k, v in epoch.items() if k != "seconds"} for epoch in runs.read_metrics(folder)]
    return load_file(folder / "model.safetensors"), epochs, report.by_track | {"p": report.predictions}


def assert_same(folder: Path, other: Path) -> None:
    weights, epochs, metrics = outcome(folder)
    others, other_epochs, other_metrics = outcome(other)
    assert weights.keys() == others.keys()
    assert all(np.array_equal(weights[name], others[name]) for name in weights)
    assert epochs == other_epochs and metrics == other_metrics


def start(settings, address: str) -> Path:
    pack_experiment(settings)
    folder = create_run(settings, cluster=address)
    process.start_run(folder)
    return folder


def test_a_node_that_dies_costs_at_most_an_epoch(cluster, settings, node_folders):
    here = create_run(settings)
    run_all([here], 1)
    cluster.keep(1)
    before = {path for node in node_folders() for path in node.glob("inputs/*.npz")}  # of other trainings
    folder = start(settings, cluster.address)
    wait_until(lambda: len(runs.read_metrics(folder)) >= 5)
    wait_until(lambda: list(folder.glob("part-*/checkpoint.safetensors")))
    assert runs.read_run(folder).state == "running"
    assert runs.read_status(folder)["node"]
    cluster.kill()
    n_epochs = len(runs.read_metrics(folder))
    wait_until(lambda: "went away" in runs.read_run(folder).message)
    cluster.add()
    wait_until(lambda: not runs.read_run(folder).active)
    assert runs.read_run(folder).state == "done", (folder / "log.txt").read_text()
    assert_same(folder, here)
    # The node that goes on begins with the epoch after the last checkpoint that came back.
    log = (folder / "log.txt").read_text().split("went away")[-1]
    assert int(re.findall(r": epoch (\d+)", log)[0]) >= n_epochs - 1  # metrics may be some ms ahead of it
    received = [set(node.glob("inputs/*.npz")) - before for node in node_folders()]
    assert max(map(len, received)) == 1  # data goes once to a node; to one that read songs alone, never


def test_a_run_is_stopped_and_resumed_as_any_other(cluster, settings, node_folders):
    here = create_run(settings)
    run_all([here], 1)
    cluster.keep(1)
    folder = start(settings, cluster.address)
    wait_until(lambda: len(runs.read_metrics(folder)) >= 3)
    process.stop_run(folder)
    stopped = runs.read_run(folder)
    assert stopped.state == "stopped" and 0 < stopped.progress < 1, (folder / "log.txt").read_text()
    assert not runs.is_locked(folder)
    left = [path for node in node_folders() for path in node.glob(f"runs/*/runs/{folder.name}")]
    assert not left  # of other runs a node that died may have left something
    assert main(["train", "--resume", str(folder)]) == 0
    assert_same(folder, here)


def test_compare_takes_up_what_a_killed_one_left(cluster, music, capsys, monkeypatch):
    from genre.training import sweep

    cluster.keep(2)
    models = ["linear:mel", "cnn-simple"]
    command = ["compare", *models, "--data", str(music), "--epochs", "3", "--json", *cluster.options()]

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "run_all", die)  # before a run has begun
        assert main(command) == 130, capsys.readouterr().err
    created = {run.name for run in runs.list_runs()}
    assert len(created) == 2, capsys.readouterr()
    assert main(command) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["run"] for row in rows} == created
    here = [
        create_run(experiment_settings(name, str(music), "mel", epochs=3))
        for name in ("linear", "cnn-simple")
    ]
    run_all(here, 1)
    for folder in here:
        model = runs.read_run(folder).settings["model"]
        assert_same(next(runs.find_run(row["run"]) for row in rows if row["model"] == model), folder)
    assert main(command) == 0  # what came to its end begins anew
    assert len({run.name for run in runs.list_runs()}) == 6


def test_a_failure_has_the_sentence_of_the_training(cluster, music):
    cluster.keep(1)
    settings = experiment_settings("knn", str(music), "features", options={"k": 5_000})
    folder = start(settings, cluster.address)
    wait_until(lambda: not runs.read_run(folder).active)
    run = runs.read_run(folder)
    assert run.state == "failed" and "neighbours" in run.message


def test_the_state_of_a_cluster_has_its_nodes_and_the_runs_on_them(cluster, settings):
    cluster.keep(2)
    wait_until(lambda: read_cluster_state(cluster.address).n_cores == 2)  # it sees late that a node has died
    folder = start(settings, cluster.address)
    wait_until(lambda: runs.read_status(folder).get("node"))
    state = read_cluster_state(cluster.address)
    assert sum(node.alive for node in state.nodes) >= 2
    if runs.read_run(folder).active:  # not over yet
        assert [run.run for run in state.runs] == [folder.name]
    wait_until(lambda: not runs.read_run(folder).active)
    assert not read_cluster_state(cluster.address).runs
    with pytest.raises(ClusterError, match="No Ray cluster answers at 127"):
        read_cluster_state("127.0.0.1:1")
