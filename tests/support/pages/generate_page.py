"""The Generate page without a browser: opened with an untrained model."""

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan.sampling.gallery import GalleryItem
from pages.generation import studio
from pages.generation.state import STATE_KEY, GenerateState
from tests.support.generators import make_model
from tests.support.pages import app_visits
from tests.support.pages.app_visits import LONG_S, healthy, press

PLAY_BUTTON = "earmark_play_button"
CLASSIFY, ANOTHER = "What does the Listen page hear?", "Another like this"


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """A folder of weights with a model in it."""
    folder = tmp_path_factory.mktemp("weights")
    make_model(folder / "gan")
    make_model(folder / "gan-first", seed=1)
    return folder


@pytest.fixture
def visit(models, monkeypatch):
    """visit(**session state) -> the Generate page as a new visitor finds it."""
    monkeypatch.setattr(studio, "WEIGHTS", models)
    monkeypatch.setattr(studio, "load_published_sampler", lambda: None)
    return lambda **state: app_visits.visit("generate", **{"seconds": 3, "request_seed": 11, **state})


def generate_state_of(app: AppTest) -> GenerateState:
    """Return the screen's state of this visitor."""
    return app.session_state[STATE_KEY]


def finished(app: AppTest) -> AppTest:
    """The page once the job queue has nothing more to do for this visitor."""
    deadline = time.monotonic() + LONG_S
    while generate_state_of(app).ticket.is_active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return healthy(app.run())


def generate(app: AppTest) -> AppTest:
    return finished(press(app, "generate"))


def gallery_items(app: AppTest) -> list[GalleryItem]:
    """The newest first."""
    return list(generate_state_of(app).gallery)
