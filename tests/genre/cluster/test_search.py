"""A search on a cluster through Ray Tune."""

import json

import pytest

from genre.__main__ import main
from genre.runs import directory as runs
from genre.runs.trials import VALUE


def test_a_search_through_ray_tune(cluster, music, capsys):
    pytest.importorskip("optuna", reason="Optuna is not installed: make setup-cluster")
    cluster.keep(2)
    command = ["sweep", "linear", "--input", "mel", "--data", str(music), "--search", "tpe", "--epochs", "4"]
    assert main([*command, "--trials", "4", "--json", *cluster.options()]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 4 and any(row["state"] == "done" for row in rows)
    for row in rows:
        run = runs.read_run(runs.find_run(row["run"]))
        assert row["state"] in ("done", "pruned") and not run.active
        assert runs.read_status(run.folder)["node"]
        assert max(epoch[VALUE] for epoch in runs.read_metrics(run.folder)) == row[VALUE]
