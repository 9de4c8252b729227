"""The step Compare of the Train page, without a browser."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from genre.paths import PROMOTED, home, promoted_models
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import load_report
from genre.runs.worker import work_on
from genre.text import lead_words, percent
from genre.training.experiment import experiment_settings, run_experiment
from genre.training.publish import promote_run, unpublish_model
from pages.listening.closer_look import WHY, look_key
from pages.shared.models import MODEL_CHOICE
from pages.training.run_display import published_percent
from pages.training.run_table import MAX_PRESELECTION
from pages.training.state import TrainState
from tests.support.hostile import NAMES
from tests.support.pages.app_visits import (
    APP,
    LONG_S,
    button,
    healthy,
    labels,
    markup,
    order,
    predicted_genre,
    press,
    visit,
    words,
)
from tests.support.training_runs import make_run


def test_the_trials_of_a_search_are_drawn_and_a_damaged_one_is_left_out():
    assert "Search for a recipe" not in [
        element.value for element in visit("train", step="Compare").subheader
    ]
    params = {"learning_rate": 0.002, "batch_size": 64, "weight_decay": 0.001, "label_smoothing": 0.1}
    trials = [
        {
            "params": params | {"mixup": k / 10},
            "run": f"/runs/trial-{k}",
            "state": "done",
            "value": 0.5 + k / 10,
        }
        for k in range(3)
    ]
    for name, content in (("one", json.dumps({"trials": trials})), ("two", "{")):
        (home() / "searches" / name).mkdir(parents=True)
        (home() / "searches" / name / "trials.json").write_text(content)
    app = healthy(visit("train", step="Compare"))
    assert "Search for a recipe" in [element.value for element in app.subheader]
    assert any("names 70\u00a0%" in caption.value for caption in app.caption)
    assert len(app.dataframe[-1].value) == 3


def test_the_first_visit_has_recorded_runs_to_compare():
    app = visit("train", step="Compare")
    assert "recorded" in app.info[-1].value
    table = app.dataframe[0].value
    assert set(table["State"]) == {"recorded"} and {"with a leak", "on new recordings"} == set(
        table["Tested"]
    )
    assert table["Tracks right"].notna().all() and "Model" not in app.dataframe[0].proto.column_order
    assert len(app.dataframe[0].proto.column_order) == 4
    healthy(app.toggle(key="all_figures").set_value(True).run())
    assert {"F1", "Hears", "Epochs"} < set(app.dataframe[0].proto.column_order)
    assert "Where they disagree" in words(app)
    assert not any(label in ("Yes, delete it", "Put it on the Listen page") for label in labels(app))


def test_two_runs_are_compared():
    good = make_run(model="cnn-simple", skill=3.0, title="good")
    poor = make_run(model="linear", skill=0.5, title="poor")
    app = visit("train", step="Compare", train=TrainState(compared=[str(good), str(poor)]))
    text = words(app)
    assert "How they learnt" in text and "Genre by genre" in text and "Where they disagree" in text
    assert len(app.get("plotly_chart")) == 5  # two curves, two matrices, bars
    assert len(app.get("download_button")) == 8  # the table, five charts, two bundles
    disagreeing = app.dataframe[1].value
    assert {"good says", "poor says"} < set(disagreeing.columns) and len(disagreeing) > 5
    healthy(app.segmented_control(key="measure").set_value("precision").run())
    assert "how often it is right" in words(app)


def test_the_winner_is_named_only_if_it_is_one():
    good = make_run(model="cnn-simple", skill=3.0, title="*good*")
    poor = make_run(model="linear", skill=0.2, title="poor")
    same = make_run(model="cnn-simple", skill=3.0, title="same")
    leaky = make_run(model="cnn-simple", split="segment", skill=9.0, title="leaky")
    app = visit("train", step="Compare", train=TrainState(compared=[str(poor), str(leaky), str(good)]))
    assert app.success[0].value.startswith("### \\*good\\* wins\n\nIn the test \\*good\\* names")
    app = visit("train", step="Compare", train=TrainState(compared=[str(good), str(same)]))
    assert not app.success and "so small a difference may be chance" in app.info[0].value
    app = visit("train", step="Compare", train=TrainState(compared=[str(good), str(leaky)]))
    assert not app.success and not app.info, "there is no race against a leaky split"


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        (0.5, "first by far"),
        (0.1, "first"),
        (0.05, "first"),
        (0.03, "first by a little"),
        (0.01, "first by a hair"),
    ],
)
def test_the_words_fit_the_lead(lead, words):
    assert lead_words(lead) == words


def test_a_lead_that_may_be_chance_is_not_called_small_when_it_is_not():
    """Four tracks of forty: ten points."""
    better, worse = (make_run(title=title, skill=0.0) for title in ("better", "worse"))
    for folder, n_right in ((better, 24), (worse, 20)):
        report = json.loads((folder / "report.json").read_text())
        for number, row in enumerate(report["predictions"]):
            row["prediction"] = row["genre"] if number < n_right else "none"
        report["by_track"]["accuracy"] = n_right / len(report["predictions"])
        (folder / "report.json").write_text(json.dumps(report))
    app = visit("train", step="Compare", train=TrainState(compared=[str(better), str(worse)]))
    assert app.info[0].value.startswith("### better comes first :small[(it may be chance)]\n")
    assert "with so few tracks, even such a difference may be chance" in app.info[0].value


def test_the_winner_comes_before_the_table():
    make_run(skill=3.0)
    make_run(model="linear", skill=0.2)
    places = order(visit("train", step="Compare"), "success", "dataframe")
    assert places.index("success") < places.index("dataframe")


def test_a_lane_for_each_says_how_far_it_has_come():
    good = make_run(model="cnn-simple", skill=3.0, title="*good*")
    poor = make_run(model="linear", skill=0.2, title="<poor>")
    leaky = make_run(model="cnn-simple", split="segment", skill=9.0, title="sly")
    app = visit("train", step="Compare", train=TrainState(compared=[str(poor), str(leaky), str(good)]))
    (lanes,) = re.findall('<ol class="standings">(.*)</ol>', markup(app))
    names = re.findall("<p>(.*?)</p>", lanes)
    assert names == ["*good*", "&lt;poor&gt;", "sly, with a leak<small>does not count</small>"]
    assert re.findall('<li class="(.*?)"', lanes) == ["is-winner", "", "is-leaky"], "no leaky one wins"
    figures = [load_report(folder).by_track["accuracy"] for folder in (good, poor, leaky)]
    assert re.findall("<b>(.*?)</b>", lanes) == list(map(percent, figures))
    assert re.findall("--share: (.*?)%", lanes) == [f"{100 * figure:.1f}" for figure in figures]
    assert "Guessing would get 10\u00a0%" in markup(app)
    press(app, "to_leak")
    assert app.session_state["step"] == "The leak"
    app = visit("train", step="Compare", train=TrainState(compared=[str(poor)]))
    (lanes,) = re.findall('<ol class="standings">(.*)</ol>', markup(app))
    assert lanes.count("<li") == 1 and "is-winner" not in lanes, "one alone has not won"


def test_a_card_and_a_row_of_the_table_are_ticked_together():
    """A phone has the cards."""
    good, poor = make_run(model="cnn-simple", title="good"), make_run(model="linear", title="poor")
    app = visit("train", step="Compare", train=TrainState(compared=[str(good), str(poor)]))
    boxes = {box.label: box for box in app.checkbox}
    assert [name for name, box in boxes.items() if box.value] == ["**poor**", "**good**"]
    healthy(boxes["**poor**"].uncheck().run())
    assert app.session_state["train"].compared == [str(good)]
    assert app.query_params["runs"] == good.name and markup(app).count("<li class=") == 1
    boxes = {box.label: box for box in app.checkbox}
    assert [name for name, box in boxes.items() if box.value] == ["**good**"]
    healthy(boxes["**poor**"].check().run())
    assert set(app.session_state["train"].compared) == {str(good), str(poor)}
    healthy(app.toggle(key="all_figures").set_value(True).run())
    assert not app.checkbox and set(app.session_state["train"].compared) == {str(good), str(poor)}


def test_nobody_wins_on_other_music():
    ours = make_run(model="cnn-simple", skill=3.0, title="ours")
    theirs = make_run(model="linear", skill=0.2, title="theirs", data="/other/music")
    app = visit("train", step="Compare", train=TrainState(compared=[str(ours), str(theirs)]))
    assert not app.success and "different music" in app.info[0].value
    assert "They were tested on different music" in words(app)


def test_the_table_is_filtered():
    make_run(model="linear")
    make_run(model="cnn-simple", split="segment")
    app = visit("train", step="Compare")
    everything = len(app.dataframe[0].value)
    healthy(app.multiselect(key="only_model").set_value(["linear"]).run())
    narrowed = app.dataframe[0].value
    assert 0 < len(narrowed) < everything and set(narrowed["Name"]) == {
        "Adding up", "Adding up, recorded", "Adding up, with a leak"
    }  # fmt: skip
    healthy(app.multiselect(key="only_split").set_value(["segment"]).run())
    assert set(app.dataframe[0].value["Tested"]) == {"with a leak"}


def test_a_run_is_renamed_noted_and_deleted():
    folder = make_run(title="before")
    app = visit("train", step="Compare", train=TrainState(compared=[str(folder)]))
    app.text_input(key=f"title_{folder.name}").set_value("**after**")
    app.text_area(key=f"note_{folder.name}").set_value("with more bass")
    healthy(button(app, "Save").click().run())
    assert "**after**" in set(app.dataframe[0].value["Name"]) and "cnn-simple" in words(app)
    assert runs.read_run(folder).title == "**after**" and runs.read_run(folder).note == "with more bass"
    assert "**after**" in [text.value for text in app.text]
    press(app, f"delete_{folder.name}")
    assert not folder.exists()


def test_a_comparison_survives_a_reload():
    good, poor = make_run(model="cnn-simple", title="good"), make_run(model="linear", title="poor")
    make_run(model="knn", title="the newest")
    app = visit("train", step="Compare", train=TrainState(compared=[str(good), str(poor)]))
    assert app.query_params == {"step": "Compare", "runs": [poor.name, good.name]}
    again = AppTest.from_file(APP, default_timeout=LONG_S)  # a reload: a new session, the same address
    again.query_params.update(step="Compare", runs=[good.name, "gone"])
    healthy(again.switch_page("pages/train.py").run())
    assert again.session_state["train"].compared == [str(good)]
    healthy(again.segmented_control(key="step").set_value("Watch").run())
    assert again.query_params == {"step": "Watch"}


def test_after_a_race_only_those_who_ran_are_compared():
    folders = {str(make_run(model="cnn-simple")), str(make_run(model="linear"))}
    app = visit("train", step="Compare")
    assert set(app.session_state["train"].compared) == folders, "no recorded one, which might have won"


def test_of_many_trainings_none_is_preselected():
    for number in range(MAX_PRESELECTION):
        make_run(seed=number)
    app = visit("train", step="Compare")
    assert len(app.dataframe[0].value) > MAX_PRESELECTION and not app.get("plotly_chart")
    assert "Tick one to see it" in words(app)


def test_a_papers_figure_is_in_percent():
    assert published_percent("0.545") == "55\u00a0%" and published_percent("F1 0.78") == "F1 0.78"
    assert published_percent("0.3345 to 0.9178") == "33\u00a0% to 92\u00a0%"


def drawn_colours(app: AppTest) -> dict[str, str]:
    """By name, as the learning curves have them."""
    figures = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    curves = next(figure["data"] for figure in figures if figure["data"][0]["type"] == "scatter")
    return {line["name"]: line["line"]["color"] for line in curves}


def test_a_training_keeps_its_name_and_its_colour():
    """Beside others, alone, and when an earlier one is deleted."""
    first, second, third = (make_run(title=f"run {n}", seed=n) for n in range(3))
    paths = {str(folder) for folder in (first, second, third)}
    all_three = drawn_colours(visit("train", step="Compare", train=TrainState(compared=[*paths])))
    assert len(set(all_three.values())) == 3
    alone = drawn_colours(visit("train", step="Compare", train=TrainState(compared=[str(third)])))
    assert alone == {"run 2": all_three["run 2"]}
    process.delete_run(first)
    two = drawn_colours(visit("train", step="Compare", train=TrainState(compared=[str(second), str(third)])))
    assert two == {name: all_three[name] for name in ("run 1", "run 2")}


def test_both_figures_stand_side_by_side_with_their_names():
    folder = make_run(skill=1.0)
    report = load_report(folder)
    app = visit("train", step="Compare", train=TrainState(compared=[str(folder)]))
    metrics = {metric.label: metric.value for metric in app.metric if metric.label.endswith("right")}
    assert metrics == {
        "Tracks right": percent(report.by_track["accuracy"]),
        "Excerpts right": percent(report.by_window["accuracy"]),
    }


@pytest.fixture
def trained(music, shared_cache):
    """A run with weights, after two epochs."""
    settings = experiment_settings("linear", str(music), "mel", "track", epochs=2, batch_size=4, patience=0)
    folder = runs.create_run_folder("genre", settings.to_dict(), "my model!", cores=1)
    with work_on(folder) as worker:
        run_experiment(worker)
    return folder


def test_one_button_makes_a_run_the_model_of_the_listen_page(trained):
    other = make_run()
    app = press(visit("listen"), "example_jazz")
    app.session_state["step"] = "Compare"
    app.session_state["train"] = TrainState(compared=[str(trained), str(other)])
    app = healthy(app.switch_page("pages/train.py").run())
    assert "The Listen page uses" not in words(app)
    for _ in range(2):  # the second time changes nothing
        press(app, f"use_{trained.name}")
        assert [box.value.split(",")[0] for box in app.success] == ["The Listen page uses this model now"]
        assert promoted_models() == ["my-model"] and app.get("page_link")
    healthy(app.switch_page("pages/listen.py").run())
    assert app.selectbox(key=MODEL_CHOICE).value == "my-model"
    assert predicted_genre(app) in ("Classical", "Metal"), "earlier clips are predicted again"
    assert "Earmark knows 2 genres and no more: classical and metal." in words(app)
    assert visit("listen").selectbox(key=MODEL_CHOICE).value is None, "others choose for themselves"
    app = press(healthy(app.switch_page("pages/train.py").run()), f"unpublish_{trained.name}")
    assert not promoted_models() and "Take it off the Listen page" not in labels(app) and not app.success
    app = healthy(app.switch_page("pages/listen.py").run())
    assert MODEL_CHOICE not in [box.key for box in app.selectbox] and predicted_genre(app) == "Jazz"


def test_a_model_that_somebody_else_unpublished_is_followed_by_the_default_one(trained):
    """What it said would else stand there as if the shipped one had said it."""
    promote_run(trained, "mine")
    app = press(visit("listen", **{MODEL_CHOICE: "mine"}), "example_jazz")
    assert predicted_genre(app) in ("Classical", "Metal")
    unpublish_model("mine")
    (clip,) = app.session_state["listen"].session
    app.session_state[look_key(WHY, clip.id)] = True
    healthy(app.run())
    assert predicted_genre(app) == "Jazz" and not app.exception
    assert "is counted above" in words(app)


def test_renaming_and_deleting_a_training_reach_the_listen_page(trained):
    promote_run(trained, "mine")
    app = visit("train", step="Compare", train=TrainState(compared=[str(trained)]))
    app.text_input(key=f"title_{trained.name}").set_value("Night shift")
    (keep,) = [button for button in app.button if button.label == "Save"]
    app = healthy(keep.click().run())
    listen = visit("listen", **{MODEL_CHOICE: "mine"})
    assert listen.selectbox(key=MODEL_CHOICE).options[1] == "Night shift"
    assert "The Listen page offers it as **Night shift**" in words(app), "deleting says who uses it"
    press(app, f"delete_{trained.name}")
    assert not trained.exists() and not promoted_models()


def test_a_model_whose_training_is_gone_can_be_taken_off(trained):
    promote_run(trained, "mine")
    card = home() / PROMOTED / "mine" / "card.json"
    content = json.loads(card.read_text())
    content["data"]["name"] = "builtin"
    card.write_text(json.dumps(content))
    process.delete_run(trained)
    app = press(visit("listen", **{MODEL_CHOICE: "mine"}), "example_jazz")
    assert "has learnt from Earmark's synthesiser alone" in words(app)
    app = press(app, "take_off")
    assert not promoted_models() and "synthesiser alone" not in words(app)
    assert predicted_genre(app) == "Jazz", "the model that came with Earmark answers again"


def test_a_name_that_is_taken_is_not_taken_away(trained):
    runs.annotate_run(trained, title="listen")  # as the shipped model
    press(visit("train", step="Compare", train=TrainState(compared=[str(trained)])), f"use_{trained.name}")
    assert promoted_models() == ["listen-2"]


def test_a_run_without_weights_is_not_promoted():
    folder = make_run()
    app = visit("train", step="Compare", train=TrainState(compared=[str(folder)]))
    press(app, f"use_{folder.name}")
    assert app.error[0].value.endswith(".") and not promoted_models()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"version": 1, "kind": "genre", "settings": {"recipe": 3, "model": []}, "created": "x"}',
        '{"state": "done", "progress": null, "last": 3}',
        '{"training_s": 1, "inference_ms": 1, "parameters": 1, "data": {"source": ""}, "by_track": {}}',
        '{"state": [], "last": {"epoch": "x", "loss": null}}',
        None,
    ],
)
def test_damaged_runs_are_shown_as_such(content):
    """Each of four runs has another of its files damaged."""
    files = ("config.json", "status.json", "report.json", "metrics.jsonl")
    folders = {file: make_run(seed=number) for number, file in enumerate(files)}
    for file, folder in folders.items():
        if content is None:
            (folder / file).unlink()
        else:
            (folder / file).write_text(content)
    app = visit("train", step="Compare", train=TrainState(compared=[*map(str, folders.values())]))
    assert labels(app).count("Yes, delete it") == len(files)
    states = app.dataframe[0].value["State"]
    assert len(states) > 6 and "damaged" in set(states)
    if content is None:
        assert any("Its report is missing or damaged" in warning.value for warning in app.warning)
    healthy(visit("train", step="Watch"))
    healthy(visit("train", step="The leak"))


def test_titles_are_shown_and_never_interpreted():
    folders = [
        make_run("failed" if n % 2 else "done", title=name, seed=n)
        for n, name in enumerate(NAMES[:12])
        if "\ud800" not in name
    ]
    for step in ("Watch", "Compare"):
        app = visit("train", step=step, train=TrainState(compared=[str(folder) for folder in folders[:4]]))
        assert not any("evil.example" in element.value for element in app.markdown)
