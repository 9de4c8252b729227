"""What can be tested of the cluster without one: items, directories that follow, inputs in a file."""

import json
import os
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from genre.__main__ import main
from genre.cache import cached_results, compute_missing, computed_elsewhere
from genre.cluster.connection import MISSING_MESSAGE, ClusterError, own_versions, require_versions
from genre.cluster.inputs import compute_some, file_sizes
from genre.cluster.mirror import Mirror, read_files, write_files
from genre.cluster.node import UNUSED_S, ReceivedInputs, remove_unused
from genre.cluster.training import _Calls, _follow
from genre.data.examples import DataError, Examples
from genre.data.packed import PackedInputs, note_inputs, noted_inputs, pack_inputs, packed_path
from genre.runs import directory as runs
from genre.runs.batch import forget_batch, note_batch, unfinished_batch
from genre.runs.worker import RunStopped


@pytest.fixture
def pair(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    for folder in (there, here):
        folder.mkdir()
    return there, here


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


class Actor:
    """A node's side of a training: each method's result is what `results` has for its name."""

    def __init__(self, **results: object) -> None:
        for name, result in results.items():
            setattr(self, name, SimpleNamespace(remote=lambda *_, result=result: result))


def test_what_a_node_has_told_at_a_stop_is_written(tmp_path):
    def changes(**files: bytes) -> dict:
        return {"files": files, "log": b"", "status": {}, "state": "running", "active": True}

    actor = Actor(
        describe={"node": "here", "versions": own_versions()},
        needs=False,
        begin=None,
        changes=changes(metrics=b"7, 8"),
        stop=changes(checkpoint=b"8"),
    )
    exceptions = SimpleNamespace(RayActorError=MemoryError, ObjectLostError=MemoryError)
    stop = threading.Event()

    def wait(references, timeout):
        if "files" in (references[0] or ()):
            stop.set()  # while the answer is on its way
        return references, []

    ray = SimpleNamespace(wait=wait, get=lambda reference, timeout=None: reference, exceptions=exceptions)
    worker = SimpleNamespace(folder=tmp_path, config={}, set_status=lambda *_, **__: None)
    with pytest.raises(RunStopped):
        _follow(_Calls(ray, stop), actor, worker, "key")
    assert content(tmp_path) == {"metrics": b"7, 8", "checkpoint": b"8"}


def test_a_directory_follows_another(pair):
    there, here = pair
    mirror = Mirror(there)
    (there / "part-1-ab").mkdir()
    (there / "part-1-ab" / "checkpoint.safetensors").write_bytes(b"1")
    (there / "metrics.jsonl").write_bytes(b"one\n")
    (there / ".metrics.jsonl").write_bytes(b"one\n")
    for name in ("status.json", "config.json", ".lock", ".card.json.12.34", "log.txt"):
        (there / name).write_bytes(b"its own")
    changes = mirror.changes()
    assert next(iter(changes)) == "part-1-ab/checkpoint.safetensors"  # read before the metrics
    write_files(here, changes)
    assert content(here) == {
        "part-1-ab/checkpoint.safetensors": b"1", "metrics.jsonl": b"one\n", ".metrics.jsonl": b"one\n"
    }  # fmt: skip
    assert mirror.changes() == {}
    (there / "metrics.jsonl").write_bytes(b"one\ntwo\n")
    (there / "part-1-ab" / "checkpoint.safetensors").unlink()
    write_files(here, mirror.changes())
    assert content(here) == {"metrics.jsonl": b"one\ntwo\n", ".metrics.jsonl": b"one\n"}
    assert not (here / "part-1-ab").exists()
    assert read_files(here) == content(here)


def test_a_log_is_told_once(pair):
    there, _ = pair
    mirror = Mirror(there)
    assert mirror.log_lines() == b""
    (there / "log.txt").write_bytes(b"a\n")
    assert mirror.log_lines() == b"a\n" and mirror.log_lines() == b""
    with open(there / "log.txt", "ab") as file:
        file.write(b"b\n")
    assert mirror.log_lines() == b"b\n"


@pytest.mark.parametrize("name", ["../a", "a/../../b", "/etc/a", "config.json", ".lock"])
def test_nothing_is_written_outside_a_run(pair, name):
    with pytest.raises(ValueError, match="no file of a run"):
        write_files(pair[1], {name: b"x"})


def test_inputs_are_sent_to_a_node_once(tmp_path):
    first = ReceivedInputs(tmp_path, "ab12")
    assert first.begin()
    first.add(b"one ", False)
    first.add(b"two", True)
    second = ReceivedInputs(tmp_path, "ab12")
    assert not second.begin() and second.path.read_bytes() == b"one two"
    remove_unused(tmp_path)
    assert second.path.exists()
    remove_unused(tmp_path, os.stat(second.path).st_mtime + 2 * UNUSED_S)
    assert not second.path.exists()


def examples() -> Examples:
    values = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
    tracks = np.array(["a", "a", "b", "b"])
    return Examples(values, np.array([0, 0, 1, 1]), tracks, ("jazz", "rock"), 1 / 255, 0.5, 80.0, 0.03)


def test_packed_inputs_come_back_bit_for_bit(tmp_path, monkeypatch):
    listed = tmp_path / "test tracks.txt"
    listed.write_text("a\n")
    key = pack_inputs(examples(), {"source": "recordings"}, [str(listed)])
    assert pack_inputs(examples(), {"source": "recordings"}, [str(listed)]) == key
    assert pack_inputs(replace(examples(), offset=0.25), {"source": "recordings"}, [str(listed)]) != key
    listed.unlink()
    packed = PackedInputs(packed_path(key))
    assert packed.summary == {"source": "recordings"}
    for name, value in vars(examples()).items():
        assert np.array_equal(getattr(packed.examples, name), value), name
        assert getattr(getattr(packed.examples, name), "dtype", None) == getattr(value, "dtype", None)
    there = packed.list_path(str(listed))
    assert Path(there).read_text() == "a\n" and Path(there).name == listed.name
    assert packed.list_path("track") == "track"


def test_packed_inputs_are_noted_by_what_is_read(tmp_path):
    settings = {"model": "linear", "data": "builtin", "input": "mel", "split": "track", "recipe": {"seed": 1}}
    assert noted_inputs(settings) is None
    key = pack_inputs(examples(), {})
    note_inputs(settings, key)
    assert noted_inputs(settings | {"recipe": {"seed": 2}}) == key
    assert noted_inputs(settings | {"data": "/music"}) is None
    packed_path(key).unlink()
    assert noted_inputs(settings) is None


def test_damaged_inputs_have_a_sentence(tmp_path):
    path = tmp_path / "inputs.npz"
    np.savez(path, values=np.array([object()]), allow_pickle=True)  # nothing is unpickled
    for content in (path.read_bytes(), b"", b"PK\x03\x04 cut off"):
        path.write_bytes(content)
        with pytest.raises(DataError, match="damaged"):
            PackedInputs(path)


def test_a_batch_is_taken_up_until_it_has_ended(earmark_home):
    settings = [{"model": "a"}, {"model": "b"}]
    assert unfinished_batch(settings) == [None, None]
    folders = [runs.create_run_folder("genre", entry) for entry in settings]
    note_batch(settings, folders)
    assert unfinished_batch(settings) == folders
    assert unfinished_batch(settings, "auto") == unfinished_batch(settings[::-1]) == [None, None]
    (folders[0] / "config.json").unlink()
    assert unfinished_batch(settings) == [None, folders[1]]
    forget_batch(settings)
    assert unfinished_batch(settings) == [None, None]


def test_results_from_elsewhere_are_kept_and_the_rest_is_computed_here():
    done = []

    def elsewhere(jobs, compute):
        for key in sorted(jobs)[:2]:
            done.append(key)
            yield key, compute(jobs[key]) + b" there"

    jobs = {"aa1": "1", "bb2": "2", "cc3": "3"}
    with computed_elsewhere(elsewhere):
        compute_missing("things", jobs, str.encode)
        compute_missing("things", jobs, str.encode)
    assert done == ["aa1", "bb2"]
    assert dict(cached_results("things", jobs, str.encode, bytes)) == {
        "aa1": b"1 there", "bb2": b"2 there", "cc3": b"3"
    }  # fmt: skip


def test_files_that_are_others_on_a_node_are_left_to_the_driver(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"1234")
    jobs = {"key": (str(path), "sound", 3)}
    sizes = file_sizes(jobs)
    assert sizes == {str(path): 4}
    assert compute_some(jobs, sizes, lambda job: b"done") == {"key": b"done"}
    path.write_bytes(b"12345")
    assert compute_some(jobs, sizes, lambda job: b"done") == {}
    path.unlink()
    assert compute_some(jobs, sizes, lambda job: b"done") == {}


def test_nodes_of_another_version_are_named():
    require_versions("here", own_versions())
    other = replace(own_versions(), python="3.9.0", packages=own_versions().packages | {"torch": "1.0"})
    with pytest.raises(ClusterError, match="node-7 has another version of Python, torch"):
        require_versions("node-7", other)
    with pytest.raises(ClusterError, match="Earmark"):
        require_versions("node-7", replace(own_versions(), earmark="0"))


def test_without_ray_a_sentence_says_what_to_install(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "ray", None)
    for command in (
        ["compare", "linear:mel", "--engine", "ray"],
        ["classify", str(tmp_path), "--engine", "ray"],
        ["features", "--data", str(tmp_path), "--engine", "ray"],
        ["cluster"],
    ):
        assert main(command) == 1
        assert capsys.readouterr().err.strip() == MISSING_MESSAGE


def test_a_run_for_the_cluster_waits_for_no_core_of_this_machine(monkeypatch):
    from genre.runs import worker

    monkeypatch.setattr(worker, "core_slot", lambda *_: pytest.fail("it asks for a core"))
    folder = runs.create_run_folder("genre", {}, cluster="auto")
    assert json.loads((folder / "config.json").read_text())["cluster"] == "auto"
    with worker.work_on(folder):
        assert runs.read_run(folder).state == "running"
