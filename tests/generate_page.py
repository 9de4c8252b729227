"""The Generate page without a browser: opened with a painter that learnt nothing, and asked for music."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan.gallery import Piece
from pages import _generate_studio
from tests import app_visits
from tests.app_visits import LONG_S, healthy, press
from tests.painters import make_painter

HEAR, ANOTHER = "What does our ear hear?", "Another like this"


@pytest.fixture(scope="session")
def painters(tmp_path_factory) -> Path:
    """A folder of weights with a painter in it."""
    folder = tmp_path_factory.mktemp("weights")
    make_painter(folder / "gan")
    return folder


@pytest.fixture
def visit(painters, monkeypatch):
    """visit(**session state) -> the Generate page as a new visitor finds it."""
    monkeypatch.setattr(_generate_studio, "WEIGHTS", painters)
    monkeypatch.setattr(_generate_studio, "warm_up", lambda: None)
    return lambda **state: app_visits.visit("generate", **{"seconds": 3, "wish_seed": 11, **state})


def finished(app: AppTest) -> AppTest:
    """The page once the desk has nothing more to do for this visitor."""
    deadline = time.monotonic() + LONG_S
    while app.session_state["order"].active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return healthy(app.run())


def generate(app: AppTest) -> AppTest:
    return finished(press(app, "generate"))


def pieces(app: AppTest) -> list[Piece]:
    """The newest first."""
    return list(app.session_state["gallery"])
