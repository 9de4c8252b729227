"""The processes that work on runs: started, stopped, and separated by a lock.

    start_run(folder)                 its own process: `python -m genre train --resume DIR`
    stop_run(folder), stop_runs(...)  it saves its state and ends; start_run resumes from the last epoch
    with lock_run(folder): ...        of the process that works on a run, released by the kernel at the latest

The inside of such a process is genre.runs.worker; the cores are shared by genre.runs.queue.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from genre.paths import REPOSITORY, home, is_temporary
from genre.runs.directory import (
    PROGRAMS,
    STOPPED,
    WAITING,
    RunError,
    is_finished,
    is_locked,
    load_config,
    read_progress,
    read_run,
    read_status,
    write_status,
)

STOPPING_S = 10.0  # seconds in which a process may end in good order
READER_S, ENDING_S = 0.4, 5.0  # patience in s with the lock of a run that is under way, or that is over
LOCK_FD_VARIABLE = "EARMARK_RUN_LOCK"  # file descriptor of the lock, inherited by a new process


def start_run(folder: Path) -> int:
    """Start a run, or resume one that ended early, as a process of its own -> its id.

    Raises RunError when it is under way already, is done, or cannot be gone on with.
    """
    config = load_config(folder)
    if is_finished(folder):
        raise RunError("This run is done: start a new one.")
    if read_run(folder).state == "interrupted":
        stop_run(folder)  # a process that hangs would keep the lock, and its place in the queue
    progress = read_progress(folder)
    with lock_run(folder) as lock, open(folder / "log.txt", "ab") as log:
        write_status(folder, **progress, state="waiting", message=WAITING)
        environment = os.environ | {
            # glibc then keeps a step's memory for the next: a fifth faster. Read at the start only.
            "MALLOC_MMAP_MAX_": "0",
            "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
            "OMP_NUM_THREADS": str(config["cores"]),
            LOCK_FD_VARIABLE: str(lock),
            "EARMARK_HOME": str(home()),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", PROGRAMS[config["kind"]], "train", "--resume", str(folder.resolve())],
            env=environment,
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()  # waiting leaves no zombie
        write_status(folder, **progress, state="waiting", pid=process.pid, message=WAITING)
        return process.pid


def stop_run(folder: Path, pid: int | None = None) -> None:
    """Ask a run to end after saving its state; end it if it does not react. It can be resumed.

    With `pid`, only if the process that works on it is that one.
    """
    stop_runs({folder: pid})


def stop_runs(folders: "Mapping[Path, int | None] | Iterable[Path]") -> None:
    """Stop each of {folder: process} as `stop_run` does: all are asked, in order, and waited for together."""
    expected = dict(folders) if isinstance(folders, Mapping) else dict.fromkeys(folders)
    stopped: dict[Path, int] = {}
    for folder, pid in expected.items():
        stored_pid = read_status(folder).get("pid")
        # Numbers below 2 would name whole groups of processes.
        if not isinstance(stored_pid, int) or stored_pid <= 1 or stored_pid == os.getpid():
            continue
        if pid in (None, stored_pid) and is_locked(folder):
            stopped[folder] = stored_pid
    under_way = dict(stopped)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process_id in under_way.values():
            with suppress(ProcessLookupError):
                leads_group = os.getpgid(process_id) == process_id  # child processes of a leader end with it
                kill = os.killpg if number == signal.SIGKILL and leads_group else os.kill
                kill(process_id, number)
        deadline = time.monotonic() + STOPPING_S
        while under_way and time.monotonic() < deadline:
            under_way = {folder: id_ for folder, id_ in under_way.items() if is_locked(folder)}
            time.sleep(0.05 if under_way else 0.0)
    for folder in stopped:
        status = read_status(folder)
        if status.get("state") in ("waiting", "running"):
            write_status(folder, **status | {"state": "stopped", "message": STOPPED})


def restart_run(folder: Path) -> int:
    """Give up what a run has learnt so far, a damaged checkpoint perhaps, and begin it anew -> its process.

    Raises RunError as `start_run` does.
    """
    load_config(folder)  # raises for a folder that is no run, before anything is deleted
    if is_finished(folder):
        raise RunError("This run is done: start a new one.")
    stop_run(folder)
    with lock_run(folder):
        for path in folder.iterdir():
            if path.name in (".lock", "config.json", "log.txt"):
                continue
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        write_status(folder, state="waiting", progress=0.0, message="Not started yet.")
    return start_run(folder)


def mark_failed(folder: Path, reason: str) -> None:
    """Record why a run could not even be started."""
    with lock_run(folder):
        write_status(folder, **read_status(folder) | {"state": "failed", "message": reason})


def delete_run(folder: Path) -> None:
    """Remove a run's folder, one whose first write was killed, or a link to nowhere.

    Raises RunError while it is under way.
    """
    if folder.is_symlink() and not folder.exists():
        folder.unlink()
        return
    is_run = any((folder / name).exists() for name in ("config.json", "status.json"))
    if not is_run and not all(is_temporary(path) for path in folder.iterdir()):
        raise RunError(f"{folder.name} is not a run.")
    with lock_run(folder):
        shutil.rmtree(folder)


@contextmanager
def lock_run(folder: Path) -> Iterator[int]:
    """Hold the run's lock -> its file descriptor. Raises RunError if another process does."""
    inherited = os.environ.pop(LOCK_FD_VARIABLE, None)
    if inherited is not None:  # the lock was taken by the process that started this one
        os.set_inheritable(int(inherited), False)
        yield int(inherited)
        return
    # A reader may hold it for a moment, and a process that is done may not have ended yet.
    deadline = time.monotonic() + (READER_S if read_run(folder).active else ENDING_S)
    with open(folder / ".lock", "wb") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise RunError(f"{folder.name} is under way: stop it first.") from None
                time.sleep(0.02)
        yield file.fileno()
