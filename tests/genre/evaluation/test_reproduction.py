"""The record of the reproduction: what is kept, and that RESULTS.md and the cards show the same figures."""

import json

import pytest

from genre.evaluation.reproduction import RECORD, load_record, merge_rows, read_figures, record_entries
from genre.evaluation.reproduction_tables import (
    reproduction_table,
    seeds_table,
    settings_table,
    variants_table,
)
from genre.evaluation.results import read_section
from genre.models.papers import LSTM_SETTINGS, PAPERS, lstm_steps
from genre.models.registry import MODELS

DONE = {"state": "done", "accuracy": 0.5, "split": "track"}
WAITING = {"state": "waiting", "reason": "not started yet"}


def row(model: str = "knn", **columns) -> dict:
    return {"model": model, "input": "mel", "published": "0.66", "same": None} | columns


def test_a_newer_figure_replaces_the_older_one_and_an_unfinished_one_does_not():
    before = merge_rows([], [row(honest=DONE), row("svm", honest=WAITING)], "2026-01-01")
    now = [row(honest=WAITING, same=DONE), row("forest", honest=DONE)]
    knn, svm, forest = merge_rows(before, now, "2026-02-02")
    assert knn["honest"] == DONE | {"measured": "2026-01-01"}
    assert knn["same"] == DONE | {"measured": "2026-02-02"}
    assert svm["honest"] == WAITING and forest["honest"]["measured"] == "2026-02-02"
    again = merge_rows([knn], [row(honest=DONE | {"accuracy": 0.7})], "2026-03-03")
    assert again[0]["honest"]["accuracy"] == 0.7 and again[0]["same"] == knn["same"]


def test_the_table_names_the_rows_that_the_latest_measurement_left_out():
    done = DONE | {"interval": [0.4, 0.6], "balanced_accuracy": 0.5, "train_tracks": 1, "test_tracks": 2}
    done["measured"] = "2026-01-01"
    old, new = row(honest=done), row("svm", honest=done | {"measured": "2026-02-02"})
    assert "left out" not in reproduction_table([old], "music")
    table = reproduction_table([old, new, row("forest", honest=WAITING)], "music")
    assert "The measurement of 2026-02-02 left out" in table
    assert "rows are older: knn on mel." in table and "1 of the experiments are unfinished" in table


def test_entries_are_kept_by_part_and_section(tmp_path):
    path = tmp_path / "record.json"
    assert load_record("rows", "gtzan", path) == []
    record_entries("rows", "gtzan", [row(honest=DONE)], path)
    record_entries("variants", "gtzan", [{"accuracy": 1}, {"accuracy": 2}], path)
    record_entries("rows", "builtin", [], path)
    record_entries("variants", "gtzan", [{"accuracy": 3}], path)
    assert load_record("rows", "gtzan", path) == [row(honest=DONE)]
    assert load_record("variants", "gtzan", path) == [{"accuracy": 3}]
    assert load_record("settings", "gtzan", path) == [] == load_record("rows", "builtin", path)


@pytest.mark.parametrize("content", ["{", "[]", '{"rows": []}'])
def test_a_damaged_record_is_a_sentence(tmp_path, content):
    path = tmp_path / "record.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"record\.json is damaged: restore it"):
        load_record("rows", "gtzan", path)


def test_a_row_without_its_parts_is_a_sentence(tmp_path):
    path = tmp_path / "record.json"
    path.write_text(json.dumps({"rows": {"gtzan": [{"model": "knn"}]}}))
    with pytest.raises(ValueError, match="The recorded figures are damaged"):
        read_figures(path=path)


def test_figures_are_of_the_published_measure(tmp_path):
    path = tmp_path / "record.json"
    same = {"state": "done", "window_accuracy": 0.6, "window_f1": 0.5, "leaky": False, "split": "track"}
    honest = DONE | {"test_tracks": 9}
    rows = [
        row("cnn-cao", published="F1 0.78", same=same, honest=honest),
        row("knn", same=same | {"leaky": True}, honest=WAITING),
        row("listen", published=None, honest=honest),
    ]
    record_entries("rows", "gtzan", rows, path)
    figures = read_figures(path=path)
    assert figures.keys() == {("cnn-cao", "mel"), ("knn", "mel")}
    cao, knn = figures["cnn-cao", "mel"], figures["knn", "mel"]
    assert (cao.same, cao.honest, cao.is_f1, cao.n_tracks) == (0.5, 0.5, True, 9)
    assert (knn.same, knn.honest, knn.leaky) == (0.6, None, True)


def test_the_lstms_figures_are_those_of_the_longest_setting_so_far(tmp_path):
    path = tmp_path / "record.json"
    epochs, size, _ = LSTM_SETTINGS[-1]
    last = lstm_steps(epochs, size)

    def training(rate: float, split: str, accuracy: float, steps: int = last) -> dict:
        part = {"accuracy": accuracy, "confusion": [[1]], "count": 7}
        points = [{"steps": steps, "by_window": part, "by_track": part}]
        return {
            "activation": "tanh", "batch_size": size, "learning_rate": rate, "split": split, "points": points
        }  # fmt: skip

    trainings = [training(1e-3, "segment", 0.9), training(1e-2, "segment", 0.4), training(1e-3, "track", 0.3)]
    record_entries("settings", "gtzan", trainings, path)
    figures = read_figures(path=path)["lstm", "features"]
    assert (figures.published, figures.same, figures.honest) == ("0.9178", 0.9, 0.3)
    assert figures.leaky and figures.n_tracks == 7 and figures.honest_confusion == [[1]]
    epochs, _, accuracy = LSTM_SETTINGS[-2]
    shorter = training(1e-3, "segment", 0.8, lstm_steps(epochs, size))
    record_entries("settings", "gtzan", [shorter, *trainings[2:]], path)
    figures = read_figures(path=path)["lstm", "features"]
    assert (figures.published, figures.same, figures.honest) == (f"{accuracy}", 0.8, None)
    lstm = row("lstm", honest=DONE | {"test_tracks": 9, "accuracy": 0.25}) | {"input": "features"}
    record_entries("rows", "gtzan", [lstm], path)
    figures = read_figures(path=path)["lstm", "features"]
    assert (figures.same, figures.honest, figures.n_tracks) == (0.8, 0.25, 9), "that of its row, until then"
    record_entries("rows", "gtzan", [], path)
    record_entries("settings", "gtzan", [training(1e-3, "segment", 0.9, 5)], path)
    assert not read_figures(path=path), "it has come to none of the settings"


@pytest.mark.parametrize("paper", PAPERS, ids=lambda paper: paper.key)
def test_a_papers_systems_have_published_figures(paper):
    assert paper.headline in paper.systems and len(set(paper.systems)) == len(paper.systems)
    assert all(kind in MODELS[model].published for model, kind in paper.systems)


def test_the_papers_have_all_published_figures():
    systems = {system for paper in PAPERS for system in paper.systems}
    assert systems == {(name, kind) for name, spec in MODELS.items() for kind in spec.published}


def recorded_sections() -> list[tuple[str, str]]:
    return [
        (part, section) for part, sections in json.loads(RECORD.read_text()).items() for section in sections
    ]


@pytest.mark.parametrize(("part", "section"), recorded_sections())
def test_results_are_those_of_the_record(part, section):
    """`python -m genre reproduce --record` writes both."""
    data = section.partition("-")[0]
    epochs = int(section.split("-")[1]) if "-" in section else None
    entries = load_record(part, section)
    text = {
        "rows": lambda: read_section(f"reproduce-{section}") == reproduction_table(entries, data, epochs),
        "seeds": lambda: read_section(f"reproduce-seeds-{section}") == seeds_table(entries, data),
        "settings": lambda: read_section(f"lstm-settings-{section}") == settings_table(entries, data),
        "variants": lambda: read_section(f"paper-variants-{section}") == variants_table(entries, data),
    }
    assert text[part]()


def test_each_headline_is_recorded():
    figures = read_figures()
    assert all(figures[paper.headline].same for paper in PAPERS)
