"""The Generate page, run without a browser: trainings of one's own, and the painters they become."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from gan.train import Settings
from genre import GENRES, runs
from genre.names import spoken
from tests.app_visits import healthy, labels, press, words
from tests.generate_page import finished, generate, painters, pieces, visit
from tests.painters import make_history, make_painter

__all__ = ["painters", "visit"]  # fixtures


@pytest.fixture
def processes(monkeypatch):
    """The runs that would have been started and stopped, in order."""
    done: list[tuple[str, Path]] = []

    def start(folder: Path) -> None:
        done.append(("start", folder))

    def stop(folder: Path) -> None:
        done.append(("stop", folder))

    monkeypatch.setattr(runs, "start", start)
    monkeypatch.setattr(runs, "stop", stop)
    return done


def run_of(state: str, epochs: int = 8) -> Path:
    folder = runs.create("gan", Settings("builtin", "all", epochs=epochs).to_dict(), f"the {state} one")
    make_history(folder)
    runs.write_status(folder, state=state, progress=0.5, eta_s=65.0, message=f"It is {state}.",
                      last={"epoch": 4})  # fmt: skip
    return folder


def test_a_training_of_ones_own(visit, processes):
    app = visit(train_one=True)
    app.number_input(key="gan_epochs").set_value(3)
    press(app, "start_gan")
    ((act, folder),) = processes
    config = runs.load_config(folder)
    assert (act, config["kind"], config["title"]) == ("start", "gan", "My painter")
    assert config["settings"]["epochs"] == 3 and config["settings"]["data"] == "builtin"
    assert config["cores"] == max(1, runs.all_cores() - 1)
    assert "My painter" in words(app)


def test_a_second_training_is_the_one_that_is_shown(visit, processes):
    older = run_of("done")
    app = visit(train_one=True)
    app.text_input(key="gan_title").set_value("the done one")
    press(app, "start_gan")
    (_, newer), = processes
    assert app.selectbox(key="lessons").value == newer.name
    assert list(app.selectbox(key="lessons").options) == [
        "the one that came with Earmark", "the done one 2", "the done one"]  # fmt: skip
    assert {"the done one", "the done one 2"} <= {each.value for each in app.text} and older != newer


def test_painters_of_one_name_are_two(visit):
    older, newer = run_of("done"), run_of("done")
    for seed, folder in enumerate((older, newer)):
        make_painter(folder, GENRES[:3], seed)
    app = visit()
    press(app, f"use_{newer.name}")
    assert app.selectbox(key="painter").value == newer.name
    healthy(app.run())
    assert app.selectbox(key="painter").value == newer.name
    healthy(app.selectbox(key="painter").set_value(older.name).run())
    assert pieces(generate(app))[0].artefact.recipe["model"] == older.name


def test_more_of_a_piece_comes_from_its_own_painter(visit):
    folder = run_of("done")
    make_painter(folder, seed=5)
    app = generate(visit(wish_genres=["jazz"]))
    shipped = pieces(app)[0]
    press(app, f"use_{folder.name}")
    press(app, "another")
    assert pieces(finished(app))[0].artefact.recipe["weights"] == shipped.artefact.recipe["weights"]
    own = pieces(generate(app))[0]
    assert own.artefact.recipe["model"] == folder.name
    press(app, f"open_{own.id}") if app.session_state["opened_piece"] != own.id else None
    assert "with the same painter" in words(app), "pieces of two painters are not mixed"
    runs.delete(folder)
    press(app, "another")
    assert "Another painter made this piece" in app.error[0].value and pieces(app)[0] is own


def test_words_are_read_with_the_genres_a_painter_has(visit):
    folder = run_of("done")
    make_painter(folder, ("jazz", "metal"), seed=5)
    app = visit(wish_way="words", prompt="calm and slow")
    press(app, f"use_{folder.name}")
    assert set(pieces(generate(app))[0].wish.genres) <= {"jazz", "metal"}
    app.text_input(key="prompt").set_value("sunny reggae")
    press(app, "generate")
    assert "There is no reggae here; there is jazz, metal" in app.error[0].value


def test_each_state_of_a_training(visit, processes):
    folders = {state: run_of(state) for state in ("running", "waiting", "failed", "stopped", "done")}
    with ExitStack() as alive:
        for state in ("running", "waiting"):
            alive.enter_context(runs.own(folders[state]))
        app = visit()
        texts = [each.proto.text for each in app.get("progress")]
        assert "Round 4 of 8, about 1 minute left" in texts and "Waiting for its turn" in texts
        for state, act in (("running", "stop"), ("failed", "start"), ("stopped", "start")):
            press(app, f"{act}_{folders[state].name}")
            assert processes[-1] == (act, folders[state])
        healthy(app.selectbox(key="lessons").set_value(folders["running"].name).run())
        assert len(app.get("vega_lite_chart")) == 1
        press(app, f"delete_{folders['done'].name}")
        assert not folders["done"].exists()


def test_a_plain_dcgan_is_no_painter(visit):
    settings = Settings("builtin", "all", network="dcgan").to_dict()
    runs.write_status(runs.create("gan", settings, "dcgan"), state="done", progress=1.0)
    app = visit()
    assert "dcgan" in words(app)
    assert "painter" not in [each.key for each in app.selectbox] and "Paint with it" not in labels(app)


def test_a_painter_of_ones_own_paints(visit):
    folder = run_of("done")
    make_painter(folder, GENRES[:3], seed=5)
    app = visit()
    press(app, f"use_{folder.name}")
    assert app.selectbox(key="painter").value == folder.name
    offered = app.get("button_group")[1].options
    assert list(offered) == [spoken(genre).capitalize() for genre in GENRES[:3]]
    piece = pieces(generate(app))[0]
    assert piece.artefact.recipe["model"] == folder.name and set(piece.wish.genres) <= set(GENRES[:3])
    runs.delete(folder)
    healthy(app.run())
    assert "painter" not in [each.key for each in app.selectbox]
