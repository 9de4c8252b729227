"""A run from the inside: what the process that works on it does to be seen, stopped and resumed.

    with working(folder) as run:
        for ...:
            run.epoch({"epoch": 1, "loss": 2.1}, progress=0.1)
        run.finish({"accuracy": 0.6})
"""

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from genre.failure import DETAILS, explain
from genre.home import write_atomic
from genre.run_command import FAILED, INTERRUPTED, OK
from genre.runs import STOPPED, WAITING, load_config, own, progress_of, write_status
from genre.turns import turn

HEARTBEAT_S = 2.0


class Stopped(BaseException):
    """Raised inside a run that was asked to stop."""


class Worker:
    """The run as the process that works on it sees it."""

    def __init__(self, folder: Path, config: dict) -> None:
        self.folder, self.config, self.settings = folder, config, config["settings"]
        self._status: dict[str, Any] = {"state": "waiting", "pid": os.getpid(), **progress_of(folder)}
        self._began: tuple[float, float] | None = None  # (s, progress) of the first step
        self._writing = threading.Lock()
        self.show(WAITING)

    def show(self, message: str, **values: Any) -> None:
        """Say what is going on."""
        with self._writing:
            self._status |= {"message": message, **values}
            write_status(self.folder, **self._status)

    def beat(self) -> None:
        """Say that we are still alive."""
        with self._writing:
            write_status(self.folder, **self._status)

    def epoch(self, values: dict, progress: float) -> None:
        """Note the figures of an epoch, and how much (0 to 1) is done with it."""
        path = self.folder / "metrics.jsonl"
        torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
        with open(path, "a") as file:
            file.write("\n" * bool(torn) + json.dumps(values) + "\n")
        print("  ".join(f"{name} {value:.4g}" for name, value in values.items()), flush=True)
        self.progress(progress, f"Epoch {values['epoch']} is done.", last=values)

    def progress(self, progress: float, message: str, **values: Any) -> None:
        """Say how much (0 to 1) is done; the time left follows from the pace so far."""
        now = time.monotonic()
        began, progress_then = self._began = self._began or (now, progress)
        gained = progress - progress_then
        eta = (now - began) / gained * (1 - progress) if gained > 0 else None
        self.show(message, progress=progress, eta_s=eta, **values)

    def finish(self, report: dict, message: str = "Done.") -> None:
        write_atomic(self.folder / "report.json", json.dumps(report, indent=1) + "\n")
        self.show(message, state="done", progress=1.0, eta_s=0.0)


@contextmanager
def working(folder: Path) -> Iterator[Worker]:
    """Hold the run, wait for its turn, and see to it that status.json tells how it ended.

    A SIGTERM stops it in good order. Raises what went wrong inside, after noting it.
    """
    config = load_config(folder)
    with own(folder):
        worker = Worker(folder, config)
        over = threading.Event()
        heart = threading.Thread(target=_beat, args=(worker, over), daemon=True)
        heart.start()
        try:
            with _stoppable(), turn(folder, config["cores"]):
                worker.show("Getting ready.", state="running")
                yield worker
        except (Stopped, KeyboardInterrupt):
            worker.show(STOPPED, state="stopped")
            raise
        except Exception as error:
            with suppress(OSError):  # on a full disk this fails too, and it shows as interrupted
                worker.show(explain(error), state="failed")
            raise
        finally:
            over.set()
            heart.join()


def perform(folder: Path, program: str, execute: Callable[[Worker], Any]) -> tuple[int, Any]:
    """Do a run's work in this process -> (exit status of the command line, the result).

    `execute` imports what it needs itself: not before its turn, since that takes memory and seconds.
    """
    try:
        with working(folder) as worker:
            return OK, execute(worker)
    except (Stopped, KeyboardInterrupt):
        print(f"Stopped. To go on: python -m {program} train --resume {folder}", file=sys.stderr)
        return INTERRUPTED, None
    except Exception as error:
        if (text := explain(error)).endswith(DETAILS):
            traceback.print_exc()
        print(text, file=sys.stderr)
        return FAILED, None


def _beat(worker: Worker, over: threading.Event) -> None:
    while not over.wait(HEARTBEAT_S):
        try:
            worker.beat()
        except OSError:
            continue  # a full disk: the work itself will say so


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM raise Stopped in the main thread."""

    def raise_stopped(number: int, frame: object) -> None:
        raise Stopped

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, raise_stopped)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
