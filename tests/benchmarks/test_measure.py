"""The one table of all benchmarks: on the terminal, and with --record in RESULTS.md."""

import argparse
import sys

import pytest

from genre.evaluation import results
from tests.benchmarks import measure

ROWS = [("40 waiting runs", "1.9 %", "5 %"), ("  of that, locks", "50.0", "")]


@pytest.mark.parametrize("is_recorded", [False, True])
def test_a_table_is_printed_and_recorded_on_demand(is_recorded, monkeypatch, tmp_path, capsys):
    path = tmp_path / "RESULTS.md"
    monkeypatch.setattr(results, "RESULTS", path)
    monkeypatch.setattr(measure, "_settings", {"record": False})
    monkeypatch.setattr(sys, "argv", ["bench", *["--record"] * is_recorded])
    assert measure.parse_arguments(argparse.ArgumentParser()).record == is_recorded
    measure.report_table("Queue of runs", ROWS)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["Queue", "of", "runs", "measured", "aim"] and "1.9 %" in lines[2]
    assert path.exists() == is_recorded
    if is_recorded:
        section = results.read_section("bench-queue-of-runs")
        assert section.startswith("### Queue of runs") and "| 40 waiting runs | 1.9 % | 5 % |" in section
