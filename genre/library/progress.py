"""The scan that is under way: one at a time, its progress, started and stopped as a process of its own.

The process that scans holds a lock on EARMARK_HOME/library/scan.lock, which the kernel releases when it dies,
of whatever cause, and replaces scan.json about twice a second. A page only reads that file.
"""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from genre.library.index import LibraryError, library_folder
from genre.paths import REPOSITORY, home, write_atomic
from genre.reading import read_json
from genre.text import encodable

WRITE_EVERY_S = 0.5
RATE_OVER_S = 20.0  # seconds over which files a second are counted
READER_S = 0.5  # patience with a lock that a reader holds for a moment
LOCK_FD_VARIABLE = "EARMARK_SCAN_LOCK"  # file descriptor of the lock, inherited by a new process
SCANNING = "Another scan is under way: wait for its end, or stop it first."


@dataclass(frozen=True)
class ScanProgress:
    """A scan as it stands, or as it ended."""

    state: str = "none"  # "none", "looking", "reading", "placing", "watching", "done", "stopped" or "failed"
    n_done: int = 0
    total: int = 0
    files_per_s: float = 0.0
    eta_s: float | None = None
    current: str = ""  # the file that was read last
    message: str = ""  # one sentence: how it ended
    folders: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    pid: int = 0

    @property
    def active(self) -> bool:
        """Whether a process is at it."""
        return self.state in ("looking", "reading", "placing", "watching")


def _status_path() -> Path:
    return library_folder() / "scan.json"


def _lock_path() -> Path:
    return library_folder() / "scan.lock"


def read_progress() -> ScanProgress:
    """Read the present or the latest scan. It never raises; one whose process was killed is "stopped"."""
    try:
        values = read_json(_status_path())
        fields = {name: values[name] for name in ScanProgress.__dataclass_fields__ if name in values}
        progress = ScanProgress(**{**fields, "folders": tuple(map(str, fields.get("folders", ())))})
        if not (isinstance(progress.n_done, int) and isinstance(progress.total, int)):
            return ScanProgress()
    except (OSError, ValueError, TypeError, AttributeError):
        return ScanProgress()
    if progress.active and not is_scanning():
        return replace(progress, state="stopped", message="The scan was interrupted: scan again to go on.")
    return progress


def is_scanning() -> bool:
    """Whether a living process scans."""
    try:
        with open(_lock_path(), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def lock_scan() -> Iterator[int]:
    """Be the one scan -> the lock's file descriptor. Raises LibraryError while there is another one."""
    inherited_fd = os.environ.pop(LOCK_FD_VARIABLE, None)
    if inherited_fd is not None:  # the lock was taken by the process that started this one
        os.set_inheritable(int(inherited_fd), False)
        with open(int(inherited_fd), "wb") as file:
            yield file.fileno()
        return
    library_folder().mkdir(parents=True, exist_ok=True)
    with open(_lock_path(), "wb") as file:
        deadline = time.monotonic() + READER_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise LibraryError(SCANNING) from None
                time.sleep(0.02)
        yield file.fileno()


class ProgressWriter:
    """The writer of scan.json, in the process that scans. A full disk stops no scan by it."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.progress = ScanProgress("looking", folders=tuple(map(encodable, folders)), pid=os.getpid())
        self._written = 0.0
        self._times: list[tuple[float, int]] = []
        self._write()

    def update(self, state: str, **values: object) -> None:
        """Note a change of the state, at once."""
        self.progress = replace(self.progress, state=state, **values)  # type: ignore[arg-type]
        self._write()

    def step(self, n_done: int, total: int, path: str = "") -> ScanProgress:
        """Note that so many files are done -> the progress, with files a second and the time left."""
        now = time.monotonic()
        self._times.append((now, n_done))
        while len(self._times) > 2 and now - self._times[0][0] > RATE_OVER_S:
            self._times.pop(0)
        before, seconds = self._times[0][1], now - self._times[0][0]
        rate = (n_done - before) / seconds if seconds > 0 else 0.0
        self.progress = replace(
            self.progress,
            n_done=n_done,
            total=total,
            files_per_s=round(rate, 2),
            eta_s=round((total - n_done) / rate, 1) if rate else None,
            current=encodable(os.path.basename(path)),
        )
        if now - self._written > WRITE_EVERY_S or n_done == total:
            self._write()
        return self.progress

    def _write(self) -> None:
        self._written = time.monotonic()
        with suppress(OSError):
            _write_progress(self.progress)


def _write_progress(progress: ScanProgress) -> None:
    write_atomic(_status_path(), json.dumps(asdict(progress)) + "\n")


def start_scan(folders: Sequence[str] = (), *options: str) -> int:
    """Start `python -m genre scan` as a process of its own, for a page -> its id.

    Raises LibraryError while another one scans.
    """
    with lock_scan() as lock, open(library_folder() / "log.txt", "wb") as log:
        environment = os.environ | {
            LOCK_FD_VARIABLE: str(lock),
            "EARMARK_HOME": str(home()),
            "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "genre", "scan", *options, "--", *folders],
            env=environment,
            pass_fds=[lock],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()  # waiting leaves no zombie
        _write_progress(ScanProgress("looking", folders=tuple(map(encodable, folders)), pid=process.pid))
    return process.pid


def stop_scan(wait_s: float = 10.0) -> None:
    """Ask the scan to end; what it has read is kept."""
    pid = read_progress().pid
    if pid > 1 and pid != os.getpid() and is_scanning():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + wait_s
        while is_scanning() and time.monotonic() < deadline:
            time.sleep(0.05)
