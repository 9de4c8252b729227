"""The race on the Train page: told, started, watched, won, and played to."""

import json
import re
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from genre.data.dataset import BUILT_IN
from genre.plots.prediction import QUIET
from genre.plots.race import HIGHEST_NAME, LAYOUTS, race_chart
from genre.plots.training import Learning
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.report import load_report, write_report
from genre.runs.worker import work_on
from genre.text import percent
from genre.training.experiment import experiment_settings, run_experiment
from pages.access.tokens import Role
from pages.shared.countdown import STALE_S, Countdown
from pages.training.race.finish import HEAT_S
from pages.training.race.minute import race_settings
from pages.training.run_display import LEAK, TRACKS, chart_entries, load_entries, plain_title
from pages.training.setup.quota import require_quota
from pages.training.state import TrainState
from tests.support.pages.app_visits import as_read, healthy, labels, markup, order, press, visit, words
from tests.support.pages.open_house import visiting_as
from tests.support.training_runs import make_report, make_run


def test_the_guided_minute_comes_first(monkeypatch):
    started = []
    monkeypatch.setattr(process, "start_run", started.append)
    app = visit("train")
    assert app.session_state["step"] == "Race" and "See who cheats" in words(app)
    press(app, "start_race")
    settings = [runs.load_config(folder)["settings"] for folder in started]
    assert [(entry["model"], entry["split"]) for entry in settings] == [
        ("linear", "track"),
        ("cnn-simple", "track"),
        ("cnn-simple", "segment"),
    ]
    assert app.session_state["step"] == "Watch"


def test_a_race_that_runs_is_watched_and_not_started_again():
    folder = make_run("running", message="Reading the data: 3 of 8 recordings.")
    (folder / "metrics.jsonl").write_text("")  # its first epoch is still to come
    with process.lock_run(folder):
        app = visit("train")
        assert "Start the race" not in labels(app)
        press(app, "watch_race")
        assert app.session_state["step"] == "Watch"
        assert "gets the music ready: 3 of 8 recordings" in markup(app)


def test_a_guest_may_start_the_race(monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        require_quota(race_settings(), 1, [])


def test_every_step_leads_on():
    app = visit("train")
    press(app, "to_data")
    assert app.session_state["step"] == "Data"
    press(app, "to_set_up")
    assert app.session_state["step"] == "Set up"
    for step in ("Watch", "Compare", "The leak"):
        app = visit("train", step=step)
        if "Race" in labels(app):
            press(app, "to_minute")
            assert app.session_state["step"] == "Race"


def line(epochs: int, value: float) -> list[dict]:
    return [{"epoch": n, "loss": 1.0, "accuracy": 0.0, "valid_accuracy": value} for n in range(1, epochs + 1)]


def test_each_line_carries_its_name_and_no_name_hides_another():
    runs_ = [
        Learning(name, line(3, value), "#123456") for name, value in (("a", 0.97), ("b", 0.98), ("c", 1.0))
    ]
    rows, description = race_chart(runs_, 12)
    names = [row for row in rows if "dot" in row]
    assert [row["wide_name"] for row in names] == ["97\u00a0% a", "98\u00a0% b", "100\u00a0% c"]
    for layout, (_, line_height) in LAYOUTS.items():
        heights = [row[f"{layout}_height"] for row in names]
        assert all(high - low >= line_height - 1e-9 for low, high in pairwise(heights))
        assert heights[-1] <= HIGHEST_NAME - line_height / 2 + 1e-9
    assert all(row["epoch"] - row["epoch_before"] <= 1 for row in rows if "dot" not in row)
    assert race_chart(runs_[:1], 12)[1]["encoding"]["x"] == description["encoding"]["x"]


def test_ten_names_have_room_beside_their_lines():
    runs_ = [Learning(f"model {number}", line(3, 0.9), "#123456") for number in range(10)]
    heights = [row["wide_height"] for row in race_chart(runs_, 12)[0] if "dot" in row]
    assert min(heights) > 0 and len(set(heights)) == 10


def test_the_description_stays_while_the_race_lasts():
    first = race_chart([Learning("a", line(1, 0.3))], 12)
    later = race_chart([Learning("a", line(9, 0.5), result=0.6)], 12)
    assert first[1] == later[1] and len(first[0]) < len(later[0])


def test_a_line_ends_at_the_figure_of_its_card():
    """The line counts windows, and the test tracks: at the end stands what the card says."""
    name = "Small pattern finder, with a leak"
    learning, tested = (
        race_chart([Learning(name, line(12, 0.82), result=result)], 12)[0][-1] for result in (None, 0.85)
    )
    assert learning["dot"] == 0.82 and learning["dot_epoch"] == 12
    assert tested["dot"] == 0.85 and tested["dot_epoch"] == tested["finish"] > 12
    assert learning["wide_name"] == "82\u00a0% with a leak" and tested["wide_name"] == "85\u00a0% with a leak"
    assert tested["narrow_name"].split("\n") == ["85\u00a0% with a", "leak"]


def test_names_with_the_same_end_are_told_apart():
    runs_ = [Learning(f"{model}, with a leak", line(3, 0.5)) for model in ("Adding up", "Nearest neighbours")]
    names = [row["wide_name"] for row in race_chart(runs_, 12)[0] if "dot" in row]
    assert names == ["50\u00a0% Adding up, with a leak", "50\u00a0% Nearest neighbours, with a leak"]


def test_no_line_leads_to_a_result_that_is_not_there_yet():
    dotted = race_chart([Learning("a", line(3, 0.5))], 12)[1]["layer"][1]
    assert dotted["mark"]["strokeDash"] and "dot_epoch == datum.finish" in dotted["transform"][0]["filter"]
    assert dotted["encoding"]["y2"] == {"field": "dot"}


def test_one_figure_for_a_model_wherever_it_stands():
    """In tracks, on the chart, in the sentence, on the card, under Compare and under The leak."""
    folders = [make_run(split=split, skill=1.0) for split in ("track", "segment")]
    honest, leaky = (percent(load_report(folder).by_track["accuracy"]) for folder in folders)
    app = visit("train", step="Watch")
    assert f"In the test it names {honest} of the tracks" in app.success[0].value
    assert f"its {leaky} does not count" in app.warning[0].value
    assert [as_read(bar.proto.text).split(" tracks")[0] for bar in app.get("progress")] == [
        f"Test: {figure} of 40" for figure in (honest, leaky)
    ]
    chart = app.get("vega_lite_chart")[0].proto
    assert f"{honest} Small".encode() in chart.data.data and "whole tracks in the final test" in words(app)
    app = visit("train", step="Compare", train=TrainState(compared=list(map(str, folders))))
    assert words(app).count("the test leaks") == 1, "a badge on the card that leaks"
    table = dict(zip(app.dataframe[0].value["Name"], app.dataframe[0].value[TRACKS], strict=True))
    cards = [metric.value for metric in app.metric if metric.label == TRACKS]
    name = "Small pattern finder"
    assert [f"{table[name + end]:.0f}\u00a0%" for end in ("", LEAK)] == [honest, leaky] == cards
    app = visit("train", step="The leak")
    app = healthy(app.selectbox(key="leak_pair").select_index(0).run())
    assert [metric.value for metric in app.metric if metric.label == TRACKS] == [leaky, honest]


def test_the_race_is_told_in_plain_words():
    axis = race_chart([Learning("a", line(3, 0.5))], 12)[1]["encoding"]["x"]["axis"]
    assert "'lesson '" in axis["labelExpr"] and "'final test'" in axis["labelExpr"]
    make_run()
    app = visit("train", step="Watch")
    assert "In a lesson (epoch)" in words(app) and "Tested on new recordings" in words(app)


def test_the_next_step_stands_below_the_winner():
    make_run(model="linear", skill=0.2)
    make_run(skill=3.0)
    make_run(split="segment", skill=9.0)
    app = visit("train", step="Watch")
    places = order(app, "success", "vega_lite_chart")
    first = places.index("success")
    assert places[first + 1 : first + 4] == ["play_first", "to_compare", "to_leak"]
    assert places.count("to_compare") == 1 and places.index("vega_lite_chart") > first + 3


def test_no_two_trainings_of_a_view_share_a_colour():
    for number in range(4):
        make_run(seed=number)
    entries = load_entries()
    items = chart_entries([entry for entry in entries if entry.recorded or entry.metrics][:10])
    assert len({item.colour for item in items}) == len({item.name for item in items}) == 10
    own = [item for item in items if not item.entry.recorded]
    assert own == chart_entries([item.entry for item in own]), "yours keep theirs beside the recorded ones"


def test_only_the_latest_race_is_judged(monkeypatch):
    old = make_run(model="cnn-simple", title="yesterday", skill=9.0)
    config = json.loads((old / "config.json").read_text())
    config["created"] -= 10 * HEAT_S
    (old / "config.json").write_text(json.dumps(config))
    make_run(model="cnn-simple", title="quick", skill=3.0)
    make_run(model="linear", title="slow", skill=0.2)
    app = visit("train", step="Watch")
    assert "quick wins" in app.success[0].value and "yesterday" not in app.success[0].value
    chart = str(app.get("vega_lite_chart")[0].proto)
    assert "quick" in chart and "yesterday" not in chart


def test_a_cheat_is_told_and_never_wins():
    make_run(model="linear", title="honest", skill=1.0)
    make_run(model="cnn-simple", title="sly", split="segment", skill=9.0)
    app = visit("train", step="Watch")
    assert "honest has learnt" in app.success[0].value
    assert "sly, with a leak, cheats, so its" in as_read(app.warning[0].value)
    press(app, "to_leak")
    assert app.session_state["step"] == "The leak"


def end(folder: Path, model: str, split: str, skill: float) -> None:
    """Let a run of `make_run` end, as its process would."""
    write_report(folder, make_report(model, split, skill))
    runs.write_status(folder, state="done", progress=1.0, message="")


def test_who_has_watched_a_race_sees_its_winner_celebrated():
    racers = (("linear", "track", 0.2), ("cnn-simple", "track", 1.2), ("cnn-simple", "segment", 9.0))
    folders = [make_run("running", model, split, title=f"<{model}>") for model, split, _ in racers]
    with ExitStack() as stack:
        for folder in folders:
            stack.enter_context(process.lock_run(folder))
        app = visit("train", step="Watch", train=TrainState(started={folders[0].name}))
        assert "celebration-card" not in markup(app)
        for folder, (model, split, skill) in zip(folders, racers, strict=True):
            end(folder, model, split, skill)
    healthy(app.run())
    (card,) = re.findall('<div class="celebration-card">.*?</div>', markup(app))
    winner, cheat = (percent(load_report(folder).by_track["accuracy"]) for folder in folders[1:])
    assert "<b>&lt;cnn-simple&gt; wins</b>" in card and f"{winner} of the tracks right" in card
    assert f"The cheat's {cheat} does not count".replace("'", "&#x27;") in card
    assert markup(app).count("AudioContext") and folders[-1].name in markup(app)
    healthy(app.run())
    assert "celebration-card" not in markup(app), "once"
    assert "celebration-card" not in markup(visit("train", step="Watch")), "and for those who were there"


def test_a_race_that_was_stopped_has_no_winner():
    done, stopped = make_run(title="done", skill=3.0), make_run("running", "linear")
    with process.lock_run(stopped):
        app = visit("train", step="Watch")
    runs.write_status(stopped, state="stopped")
    healthy(app.run())
    assert "done has learnt" in words(app) and "celebration-card" not in markup(app), done


def test_names_are_plain_on_every_step():
    make_run(model="knn", title="knn 2")
    make_run(model="linear", title="my linear")
    titles = {entry.title: plain_title(entry) for entry in load_entries() if not entry.recorded}
    assert titles == {"knn 2": "Nearest neighbours 2", "my linear": "my linear"}
    for step in ("Watch", "Compare"):
        assert "Nearest neighbours 2" in words(visit("train", step=step))


@pytest.fixture
def trained(music, shared_cache):
    settings = experiment_settings("linear", str(music), "mel", "track", epochs=2, batch_size=4, patience=0)
    folder = runs.create_run_folder("genre", settings.to_dict(), "linear", cores=1)
    with work_on(folder) as worker:
        run_experiment(worker)
    return folder


def test_what_was_trained_answers_on_the_same_page(trained):
    app = visit("train", step="Watch")
    assert "Now play it something" in words(app)
    press(app, "play_first")
    assert app.session_state["train"].music.truth == "blues"
    press(app, "play_new_metal")
    played = app.session_state["train"].music
    (prediction,) = played.predictions.values()
    assert played.truth == "metal" and not played.is_real and prediction.genre in ("classical", "metal")
    assert prediction.genre.capitalize() in words(app) and "On real music" not in words(app)
    bars = json.loads(app.get("plotly_chart")[-1].proto.spec)["data"][0]
    assert bars["marker"]["color"] == QUIET, "colours are those of models here"
    keys = [button.key for button in app.button if button.key.startswith("play_")]
    song = next(button for button in app.button if button.key.startswith("play_jazz"))
    assert keys.index("play_new_blues") < keys.index(song.key), "what they know comes first"
    healthy(song.click().run())
    assert app.session_state["train"].music.truth == "jazz" and app.session_state["train"].music.is_real
    places = order(app, "audio")
    assert places.index("audio") < places.index("play_new_blues"), "the answer comes first"
    press(app, "play_another")
    assert app.session_state["train"].music.truth == "metal", "the next genre"
    assert "Which genre is it?" in words(app) and "**Metal" not in words(app), "nothing is given away"
    press(app, "play_back")
    assert app.session_state["train"].music is None


@pytest.mark.parametrize(("data", "is_said"), [(BUILT_IN, True), ("a folder", False)])
def test_models_that_know_a_synthesiser_alone_are_said_to(data, is_said):
    make_run(data=data)
    assert ("only ever heard a synthesiser" in words(visit("train", step="Watch"))) == is_said


def test_music_that_cannot_be_read_is_a_sentence(trained, wav):
    app = visit("train", step="Watch")
    (box,) = app.get("file_uploader")
    healthy(box.upload("notes.wav", b"once upon a time", "audio/wav").run())
    assert "not an audio file" in words(app)
    (box,) = app.get("file_uploader")
    healthy(box.upload("song.wav", wav("metal"), "audio/wav").run())
    assert app.session_state["train"].music.name == "song.wav"


def test_a_training_whose_weights_are_gone_is_a_sentence():
    make_run()
    app = visit("train", step="Watch")
    press(app, "play_new_jazz")
    assert app.error[0].value.endswith(".")


def test_the_time_left_never_rises_and_ends_with_the_work():
    countdown, now_s, shown = Countdown(looked_at_s=0.0), 0.0, []
    left_s = 60.0
    for _ in range(60):
        estimate_s = left_s * (4 if int(now_s) % 7 < 2 else 1)  # it jumps from one minute to four and back
        shown.append(countdown.update(estimate_s, now_s))
        now_s, left_s = now_s + 1, left_s - 1
    assert all(after <= before for before, after in pairwise(shown))
    assert shown[30] > 20 and countdown.update(0.01, now_s) < 1
    assert countdown.update(90.0, now_s + 2 * STALE_S) == 90.0, "after a pause it begins anew"
