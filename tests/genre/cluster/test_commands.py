"""The commands `features` and `reproduce` on a cluster give what they give on this machine."""

import json
import shutil

import pytest

from genre.__main__ import main
from tests.support.data import write_features_table


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """at_home(name): go on with an EARMARK_HOME of this name, empty at first."""
    return lambda name: monkeypatch.setenv("EARMARK_HOME", str(tmp_path / name))


def test_features_computed_by_the_nodes(cluster, music, tmp_path, at_home, capsys):
    cluster.keep(2)
    copy = shutil.copytree(music, tmp_path / "music")
    write_features_table(copy)
    results = []
    for name, options in (("here", []), ("there", cluster.options())):
        at_home(name)
        assert main(["features", "--data", str(copy), "--json", *options]) == 0
        results.append(json.loads(capsys.readouterr().out))
    assert results[0] == results[1] and results[0]["correlation"]["mfcc1_mean"] == pytest.approx(
        1.0, abs=1e-5
    )


def test_published_metrics_reproduced_by_the_nodes(cluster, music, at_home, capsys):
    cluster.keep(2)
    command = ["reproduce", "--data", str(music), "--only", "linear,knn:features", "--epochs", "2", "--json"]
    tables = []
    for name, options in (("here", []), ("there", cluster.options())):
        at_home(name)
        assert main([*command, *options]) == 0
        rows = json.loads(capsys.readouterr().out)
        tables.append([{k: v for k, v in row.items() if k not in ("run", "training_s")} for row in rows])
    assert tables[0] == tables[1] and tables[0]
