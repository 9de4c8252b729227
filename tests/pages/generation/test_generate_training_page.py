"""The Generate page, run without a browser: the visitors' trainings, and their models."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from gan.training.settings import GanSettings
from genre import GENRES
from genre.compute import all_cores
from genre.runs.directory import create_run_folder, load_config, write_status
from genre.runs.process import delete_run, lock_run
from genre.text import genre_name
from pages.generation import training as training_panel
from tests.support.generators import make_history, make_model
from tests.support.pages.app_visits import healthy, labels, press, words
from tests.support.pages.generate_page import (
    finished,
    gallery_items,
    generate,
    generate_state_of,
    models,
    visit,
)

__all__ = ["models", "visit"]  # fixtures


@pytest.fixture
def processes(monkeypatch):
    """The runs that would have been started and stopped, in order."""
    calls: list[tuple[str, Path]] = []

    def start_run(folder: Path) -> None:
        calls.append(("start_run", folder))

    def stop_run(folder: Path) -> None:
        calls.append(("stop_run", folder))

    monkeypatch.setattr(training_panel, "start_run", start_run)
    monkeypatch.setattr(training_panel, "stop_run", stop_run)
    return calls


def create_run(state: str, epochs: int = 8) -> Path:
    folder = create_run_folder(
        "gan", GanSettings("builtin", "all", epochs=epochs).to_dict(), f"the {state} one"
    )
    make_history(folder)
    write_status(folder, state=state, progress=0.5, eta_s=65.0, message=f"It is {state}.", last={"epoch": 4})
    return folder


def test_a_training_is_started(visit, processes):
    app = visit(train_one=True)
    app.number_input(key="gan_epochs").set_value(3)
    press(app, "start_gan")
    ((act, folder),) = processes
    config = load_config(folder)
    assert (act, config["kind"], config["title"]) == ("start_run", "gan", "My painter")
    assert config["settings"]["epochs"] == 3 and config["settings"]["data"] == "builtin"
    assert config["cores"] == max(1, all_cores() - 1)
    assert "My painter" in words(app)


def test_the_history_is_of_the_newest_training(visit, processes):
    older = create_run("done")
    app = visit(train_one=True)
    app.text_input(key="gan_title").set_value("the done one")
    press(app, "start_gan")
    ((_, newer),) = processes
    assert app.selectbox(key="history_run").value == newer.name
    assert list(app.selectbox(key="history_run").options) == [
        "the one that came with Earmark",
        "the done one 2",
        "the done one",
    ]
    assert {"the done one", "the done one 2"} <= {line.value for line in app.text} and older != newer


def test_models_of_one_title_have_different_names(visit):
    older, newer = create_run("done"), create_run("done")
    for seed, folder in enumerate((older, newer)):
        make_model(folder, GENRES[:3], seed)
    app = visit()
    press(app, f"use_{newer.name}")
    assert app.selectbox(key="model").value == newer.name
    healthy(app.run())
    assert app.selectbox(key="model").value == newer.name
    healthy(app.selectbox(key="model").set_value(older.name).run())
    assert gallery_items(generate(app))[0].spectrogram.recipe["model"] == older.name


def test_variations_come_from_the_model_of_the_clip(visit):
    folder = create_run("done")
    make_model(folder, seed=5)
    app = generate(visit(request_genres=["jazz"]))
    published = gallery_items(app)[0]
    press(app, f"use_{folder.name}")
    press(app, "another")
    assert (
        gallery_items(finished(app))[0].spectrogram.recipe["weights"]
        == published.spectrogram.recipe["weights"]
    )
    item = gallery_items(generate(app))[0]
    assert item.spectrogram.recipe["model"] == folder.name
    press(app, f"open_{item.id}") if generate_state_of(app).opened_id != item.id else None
    assert "with the same painter" in words(app), "clips of two models are not mixed"
    delete_run(folder)
    press(app, "another")
    assert "Another painter made this piece" in app.error[0].value and gallery_items(app)[0] is item


def test_words_are_read_with_the_genres_of_the_model(visit):
    folder = create_run("done")
    make_model(folder, ("jazz", "metal"), seed=5)
    app = visit(request_mode="words", prompt="calm and slow")
    press(app, f"use_{folder.name}")
    assert set(gallery_items(generate(app))[0].request.genres) <= {"jazz", "metal"}
    app.text_input(key="prompt").set_value("sunny reggae")
    press(app, "generate")
    assert "There is no reggae here; there is jazz, metal" in app.error[0].value


def test_each_state_of_a_training(visit, processes):
    folders = {state: create_run(state) for state in ("running", "waiting", "failed", "stopped", "done")}
    with ExitStack() as locks:
        for state in ("running", "waiting"):
            locks.enter_context(lock_run(folders[state]))
        app = visit()
        texts = [bar.proto.text for bar in app.get("progress")]
        assert "Lesson 4 of 8, about 1 minute left" in texts and "Waiting for its turn" in texts
        for state, act in (("running", "stop_run"), ("failed", "start_run"), ("stopped", "start_run")):
            press(app, f"{act}_{folders[state].name}")
            assert processes[-1] == (act, folders[state])
        healthy(app.selectbox(key="history_run").set_value(folders["running"].name).run())
        assert len(app.get("vega_lite_chart")) == 1
        press(app, f"delete_run_{folders['done'].name}")
        assert not folders["done"].exists()


def test_a_plain_dcgan_cannot_be_selected(visit):
    settings = GanSettings("builtin", "all", network="dcgan").to_dict()
    write_status(create_run_folder("gan", settings, "dcgan"), state="done", progress=1.0)
    app = visit()
    assert "dcgan" in words(app)
    assert "model" not in [box.key for box in app.selectbox] and "Paint with it" not in labels(app)


def test_a_trained_model_generates(visit):
    folder = create_run("done")
    make_model(folder, GENRES[:3], seed=5)
    app = visit()
    press(app, f"use_{folder.name}")
    assert app.selectbox(key="model").value == folder.name
    options = app.get("button_group")[1].options
    assert list(options) == [genre_name(genre).capitalize() for genre in GENRES[:3]]
    item = gallery_items(generate(app))[0]
    assert item.spectrogram.recipe["model"] == folder.name and set(item.request.genres) <= set(GENRES[:3])
    delete_run(folder)
    healthy(app.run())
    assert "model" not in [box.key for box in app.selectbox]
