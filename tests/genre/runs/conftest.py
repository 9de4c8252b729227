"""Runs of pretended work on two cores, whatever the machine has."""

import pytest

from genre.runs import directory as runs


@pytest.fixture(autouse=True)
def pretended(monkeypatch):
    monkeypatch.setitem(runs.PROGRAMS, "gan", "tests.support.stand_ins.work")
    monkeypatch.setenv("EARMARK_CORES", "2")
