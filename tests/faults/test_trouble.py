"""Unkind machines: a full disk, a home that cannot be written, a clock set back, two processes on one run."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genre.errors import error_sentence
from genre.paths import home, write_atomic
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.directory import RunError
from genre.runs.worker import work_on
from tests.support.stand_ins.work import new_run, pid_of, wait_for_state

PATIENCE_S = 60.0


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def epochs_of(folder: Path) -> list[int]:
    return [line["epoch"] for line in runs.read_metrics(folder)]


def goes_on_to_its_end(folder: Path, epochs: int) -> None:
    process.start_run(folder)
    wait_for_state(folder, "done")
    assert epochs_of(folder) == [*range(1, epochs + 1)]


def test_a_run_whose_disk_fills_up_fails_in_a_sentence_and_goes_on_later():
    """As a full disk does, a limit on the size of files refuses every further byte."""
    folder = new_run(epochs=30, seconds=0.05)
    process.start_run(folder)
    wait_until(lambda: len(epochs_of(folder)) >= 3)
    before = resource.prlimit(pid_of(folder), resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    assert before[0] != 0
    wait_until(lambda: not runs.is_locked(folder))
    run = runs.read_run(folder)
    assert run.resumable, run
    epochs = epochs_of(folder)
    assert epochs == [*range(1, len(epochs) + 1)] and 3 <= len(epochs) < 30
    assert not [path for path in folder.rglob(".*") if path.name.startswith(".status.json")]
    goes_on_to_its_end(folder, 30)


def test_a_disk_that_is_full_is_a_sentence_and_the_old_file_stays(tmp_path):
    path = tmp_path / "status.json"
    write_atomic(path, "old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2, limit[1]))
    try:
        with pytest.raises(OSError) as full:
            write_atomic(path, "new and longer")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_text() == "old" and [*tmp_path.iterdir()] == [path]
    assert "disk is full" in error_sentence(full.value)
    assert "disk is full" in error_sentence(OSError(errno.ENOSPC, "No space left on device"))


def test_a_home_that_cannot_be_made_is_a_sentence(tmp_path, monkeypatch, music):
    """A file where the folder should be: that stops even the administrator, whom permissions do not."""
    (tmp_path / "file").write_text("mine")
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "file" / "home"))
    for command in (
        ("train", "knn", "--data", str(music), "--input", "mel", "--split", "track"),
        ("cache", "--clear"),
    ):
        result = subprocess.run(
            [sys.executable, "-m", "genre", *command], capture_output=True, text=True, timeout=300
        )
        assert "Traceback" not in result.stderr and result.returncode in (0, 1, 2), result
        assert command[0] == "cache" or "cannot be used" in result.stderr, result
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="permissions do not hold an administrator back")
def test_a_home_that_cannot_be_written_is_a_sentence(monkeypatch):
    home().mkdir()
    home().chmod(0o500)
    with pytest.raises(OSError) as refused:
        new_run()
    assert "cannot be used" in error_sentence(refused.value)
    assert runs.list_runs() == []


def test_a_clock_that_was_set_back_stops_no_run_and_hides_none(monkeypatch):
    folder = new_run(epochs=40, seconds=0.05)
    process.start_run(folder)
    wait_for_state(folder, "running")
    for hours in (-24 * 365, 1 / 3600, -1):
        now = time.time()
        with monkeypatch.context() as patch:
            patch.setattr(runs.time, "time", lambda now=now, hours=hours: now + 3600 * hours)
            assert runs.read_run(folder).state == "running"
            assert [run.name for run in runs.list_runs()] == [folder.name]
    status = runs.read_status(folder)
    process.stop_run(folder)
    runs.write_status(folder, **runs.read_status(folder))
    assert status["heartbeat"] > 0 and runs.read_run(folder).state == "stopped"
    goes_on_to_its_end(folder, 40)


def test_two_processes_on_one_run_are_one_that_works_and_one_that_says_so():
    folder = new_run(epochs=40, seconds=1.0)  # longer than the second one needs to start
    command = [sys.executable, "-m", "tests.support.stand_ins.work", "train", "--resume", str(folder)]
    first = subprocess.Popen(command)
    try:
        wait_until(lambda: runs.read_run(folder).state == "running")
        second = subprocess.run(command, capture_output=True, text=True)
        assert second.returncode == 1
        with pytest.raises(RunError, match="under way"), work_on(folder):
            pass
        assert runs.read_run(folder).state == "running" and pid_of(folder) == first.pid
    finally:
        first.send_signal(signal.SIGTERM)
        first.wait()
    assert runs.read_run(folder).state == "stopped"
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["seconds"] = 0.01
    (folder / "config.json").write_text(json.dumps(config))
    goes_on_to_its_end(folder, 40)


def test_two_processes_that_make_one_run_make_it_once(tmp_path):
    program = (
        "import sys; from pathlib import Path; from genre.runs import directory as d\n"
        "try: d.create_run_folder('gan', {'epochs': 1}, folder=Path(sys.argv[1])); print('made')\n"
        "except d.RunError as error: print(error)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "run")]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    lines = [process.communicate()[0].strip() for process in processes]
    assert "made" in lines and all(line == "made" or line.endswith(".") for line in lines), lines
    assert runs.load_config(tmp_path / "run")["settings"] == {"epochs": 1}
