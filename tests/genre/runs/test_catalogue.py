"""All runs at a glance: read again when they change, exported, judged against each other."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from genre import GENRES
from genre.data.examples import DataError
from genre.data.listing import look, sound_of
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.catalogue import Catalogue, bundle, free_name, leak_pairs, promoted_name, to_csv
from genre.runs.directory import RunError
from tests.support.training_runs import make_run


def test_the_recorded_runs_are_real_and_hold_no_weights():
    entries = Catalogue().entries()
    assert len(entries) >= 6 and all(entry.recorded for entry in entries)
    assert leak_pairs(entries)
    for entry in entries:
        names = {path.name for path in entry.run.folder.iterdir()}
        assert names == {"config.json", "status.json", "metrics.jsonl", "report.json"}
        assert entry.run.settings["data"] == "builtin" and entry.run.state == "done"
        assert "/" not in (entry.run.folder / "status.json").read_text()


def test_the_catalogue_reads_a_run_again_when_it_changes():
    folder, catalogue = make_run("stopped"), Catalogue(recorded=Path("/nowhere"))
    assert [entry.run.state for entry in catalogue.entries()] == ["stopped"]
    assert catalogue.entries()[0] is catalogue.entries()[0]
    runs.annotate_run(folder, title="new name")
    assert catalogue.entries()[0].title == "new name"
    process.delete_run(folder)
    assert catalogue.entries() == []
    runs.create_run_folder("gan", {}, title="of another page")
    assert catalogue.entries() == []


@pytest.mark.parametrize(
    "damage",
    [
        {"training_s": "long"},
        {"training_s": float("inf")},
        {"inference_ms": None},
        {"by_track": {"accuracy": 0.5, "accuracy_interval": [0.4], "macro_f1": 0.5, "count": 3}},
    ],
)
def test_numbers_that_are_none_are_not_shown(damage):
    folder = make_run()
    assert Catalogue(Path("/nowhere")).entries()[0].metrics["accuracy"] > 0
    report = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(report | damage))
    assert Catalogue(Path("/nowhere")).entries()[0].metrics == {}


def test_names_for_the_listen_page(earmark_home):
    make_run(title="../_my* ear!/")
    (entry,) = Catalogue(Path("/nowhere")).entries()
    assert free_name(entry) == "_my-ear" and promoted_name(entry.run.folder) is None
    for name in ("_my-ear", "_my-ear-2"):
        (earmark_home / "models" / name).mkdir(parents=True)
        (earmark_home / "models" / name / "card.json").write_text("{}")
    assert free_name(entry) == "_my-ear-3" and promoted_name(entry.run.folder) is None


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


def test_what_lies_in_a_data_set(tmp_path):
    entries = look("builtin")
    assert tuple(entries.by_genre) == GENRES and entries.to_play == entries.count == 300
    assert sound_of("builtin", "jazz.00003").duration_s == 30
    with pytest.raises(DataError, match="no piece"):
        sound_of("builtin", "../../etc/passwd")
    with pytest.raises(DataError, match="no folder"):
        look(str(tmp_path / "nowhere"))
