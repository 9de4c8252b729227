"""Where Earmark keeps things: the same folder from wherever a command is started, inside the repository."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from genre.__main__ import main
from genre.data.splits import LISTS
from genre.paths import REPOSITORY, WEIGHTS, data_folder, gtzan_folder, home
from genre.runs.catalogue import RECORDED
from genre.runs.directory import runs_folder
from tests.support.patience import PATIENCE_S


def run_elsewhere(folder: Path, *arguments: str, **environment: str) -> str:
    """The stdout of a Python process started in `folder`, where EARMARK_HOME and EARMARK_DATA are not set."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EARMARK_")}
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=inherited | {"PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.parametrize(
    ("setting", "expected"),
    [(None, REPOSITORY / "var"), ("", REPOSITORY / "var"), ("a/b", REPOSITORY / "a" / "b")],
)
def test_home_is_the_same_folder_from_anywhere(tmp_path, setting, expected):
    environment = {} if setting is None else {"EARMARK_HOME": setting}
    code = "from genre.paths import home; print(home())"
    for folder in (tmp_path, REPOSITORY, REPOSITORY / "genre"):
        assert run_elsewhere(folder, "-c", code, **environment).strip() == str(expected)
    assert list(tmp_path.iterdir()) == []


def test_an_absolute_home_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "mine"))
    assert home() == tmp_path / "mine" and runs_folder() == tmp_path / "mine" / "runs"
    monkeypatch.setenv("EARMARK_HOME", "~/mine")
    assert home() == Path("~/mine").expanduser().resolve()


def test_what_make_sets_up_imports_the_packages_from_anywhere(tmp_path):
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    make = ["make", "importable", f"BIN={python}"]
    subprocess.run(make, cwd=REPOSITORY, check=True, capture_output=True)
    code = "import genre.paths, gan, mood; print(genre.paths.REPOSITORY)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    process = subprocess.run(
        [python, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert process.stdout.strip() == str(REPOSITORY), process.stderr


def test_models_are_listed_from_anywhere(tmp_path, capsys):
    text = run_elsewhere(tmp_path, "-m", "genre", "models")
    assert main(["models"]) == 0
    assert "res-bigru" in text and text == capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_no_default_lies_outside_the_repository(monkeypatch):
    monkeypatch.delenv("EARMARK_HOME")
    monkeypatch.delenv("EARMARK_DATA", raising=False)
    for folder in (home(), runs_folder(), WEIGHTS, RECORDED, LISTS):
        assert folder.is_relative_to(REPOSITORY)
    assert data_folder() is None
    with pytest.raises(ValueError, match=r"--data, or the folder that holds gtzan/ with EARMARK_DATA"):
        gtzan_folder()
    monkeypatch.setenv("EARMARK_DATA", "data")
    assert gtzan_folder() == REPOSITORY / "data" / "gtzan"
