"""The step The papers of the Train page, without a browser."""

import json
import shutil

import pytest

from genre.evaluation import reproduction
from genre.evaluation.reproduction import RECORD, read_figures, record_entries
from genre.models.papers import PAPERS
from genre.models.registry import MODELS
from genre.runs import process
from genre.runs.directory import list_runs
from genre.text import percent
from pages.access.tokens import Role
from pages.training.papers.card import NOTHING
from tests.support.pages.app_visits import healthy, labels, markup, press, visit, words
from tests.support.pages.open_house import visiting_as

STEP = "The papers"


@pytest.fixture
def record(tmp_path, monkeypatch):
    """A record of this test alone, at first as it is."""
    path = tmp_path / "reproduction.json"
    shutil.copy(RECORD, path)
    monkeypatch.setattr(reproduction, "RECORD", path)
    return path


def test_each_paper_is_a_card_with_the_recorded_figures():
    app = visit("train", step=STEP)
    text, html, figures = words(app), markup(app), read_figures()
    for paper in PAPERS:
        assert paper.title in text and paper.claim in text and paper.protocol in text
        figure = figures[paper.headline]
        new = f"F1 {figure.honest_windows:.2f}" if figure.is_f1 else percent(figure.honest_windows)
        assert f"<b>{new}</b>" in html and f"{percent(figure.honest)} are right" in text
    assert "F1 0.78" in html and NOTHING not in html
    tables = [table.value for table in app.dataframe]
    n_systems = [len(paper.systems) for paper in PAPERS if len(paper.systems) > 1]
    assert sorted(len(table) for table in tables) == sorted(n_systems)
    assert all("not yet" not in table.to_string() for table in tables)


def test_the_sentence_is_of_the_headline_that_loses_most():
    app = visit("train", step=STEP)
    (sentence,) = [part for part in markup(app).split("<p") if "paper-sentence" in part]
    figures = {paper: figure for paper in PAPERS if (figure := read_figures()[paper.headline]).leaky}
    paper, widest = max(figures.items(), key=lambda pair: pair[1].same - pair[1].honest_windows)
    assert f"names <b>{percent(widest.same)}</b> of short excerpts right" in sentence
    assert f"<b>{percent(widest.honest_windows)}</b> when the songs are new" in sentence
    titles = [line.value for line in app.markdown if line.value.startswith("#### ")]
    assert paper.title in titles[0] and len(titles) == len(PAPERS), "its card is the first"


def test_without_figures_the_papers_stand_there_all_the_same(record):
    record.unlink()
    app = visit("train", step=STEP)
    assert words(app).count("have not been measured here yet") == len(PAPERS)
    assert "paper-sentence" not in markup(app).replace(".paper-sentence", "")
    assert all(table.value.to_string().count("not yet") == 2 * len(table.value) for table in app.dataframe)


def test_an_unfinished_figure_says_so(record):
    rows = json.loads(record.read_text())["rows"]["gtzan"]
    for row in rows:
        row["honest"] = {"state": "waiting", "reason": "not started yet"}
    record_entries("rows", "gtzan", rows, record)
    record_entries("settings", "gtzan", [], record)
    app = visit("train", step=STEP)
    assert markup(app).count(f"<b>{NOTHING}</b>") == len(PAPERS)
    assert "paper-sentence" not in markup(app).replace(".paper-sentence", "")


def test_a_damaged_record_is_a_sentence(record):
    record.write_text("{")
    app = visit("train", step=STEP)
    assert "is damaged: restore it" in app.error[0].value
    assert not app.get("audio")


def test_confusions_stand_beside_each_other(record):
    rows = json.loads(record.read_text())["rows"]["gtzan"]
    matrix = [[int(i == j) for i in range(10)] for j in range(10)]
    for row in rows:
        for column in ("same", "honest"):
            if row[column]:
                row[column] |= {"window_confusion": matrix, "confusion": matrix}
    record_entries("rows", "gtzan", rows, record)
    assert not visit("train", step=STEP).get("plotly_chart"), "nothing is drawn before it is opened"
    app = visit("train", step=STEP, matrices_zhang=True)
    assert len(app.get("plotly_chart")) == 2 and "**On new songs**, in tracks" in words(app)
    choice = app.selectbox(key="system_zhang")
    assert len(choice.options) == 15 and choice.value == ("res-bigru", "mel")
    healthy(choice.set_value(("knn", "raw")).run())


def test_only_systems_with_a_recorded_matrix_can_be_chosen(record):
    rows = json.loads(record.read_text())["rows"]["gtzan"]
    for row in rows:
        for column in filter(None, (row["same"], row["honest"])):
            column.pop("window_confusion", None)
            column.pop("confusion", None)
        if (row["model"], row["input"]) == ("knn", "features"):
            row["honest"]["confusion"] = [[1] * 10] * 10
    record_entries("rows", "gtzan", rows, record)
    app = visit("train", step=STEP, matrices_dawra=True, matrices_zhang=True)
    assert len(app.get("plotly_chart")) == 1 and not app.selectbox


def test_one_click_trains_the_papers_system_as_it_did_and_honestly(monkeypatch):
    monkeypatch.setattr(process, "start_run", lambda folder: 0)
    app = press(visit("train", step=STEP), "train_dawra")
    assert app.session_state["step"] == "Watch"
    settings = [run.settings for run in list_runs()]
    assert {(s["model"], s["input"], s["split"], s["data"]) for s in settings} == {
        ("cnn-dawra", "mel", "segment", "builtin"), ("cnn-dawra", "mel", "track", "builtin")
    }  # fmt: skip
    assert {s["windows"] for s in settings} == {"overlap"}


def test_a_paper_without_a_leak_is_trained_once(monkeypatch):
    monkeypatch.setattr(process, "start_run", lambda folder: 0)
    press(visit("train", step=STEP), "train_apm")
    assert [run.settings["split"] for run in list_runs()] == [MODELS["cnn-complex"].published["mel"].split]


def test_the_papers_gan_is_played_and_ours_in_the_chosen_genre():
    app = visit("train", step=STEP)
    plain, before = (sound.proto.url for sound in app.get("audio"))
    assert "Fréchet" in words(app) and "The paper's network" in words(app)
    healthy(app.get("button_group")[-1].set_value("metal").run())
    assert app.get("audio")[0].proto.url == plain and app.get("audio")[1].proto.url != before


def test_a_guest_reads_and_does_not_train(monkeypatch):
    label = "Train the same on the built-in music"
    assert labels(visit("train", step=STEP)).count(label) == len(PAPERS)
    with visiting_as(Role.GUEST, monkeypatch):
        app = visit("train", step=STEP)
        assert label not in labels(app) and PAPERS[0].claim in words(app)
