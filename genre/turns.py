"""The cores, shared among all runs: one queue, EARMARK_HOME/queue.json, first come, first served."""

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genre.home import home, write_atomic
from genre.runs import all_cores, held


@contextmanager
def turn(folder: Path, wanted: int) -> Iterator[None]:
    """Wait until the cores are free: those of this run and of all that came before it must fit."""
    me = str(folder.resolve())
    wanted = min(wanted, all_cores())
    told = False
    try:  # from here on: a SIGTERM may come at any moment
        with _queue() as entries:
            entries[:] = [entry for entry in entries if entry["run"] != me]
            entries.append({"run": me, "cores": wanted})
        while True:
            with _queue() as entries:
                if me not in [entry["run"] for entry in entries]:  # the queue's file was lost
                    entries.append({"run": me, "cores": wanted})
                place = [entry["run"] for entry in entries].index(me)
                if sum(entry["cores"] for entry in entries[:place]) + wanted <= all_cores():
                    break
            if not told:
                print("Waiting for its turn: other runs hold the cores.", flush=True)
                told = True
            time.sleep(0.2)
        yield
    finally:
        with _queue() as entries:
            entries[:] = [entry for entry in entries if entry["run"] != me]


@contextmanager
def _queue() -> Iterator[list[dict]]:
    """The waiting and working runs, oldest first, held and then saved. Dead ones are dropped."""
    home().mkdir(parents=True, exist_ok=True)
    with open(home() / "queue.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = home() / "queue.json"
        try:
            entries = json.loads(path.read_text())
            entries = [entry for entry in entries if held(Path(entry["run"]))]
        except (OSError, ValueError, TypeError, KeyError):
            entries = []
        yield entries
        write_atomic(path, json.dumps(entries) + "\n")
