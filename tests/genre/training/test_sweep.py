"""Comparing, sweeping and reproducing: the right experiments, in order, within the budget."""

import json
import shutil
import threading
import time
from pathlib import Path

import pytest

from genre.data.examples import DataError
from genre.evaluation.reproduction_tables import reproduction_table
from genre.models.registry import MODELS
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.worker import work_on
from genre.training import sweep
from genre.training.experiment import experiment_settings, run_experiment
from genre.training.papers.reproduce import Row, build_rows, row_results, run_rows
from genre.training.sweep import (
    SEVEN_SETTINGS,
    Prefetcher,
    comparison_rows,
    comparison_table,
    create_run,
    run_all,
    settings_grid,
)
from tests.support.data import SHARED_DATA

GTZAN = SHARED_DATA / "gtzan"
pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture
def pretended(monkeypatch):
    monkeypatch.setitem(runs.PROGRAMS, "gan", "tests.support.stand_ins.work")
    monkeypatch.setenv("EARMARK_CORES", "2")


def pretend(epochs: int = 2, seconds: float = 0.01) -> Path:
    return runs.create_run_folder("gan", {"epochs": epochs, "seconds": seconds}, cores=1)


def test_so_many_runs_go_on_at_once_and_in_order(pretended):
    folders, active, endings = [pretend(4, 0.03) for _ in range(4)], [], []

    def before(folder: Path) -> bool:
        active.append(sum(runs.read_run(other).active for other in folders))
        return folder != folders[2]

    run_all(folders, 2, before=before, on_end=endings.append)
    assert max(active) <= 1 and len(endings) == 3
    assert [runs.read_run(folder).state for folder in folders] == ["done", "done", "interrupted", "done"]


def test_a_deadline_stops_what_is_under_way(pretended):
    folders = [pretend(100_000, 0.02) for _ in range(3)]  # half an hour each
    run_all(folders, 2, deadline=time.monotonic() + 1.0)
    assert {runs.read_run(folder).state for folder in folders[:2]} <= {"stopped", "interrupted"}
    assert runs.read_run(folders[2]).message == "Not started yet."


def test_what_slept_along_with_the_machine_is_waited_for(pretended, monkeypatch):
    monkeypatch.setattr(sweep, "HEARTBEAT_S", 0.4)
    folder, endings = pretend(150, 0.02), []
    process.start_run(folder)
    while runs.read_run(folder).state != "running":
        time.sleep(0.02)
    awake = time.time
    monkeypatch.setattr(time, "time", lambda: awake() + runs.STALE_S + 60)  # nobody has written since
    assert runs.read_run(folder).state == "interrupted"
    threading.Timer(0.3, monkeypatch.setattr, (time, "time", awake)).start()
    assert not sweep._has_ended(folder)
    run_all([folder], 1, on_end=endings.append)
    assert [run.state for run in endings] == ["done"]


def test_a_grid_is_the_seven_settings_or_the_given_ones():
    base = experiment_settings("lstm", "builtin")
    seven = [
        (s.recipe.epochs, s.recipe.batch_size, s.recipe.learning_rate)
        for s in settings_grid(base, [], [], [])
    ]
    assert tuple(seven) == SEVEN_SETTINGS and len(set(seven)) == 7
    settings = settings_grid(base, [1, 2], [], [0.1])
    assert [(s.recipe.epochs, s.recipe.batch_size) for s in settings] == [(1, 64), (2, 64)]
    assert all(s.recipe.patience == 0 for s in settings)


def test_inputs_are_computed_once_for_all(music, monkeypatch):
    computed = []
    monkeypatch.setattr(sweep, "prepare", lambda *arguments: computed.append(arguments[1].kind))
    prefetcher = Prefetcher()
    for model in ("knn", "svm", "forest", "linear"):
        prefetcher.prepare(experiment_settings(model, str(music)))
    assert computed == ["features", "mel"]
    with pytest.raises(DataError, match="no folder"):
        prefetcher.prepare(experiment_settings("knn", "/no/such/folder"))


def test_a_comparison_is_one_table(music):
    folders = [
        create_run(
            experiment_settings(model, str(music), options={"k": 3} if model == "knn" else None, epochs=2)
        )
        for model in ("knn", "linear")
    ]
    for folder in folders:
        with work_on(folder) as worker:
            run_experiment(worker)
    folders.append(create_run(experiment_settings("knn", str(music))))
    rows = comparison_rows(folders)
    assert [row["state"] for row in rows] == ["done", "done", "interrupted"]
    text = comparison_table(rows)
    assert "knn" in text and "linear" in text and "interrupted: Not started yet." in text
    assert "epochs" in text and rows[0]["model"] == "knn" and rows[0]["epochs"] is None
    assert rows[1]["epochs"] == 2
    assert "LEAKY" not in text and "LEAKY" in comparison_table([rows[0] | {"leaky": True}], recipe=True)


def test_one_damaged_report_leaves_the_other_rows(music):
    folders = [create_run(experiment_settings(model, str(music))) for model in ("forest", "svm")]
    for folder in folders:
        with work_on(folder) as worker:
            run_experiment(worker)
    (folders[0] / "report.json").write_text("{")
    rows = comparison_rows(folders)
    assert [row["state"] for row in rows] == ["done", "failed"] and "damaged" in rows[1]["message"]
    assert "damaged" in comparison_table(rows)


def test_every_published_figure_has_a_row(music):
    rows = build_rows(str(music))
    assert {(row.spec.name, row.input) for row in rows if row.paper} == {
        (spec.name, kind) for spec in MODELS.values() for kind in spec.published
    }
    assert ("listen", "mel_30s") in {(row.spec.name, row.input) for row in rows}
    assert {row.honest.split for row in rows} == {"track"}
    assert rows[0].spec.kind == "classical" and rows[-1].spec.kind == "network"
    with pytest.raises(ValueError, match="no model 'vgg'"):
        build_rows(str(music), ["vgg"])
    with pytest.raises(ValueError, match="resnet18 does not take the input 'raw'"):
        build_rows(str(music), ["resnet18:raw"])
    chosen = build_rows(str(music), ["svm", "resnet18:stft"])
    assert {(row.spec.name, row.input) for row in chosen} == {
        ("resnet18", "stft"),
        *(("svm", kind) for kind in ("features", "mel", "stft", "raw")),
    }


def test_a_short_reproduction_is_kept_apart(music):
    (whole,), (short,) = (build_rows(str(music), ["cnn-zhang:mel"], epochs) for epochs in (None, 4))
    assert short.paper.recipe.epochs == short.honest.recipe.epochs == 4 < whole.paper.recipe.epochs
    assert short.folder != whole.folder and short.folder.name == whole.folder.name
    entries = row_results([short])
    assert entries[0]["honest"]["epochs"] == 4
    assert "4 epochs at most" in reproduction_table(entries, "music", 4)
    assert "at most" not in reproduction_table(row_results([whole]), "music")
    assert build_rows(str(music), ["lstm"], 4)[0].honest == experiment_settings(
        "lstm", str(music), "features", "track"
    )


@pytest.mark.skipif(not (GTZAN / "pictures.npz").exists(), reason="GTZAN is not here")
def test_on_gtzan_the_honest_split_is_the_filtered_one():
    rows = build_rows(str(GTZAN), ["linear", "knn"])
    assert {row.honest.split for row in rows} == {"filtered"}
    assert {"mel_30s", "mel_3s_zscored"} <= {row.input for row in rows if row.spec.name == "linear"}


def test_reproduce_goes_on_where_the_budget_ended(music):
    rows, endings = build_rows(str(music), ["forest"]), []
    run_rows(rows, 2, time.monotonic(), endings.append)
    assert {row_results(rows)[0][name]["reason"] for name in ("same", "honest")} == {"not started yet"}
    run_rows(rows, 2, None, endings.append)
    (entry,) = row_results(rows)
    assert entry["same"]["leaky"] and entry["same"]["split"] == "segment"
    assert not entry["honest"]["leaky"] and entry["honest"]["test_tracks"] == 2
    text = reproduction_table([entry], "music")
    assert "| 0.81 |" in text and " LEAKY, segment |" in text and "All experiments" in text
    run_rows(rows, 2, None, endings.append)
    assert len(endings) == 2  # nothing is done twice


def test_a_paper_as_honest_as_we_are_is_repeated_once(music, monkeypatch):
    monkeypatch.setenv("EARMARK_CORES", "1")
    rows, endings = [row for row in build_rows(str(music), ["svm"]) if row.input == "features"], []
    run_rows(rows, 1, None, endings.append)
    (entry,) = row_results(rows)
    assert len(endings) == 1 and entry["same"] == entry["honest"] and entry["same"]["state"] == "done"


def test_rows_that_cannot_be_done_say_why(tmp_path):
    honest = experiment_settings("lstm", "/no/such/folder")
    row = Row(MODELS["lstm"], "features", None, honest, tmp_path / "row")
    run_rows([row], 1, None, lambda run: None)
    text = reproduction_table(row_results([row]), "music")
    assert "unfinished: There is no folder" in text and "1 of the experiments are unfinished" in text


def test_music_that_changed_is_measured_anew(music, tmp_path):
    data = shutil.copytree(music, tmp_path / "music")
    before, same = (build_rows(str(data), ["forest"])[0].folder for _ in range(2))
    next(data.rglob("*.wav")).unlink()
    assert before == same != build_rows(str(data), ["forest"])[0].folder


def measured_row(music: Path, tmp_path: Path) -> Row:
    """A row of a reproduction whose only run was done here: a process of its own would cost seconds."""
    settings = experiment_settings("svm", str(music), "mel")
    row = Row(MODELS["svm"], "mel", None, settings, tmp_path / "row")
    with work_on(create_run(settings, row.experiments["honest"][1])) as worker:
        run_experiment(worker)
    return row


def test_a_changed_recipe_is_measured_anew(music, tmp_path):
    row = measured_row(music, tmp_path)
    changed = experiment_settings("svm", str(music), "mel", seed=5)
    again = Row(MODELS["svm"], "mel", None, changed, tmp_path / "row")
    run_rows([again], 1, time.monotonic(), lambda run: None)
    assert row_results([row])[0]["honest"]["state"] == "done", "what there was stays until its turn comes"
    assert row_results([again])[0]["honest"]["reason"] == "not started yet"
    run_rows([again], 1, None, lambda run: None)
    assert row_results([again])[0]["honest"]["state"] == "done"
    config = json.loads((tmp_path / "row-honest" / "config.json").read_text())
    assert config["settings"]["recipe"]["seed"] == 5


def test_a_report_that_lacks_something_is_measured_anew(music, tmp_path):
    row = measured_row(music, tmp_path)
    path = tmp_path / "row-honest" / "report.json"
    good = json.loads(path.read_text())
    for report in ("{}", "[]", "{", '{"by_track": 1}'):
        path.write_text(report)
        (entry,) = row_results([row])
        assert entry["honest"]["state"] == "damaged"
        assert "1 of the experiments" in reproduction_table([entry], "")
        (broken,) = comparison_rows([path.parent])
        assert broken["state"] == "failed" and "row-honest" in broken["message"]
    endings = []
    run_rows([row], 1, None, endings.append)
    assert [run.state for run in endings] == ["done"]
    assert json.loads(path.read_text())["by_track"] == good["by_track"]


def test_what_another_process_has_begun_is_waited_for(pretended):
    theirs, ours = pretend(40, 0.02), pretend(1)
    process.start_run(theirs)
    endings = []
    run_all([theirs, ours], 2, on_end=endings.append)
    assert {run.folder for run in endings} == {theirs, ours} and {run.state for run in endings} == {"done"}


def test_a_run_of_another_process_goes_on_when_the_comparison_ends(pretended):
    theirs, ours = pretend(500, 0.02), pretend(500, 0.02)
    process.start_run(theirs)
    run_all([theirs, ours], 2, deadline=time.monotonic() + 2.0)
    assert runs.read_run(theirs).active and runs.read_run(ours).state in ("stopped", "interrupted")

    def interrupt(folder: Path) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_all([theirs, ours], 2, before=interrupt)
    assert runs.read_run(theirs).active
    process.stop_run(theirs)


def test_the_progress_of_unfinished_runs_is_in_the_table(music, tmp_path, monkeypatch):
    row = Row(
        MODELS["linear"], "mel", None, experiment_settings("linear", str(music), epochs=4), tmp_path / "row"
    )
    folder = create_run(row.honest, tmp_path / "row-honest")
    runs.write_status(folder, state="stopped", progress=0.5, last={"epoch": 2}, message=runs.STOPPED_MESSAGE)
    assert row_results([row])[0]["honest"]["reason"] == "50% done, the budget was over"
    with work_on(folder):
        assert runs.read_run(folder).last == {"epoch": 2}
        assert row_results([row])[0]["honest"]["reason"] == "50% done, and under way"
    runs.write_status(folder, state="stopped", progress=0.5, message=runs.STOPPED_MESSAGE)
    monkeypatch.setitem(runs.PROGRAMS, "genre", "tests.support.stand_ins.work")
    process.start_run(folder)
    assert runs.read_run(folder).progress == 0.5
    process.stop_run(folder)


def test_skipped_files_are_reported_once(music, tmp_path):
    data = shutil.copytree(music, tmp_path / "music")
    for name in ("torn", "empty"):
        (data / "metal" / f"{name}.wav").write_bytes(b"")
    lines = []
    prefetcher = Prefetcher(lines.append)
    for model in ("knn", "linear"):
        prefetcher.prepare(experiment_settings(model, str(data)))
    (line,) = lines
    assert line.startswith("left out: metal/empty.wav: ") and "1 more" in line
