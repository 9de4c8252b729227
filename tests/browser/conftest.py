"""What the browser tests of the Train page share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from genre.runs.directory import list_runs
from genre.runs.process import delete_run, stop_run

GENRES = ("classical", "metal", "reggae")


@pytest.fixture(scope="session")
def three_genres(folder_of_music) -> Path:
    """The built-in music, small: three genres, eight pieces of 6 s each."""
    return folder_of_music(GENRES, 8, 6.0)


@pytest.fixture
def served_home(streamlit_home, monkeypatch) -> Iterator[Path]:
    """The server's EARMARK_HOME, for this process too; no training is left in it afterwards."""
    monkeypatch.setenv("EARMARK_HOME", str(streamlit_home))
    yield streamlit_home
    for run in list_runs():
        stop_run(run.folder)
        delete_run(run.folder)
