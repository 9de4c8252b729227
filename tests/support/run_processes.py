"""Runs of pretended work in processes of their own: started, waited for, found in the queue."""

import json
import time
from pathlib import Path

from genre.paths import home
from genre.runs import directory as runs


def new_run(epochs: int = 3, seconds: float = 0.01, cores: int = 1, **more: object) -> Path:
    return runs.create_run_folder("gan", {"epochs": epochs, "seconds": seconds, **more}, cores=cores)


def wait_for_state(folder: Path, *states: str, timeout: float = 15) -> runs.Run:
    deadline = time.monotonic() + timeout
    while (run := runs.read_run(folder)).state not in states:
        assert time.monotonic() < deadline, (run, (folder / "log.txt").read_text())
        time.sleep(0.02)
    return run


def queue_text() -> str:
    return (home() / "queue.json").read_text()


def wait_in_queue(folder: Path, timeout: float = 15) -> None:
    deadline = time.monotonic() + timeout
    while str(folder) not in queue_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def pid_of(folder: Path) -> int:
    return json.loads((folder / "status.json").read_text())["pid"]
