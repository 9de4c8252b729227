"""The record of the command reproduce: one file, and the sections of RESULTS.md made from it."""

import pytest

from genre.__main__ import main
from genre.evaluation import reproduction, results
from genre.evaluation.reproduction import load_record
from genre.training.papers import lstm_settings

pytestmark = pytest.mark.usefixtures("shared_cache")


def test_reproduce_records_its_figures_and_the_table_of_them(music, tmp_path, monkeypatch, capsys):
    record, text = tmp_path / "reproduction.json", tmp_path / "RESULTS.md"
    monkeypatch.setattr(reproduction, "RECORD", record)
    monkeypatch.setattr(results, "RESULTS", text)
    command = ["reproduce", "--data", str(music), "--budget", "0", "--record", "--only"]
    assert main([*command, "knn:features"]) == 0 and main([*command, "svm:features"]) == 0
    assert [row["model"] for row in load_record("rows", "gtzan", record)] == ["knn", "svm"]
    assert "| svm | features | 0.57 | unfinished: not started yet" in results.read_section("reproduce-gtzan")
    assert "| knn | features |" in capsys.readouterr().out
    for part, section in (("settings", "lstm-settings"), ("variants", "paper-variants")):
        monkeypatch.setattr(lstm_settings, "load_examples", lambda *_: (None, {}))
        assert main(["reproduce", part, "--data", str(music), "--budget", "0", "--record"]) == 0
        assert load_record(part, "gtzan", record) == [] and results.read_section(f"{section}-gtzan")
