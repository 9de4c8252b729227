"""The pages as a guest has them, and that what is not shown would not be done either."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from genre.data.dataset import BUILT_IN
from genre.runs import process
from genre.runs.directory import list_runs, load_config
from genre.training.experiment import ExperimentSettings, experiment_settings
from mood.emotion.custom_moods.storage import export_mood, list_moods
from pages.access.tokens import Access, Role
from pages.moods.own_moods import MAX_OWN
from pages.shared.models import promoted_models
from pages.training.run_display import model_label
from pages.training.setup import quota
from tests.pages.moods.test_mood_teach_page import saved_mood
from tests.support.pages.app_visits import button, healthy, labels, visit, words
from tests.support.pages.open_house import visiting_as
from tests.support.training_runs import make_run

OPERATORS = {
    "Rename",
    "Delete",
    "Put it on the Listen page",
    "Stop",
    "Stop all",
    "Resume",
    "Resume all",
}  # buttons


@pytest.fixture
def guest(monkeypatch) -> Iterator[Access]:
    quota._started.clear()
    with visiting_as(Role.GUEST, monkeypatch) as house:
        yield house


@pytest.fixture
def started(monkeypatch) -> list[Path]:
    """The runs that would have been started."""
    folders: list[Path] = []
    monkeypatch.setattr(process, "start_run", folders.append)
    return folders


def attempt(action: str) -> str:
    """Run a line of Python as the page's own code, in this visit -> what it says of its failure."""

    def page(action):
        import streamlit as st

        try:
            exec(action)
        except ValueError as error:
            st.error(str(error))

    app = healthy(AppTest.from_function(page, args=(action,)).run())
    return app.error[0].value if app.error else ""


def test_a_guest_starts_small_trainings_on_the_built_in_music(guest, started):
    app = visit("train", step="Set up", data_choice="folder", data_folder="/")
    assert not [radio for radio in app.radio if radio.key == "data_choice"] and not app.text_input
    assert set(app.multiselect(key="models").options) == {model_label(name) for name in quota.MODELS}
    assert app.number_input(key="epochs").max == quota.MAX_EPOCHS
    healthy(button(app, "Start 2 trainings").click().run())
    assert {load_config(folder)["settings"]["data"] for folder in started} == {BUILT_IN}
    app.session_state["step"] = "Set up"
    healthy(button(healthy(app.run()), "Start 2 trainings").click().run())
    assert len(started) == 4


def test_the_quota_of_a_visit_and_of_all_guests(guest, started, monkeypatch):
    monkeypatch.setattr(quota, "MAX_STARTED", 2)
    app = visit("train", step="Set up")
    healthy(button(app, "Start 2 trainings").click().run())
    app.session_state["step"] = "Set up"
    healthy(button(healthy(app.run()), "Start 2 trainings").click().run())
    assert len(started) == 2 and "2 trainings in one visit" in app.session_state["train"].run_error
    monkeypatch.setattr(quota, "MAX_STARTED_OF_ALL", 2)
    other = visit("train", step="Set up")
    healthy(button(other, "Start 2 trainings").click().run())
    assert len(started) == 2 and "try again later" in other.session_state["train"].run_error


SMALL = experiment_settings("cnn-simple", BUILT_IN, epochs=quota.MAX_EPOCHS)
LARGE = {
    "a folder": replace(SMALL, data="/home"),
    "a slow model": experiment_settings("res-bigru", BUILT_IN, epochs=1),
    "five rounds": experiment_settings("knn", BUILT_IN, split="kfold"),
    "a list of artists": replace(SMALL, artists="/etc/passwd"),
    "many epochs": experiment_settings("cnn-simple", BUILT_IN, epochs=quota.MAX_EPOCHS + 1),
    "tiny batches": experiment_settings("cnn-simple", BUILT_IN, batch_size=2),
}


@pytest.mark.parametrize("experiment", LARGE.values(), ids=LARGE)
def test_what_is_not_small_is_refused_by_the_action_itself(guest, experiment: ExperimentSettings):
    quota.require_quota([SMALL], 1, [])
    with pytest.raises(ValueError, match="Guests train small models"):
        quota.require_quota([experiment], 1, [])


def test_a_guest_looks_at_trainings_and_changes_none(guest, monkeypatch):
    folder, stopped = make_run(), make_run("stopped")
    touched: list[Path] = []
    monkeypatch.setattr(process, "stop_run", touched.append)
    for step in ("Watch", "Compare"):
        app = visit("train", step=step)
        assert not OPERATORS & set(labels(app)) and folder.name not in promoted_models()
    assert "host" in attempt(
        f"from pages.training.setup.data import load_listing; load_listing({str(folder)!r})"
    )
    entry = "next(e for e in load_entries() if e.run.folder.name == " + repr(folder.name) + ")"
    imports = (
        "from pages.training.run_display import load_entries; from pages.training import run_card; "
        "from pages.training.race import watch\n"
    )
    attempt(imports + f"run_card._promote({entry})")
    assert promoted_models() == []
    attempt(imports + f"watch._apply(lambda folder: folder.rename('/nowhere'), [{entry}])")
    assert folder.exists() and not touched
    reply = attempt(
        "from pages.generation.training import _run_action\n"
        "from pages.generation.state import generate_state\n"
        "from genre.runs.directory import list_runs\n"
        "_run_action(lambda folder: folder.rename('/nowhere'), list_runs()[0])\n"
        "raise ValueError(generate_state().training_error)"
    )
    assert "Only the host" in reply
    assert {run.folder for run in list_runs()} == {folder, stopped}


def test_the_operator_from_elsewhere_may_do_it_all(monkeypatch):
    make_run()
    with visiting_as(Role.OPERATOR, monkeypatch):
        assert {"Rename", "Delete", "Put it on the Listen page"} <= set(
            labels(visit("train", step="Compare", compared=None))
        ) | {popover.proto.popover.label for popover in visit("train", step="Compare").get("popover")}
        assert "data_choice" in [radio.key for radio in visit("train", step="Data").radio]


def test_a_guest_trains_no_painter(guest):
    app = visit("generate")
    assert "train_one" not in [toggle.key for toggle in app.toggle]


def test_a_mood_of_a_guest_is_his_alone(guest):
    shared = saved_mood("punk", 1)
    own = export_mood(replace(shared, name="dreamy"))
    app = visit("mood", view="teach", teach_way="file")
    healthy(app.file_uploader(key="mood_file_0").set_value([("a.safetensors", own, "x/y")]).run())
    assert "dreamy" in words(app) and [mood.name for mood in list_moods()] == ["punk"]
    assert [b.key for b in app.button if b.key and b.key.startswith("delete_")] == [
        f"delete_{key}" for key in app.session_state["mood_state"].own_moods
    ]
    assert "dreamy" not in words(visit("mood", view="teach", teach_way="file")), "another visit"
    for action in (f"delete({shared.key!r})", f"rename({shared.key!r}, 'other')"):
        assert "Only the host" in attempt(f"from pages.moods.own_moods import *\n{action}")
    assert [mood.name for mood in list_moods()] == ["punk"]
    for number in range(1, MAX_OWN + 1):
        more = export_mood(replace(shared, name=f"mood {number}"))
        healthy(
            app.file_uploader(key=f"mood_file_{number}").set_value([("a.safetensors", more, "x/y")]).run()
        )
    assert len(app.session_state["mood_state"].own_moods) == MAX_OWN
    assert f"A guest can have {MAX_OWN} moods" in words(app)


def test_the_page_invite_is_the_operators(guest, monkeypatch):
    assert "What genre is this?" in visit("invite").title[0].value, "a guest has no such page"
    with visiting_as(Role.OPERATOR, monkeypatch) as house:
        app = visit("invite")
        assert house.guest_token in app.code[0].value and house.operator_token not in str(app.main)
        healthy(app.toggle(key="show_operator_link").set_value(True).run())
        assert house.operator_token in app.code[1].value
