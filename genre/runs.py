"""Run directories: long work that outlives the page, the tab and the server that started it.

    folder = create("genre", settings)        config.json: what is to be done
    start(folder)                             its own process: `python -m genre train --resume DIR`
    with working(folder) as run: ...          inside of it; see genre/worker.py
    read(folder), list_runs()                 what pages and the command line show
    stop(folder), start(folder) again         goes on from the last epoch

A process that works on a run holds a lock on its folder, which the kernel lets go when it dies, of
whatever cause: so a run that says it is running and is not locked was interrupted. The cores are shared
among all runs by genre/turns.py.
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open

from genre.home import REPOSITORY, home, write_atomic

if TYPE_CHECKING:
    from genre.train import RunSettings

VERSION = 1  # of config.json
PROGRAMS = {"genre": "genre", "gan": "gan", "emotion": "mood"}  # kind -> `python -m PROGRAM train`
STATES = ("waiting", "running", "done", "failed", "stopped", "interrupted", "damaged")
STALE_S = 60.0  # a process that has not written for so long hangs
STOPPING_S = 10.0  # time to end in good order
LOOKED_AT_S, ENDING_S = 0.4, 5.0  # patience with the lock of a run that is under way, or that is over
WAITING = "Waiting for its turn."
STOPPED = "Stopped. Resume it to go on from the last epoch."
LOCK_GIVEN = "EARMARK_RUN_LOCK"  # file descriptor of the lock, handed to a new process


class RunError(ValueError):
    """Something about a run directory; the text says what to do."""


@dataclass(frozen=True)
class Run:
    """A run as it stands. `state` is one of STATES."""

    folder: Path
    kind: str = ""
    title: str = ""
    note: str = ""
    created: float = 0.0  # s since 1970
    state: str = "damaged"
    progress: float = 0.0  # 0 to 1
    eta_s: float | None = None
    message: str = ""  # one sentence: what it does, or why it failed
    settings: dict = field(default_factory=dict)
    last: dict = field(default_factory=dict)  # the latest epoch's figures

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def active(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def resumable(self) -> bool:
        return self.state in ("failed", "stopped", "interrupted")


def runs_folder() -> Path:
    return home() / "runs"


def all_cores() -> int:
    """The cores that all runs share: EARMARK_CORES, else all of the machine."""
    given = os.environ.get("EARMARK_CORES", "")
    return int(given) if given.isdigit() and int(given) else os.cpu_count() or 1


def create(
    kind: str, settings: dict, title: str = "", folder: Path | None = None, cores: int | None = None
) -> Path:
    """A new run directory with its config.json, not started. Raises RunError if there is one."""
    if kind not in PROGRAMS:
        raise RunError(f"There are no runs of kind {kind!r}: {', '.join(PROGRAMS)}.")
    if folder is None:
        name = f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(4)}-{title or kind}"
        folder = runs_folder() / re.sub(r"[^\w.-]+", "-", name)
    if (folder / "config.json").exists():
        raise RunError(f"{folder} holds a run already: choose another folder, or delete it first.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{folder} holds something else: choose a new folder, or an empty one.")
    config = {
        "version": VERSION, "kind": kind, "title": title, "note": "", "created": time.time(),
        "cores": min(cores or all_cores(), all_cores()), "settings": settings,
    }
    try:
        write_atomic(folder / "config.json", json.dumps(config, indent=1) + "\n")
        write_status(folder, state="waiting", progress=0.0, message="Not started yet.")
    except OSError:  # a full disk leaves no empty run behind
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def open_run(
    kind: str, asked: "RunSettings", title: str = "", folder: Path | None = None, cores: int | None = None
) -> Path:
    """As `create`; or the run in `folder`, if it has the same settings: to go on with, or done and whole.

    A run that is done and not whole, a file of it being lost, is gone on with too.
    """
    there = folder and (folder / "config.json").exists()
    if there and asked.same_as(load_config(folder)["settings"]):
        if read(folder).active:
            raise RunError(f"{folder} is under way: stop it first.")
        if not is_finished(folder):
            print(f"Going on with {folder}.")
        return folder
    return create(kind, asked.to_dict(), title, folder, cores)


def start(folder: Path) -> None:
    """Start a run, or go on with one that ended early, as a process of its own.

    Raises RunError when it is under way already, is done, or cannot be gone on with.
    """
    config = load_config(folder)
    if is_finished(folder):
        raise RunError("This run is done: start a new one.")
    if read(folder).state == "interrupted":
        stop(folder)  # a process that hangs would keep the lock, and its place in the queue
    so_far = progress_of(folder)
    with own(folder) as lock, open(folder / "log.txt", "ab") as log:
        write_status(folder, **so_far, state="waiting", message=WAITING)
        environment = os.environ | {
            # glibc then keeps a step's memory for the next: a fifth faster. Read at the start only.
            "MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
            "OMP_NUM_THREADS": str(config["cores"]),
            LOCK_GIVEN: str(lock),
            "EARMARK_HOME": str(home()),
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])
            ),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", PROGRAMS[config["kind"]], "train", "--resume",
             str(folder.resolve())],
            env=environment, pass_fds=[lock], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            start_new_session=True,
        )
        threading.Thread(target=process.wait, daemon=True).start()  # leaves no zombie
        write_status(folder, **so_far, state="waiting", pid=process.pid, message=WAITING)


def stop(folder: Path) -> None:
    """Ask a run to end after saving what it has; end it if it does not listen. It can be resumed."""
    pid = _status(folder).get("pid")
    if not held(folder) or not isinstance(pid, int) or pid == os.getpid():
        return
    for number, patience in ((signal.SIGTERM, STOPPING_S), (signal.SIGKILL, STOPPING_S)):
        try:
            own_session = os.getpgid(pid) == pid  # then its helpers go with it
            os.killpg(pid, number) if number == signal.SIGKILL and own_session else os.kill(pid, number)
        except ProcessLookupError:
            break
        deadline = time.monotonic() + patience
        while held(folder) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not held(folder):
            break
    status = _status(folder)
    if status.get("state") in ("waiting", "running"):
        write_status(folder, **status | {"state": "stopped", "message": STOPPED})


def fail(folder: Path, reason: str) -> None:
    """Note why a run could not even be started."""
    with own(folder):
        write_status(folder, **_status(folder) | {"state": "failed", "message": reason})


def delete(folder: Path) -> None:
    """Remove a run and all it holds, or an empty folder. Raises RunError while it is under way."""
    if any(folder.iterdir()) and not any((folder / name).exists() for name in ("config.json", "status.json")):
        raise RunError(f"{folder.name} is not a run.")
    with own(folder):
        shutil.rmtree(folder)


def describe(folder: Path, title: str | None = None, note: str | None = None) -> None:
    """Change what people call a run and what they wrote about it."""
    config = load_config(folder)
    if title is not None:
        config["title"] = title.strip()[:80]
    if note is not None:
        config["note"] = note.strip()[:2_000]
    write_atomic(folder / "config.json", json.dumps(config, indent=1) + "\n")


def load_config(folder: Path) -> dict:
    """Raises RunError for a missing or damaged config.json, or one of another version."""
    try:
        config = json.loads((folder / "config.json").read_text())
        version, kind = config["version"], config["kind"]
    except FileNotFoundError as error:
        raise RunError(f"{folder.name} is not a run: it has no config.json.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"The config.json of {folder.name} is damaged: delete this run and start a new one."
        ) from error
    if (version != VERSION or kind not in PROGRAMS or not isinstance(config.get("settings"), dict)
            or not isinstance(config.get("cores", 1), int)):
        raise RunError(
            f"{folder.name} was made by another version of Earmark: start a new run like it."
        )
    return {"title": "", "note": "", "created": 0.0, "cores": 1} | config


def read(folder: Path) -> Run:
    """A run as it stands. Never raises: what cannot be read makes it damaged."""
    try:
        config = load_config(folder)
        return _read(folder, config, _status(folder))
    except RunError as error:
        return Run(folder, message=str(error))
    except (TypeError, ValueError, AttributeError):  # numbers that are none
        return Run(folder, message="Its config.json or its status.json is damaged.")


def _read(folder: Path, config: dict, status: dict) -> Run:
    state = status.get("state", "damaged")
    message = str(status.get("message", ""))
    fresh = time.time() - float(status.get("heartbeat", 0.0)) < STALE_S
    if state in ("waiting", "running") and not (fresh and held(folder)):
        never = state == "waiting" and "pid" not in status
        state, message = "interrupted", "Not started yet." if never else (
            "It was interrupted: resume it to go on from the last epoch.")
    elif state not in STATES or state == "damaged":  # its status.json was lost: what it has learnt was not
        state, message = ("running", message) if held(folder) else (
            "interrupted", "Its status.json is missing or damaged: resume it to go on from the last epoch.")
    eta_s = status.get("eta_s")
    return Run(
        folder, config["kind"], str(config["title"]), str(config["note"]), float(config["created"]),
        state, float(status.get("progress", 0.0)), None if eta_s is None else float(eta_s), message,
        config["settings"], dict(status.get("last", {})),
    )


def list_runs(kind: str | None = None) -> list[Run]:
    """All runs under EARMARK_HOME, the newest first."""
    if not runs_folder().is_dir():
        return []
    runs = [read(folder) for folder in runs_folder().iterdir() if folder.is_dir()]
    chosen = [run for run in runs if kind in (None, run.kind)]
    return sorted(chosen, key=lambda run: (run.created, run.name), reverse=True)


def find(name: str | Path, kind: str | None = None) -> Path:
    """A run by its folder, or by its name under EARMARK_HOME/runs. Raises RunError."""
    places = (Path(name), runs_folder() / name)
    for folder in places:
        if (folder / "config.json").exists():
            if kind and load_config(folder)["kind"] != kind:
                raise RunError(f"{folder.name} is a run of another program.")
            return folder
    for folder in filter(Path.is_dir, places):
        load_config(folder)  # says what it lacks
    raise RunError(f"There is no run {str(name)!r}: give its folder, or its name in {runs_folder()}.")


def metrics(folder: Path) -> list[dict]:
    """One dictionary an epoch, in order. An epoch that was done twice counts once."""
    epochs: dict[tuple, dict] = {}
    try:
        lines = (folder / "metrics.jsonl").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            values = json.loads(line)
            epochs[int(values.get("part", 0)), int(values["epoch"])] = values
        except (ValueError, KeyError, TypeError, AttributeError):
            continue  # a line that was cut off
    return [epochs[key] for key in sorted(epochs)]


def load_report(folder: Path) -> dict:
    """Raises RunError while there is none, or when it is damaged."""
    try:
        return _dictionary(folder / "report.json")
    except (OSError, ValueError) as error:
        raise RunError(f"{folder.name} has no report yet, or a damaged one: resume it.") from error


def is_finished(folder: Path) -> bool:
    """Whether a run is done, and what it leaves is there and whole: report, card and weights."""
    if read(folder).state != "done":
        return False
    try:
        _dictionary(folder / "report.json")
        _dictionary(folder / "card.json")
        with safe_open(folder / "model.safetensors", "numpy"):  # reads what it holds, and of what length
            return True
    except (OSError, ValueError, SafetensorError):
        return False


def _dictionary(path: Path) -> dict:
    content = json.loads(path.read_text())
    if not isinstance(content, dict) or not content:
        raise ValueError(f"{path.name} holds nothing")
    return content


def progress_of(folder: Path) -> dict:
    """Of a run's status, what a process that goes on with it keeps: "progress" and the "last" epoch."""
    return {key: value for key, value in _status(folder).items() if key in ("progress", "last")}


def _status(folder: Path) -> dict:
    try:
        status = json.loads((folder / "status.json").read_text())
        return status if isinstance(status, dict) else {}
    except (OSError, ValueError):
        return {}


def write_status(folder: Path, **values: Any) -> None:
    write_atomic(folder / "status.json", json.dumps({**values, "heartbeat": time.time()}) + "\n")


def held(folder: Path) -> bool:
    """Whether a living process works on the run."""
    try:
        with open(folder / ".lock", "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        pass
    return False


@contextmanager
def own(folder: Path) -> Iterator[int]:
    """Hold the run's lock -> its file descriptor. Raises RunError if another process does."""
    given = os.environ.pop(LOCK_GIVEN, None)
    if given is not None:  # whoever started this process has locked it for us
        os.set_inheritable(int(given), False)
        yield int(given)
        return
    # A reader may be looking at it this moment, and who has done the work may not have ended yet.
    deadline = time.monotonic() + (LOOKED_AT_S if read(folder).active else ENDING_S)
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
