"""Run directories: processes that outlive us, stop, resume, die; what a reader sees."""

import errno
import fcntl
import json
import os
import signal
import subprocess
import time

import pytest

from genre.errors import error_sentence
from genre.paths import home
from genre.runs import directory as runs
from genre.runs import process, worker
from genre.runs.directory import RunError
from genre.runs.report import ReportError, load_report
from tests.support.stand_ins.work import new_run, pid_of, wait_for_state, wait_in_queue


def test_a_run_from_start_to_end():
    folder = runs.create_run_folder("gan", {"epochs": 3, "seconds": 0.01}, title="a try")
    assert runs.read_run(folder).state == "interrupted" and not runs.read_run(folder).active
    process.start_run(folder)
    assert runs.read_run(folder).active
    run = wait_for_state(folder, "done")
    assert run.progress == 1.0 and run.title == "a try"
    assert [line["epoch"] for line in runs.read_metrics(folder)] == [1, 2, 3]
    assert load_report(folder).metrics == {"epochs": 3}
    (line,) = [line for line in (folder / "log.txt").read_text().splitlines() if "epoch 3" in line]
    assert "INFO" in line and folder.name in line, "time, level and name of the run"
    with pytest.raises(RunError, match="done"):
        process.start_run(folder)


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    notes = tmp_path / "part-time" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    for folder in (tmp_path, notes):
        with pytest.raises(RunError, match="holds something else"):
            runs.create_run_folder("gan", {}, folder=folder)
    assert notes.read_text() == "mine" and not (tmp_path / "config.json").exists()
    assert (
        runs.create_run_folder("gan", {}, folder=tmp_path / "new")
        and (tmp_path / "new" / "config.json").exists()
    )


def test_stop_and_resume():
    folder = new_run(epochs=200, seconds=0.02)
    process.start_run(folder)
    with pytest.raises(RunError, match="under way"):
        process.start_run(folder)
    with pytest.raises(RunError, match="under way"):
        process.delete_run(folder)
    while len(runs.read_metrics(folder)) < 3:
        time.sleep(0.02)
    process.stop_run(folder)
    run = runs.read_run(folder)
    assert run.state == "stopped" and run.resumable and "Resume" in run.message
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["epochs"] = len(runs.read_metrics(folder)) + 2
    (folder / "config.json").write_text(json.dumps(config))
    process.start_run(folder)
    wait_for_state(folder, "done")
    epochs = config["settings"]["epochs"]
    assert [line["epoch"] for line in runs.read_metrics(folder)] == list(range(1, epochs + 1))


def test_a_killed_process_shows_as_interrupted_zombie_or_not():
    folder = new_run(epochs=200, seconds=0.02)
    process.start_run(folder)
    wait_for_state(folder, "running")
    os.kill(pid_of(folder), signal.SIGKILL)
    run = wait_for_state(folder, "interrupted")
    assert run.resumable and "resume it" in run.message
    process.delete_run(folder)
    assert not folder.exists()


def test_a_status_that_nobody_stands_behind():
    folder = new_run()
    zombie = subprocess.Popen(["true"])  # not waited for
    for pid in (zombie.pid, os.getpid(), 2**22 + 1):
        runs.write_status(folder, state="running", pid=pid, progress=0.5, message="x")
        assert runs.read_run(folder).state == "interrupted"
    zombie.wait()


def test_a_process_that_hangs_shows_as_interrupted(monkeypatch):
    folder = new_run(epochs=200, seconds=0.02)
    process.start_run(folder)
    wait_for_state(folder, "running")
    os.kill(pid_of(folder), signal.SIGSTOP)
    monkeypatch.setattr(process, "STOPPING_S", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "STALE_S", -1.0)
        assert runs.read_run(folder).state == "interrupted"
    process.stop_run(folder)
    assert runs.read_run(folder).state == "stopped"


def test_a_process_that_hangs_is_ended_by_going_on(monkeypatch):
    """It would else keep the lock, and its place in the queue."""
    folder = new_run(epochs=30, seconds=0.02)
    process.start_run(folder)
    wait_for_state(folder, "running")
    hanging = pid_of(folder)
    os.kill(hanging, signal.SIGSTOP)
    monkeypatch.setattr(process, "STOPPING_S", 0.2)
    with monkeypatch.context() as patch:
        patch.setattr(runs, "STALE_S", -1.0)
        process.start_run(folder)
    assert pid_of(folder) != hanging
    wait_for_state(folder, "done")


def test_a_queue_that_was_lost_stops_nobody():
    first, second = new_run(epochs=5_000, seconds=0.02, cores=2), new_run(cores=2)
    process.start_run(first)
    wait_for_state(first, "running")
    process.start_run(second)
    wait_in_queue(second)
    with open(home() / "queue.lock", "wb") as lock:  # who reads it now would write it again
        fcntl.flock(lock, fcntl.LOCK_EX)
        (home() / "queue.json").unlink()
    wait_for_state(second, "done")
    process.stop_run(first)


def test_failures_are_sentences():
    folder = new_run(fails_at=2)
    process.start_run(folder)
    run = wait_for_state(folder, "failed")
    assert run.message == "It was meant to fail." and run.last["epoch"] == 2
    assert "disk is full" in error_sentence(OSError(errno.ENOSPC, "No space left"))
    assert "memory" in error_sentence(MemoryError())
    assert "memory" in error_sentence(
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")
    )
    no_folder = NotADirectoryError(20, "Not a directory", "/a/b")
    assert error_sentence(no_folder) == "'/a/b' cannot be used: not a directory."
    assert "KeyError" in error_sentence(KeyError("x"))


def test_a_full_disk_leaves_no_empty_run(monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runs, "write_atomic", full)
    with pytest.raises(OSError):
        new_run()
    assert not runs.list_runs()


def test_an_empty_folder_can_be_deleted_and_no_other():
    folder = new_run().parent / "left behind"
    folder.mkdir()
    assert runs.read_run(folder).state == "damaged"
    process.delete_run(folder)
    assert not folder.exists()
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="not a run"):
        process.delete_run(folder)
    assert (folder / "notes.txt").exists()


def test_a_full_disk_fails_the_run_and_loses_nothing():
    folder = new_run()
    with pytest.raises(OSError), worker.work_on(folder) as run:
        run.record_epoch({"epoch": 1, "loss": 1.0}, 0.3)
        raise OSError(errno.ENOSPC, "No space left on device")
    seen = runs.read_run(folder)
    assert seen.state == "failed" and seen.resumable and "disk is full" in seen.message
    assert len(runs.read_metrics(folder)) == 1


def test_a_run_of_another_process_is_not_stopped():
    folder = new_run(epochs=500, seconds=0.02)
    pid = process.start_run(folder)
    wait_for_state(folder, "running")
    process.stop_run(folder, pid + 1)
    assert runs.read_run(folder).state == "running"
    process.stop_run(folder, pid)
    assert runs.read_run(folder).state == "stopped"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "damaged"),
        ("[]", "damaged"),
        (None, "no config.json"),
        ('{"version": 0, "kind": "gan", "settings": {}}', "another version"),
        ('{"version": 1, "kind": "rm -rf", "settings": {}}', "another version"),
    ],
)
def test_configs_that_do_not_do(content, complaint):
    folder = new_run()
    (folder / "config.json").unlink()
    if content:
        (folder / "config.json").write_text(content)
    with pytest.raises(RunError, match=complaint):
        process.start_run(folder)
    assert runs.read_run(folder).state == "damaged" and complaint in runs.read_run(folder).message
    assert [run.state for run in runs.list_runs()] == ["damaged"]
    process.delete_run(folder)


def test_damaged_files_are_told_not_fatal():
    folder = new_run()
    with pytest.raises(ReportError, match="report"):
        load_report(folder)
    for content in ("{", "[]", '{"state": "tired"}', ""):
        (folder / "status.json").write_text(content)
        run = runs.read_run(folder)
        assert run.resumable and "status.json is missing or damaged: resume it" in run.message
    (folder / "metrics.jsonl").write_text(
        '{"epoch": 1}\nnot json\n{"epoch": 2, "loss": 1}\n{"epoch": 2, "loss": 2}\n{"ep'
    )
    assert runs.read_metrics(folder) == [{"epoch": 1}, {"epoch": 2, "loss": 2}]
    with worker.work_on(folder) as run:  # goes on after the torn line
        run.record_epoch({"epoch": 3}, 1.0)
    assert runs.read_metrics(folder)[-1] == {"epoch": 3}


def test_names_and_notes():
    folder = new_run()
    runs.annotate_run(folder, title=" my best one ", note="with more bass")
    run = runs.read_run(folder)
    assert (run.title, run.note) == ("my best one", "with more bass")
    assert runs.find_run(folder.name) == folder and runs.find_run(folder) == folder
    with pytest.raises(RunError, match="no run"):
        runs.find_run("nothing")
    with pytest.raises(RunError, match="already"):
        runs.create_run_folder("gan", {}, folder=folder)
    with pytest.raises(RunError, match="kind"):
        runs.create_run_folder("cooking", {})
    with pytest.raises(RunError, match="not a run"):
        process.delete_run(folder.parent)


def test_sixty_runs_are_listed_the_newest_first():
    for number in range(60):
        folder = runs.create_run_folder("gan" if number % 2 else "genre", {}, title=f"run {number}")
        runs.write_status(folder, state="running", pid=1, progress=0.5, message="x")
    entries = runs.list_runs()
    assert len(entries) == 60 and len(runs.list_runs("gan")) == 30
    assert [run.created for run in entries] == sorted((run.created for run in entries), reverse=True)


def test_time_left_follows_from_the_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(worker.time, "monotonic", lambda: now[0])
    with worker.work_on(new_run()) as run:
        run.set_progress(0.5, "resumed in the middle")
        assert runs.read_run(run.folder).eta_s is None
        now[0] += 10
        run.set_progress(0.75, "half of the rest")
        assert runs.read_run(run.folder).eta_s == pytest.approx(10)


def test_many_runs_are_stopped_at_the_same_time():
    """Each takes half a second to end: two after one another, a second."""
    folders = [new_run(epochs=200, seconds=0.5) for _ in range(2)]
    for folder in folders:
        process.start_run(folder)
    for folder in folders:
        wait_for_state(folder, "running")
    calls = []
    kill = os.kill

    def note(pid: int, number: int) -> None:
        calls.append((pid, [runs.is_locked(folder) for folder in folders]))
        kill(pid, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(process.os, "kill", note)
        process.stop_runs(folders[::-1])
    assert [pid for pid, _ in calls] == [pid_of(folder) for folder in folders[::-1]]
    assert all(all(locked) for _, locked in calls), "the second is asked while the first is still ending"
    assert [runs.read_run(folder).state for folder in folders] == ["stopped"] * 2


@pytest.mark.parametrize("pid", [-1, 0, 1, True, "1", None])
def test_a_damaged_status_names_nobody_to_be_killed(pid, monkeypatch):
    folder = new_run()
    monkeypatch.setattr(os, "kill", lambda *_: pytest.fail("somebody would have been killed"))
    monkeypatch.setattr(os, "killpg", lambda *_: pytest.fail("somebody would have been killed"))
    with process.lock_run(folder):
        runs.write_status(folder, state="running", pid=pid)
        process.stop_run(folder)
