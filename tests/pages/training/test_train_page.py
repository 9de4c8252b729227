"""Every state of the Train page but its comparisons, run without a browser."""

import errno
import json
import re
from contextlib import ExitStack
from pathlib import Path

import pytest

from genre.evaluation.reproduction import read_figures
from genre.runs import directory as runs
from genre.runs import process
from genre.text import percent
from pages.shared.models import MODEL_CHOICE
from pages.training import leak
from pages.training.papers.headline import largest_loss
from pages.training.state import TrainState
from tests.support.pages.app_visits import as_read, button, healthy, markup, press, visit, words
from tests.support.training_runs import make_run


@pytest.fixture
def processes(monkeypatch):
    """The runs that would have been started and stopped, in order."""
    done: list[tuple[str, Path]] = []
    monkeypatch.setattr(process, "start_run", lambda folder: done.append(("start", folder)))
    monkeypatch.setattr(process, "stop_run", lambda folder: done.append(("stop", folder)))
    monkeypatch.setattr(
        process, "stop_runs", lambda folders: done.extend(("stop", folder) for folder in folders)
    )
    monkeypatch.setattr(process, "restart_run", lambda folder: done.append(("begin anew", folder)))
    return done


@pytest.fixture
def alive():
    """alive(folder): as if a process worked on this run."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(process.lock_run(folder))


def test_start_works_at_once(processes):
    app = visit("train", step="Set up")
    assert "Estimate: **" in words(app) and "looks for local patterns" in words(app)
    healthy(button(app, "Start 2 trainings").click().run())
    assert [act for act, _ in processes] == ["start"] * 2
    settings = [runs.load_config(folder)["settings"] for _, folder in processes]
    assert [entry["model"] for entry in settings] == ["linear", "cnn-simple"]
    assert {entry["data"] for entry in settings} == {"builtin"}
    assert {entry["split"] for entry in settings} == {"track"}
    assert app.session_state["step"] == "Watch"


def test_a_race_that_is_over_has_a_winner():
    make_run(model="cnn-simple", title="good", skill=3.0)
    make_run(model="linear", title="poor", skill=0.2)
    app = visit("train", step="Watch")
    assert "good wins" in app.success[0].value


def test_a_second_training_of_a_model_has_a_name_of_its_own(processes):
    make_run(model="knn")
    app = visit("train", step="Set up", models=["knn"])
    healthy(button(app, "Start").click().run())
    (folder,) = [folder for _, folder in processes]
    assert runs.load_config(folder)["title"] == "knn 2"


def test_a_grid_and_both_splits(processes):
    app = visit(
        "train",
        step="Set up",
        models=["knn", "cnn-simple"],
        grid=True,
        both_splits=True,
        grid_epochs=[5, 10],
        grid_batch=[32],
        grid_rate=[0.001, 0.01],
        augmentation=["mask"],
    )
    healthy(button(app, "Start 10 trainings").click().run())
    settings = [runs.load_config(folder)["settings"] for _, folder in processes]
    assert [entry["split"] for entry in settings] == ["track"] * 5 + ["segment"] * 5
    grid = {
        (entry["recipe"]["epochs"], entry["recipe"]["learning_rate"])
        for entry in settings
        if entry["model"] == "cnn-simple"
    }
    assert grid == {(5, 0.001), (5, 0.01), (10, 0.001), (10, 0.01)}
    assert all(entry["recipe"]["augmentation"]["mask_bands"] for entry in settings)


def test_what_cannot_be_set_up_is_a_sentence(tmp_path):
    app = visit("train", step="Set up", models=["cnn-simple"], split="artist")
    assert "needs a list" in app.error[0].value and button(app, "Start 0 trainings").disabled
    app = visit("train", step="Set up", models=[])
    assert "at least one model" in words(app) and button(app, "Start").disabled
    for name in (str(tmp_path / "no"), "~no-such-person", "x" * 5_000):
        app = visit("train", step="Set up", models=["linear"], data_choice="folder", data_folder=name)
        assert "no folder" in app.error[0].value and button(app, "Start").disabled
    app = visit("train", step="Set up", models=["knn", "cnn-simple"], grid=True, grid_epochs=[])
    assert "at least one number of epochs" in app.error[0].value
    app = visit("train", step="Set up", models=["linear"], split="segment")
    assert "This test leaks" in app.warning[0].value
    app = visit(
        "train",
        step="Set up",
        models=["cnn-simple"],
        grid=True,
        grid_epochs=[1, 2, 5, 10],
        grid_batch=[8, 16, 32, 64],
        grid_rate=[0.01, 0.001, 0.003],
    )
    assert "48 trainings" in app.error[0].value and button(app, "Start 48 trainings").disabled


def test_a_full_disk_is_a_sentence(monkeypatch):
    """Nothing was started, and nothing is left of it to look at."""

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "create_run_folder", full)
    app = visit("train", step="Set up", models=["knn"])
    healthy(button(app, "Start").click().run())
    assert app.session_state["step"] == "Watch" and "disk is full" in app.error[0].value
    healthy(app.run())
    assert "disk is full" in app.error[0].value, "it stays until something else is tried"


def test_what_has_ended_is_compared_whatever_was_filtered():
    make_run()
    app = visit("train", step="Watch", only_model=["knn"])
    press(app, "to_compare")
    assert app.session_state["step"] == "Compare" and app.multiselect(key="only_model").value == []
    assert app.session_state["train"].compared


def test_nothing_is_learning():
    app = visit("train", step="Watch")
    assert "Nothing has been trained here yet" in words(app)
    press(app, "to_set_up")
    assert app.session_state["step"] == "Set up"


def test_each_state_is_shown_with_what_can_be_done(alive):
    folders = {
        state: make_run(state, title=f"the {state} one", seed=number)
        for number, state in enumerate(("running", "waiting", "failed", "stopped", "done"))
    }
    folders["interrupted"] = make_run("running", title="the interrupted one", seed=9)
    for state in ("running", "waiting"):
        alive(folders[state])
    app = visit("train", step="Watch")
    text = words(app)
    assert "1 learning, 1 waiting, 1 done" in text
    assert all(f"the {state} one" in text for state in folders)
    counts = {widget.key.split("_")[0]: 0 for widget in app.button}
    for widget in app.button:
        counts[widget.key.split("_")[0]] += 1
    assert counts == {"stop": 3, "resume": 4, "anew": 1}  # with those for all
    progress = [as_read(widget.proto.text) for widget in app.get("progress")]
    assert "Lesson 4 of 8, about 1 minute left" in progress and "It is failed." in progress
    assert "80\u00a0% of the music it learns from, 78\u00a0% of music kept aside" in text
    assert len(app.get("vega_lite_chart")) == 1, "the race"
    healthy(app.toggle(key="all_curves").set_value(True).run())
    assert len(app.get("vega_lite_chart")) == 3


def test_one_and_all_can_be_stopped_and_resumed(alive, processes):
    first, second = make_run("running"), make_run("waiting", seed=1)
    alive(first)
    alive(second)
    app = visit("train", step="Watch")
    press(app, f"stop_{first.name}")
    assert processes.pop() == ("stop", first)
    press(app, "stop_all")
    assert processes == [("stop", second), ("stop", first)], "the waiting one first"


def test_a_stopped_run_can_be_resumed(processes):
    folder = make_run("stopped")
    app = visit("train", step="Watch")
    press(app, f"resume_{folder.name}")
    press(app, "resume_all")
    assert processes == [("start", folder)] * 2


def test_a_failed_run_can_be_begun_anew(processes):
    folder = make_run("failed")
    app = visit("train", step="Watch")
    press(app, f"anew_{folder.name}")
    assert processes == [("begin anew", folder)]


def test_another_visitor_was_quicker(alive):
    folder = make_run("stopped", title="mine")
    app = visit("train", step="Watch")
    alive(folder)
    press(app, f"resume_{folder.name}")
    assert "mine" in words(app) and "under way" in words(app)


def test_what_has_ended_is_compared_at_once():
    folders = [make_run(model=model) for model in ("knn", "linear", "cnn-simple")]
    app = visit("train", step="Watch", train=TrainState(compared=[]))
    press(app, "to_compare")
    assert app.session_state["step"] == "Compare"
    assert set(app.session_state["train"].compared) == {str(folder) for folder in folders}
    assert len(app.get("plotly_chart")) == 6


def test_the_leak_is_shown():
    app = visit("train", step="The leak")
    assert [metric.label for metric in app.metric] == ["Tracks right", "Excerpts right"] * 2
    leaky, _, honest, _ = (int(metric.value.rstrip(" %\u00a0")) for metric in app.metric)
    assert leaky > honest and "the same recording" in words(app)
    assert len(app.get("plotly_chart")) == 3


def test_the_figure_falls_from_one_test_to_the_other():
    app = visit("train", step="The leak")
    drops = re.findall('<figure class="drop".*?</figure>', markup(app))
    (paper, *figures), first = largest_loss(read_figures()), [metric.value for metric in app.metric][::2]
    assert paper.authors in drops[1].replace("&#x27;", "'")
    for drop, levels in zip(drops, (first, list(map(percent, figures))), strict=True):
        assert re.findall(r"<b><span>(.*?)</span></b>", drop) == levels
        before, after = (int(level.rstrip(" %\u00a0")) for level in levels)
        assert f"--before: {before}; --after: {after};" in drop
        assert f"Tested honestly, {before - after} in a hundred are gone." in drop
    press(app, "to_papers")
    assert app.session_state["step"] == "The papers"


def test_without_the_papers_figures_the_leak_is_of_the_models_here(monkeypatch):
    def damaged() -> None:
        raise ValueError("The recorded figures are damaged.")

    monkeypatch.setattr(leak, "read_figures", damaged)
    assert markup(visit("train", step="The leak")).count("<figure") == 1


def test_models_under_the_leak_have_their_plain_names():
    for split in ("track", "segment"):
        make_run(split=split)
    app = visit("train", step="The leak")
    names = {"Small pattern finder", "Small pattern finder, recorded", "Nearest neighbours"}
    assert names < set(app.selectbox(key="leak_pair").options)
    bars = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert names < {title["text"] for title in bars["layout"]["annotations"]}


def test_fine_tuning_stays_open_when_something_appears_above_it():
    app = visit("train", step="Set up", fine_tuning=True)
    for key in ("model_figures", "both_splits"):
        healthy(app.toggle(key=key).set_value(True).run())
        (expander,) = [box for box in app.expander if box.label == "Fine tuning"]
        assert expander.proto.expanded


def test_the_built_in_music_is_shown_without_playing_it_all(earmark_home):
    app = visit("train", step="Data")
    assert "300 tracks in 10 genres" in words(app)
    assert "are here already" in words(app), "as the first step says"
    assert "Blues, number 1" in [text.value for text in app.text]
    assert len(app.get("plotly_chart")) == 4 and len(app.get("audio")) == 1
    assert not list(earmark_home.rglob("*.wav"))


def test_a_folder_is_shown_and_checked(wav, tmp_path):
    music = tmp_path / "music"
    for genre in ("jazz", "metal"):
        (music / genre).mkdir(parents=True)
        (music / genre / "a.wav").write_bytes(wav(genre))
    (music / "jazz" / "twin.wav").write_bytes(wav("jazz"))
    (music / "jazz" / "notes.wav").write_bytes(b"once upon a time")
    app = visit("train", step="Data", data_choice="folder", data_folder=str(music))
    assert "4 tracks in 2 genres" in words(app)
    healthy(button(app, "Check every recording").click().run())
    faults = app.dataframe[0].value
    assert sorted(faults["Recording"]) == ["jazz/notes.wav", "jazz/twin.wav"]
    assert len(app.get("audio")) == 1 and "not an audio file" not in words(app)
    healthy(button(app, "Another one").click().run())
    assert not app.get("audio") and "This is not an audio file" in words(app)


def test_a_model_can_be_chosen_once_one_is_promoted(earmark_home):
    app = visit("listen")
    assert not [box for box in app.selectbox if box.label == "Which model?"]
    (earmark_home / "models" / "mine").mkdir(parents=True)
    (earmark_home / "models" / "mine" / "card.json").write_text(json.dumps({"model": "x", "genres": []}))
    healthy(app.run())
    box = app.selectbox(key=MODEL_CHOICE)
    assert box.value is None and "mine" in box.options
    press(app, "example_jazz")
    healthy(app.selectbox(key=MODEL_CHOICE).set_value("mine").run())
    assert app.error and app.selectbox(key=MODEL_CHOICE).value is None, "a damaged one is refused"
