"""The worker, a run from inside its process: it reports progress, and can be stopped and resumed.

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
    METRICS_COPY_FILE,
    METRICS_FILE,
    STOPPED_MESSAGE,
    WAITING_MESSAGE,
    load_config,
    read_metrics,
    read_progress,
    write_status,
)
from genre.runs.process import lock_run
from genre.runs.queue import core_slot
from genre.runs.report import Report, write_report

HEARTBEAT_S = 10.0  # seconds between heartbeats; a run without one for STALE_S counts as interrupted
PARENT_VARIABLE = "EARMARK_PARENT"  # id of the process without which this one is to stop, where it has one

logger = logging.getLogger(__name__)


class RunStopped(BaseException):
    """The exception that ends the work of a run when it is stopped."""


class Worker:
    """The run as seen by the process that works on it."""

    def __init__(self, folder: Path, config: dict) -> None:
        self.folder, self.config, self.settings = folder, config, config["settings"]
        self._status: dict[str, Any] = {"state": "waiting", "pid": os.getpid(), **read_progress(folder)}
        self._began: tuple[float, float] | None = None  # (s, progress) of the first step
        self._epochs = self._restore_epochs()
        self._writing = threading.Lock()
        self.set_status(WAITING_MESSAGE)

    def set_status(self, message: str, **values: Any) -> None:
        """Set the message and other parts of the status."""
        with self._writing:
            self._status |= {"message": message, **values}
            write_status(self.folder, **self._status)

    def renew_heartbeat(self) -> None:
        """Renew the heartbeat."""
        with self._writing:
            write_status(self.folder, **self._status)

    def record_epoch(self, values: dict, progress: float) -> None:
        """Record the metrics of an epoch, and the fraction of the work that is done with it."""
        path = self.folder / METRICS_FILE
        is_torn = path.exists() and path.stat().st_size and not path.read_bytes().endswith(b"\n")
        with open(path, "a") as file:
            file.write("\n" * bool(is_torn) + json.dumps(values) + "\n")
        self._epochs.append(values)
        write_atomic(self.folder / METRICS_COPY_FILE, _lines(self._epochs))
        logger.info("  ".join(f"{name} {value:.4g}" for name, value in values.items()))
        self.set_progress(progress, f"Epoch {values['epoch']} is done.", last=values)

    def set_progress(self, progress: float, message: str, **values: Any) -> None:
        """Set the fraction of the work that is done; the time left follows from the pace so far."""
        now = time.monotonic()
        start, progress_then = self._began = self._began or (now, progress)
        progress_gain = progress - progress_then
        eta = (now - start) / progress_gain * (1 - progress) if progress_gain > 0 else None
        self.set_status(message, progress=progress, eta_s=eta, **values)

    def _restore_epochs(self) -> list[dict]:
        """Read the epochs so far, after restoring those that metrics.jsonl has lost."""
        lines = read_metrics(self.folder)
        epochs = {(line.get("part", 0), line["epoch"]) for line in lines}
        epochs_copy = read_metrics(self.folder, METRICS_COPY_FILE)
        if missing_lines := [
            line for line in epochs_copy if (line.get("part", 0), line["epoch"]) not in epochs
        ]:
            lines = sorted([*lines, *missing_lines], key=lambda line: (line.get("part", 0), line["epoch"]))
            write_atomic(self.folder / METRICS_FILE, _lines(lines))
        return lines

    def finish(self, report: Report, message: str = "Done.") -> None:
        """Write the report, which ends the run."""
        write_report(self.folder, report)
        self.set_status(message, state="done", progress=1.0, eta_s=0.0)


def _lines(epochs: list[dict]) -> str:
    return "".join(json.dumps(values) + "\n" for values in epochs)


@contextmanager
def work_on(folder: Path) -> Iterator[Worker]:
    """Lock the run, wait for its cores, and record its end in status.json.

    A SIGTERM stops the run, which can be resumed. Errors in the `with` block are recorded and raised again.
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
        except (RunStopped, KeyboardInterrupt):
            worker.set_status(STOPPED_MESSAGE, state="stopped")
            raise
        except Exception as error:
            with suppress(OSError):  # on a full disk this fails too; the run then counts as interrupted
                worker.set_status(error_sentence(error), state="failed")
            raise
        finally:
            over.set()
            heart.join()


def perform(folder: Path, program: str, execute: Callable[[Worker], Any]) -> tuple[int, Any]:
    """Do a run's work in this process -> (exit status of the command line, the result).

    `execute` does its own imports, once it has its cores, since they take memory and seconds.
    """
    configure_logging(folder.name)
    try:
        with work_on(folder) as worker:
            return OK, execute(worker)
    except (RunStopped, KeyboardInterrupt):
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
            continue  # the disk is full, which the work itself will report


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM raise RunStopped in the main thread."""

    def raise_stopped(number: int, frame: object) -> None:
        raise RunStopped

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, raise_stopped)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
