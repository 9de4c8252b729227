"""The processes that work on runs: their start, their end, and the lock that separates them.

    start_run(folder)                 starts a process: `python -m genre train --resume DIR` stop_run(folder),
    stop_runs(...)  the run saves its state and ends; start_run resumes from the last epoch with
    lock_run(folder): ...        the lock of the process that works on a run; the kernel releases it at the
    end

genre.runs.worker is the inside of such a process, and genre.runs.queue shares the cores.
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
    STOPPED_MESSAGE,
    WAITING_MESSAGE,
    RunError,
    is_finished,
    is_locked,
    load_config,
    read_progress,
    read_run,
    read_status,
    write_status,
)

STOPPING_S = 10.0  # seconds in which a process may save its state and end, before it is killed
READER_S, ENDING_S = 0.4, 5.0  # seconds to wait for the lock of a run that is under way, or that is over
LOCK_FD_VARIABLE = "EARMARK_RUN_LOCK"  # file descriptor of the lock, inherited by a new process


def start_run(folder: Path) -> int:
    """Start a run, or resume one that ended early, as a process of its own -> the process's id.

    Raises RunError when the run is under way already, is done, or cannot be resumed.
    """
    config = load_config(folder)
    if is_finished(folder):
        raise RunError("This run is done: start a new one.")
    if read_run(folder).state == "interrupted":
        stop_run(folder)  # a process that hangs would keep the lock, and its place in the queue
    progress = read_progress(folder)
    with lock_run(folder) as lock, open(folder / "log.txt", "ab") as log:
        write_status(folder, **progress, state="waiting", message=WAITING_MESSAGE)
        environment = os.environ | {
            # glibc then keeps the memory of a step for the next one, which is a fifth faster. It reads them
            # at the start of the process only.
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
        threading.Thread(target=process.wait, daemon=True).start()  # the process must not stay a zombie
        write_status(folder, **progress, state="waiting", pid=process.pid, message=WAITING_MESSAGE)
        return process.pid


def stop_run(folder: Path, pid: int | None = None) -> None:
    """Stop a run, which saves its state, or kill it if it does not react. It can be resumed.

    With `pid`, it is stopped only if that is the process that works on it.
    """
    stop_runs({folder: pid})


def stop_runs(folders: "Mapping[Path, int | None] | Iterable[Path]") -> None:
    """Stop each of {folder: process} as by `stop_run`, all at the same time."""
    expected_pids = dict(folders) if isinstance(folders, Mapping) else dict.fromkeys(folders)
    stopped_pids: dict[Path, int] = {}
    for folder, pid in expected_pids.items():
        stored_pid = read_status(folder).get("pid")
        # Numbers below 2 would mean whole groups of processes.
        if not isinstance(stored_pid, int) or stored_pid <= 1 or stored_pid == os.getpid():
            continue
        if pid in (None, stored_pid) and is_locked(folder):
            stopped_pids[folder] = stored_pid
    under_way = dict(stopped_pids)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process_id in under_way.values():
            with suppress(ProcessLookupError):
                leads_group = os.getpgid(process_id) == process_id  # then its child processes end with it
                kill = os.killpg if number == signal.SIGKILL and leads_group else os.kill
                kill(process_id, number)
        deadline = time.monotonic() + STOPPING_S
        while under_way and time.monotonic() < deadline:
            under_way = {folder: id_ for folder, id_ in under_way.items() if is_locked(folder)}
            time.sleep(0.05 if under_way else 0.0)
    for folder in stopped_pids:
        status = read_status(folder)
        if status.get("state") in ("waiting", "running"):
            write_status(folder, **status | {"state": "stopped", "message": STOPPED_MESSAGE})


def restart_run(folder: Path) -> int:
    """Delete the results of a run, such as a damaged checkpoint, and begin it anew -> its process's id.

    Raises RunError as `start_run`.
    """
    load_config(folder)  # raises for a folder without a run, before anything is deleted
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
    """Record the reason why a run could not be started."""
    with lock_run(folder):
        write_status(folder, **read_status(folder) | {"state": "failed", "message": reason})


def delete_run(folder: Path) -> None:
    """Delete a run's folder, also an incomplete one or a broken link.

    Raises RunError while the run is under way.
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
    inherited_fd = os.environ.pop(LOCK_FD_VARIABLE, None)
    if inherited_fd is not None:  # the process that started this one has locked the run
        os.set_inheritable(int(inherited_fd), False)
        yield int(inherited_fd)
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
