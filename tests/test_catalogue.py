"""All runs at a glance: read again when they change, exported, judged against each other."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from genre import GENRES, runs
from genre.catalogue import (
    Catalogue,
    Duel,
    bundle,
    disagreements,
    duel,
    free_name,
    heard_as,
    in_common,
    leak_pairs,
    to_csv,
)  # fmt: skip
from genre.dataset import DataError
from genre.listing import look, sound_of
from genre.runs import RunError
from tests.training_runs import make_report, make_run


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
    runs.describe(folder, title="new name")
    assert catalogue.entries()[0].title == "new name"
    runs.delete(folder)
    assert catalogue.entries() == []
    runs.create("gan", {}, title="of another page")
    assert catalogue.entries() == []


@pytest.mark.parametrize("damage", [
    {"training_s": "long"}, {"training_s": float("inf")}, {"inference_ms": None}, {"by_track": {}},
    {"by_track": {"accuracy": 0.5, "accuracy_interval": [0.4], "macro_f1": 0.5, "count": 3}},
])  # fmt: skip
def test_figures_that_are_none_are_not_shown(damage):
    folder = make_run()
    assert Catalogue(Path("/nowhere")).entries()[0].figures["accuracy"] > 0
    report = runs.load_report(folder)
    (folder / "report.json").write_text(json.dumps(report | damage))
    assert Catalogue(Path("/nowhere")).entries()[0].figures == {}


def test_names_for_the_listen_page(earmark_home):
    make_run(title="../_my* ear!/")
    (entry,) = Catalogue(Path("/nowhere")).entries()
    assert free_name(entry) == "_my-ear" and heard_as(entry.run.folder) is None
    for name in ("_my-ear", "_my-ear-2"):
        (earmark_home / "models" / name).mkdir(parents=True)
        (earmark_home / "models" / name / "card.json").write_text("{}")
    assert free_name(entry) == "_my-ear-3" and heard_as(entry.run.folder) is None


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
    elsewhere = other | {"tested_on": "/other/music"}
    assert in_common([one, elsewhere]) == 0 and disagreements([one, elsewhere]) == []


def test_a_duel():
    def told(*answers: str) -> dict:
        return {"answers": [{"track": str(n), "genre": "jazz" if n % 2 else "pop", "answer": answer}
                            for n, answer in enumerate(answers)]}  # fmt: skip

    right = told("pop", "jazz", "pop", "jazz", "pop", "jazz", "pop")
    wrong = told("pop", "pop", "rock", "rock", "pop", "rock")
    result = duel(right, wrong)
    assert result == Duel(6, 4, 0, ("jazz", "pop")) and result.chance == 2 / 16
    assert duel(wrong, right) == Duel(6, 0, 4, ())
    assert duel(right, wrong | {"tested_on": "/other/music"}).common == 0, "other music with the same names"
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
