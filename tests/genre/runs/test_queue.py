"""The queue of runs: order, waiting, leaving it, stopping and dying in it."""

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from genre.paths import write_atomic
from genre.runs import directory as runs
from genre.runs import process, worker
from genre.runs import queue as core_queue
from tests.support.patience import PATIENCE_S, wait_until
from tests.support.stand_ins.work import new_run, pid_of, queue_text, wait_for_state, wait_in_queue


def test_the_queue_shares_the_cores_in_order():
    plan = ((9999, 1), (20, 2), (20, 1))
    folders = [new_run(epochs=epochs, seconds=0.03, cores=cores) for epochs, cores in plan]
    process.start_run(folders[0])
    wait_for_state(folders[0], "running")
    for folder in folders[1:]:
        process.start_run(folder)
        wait_in_queue(folder)
    assert [runs.read_run(folder).state for folder in folders] == ["running", "waiting", "waiting"]
    process.stop_run(folders[0])
    wait_for_state(folders[1], "running")
    for folder in folders[1:]:
        wait_for_state(folder, "done")
    wait_until(lambda: json.loads(queue_text()) == [])  # each leaves it a moment after it is done


def test_the_dead_leave_the_queue():
    first, second = new_run(epochs=500, seconds=0.02, cores=2), new_run(cores=2)
    process.start_run(first)
    wait_for_state(first, "running")
    process.start_run(second)
    os.kill(pid_of(first), signal.SIGKILL)
    wait_for_state(second, "done")


def test_a_waiting_run_can_be_stopped():
    first, second = new_run(epochs=500, seconds=0.02, cores=2), new_run(cores=2)
    process.start_run(first)
    wait_for_state(first, "running")
    process.start_run(second)
    wait_in_queue(second)
    process.stop_run(second)
    assert runs.read_run(second).state == "stopped" and str(second) not in queue_text()
    process.stop_run(first)


def test_waiting_writes_nothing_while_nothing_changes(monkeypatch):
    """And takes no lock of the queue: 40 runs that wait would else keep a core busy."""
    holder, waiting = new_run(cores=2), [new_run(cores=1) for _ in range(3)]
    locks, writes, slots, entered = [], [], [], threading.Event()
    edit, write = core_queue._edit_queue, write_atomic

    def counted_edit() -> object:
        locks.append(1)
        return edit()

    def counted_write(path: Path, content: str) -> None:
        writes.append(path)
        write(path, content)

    monkeypatch.setattr(core_queue, "_edit_queue", counted_edit)
    monkeypatch.setattr(core_queue, "write_atomic", counted_write)

    def wait_and_leave(folder: Path) -> None:
        with process.lock_run(folder), core_queue.core_slot(folder, 1):
            slots.append(time.monotonic())
            entered.wait(PATIENCE_S)

    threads = [threading.Thread(target=wait_and_leave, args=(folder,)) for folder in waiting]
    with process.lock_run(holder), core_queue.core_slot(holder, 2):
        for thread, folder in zip(threads, waiting, strict=True):
            thread.start()
            wait_in_queue(folder)
        time.sleep(0.1)
        locks.clear(), writes.clear()
        time.sleep(2.5)
        assert (len(locks), len(writes), slots) == (0, 0, [])
    wait_until(lambda: len(slots) >= 2)
    entered.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    assert len(slots) == 3 and json.loads(queue_text()) == []


def test_a_dead_run_in_the_middle_of_the_queue_is_dropped():
    first, dead, last = new_run(epochs=500, seconds=0.02, cores=2), new_run(cores=2), new_run(cores=2)
    process.start_run(first)
    wait_for_state(first, "running")
    for folder in (dead, last):
        process.start_run(folder)
        wait_in_queue(folder)
    os.kill(pid_of(dead), signal.SIGKILL)
    wait_until(lambda: str(dead) not in queue_text())
    process.stop_run(first)
    wait_for_state(last, "done")


def test_a_stop_while_it_enters_the_queue_leaves_none_there(monkeypatch):
    def save_and_be_stopped(path: Path, text: str) -> None:
        monkeypatch.setattr(core_queue, "write_atomic", write_atomic)
        write_atomic(path, text)
        raise worker.RunStopped

    folder = new_run()
    monkeypatch.setattr(core_queue, "write_atomic", save_and_be_stopped)
    with pytest.raises(worker.RunStopped), core_queue.core_slot(folder, 1):
        pass
    assert json.loads(queue_text()) == []
