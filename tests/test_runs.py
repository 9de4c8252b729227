"""Run directories: processes that outlive us, stop, resume, die; the queue; what a reader sees."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from genre import runs, turns, worker
from genre.failure import explain
from genre.home import write_atomic
from genre.runs import RunError


@pytest.fixture(autouse=True)
def pretended(monkeypatch):
    monkeypatch.setitem(runs.PROGRAMS, "gan", "tests.pretended_work")
    monkeypatch.setenv("EARMARK_CORES", "2")


def new(epochs: int = 3, seconds: float = 0.01, cores: int = 1, **more: object) -> Path:
    return runs.create("gan", {"epochs": epochs, "seconds": seconds, **more}, cores=cores)


def wait_for(folder: Path, *states: str, timeout: float = 15) -> runs.Run:
    deadline = time.monotonic() + timeout
    while (run := runs.read(folder)).state not in states:
        assert time.monotonic() < deadline, (run, (folder / "log.txt").read_text())
        time.sleep(0.02)
    return run


def queue() -> str:
    return (runs.home() / "queue.json").read_text()


def wait_in_queue(folder: Path, timeout: float = 15) -> None:
    deadline = time.monotonic() + timeout
    while str(folder) not in queue():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_of(folder: Path) -> int:
    return json.loads((folder / "status.json").read_text())["pid"]


def test_a_run_from_start_to_end():
    folder = runs.create("gan", {"epochs": 3, "seconds": 0.01}, title="a try")
    assert runs.read(folder).state == "interrupted" and not runs.read(folder).active
    runs.start(folder)
    assert runs.read(folder).active
    run = wait_for(folder, "done")
    assert run.progress == 1.0 and run.title == "a try"
    assert [line["epoch"] for line in runs.metrics(folder)] == [1, 2, 3]
    assert runs.load_report(folder) == {"epochs": 3}
    assert "epoch 3" in (folder / "log.txt").read_text()
    with pytest.raises(RunError, match="done"):
        runs.start(folder)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    notes = tmp_path / "part-time" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    for folder in (tmp_path, notes):
        with pytest.raises(RunError, match="holds something else"):
            runs.create("gan", {}, folder=folder)
    assert notes.read_text() == "mine" and not (tmp_path / "config.json").exists()
    assert runs.create("gan", {}, folder=tmp_path / "new") and (tmp_path / "new" / "config.json").exists()


def test_stop_and_resume():
    folder = new(epochs=200, seconds=0.02)
    runs.start(folder)
    with pytest.raises(RunError, match="under way"):
        runs.start(folder)
    with pytest.raises(RunError, match="under way"):
        runs.delete(folder)
    while len(runs.metrics(folder)) < 3:
        time.sleep(0.02)
    runs.stop(folder)
    run = runs.read(folder)
    assert run.state == "stopped" and run.resumable and "Resume" in run.message
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["epochs"] = len(runs.metrics(folder)) + 2
    (folder / "config.json").write_text(json.dumps(config))
    runs.start(folder)
    wait_for(folder, "done")
    epochs = config["settings"]["epochs"]
    assert [line["epoch"] for line in runs.metrics(folder)] == list(range(1, epochs + 1))


def test_a_killed_process_shows_as_interrupted_zombie_or_not():
    folder = new(epochs=200, seconds=0.02)
    runs.start(folder)
    wait_for(folder, "running")
    os.kill(pid_of(folder), signal.SIGKILL)
    run = wait_for(folder, "interrupted")
    assert run.resumable and "resume it" in run.message
    runs.delete(folder)
    assert not folder.exists()


def test_a_status_that_nobody_stands_behind():
    folder = new()
    zombie = subprocess.Popen(["true"])  # not waited for
    for pid in (zombie.pid, os.getpid(), 2**22 + 1):
        runs.write_status(folder, state="running", pid=pid, progress=0.5, message="x")
        assert runs.read(folder).state == "interrupted"
    zombie.wait()


def test_a_process_that_hangs_shows_as_interrupted(monkeypatch):
    folder = new(epochs=200, seconds=0.02)
    runs.start(folder)
    wait_for(folder, "running")
    os.kill(pid_of(folder), signal.SIGSTOP)
    monkeypatch.setattr(runs, "STOPPING_S", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "STALE_S", -1.0)
        assert runs.read(folder).state == "interrupted"
    runs.stop(folder)
    assert runs.read(folder).state == "stopped"


def test_a_process_that_hangs_is_ended_by_going_on(monkeypatch):
    """It would else keep the lock, and its place in the queue."""
    folder = new(epochs=30, seconds=0.02)
    runs.start(folder)
    wait_for(folder, "running")
    hanging = pid_of(folder)
    os.kill(hanging, signal.SIGSTOP)
    monkeypatch.setattr(runs, "STOPPING_S", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "STALE_S", -1.0)
        runs.start(folder)
    assert pid_of(folder) != hanging
    wait_for(folder, "done")


def test_a_queue_that_was_lost_stops_nobody():
    first, second = new(epochs=5_000, seconds=0.02, cores=2), new(cores=2)
    runs.start(first)
    wait_for(first, "running")
    runs.start(second)
    wait_in_queue(second)
    with open(runs.home() / "queue.lock", "wb") as lock:  # who reads it now would write it again
        fcntl.flock(lock, fcntl.LOCK_EX)
        (runs.home() / "queue.json").unlink()
    wait_for(second, "done")
    runs.stop(first)


def test_failures_are_sentences():
    folder = new(fails_at=2)
    runs.start(folder)
    run = wait_for(folder, "failed")
    assert run.message == "It was meant to fail." and run.last["epoch"] == 2
    assert "disk is full" in explain(OSError(errno.ENOSPC, "No space left"))
    assert "memory" in explain(MemoryError())
    assert "memory" in explain(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"))
    no_folder = NotADirectoryError(20, "Not a directory", "/a/b")
    assert explain(no_folder) == "'/a/b' cannot be used: not a directory."
    assert "KeyError" in explain(KeyError("x"))


def test_a_full_disk_leaves_no_empty_run(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write_atomic", full)
    with pytest.raises(OSError):
        new()
    assert not runs.list_runs()


def test_an_empty_folder_can_be_deleted_and_no_other():
    folder = new().parent / "left behind"
    folder.mkdir()
    assert runs.read(folder).state == "damaged"
    runs.delete(folder)
    assert not folder.exists()
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="not a run"):
        runs.delete(folder)
    assert (folder / "notes.txt").exists()


def test_a_full_disk_fails_the_run_and_loses_nothing():
    folder = new()
    with pytest.raises(OSError), worker.working(folder) as run:
        run.epoch({"epoch": 1, "loss": 1.0}, 0.3)
        raise OSError(errno.ENOSPC, "No space left on device")
    seen = runs.read(folder)
    assert seen.state == "failed" and seen.resumable and "disk is full" in seen.message
    assert len(runs.metrics(folder)) == 1


def test_the_queue_shares_the_cores_in_order():
    wanted = ((9999, 1), (20, 2), (20, 1))
    folders = [new(epochs=epochs, seconds=0.03, cores=cores) for epochs, cores in wanted]
    runs.start(folders[0])
    wait_for(folders[0], "running")
    for folder in folders[1:]:
        runs.start(folder)
        while str(folder) not in (runs.home() / "queue.json").read_text():
            time.sleep(0.01)
    assert [runs.read(folder).state for folder in folders] == ["running", "waiting", "waiting"]
    runs.stop(folders[0])
    wait_for(folders[1], "running")
    for folder in folders[1:]:
        wait_for(folder, "done")
    deadline = time.monotonic() + 15  # each leaves the queue a moment after it is done
    while json.loads((runs.home() / "queue.json").read_text()) != []:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_dead_leave_the_queue():
    first, second = new(epochs=500, seconds=0.02, cores=2), new(cores=2)
    runs.start(first)
    wait_for(first, "running")
    runs.start(second)
    os.kill(pid_of(first), signal.SIGKILL)
    wait_for(second, "done")


def test_a_waiting_run_can_be_stopped():
    first, second = new(epochs=500, seconds=0.02, cores=2), new(cores=2)
    runs.start(first)
    wait_for(first, "running")
    runs.start(second)
    wait_in_queue(second)
    runs.stop(second)
    assert runs.read(second).state == "stopped" and str(second) not in queue()
    runs.stop(first)


def test_a_stop_while_it_enters_the_queue_leaves_none_there(monkeypatch):
    def save_and_be_stopped(path: Path, text: str) -> None:
        monkeypatch.setattr(turns, "write_atomic", write_atomic)
        write_atomic(path, text)
        raise worker.Stopped

    folder = new()
    monkeypatch.setattr(turns, "write_atomic", save_and_be_stopped)
    with pytest.raises(worker.Stopped), turns.turn(folder, 1):
        pass
    assert json.loads(queue()) == []


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("{", "damaged"), ("[]", "damaged"), (None, "no config.json"),
     ('{"version": 0, "kind": "gan", "settings": {}}', "another version"),
     ('{"version": 1, "kind": "rm -rf", "settings": {}}', "another version")],
)  # fmt: skip
def test_configs_that_do_not_do(content, complaint):
    folder = new()
    (folder / "config.json").unlink()
    if content:
        (folder / "config.json").write_text(content)
    with pytest.raises(RunError, match=complaint):
        runs.start(folder)
    assert runs.read(folder).state == "damaged" and complaint in runs.read(folder).message
    assert [run.state for run in runs.list_runs()] == ["damaged"]
    runs.delete(folder)


def test_damaged_files_are_told_not_fatal():
    folder = new()
    with pytest.raises(RunError, match="report"):
        runs.load_report(folder)
    for torn in ("{", "[]", '{"state": "tired"}', ""):
        (folder / "status.json").write_text(torn)
        run = runs.read(folder)
        assert run.resumable and "status.json is missing or damaged: resume it" in run.message
    (folder / "metrics.jsonl").write_text(
        '{"epoch": 1}\nnot json\n{"epoch": 2, "loss": 1}\n{"epoch": 2, "loss": 2}\n{"ep'
    )
    assert runs.metrics(folder) == [{"epoch": 1}, {"epoch": 2, "loss": 2}]
    with worker.working(folder) as run:  # goes on after the torn line
        run.epoch({"epoch": 3}, 1.0)
    assert runs.metrics(folder)[-1] == {"epoch": 3}


def test_names_and_notes():
    folder = new()
    runs.describe(folder, title=" my best one ", note="with more bass")
    run = runs.read(folder)
    assert (run.title, run.note) == ("my best one", "with more bass")
    assert runs.find(folder.name) == folder and runs.find(folder) == folder
    with pytest.raises(RunError, match="no run"):
        runs.find("nothing")
    with pytest.raises(RunError, match="already"):
        runs.create("gan", {}, folder=folder)
    with pytest.raises(RunError, match="kind"):
        runs.create("cooking", {})
    with pytest.raises(RunError, match="not a run"):
        runs.delete(folder.parent)


def test_five_hundred_runs_are_listed_within_a_second():
    for number in range(500):
        folder = runs.create("gan" if number % 2 else "genre", {}, title=f"run {number}")
        runs.write_status(folder, state="running", pid=1, progress=0.5, message="x")
    began = time.perf_counter()
    listed = runs.list_runs()
    assert time.perf_counter() - began < 1.0
    assert len(listed) == 500 and len(runs.list_runs("gan")) == 250
    assert [run.created for run in listed] == sorted((run.created for run in listed), reverse=True)


def test_time_left_follows_from_the_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    with worker.working(new()) as run:
        run.progress(0.5, "resumed in the middle")
        assert runs.read(run.folder).eta_s is None
        now[0] += 10
        run.progress(0.75, "half of the rest")
        assert runs.read(run.folder).eta_s == pytest.approx(10)
