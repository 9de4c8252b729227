"""Every state of the Train page, run without a browser."""

import csv
import io
import json
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from genre import GENRES, runs
from genre.catalogue import Catalogue, Duel, bundle, disagreements, duel, in_common, leak_pairs, to_csv
from genre.dataset import DataError
from genre.listing import look, sound_of
from genre.runs import RunError
from tests.hostile import NAMES
from tests.training_runs import make_report, make_run

APP = str(Path(__file__).resolve().parent.parent / "app.py")


def healthy(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


@pytest.fixture
def visit():
    """visit(step, **session state) -> the Train page at that step."""

    def open_at(step: str, **state: object) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=60)
        app.session_state["step"] = step
        for name, value in state.items():
            app.session_state[name] = value
        app.switch_page("pages/train.py")
        return healthy(app.run())

    return open_at


def words(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "error", "warning", "success", "text", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


@pytest.fixture
def processes(monkeypatch):
    """The runs that would have been started and stopped, in order."""
    done: list[tuple[str, Path]] = []
    monkeypatch.setattr(runs, "start", lambda folder: done.append(("start", folder)))
    monkeypatch.setattr(runs, "stop", lambda folder: done.append(("stop", folder)))
    return done


@pytest.fixture
def alive():
    """alive(folder): as if a process worked on this run."""
    with ExitStack() as stack:
        yield lambda folder: stack.enter_context(runs.own(folder))


def test_start_works_at_once(visit, processes):
    app = visit("Set up")
    assert "Estimate: **" in words(app) and "Nothing was trained here yet" in words(app)
    healthy(button(app, "Start 3 trainings").click().run())
    assert [act for act, _ in processes] == ["start"] * 3
    chosen = [runs.load_config(folder)["settings"] for _, folder in processes]
    assert [each["model"] for each in chosen] == ["knn", "linear", "cnn-simple"]
    assert {each["data"] for each in chosen} == {"builtin"}
    assert {each["split"] for each in chosen} == {"track"}
    assert app.session_state["step"] == "Watch"


def test_a_grid_and_both_splits(visit, processes):
    app = visit("Set up", models=["knn", "cnn-simple"], grid=True, both_splits=True,
                grid_epochs=[5, 10], grid_batch=[32], grid_rate=[0.001, 0.01], augmentation=["mask"])
    healthy(button(app, "Start 10 trainings").click().run())
    chosen = [runs.load_config(folder)["settings"] for _, folder in processes]
    assert [each["split"] for each in chosen] == ["track"] * 5 + ["segment"] * 5
    grid = {(each["recipe"]["epochs"], each["recipe"]["learning_rate"]) for each in chosen
            if each["model"] == "cnn-simple"}
    assert grid == {(5, 0.001), (5, 0.01), (10, 0.001), (10, 0.01)}
    assert all(each["recipe"]["augmentation"]["mask_bands"] for each in chosen)


def test_what_cannot_be_set_up_is_a_sentence(visit, tmp_path):
    app = visit("Set up", models=["cnn-simple"], split="artist")
    assert "needs a list" in app.error[0].value and button(app, "Start 0 trainings").disabled
    app = visit("Set up", models=[])
    assert "at least one model" in words(app) and button(app, "Start").disabled
    app = visit("Set up", models=["linear"], data_choice="folder", data_folder=str(tmp_path / "no"))
    assert "no folder" in app.error[0].value and button(app, "Start").disabled
    app = visit("Set up", models=["linear"], split="segment")
    assert "This split leaks" in app.warning[0].value
    app = visit("Set up", models=["cnn-simple"], grid=True, grid_epochs=[1, 2, 5, 10],
                grid_batch=[8, 16, 32, 64], grid_rate=[0.01, 0.001, 0.003])
    assert "48 trainings" in app.error[0].value and button(app, "Start 48 trainings").disabled


def test_nothing_is_learning(visit):
    app = visit("Watch")
    assert "Nothing has been trained here yet" in words(app)
    healthy(app.button(key="to_set_up").click().run())
    assert app.session_state["step"] == "Set up"


def test_each_state_is_shown_with_what_can_be_done(visit, alive):
    folders = {state: make_run(state, title=f"the {state} one", seed=number)
               for number, state in enumerate(("running", "waiting", "failed", "stopped", "done"))}
    folders["interrupted"] = make_run("running", title="the interrupted one", seed=9)
    for state in ("running", "waiting"):
        alive(folders[state])
    app = visit("Watch")
    text = words(app)
    assert "1 learning, 1 waiting, 1 done" in text
    assert all(f"the {state} one" in text for state in folders)
    shown = {each.key.split("_")[0]: 0 for each in app.button}
    for each in app.button:
        shown[each.key.split("_")[0]] += 1
    assert shown == {"stop": 3, "resume": 4}  # with those for all
    progress = [each.proto.text for each in app.get("progress")]
    assert "Epoch 4 of 8, about 1 minute left" in progress and "It is failed." in progress
    assert "78\u00a0% right on music kept aside" in text
    assert len(app.get("vega_lite_chart")) == 2


def test_one_and_all_can_be_stopped_and_resumed(visit, alive, processes):
    first, second = make_run("running"), make_run("waiting", seed=1)
    alive(first)
    alive(second)
    app = visit("Watch")
    healthy(app.button(key=f"stop_{first.name}").click().run())
    assert processes.pop() == ("stop", first)
    healthy(app.button(key="stop_all").click().run())
    assert processes == [("stop", second), ("stop", first)], "the waiting one first"


def test_a_stopped_run_can_be_resumed(visit, processes):
    folder = make_run("stopped")
    app = visit("Watch")
    healthy(app.button(key=f"resume_{folder.name}").click().run())
    healthy(app.button(key="resume_all").click().run())
    assert processes == [("start", folder)] * 2


def test_another_visitor_was_quicker(visit, alive):
    folder = make_run("stopped", title="mine")
    app = visit("Watch")
    alive(folder)
    healthy(app.button(key=f"resume_{folder.name}").click().run())
    assert "mine" in words(app) and "under way" in words(app)


def test_the_first_visit_has_recorded_runs_to_compare(visit):
    app = visit("Compare")
    assert "recorded" in app.info[0].value
    table = app.dataframe[0].value
    assert set(table["State"]) == {"recorded"} and {"LEAKY", "track"} == set(table["Split"])
    assert table["Accuracy"].notna().all() and "Model" not in app.dataframe[0].proto.column_order
    assert "Where they disagree" in words(app)
    assert not any(label in ("Yes, delete it", "Offer it there") for label in labels(app))


def test_the_recorded_runs_are_real_and_hold_no_weights():
    entries = Catalogue().entries()
    assert len(entries) >= 6 and all(entry.recorded for entry in entries)
    assert leak_pairs(entries)
    for entry in entries:
        names = {path.name for path in entry.run.folder.iterdir()}
        assert names == {"config.json", "status.json", "metrics.jsonl", "report.json"}
        assert entry.run.settings["data"] == "builtin" and entry.run.state == "done"
        assert "/" not in (entry.run.folder / "status.json").read_text()


def test_two_runs_are_compared(visit):
    good = make_run(model="cnn-simple", skill=3.0, title="good")
    poor = make_run(model="linear", skill=0.5, title="poor")
    app = visit("Compare", compared=[str(good), str(poor)])
    text = words(app)
    assert "How they learnt" in text and "Genre by genre" in text and "Where they disagree" in text
    assert len(app.get("plotly_chart")) == 5  # two curves, two matrices, bars
    assert len(app.get("download_button")) == 8  # the table, five charts, two bundles
    disagreeing = app.dataframe[1].value
    assert {"good says", "poor says"} < set(disagreeing.columns) and len(disagreeing) > 5
    healthy(app.segmented_control(key="measure").set_value("recall").run())
    assert "how many it finds" in words(app)


def test_the_winner_is_named_only_if_it_is_one(visit):
    good = make_run(model="cnn-simple", skill=3.0, title="*good*")
    poor = make_run(model="linear", skill=0.2, title="poor")
    same = make_run(model="cnn-simple", skill=3.0, title="same")
    leaky = make_run(model="cnn-simple", split="segment", skill=9.0, title="leaky")
    app = visit("Compare", compared=[str(poor), str(leaky), str(good)])
    assert app.success[0].value.startswith("**\\*good\\* wins.** Of the 40 tracks")
    app = visit("Compare", compared=[str(good), str(same)])
    assert not app.success and "are level" in app.info[0].value
    app = visit("Compare", compared=[str(good), str(leaky)])
    assert not app.success and not app.info, "there is no race against a leaky split"


def test_what_has_ended_is_compared_at_once(visit):
    folders = [make_run(model=model) for model in ("knn", "linear", "cnn-simple")]
    app = visit("Watch", compared=[])
    healthy(app.button(key="to_compare").click().run())
    assert app.session_state["step"] == "Compare"
    assert set(app.session_state["compared"]) == {str(folder) for folder in folders}
    assert len(app.get("plotly_chart")) == 6


def test_the_table_is_filtered(visit):
    make_run(model="linear")
    make_run(model="cnn-simple", split="segment")
    app = visit("Compare")
    everything = len(app.dataframe[0].value)
    healthy(app.multiselect(key="only_model").set_value(["linear"]).run())
    narrowed = app.dataframe[0].value
    assert 0 < len(narrowed) < everything and set(narrowed["Name"]) == {"linear"}
    healthy(app.multiselect(key="only_split").set_value(["segment"]).run())
    assert set(app.dataframe[0].value["Split"]) == {"LEAKY"}


def test_a_run_is_renamed_noted_and_deleted(visit):
    folder = make_run(title="before")
    app = visit("Compare", compared=[str(folder)])
    app.text_input(key=f"title_{folder.name}").set_value("**after**")
    app.text_area(key=f"note_{folder.name}").set_value("with more bass")
    healthy(button(app, "Keep").click().run())
    assert "Model" in app.dataframe[0].proto.column_order
    assert runs.read(folder).title == "**after**" and runs.read(folder).note == "with more bass"
    assert "**after**" in [text.value for text in app.text]
    healthy(app.button(key=f"delete_{folder.name}").click().run())
    assert not folder.exists()


def test_a_run_without_weights_is_not_promoted(visit):
    folder = make_run()
    app = visit("Compare", compared=[str(folder)])
    healthy(app.button(key=f"promote_{folder.name}").click().run())
    assert app.error and app.error[0].value.endswith(".")


@pytest.mark.parametrize("file", ["config.json", "status.json", "report.json", "metrics.jsonl"])
@pytest.mark.parametrize("content", [
    "{", "[]", '{"version": 1, "kind": "genre", "settings": {"recipe": 3, "model": []}, "created": "x"}',
    '{"state": "done", "progress": null, "last": 3}', '{"state": [], "last": {"epoch": "x", "loss": null}}',
    None,
])  # fmt: skip
def test_a_damaged_run_is_shown_as_such(visit, file, content):
    folder = make_run()
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content)
    app = visit("Compare", compared=[str(folder)])
    assert len(app.dataframe[0].value) > 6
    assert "Yes, delete it" in labels(app)
    if file == "config.json":
        assert "damaged" in set(app.dataframe[0].value["State"])
    healthy(visit("Watch"))
    healthy(visit("The leak"))


def test_titles_are_shown_and_never_interpreted(visit):
    folders = [make_run("failed" if n % 2 else "done", title=name, seed=n)
               for n, name in enumerate(NAMES[:12]) if "\ud800" not in name]
    for step in ("Watch", "Compare"):
        app = visit(step, compared=[str(folder) for folder in folders[:4]])
        assert not any("evil.example" in each.value for each in app.markdown)


def test_the_leak_is_shown(visit):
    app = visit("The leak")
    assert [metric.label for metric in app.metric] == ["Leaky split", "Honest split"]
    leaky, honest = (int(metric.value.rstrip(" %\u00a0")) for metric in app.metric)
    assert leaky > honest and "the same recording" in words(app)
    assert len(app.get("plotly_chart")) == 3


def test_the_built_in_music_is_shown_without_playing_it_all(visit, earmark_home):
    app = visit("Data")
    assert "300 tracks in 10 genres" in words(app)
    assert len(app.get("plotly_chart")) == 4 and len(app.get("audio")) == 1
    assert not list(earmark_home.rglob("*.wav"))


def test_a_folder_is_shown_and_checked(visit, wav, tmp_path):
    music = tmp_path / "music"
    for genre in ("jazz", "metal"):
        (music / genre).mkdir(parents=True)
        (music / genre / "a.wav").write_bytes(wav(genre))
    (music / "jazz" / "twin.wav").write_bytes(wav("jazz"))
    (music / "jazz" / "notes.wav").write_bytes(b"once upon a time")
    app = visit("Data", data_choice="folder", data_folder=str(music))
    assert "4 tracks in 2 genres" in words(app)
    healthy(button(app, "Check every recording").click().run())
    faults = app.dataframe[0].value
    assert sorted(faults["Recording"]) == ["jazz/notes.wav", "jazz/twin.wav"]
    healthy(button(app, "Another one").click().run())
    assert "This is not an audio file" in words(app) or len(app.get("audio")) == 1


def test_the_catalogue_reads_a_run_again_when_it_changes():
    folder, catalogue = make_run("stopped"), Catalogue(recorded=Path("/nowhere"))
    assert [entry.run.state for entry in catalogue.entries()] == ["stopped"]
    assert catalogue.entries()[0] is catalogue.entries()[0]
    runs.describe(folder, title="new name")
    assert catalogue.entries()[0].title == "new name"
    runs.delete(folder)
    assert catalogue.entries() == []
    runs.create("gan", {}, title="of another page")
    assert catalogue.entries() == []


def test_the_export_is_safe_and_whole():
    make_run(title="=1+1")
    make_run("failed", title="half")
    rows = list(csv.DictReader(io.StringIO(to_csv(Catalogue(Path("/nowhere")).entries()))))
    assert [row["name"] for row in rows] == ["half", "'=1+1"]
    assert float(rows[1]["accuracy_low"]) <= float(rows[1]["accuracy"]) and not rows[0]["accuracy"]


def test_a_bundle_holds_what_a_model_needs():
    folder = make_run()
    with pytest.raises(RunError, match="has no model"):
        bundle(folder)
    (folder / "model.safetensors").write_bytes(b"x")
    (folder / "card.json").write_text("{}")
    with zipfile.ZipFile(io.BytesIO(bundle(folder))) as archive:
        assert sorted(archive.namelist()) == ["card.json", "model.safetensors", "report.json"]


def test_disagreements():
    one, other = make_report("linear", "track", 3.0), make_report("knn", "track", 0.0)
    rows = disagreements([one, other])
    assert rows and all(len({answer for answer, _ in row["answers"]}) == 2 for row in rows)
    assert in_common([one, other]) == 40 and disagreements([one, one]) == []
    one["answers"] = one["answers"][:1]
    assert in_common([one, other]) == 1 and in_common([]) == 0


def test_a_duel():
    def told(*answers: str) -> dict:
        return {"answers": [{"track": str(n), "genre": "jazz" if n % 2 else "pop", "answer": answer}
                            for n, answer in enumerate(answers)]}  # fmt: skip

    right = told("pop", "jazz", "pop", "jazz", "pop", "jazz", "pop")
    wrong = told("pop", "pop", "rock", "rock", "pop", "rock")
    result = duel(right, wrong)
    assert result == Duel(6, 4, 0, ("jazz", "pop")) and result.chance == 2 / 16
    assert duel(wrong, right) == Duel(6, 0, 4, ())
    assert duel(right, right).chance == 1.0 and duel(right, told()) == Duel(0, 0, 0, ())
    # scipy.stats.binomtest(3, 20).pvalue
    assert Duel(30, 17, 3, ()).chance == pytest.approx(0.002576828)


def test_what_lies_in_a_data_set(tmp_path):
    found = look("builtin")
    assert tuple(found.by_genre) == GENRES and found.to_play == found.count == 300
    assert sound_of("builtin", "jazz.00003").duration_s == 30
    with pytest.raises(DataError, match="no piece"):
        sound_of("builtin", "../../etc/passwd")
    with pytest.raises(DataError, match="no folder"):
        look(str(tmp_path / "nowhere"))


def test_an_ear_is_offered_once_there_is_one(earmark_home):
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    assert not [box for box in app.selectbox if box.label == "Which ear?"]
    (earmark_home / "models" / "mine").mkdir(parents=True)
    (earmark_home / "models" / "mine" / "card.json").write_text(json.dumps({"model": "x", "genres": []}))
    healthy(app.run())
    box = app.selectbox(key="ear")
    assert box.value is None and "mine" in box.options
    healthy(app.button(key="example_jazz").click().run())
    healthy(app.selectbox(key="ear").set_value("mine").run())
    assert app.error and app.selectbox(key="ear").value is None, "a damaged one is refused"
