"""A run from the inside: how the process that works on it is seen, stopped and resumed.

with work_on(folder) as run:
    for ...:
        run.record_epoch({"epoch": 1, "loss": 2.1}, progress=0.1)
    run.finish(Report("gan", metrics={"loss": 0.6}))
"""

import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from genre.errors import FAILED, INTERRUPTED, OK, SEE_LOG, error_sentence
from genre.logs import configure_logging
from genre.paths import remove_temporaries, write_atomic
from genre.runs.directory import (
    METRICS,
    METRICS_COPY,
    STOPPED,
    WAITING,
    load_config,
    read_metrics,
    read_progress,
    write_status,
)
from genre.runs.process import lock_run
from genre.runs.queue import core_slot
from genre.runs.report import Report, write_report

HEARTBEAT_S = 10.0  # seconds between heartbeats; readers take a run for interrupted after STALE_S
PARENT_VARIABLE = "EARMARK_PARENT"  # id of the process without which this one is to stop, where it has one

logger = logging.getLogger(__name__)


class Stopped(BaseException):
    """The exception inside a run that is to stop."""


class Worker:
    """The run as the process that works on it sees it."""

    def __init__(self, folder: Path, config: dict) -> None:
        self.folder, self.config, self.settings = folder, config, config["settings"]
        self._status: dict[str, Any] = {"state": "waiting", "pid": os.getpid(), **read_progress(folder)}
        self._began: tuple[float, float] | None = None  # (s, progress) of the first step
        self._epochs = self._restore_epochs()
        self._writing = threading.Lock()
        self.set_status(WAITING)

    def set_status(self, message: str, **values: Any) -> None:
        """Set the message, and other parts of the status."""
        with self._writing:
            self._status |= {"message": message, **values}
            write_status(self.folder, **self._status)

    def renew_heartbeat(self) -> None:
        """Renew the heartbeat."""
        with self._writing:
            write_status(self.folder, **self._status)

    def record_epoch(self, values: dict, progress: float) -> None:
        """Record the metrics of an epoch, and the share (0 to 1) that is done with it."""
        path = self.folder / METRICS
        torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
        with open(path, "a") as file:
            file.write("\n" * bool(torn) + json.dumps(values) + "\n")
        self._epochs.append(values)
        write_atomic(self.folder / METRICS_COPY, _lines(self._epochs))
        logger.info("  ".join(f"{name} {value:.4g}" for name, value in values.items()))
        self.set_progress(progress, f"Epoch {values['epoch']} is done.", last=values)

    def set_progress(self, progress: float, message: str, **values: Any) -> None:
        """Set the share (0 to 1) that is done; the time left follows from the pace so far."""
        now = time.monotonic()
        began, progress_then = self._began = self._began or (now, progress)
        gained = progress - progress_then
        eta = (now - began) / gained * (1 - progress) if gained > 0 else None
        self.set_status(message, progress=progress, eta_s=eta, **values)

    def _restore_epochs(self) -> list[dict]:
        """The epochs so far, after putting those back that metrics.jsonl has lost."""
        stored = read_metrics(self.folder)
        known = {(line.get("part", 0), line["epoch"]) for line in stored}
        copied = read_metrics(self.folder, METRICS_COPY)
        if lost := [line for line in copied if (line.get("part", 0), line["epoch"]) not in known]:
            stored = sorted([*stored, *lost], key=lambda line: (line.get("part", 0), line["epoch"]))
            write_atomic(self.folder / METRICS, _lines(stored))
        return stored

    def finish(self, report: Report, message: str = "Done.") -> None:
        """Write the report; the run is then done."""
        write_report(self.folder, report)
        self.set_status(message, state="done", progress=1.0, eta_s=0.0)


def _lines(epochs: list[dict]) -> str:
    return "".join(json.dumps(values) + "\n" for values in epochs)


@contextmanager
def work_on(folder: Path) -> Iterator[Worker]:
    """Lock the run, wait for its cores, and record in status.json how it ended.

    A SIGTERM stops it in good order. Raises errors from inside, after recording them.
    """
    config = load_config(folder)
    with lock_run(folder):
        remove_temporaries(folder)
        worker = Worker(folder, config)
        over = threading.Event()
        heart = threading.Thread(target=_beat, args=(worker, over), daemon=True)
        heart.start()
        try:
            # The cores of a cluster are its own affair.
            slot = nullcontext() if config.get("cluster") else core_slot(folder, config["cores"])
            with _stoppable(), slot:
                worker.set_status("Getting ready.", state="running")
                yield worker
        except (Stopped, KeyboardInterrupt):
            worker.set_status(STOPPED, state="stopped")
            raise
        except Exception as error:
            with suppress(OSError):  # on a full disk this fails too, and it shows as interrupted
                worker.set_status(error_sentence(error), state="failed")
            raise
        finally:
            over.set()
            heart.join()


def perform(folder: Path, program: str, execute: Callable[[Worker], Any]) -> tuple[int, Any]:
    """Do a run's work in this process -> (exit status of the command line, the result).

    `execute` does its own imports: not before it has its cores, since that takes memory and seconds.
    """
    configure_logging(folder.name)
    try:
        with work_on(folder) as worker:
            return OK, execute(worker)
    except (Stopped, KeyboardInterrupt):
        logger.warning("Stopped. To go on: python -m %s train --resume %s", program, folder)
        return INTERRUPTED, None
    except Exception as error:
        text = error_sentence(error)
        logger.error(text, exc_info=text.endswith(SEE_LOG))
        return FAILED, None


def _beat(worker: Worker, over: threading.Event) -> None:
    parent = os.environ.get(PARENT_VARIABLE, "")
    while not over.wait(HEARTBEAT_S):
        if parent and str(os.getppid()) != parent:  # nobody would fetch what is learnt here
            os.kill(os.getpid(), signal.SIGTERM)
        try:
            worker.renew_heartbeat()
        except OSError:
            continue  # the disk is full: the work itself will say so


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
