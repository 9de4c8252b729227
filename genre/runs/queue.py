"""The queue of all runs for the cores: EARMARK_HOME/queue.json, first come, first served.

A run is appended to the file, and removed when its process ends. It has its core slot once its cores and
those of all entries before it fit into the machine. Each process sees this by itself, since entries before it
can only leave. So a waiting process only checks the file's date, and reads the file when it has changed; a
process locks and replaces the file only when it enters, leaves, or finds an entry whose process has died.
"""

import fcntl
import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genre.compute import all_cores
from genre.paths import home, write_atomic
from genre.reading import read_json
from genre.runs.directory import is_locked

NEXT_POLL_S = 0.2  # seconds between two polls of the first waiting run
POLL_S = 0.8  # seconds between two polls of the others
DEAD_CHECK_S = 0.8  # seconds between two checks that the entries before are alive

logger = logging.getLogger(__name__)


@contextmanager
def core_slot(folder: Path, n_cores: int) -> Iterator[None]:
    """Wait until the cores of this run and of all runs before it fit into the machine, then hold them."""
    run = str(folder.resolve())
    entry = {"run": run, "cores": min(n_cores, all_cores())}
    try:  # a SIGTERM may come at any moment from here on
        with _edit_queue() as entries:
            entries[:] = [*(other for other in entries if other["run"] != run), entry]
        _wait_for_slot(entry)
        yield
    finally:
        with _edit_queue() as entries:
            entries[:] = [other for other in entries if other["run"] != run]


def _wait_for_slot(entry: dict) -> None:
    """Return once the entry's cores are free."""
    version: object = None
    before: list[dict] = []
    is_next = is_logged = False
    next_check = time.monotonic() + DEAD_CHECK_S
    while True:
        if version is None or version != _read_version():
            version = _read_version()
            entries = _read_entries()
            if entry not in entries:  # the queue's file was lost
                with _edit_queue() as entries:
                    if entry not in entries:
                        entries.append(entry)
                continue
            before = entries[: entries.index(entry)]
            n_before = sum(other["cores"] for other in before)
            if n_before + entry["cores"] <= all_cores():
                return
            is_next = n_before <= all_cores()
        if time.monotonic() >= next_check:
            next_check = time.monotonic() + DEAD_CHECK_S
            # Entries further back are checked by the entries behind them.
            if any(not is_locked(Path(other["run"])) for other in (before if is_next else before[-1:])):
                with _edit_queue():
                    version = None
                continue
        if not is_logged:
            logger.info("Waiting for free cores: other runs hold them.")
            is_logged = True
        time.sleep(NEXT_POLL_S if is_next else POLL_S)


def _read_version() -> tuple[int, int, int] | None:
    """Read what changes with each replacement of the file; None where there is none."""
    try:
        status = (home() / "queue.json").stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read_entries() -> list[dict]:
    """Read the working and waiting runs, oldest first; none where the file is missing or damaged."""
    try:
        entries = read_json(home() / "queue.json")
        return [{"run": str(entry["run"]), "cores": int(entry["cores"])} for entry in entries]
    except (OSError, ValueError, TypeError, KeyError):
        return []


@contextmanager
def _edit_queue() -> Iterator[list[dict]]:
    """Lock and yield the entries of living processes; save them where they change."""
    home().mkdir(parents=True, exist_ok=True)
    with open(home() / "queue.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stored_entries = _read_entries()
        entries = [entry for entry in stored_entries if is_locked(Path(entry["run"]))]
        yield entries
        if entries != stored_entries or _read_version() is None:
            write_atomic(home() / "queue.json", json.dumps(entries) + "\n")
