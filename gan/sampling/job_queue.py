"""The job queue of the Generate page: one job at a time, round robin over the visitors, cancellable.

    ticket = JobQueue().open_ticket()        one for each visitor
    ticket.submit([job, job])                each of them makes one clip
    ticket.is_active, ticket.n_ahead, ticket.n_done, ticket.n_submitted
    ticket.collect()                         the results since the last call; an error as a JobError
    ticket.cancel()

Before each job the queue also waits for a core slot among all trainings (genre/runs/queue.py), so that
it takes no core from a training whose turn it is. A clip takes a second and a training hours, so the queue
waits for MAX_SLOT_WAIT_S at most, and then shares a core.
"""

import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from genre.errors import error_sentence
from genre.runs.process import lock_run
from genre.runs.queue import core_slot

logger = logging.getLogger(__name__)

MAX_WAITING, MAX_WAITING_OF_ALL = 24, 120  # jobs that may wait: of one visitor, and of all together
MAX_SLOT_WAIT_S = 3.0
_POLL_S = 0.1  # interval at which a waiting queue checks whether any job is left

Job = Callable[[], Any]


class JobError(ValueError):
    """A job that was refused or failed; the text says what to do."""


class Ticket:
    """The jobs of one visitor. `JobQueue.open_ticket` makes it; every method can be called at any time."""

    def __init__(self, queue: "JobQueue") -> None:
        self._queue = queue
        self._waiting: deque[Job] = deque()
        self._current: Job | None = None
        self._results: list[Any] = []
        self.n_submitted = 0  # jobs submitted since the visitor last had none waiting
        self.n_done = 0

    def submit(self, jobs: Iterable[Job]) -> None:
        """Append the jobs. Raises JobError when too many would wait."""
        jobs = list(jobs)
        with self._queue.lock:
            if len(self._waiting) + len(jobs) > MAX_WAITING:
                raise JobError(
                    f"More than {MAX_WAITING} pieces would be waiting. Let some of them finish, or cancel."
                )
            if self._queue.n_waiting + len(jobs) > MAX_WAITING_OF_ALL:
                raise JobError("Many visitors wait for their pieces already: try again in a minute.")
            if not self.is_active:
                self.n_submitted = self.n_done = 0
            self.n_submitted += len(jobs)
            self._waiting.extend(jobs)
            self._queue._enqueue(self)

    def cancel(self) -> None:
        """Remove all waiting jobs; a running job is finished and its result dropped."""
        with self._queue.lock:
            self._waiting.clear()
            self._current = None

    def collect(self) -> list[Any]:
        """Take the results since the last call; a JobError with a sentence stands for a failed job."""
        with self._queue.lock:
            results, self._results = self._results, []
        return results

    @property
    def is_ready(self) -> bool:
        """Return whether there are results to collect."""
        return bool(self._results)

    @property
    def is_active(self) -> bool:
        """Return whether a job runs or waits."""
        return bool(self._waiting) or self._current is not None

    @property
    def is_running(self) -> bool:
        """Return whether a job runs."""
        return self._current is not None

    @property
    def n_ahead(self) -> int:
        """The number of visitors whose jobs come before this visitor's."""
        with self._queue.lock:
            return self._queue._position(self)


class JobQueue:
    """The queue of all the visitors of one server, with a thread of its own while there are jobs."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.is_waiting_for_core = False
        self._tickets: deque[Ticket] = deque()
        self._is_serving = False
        self._slot: _CoreSlot | None = None

    def open_ticket(self) -> Ticket:
        return Ticket(self)

    @property
    def n_waiting(self) -> int:
        """The number of waiting jobs of all visitors."""
        return sum(len(ticket._waiting) for ticket in self._tickets)

    def _enqueue(self, ticket: Ticket) -> None:
        if ticket not in self._tickets:
            self._tickets.append(ticket)
        if not self._is_serving:
            self._is_serving = True
            threading.Thread(target=self._serve, name="job-queue", daemon=True).start()

    def _position(self, ticket: Ticket) -> int:
        return self._tickets.index(ticket) if ticket in self._tickets and not ticket.is_running else 0

    def _serve(self) -> None:
        while self._has_jobs():
            slot = self._wait_for_core()
            with self.lock:
                ticket = next((other for other in self._tickets if other._waiting), None)
                if ticket is not None:
                    ticket._current = job = ticket._waiting.popleft()
            if ticket is not None:
                self._run(ticket, job)
            slot.release()

    def _has_jobs(self) -> bool:
        """Return whether any job waits; if not, the thread ends."""
        with self.lock:
            self._tickets = deque(ticket for ticket in self._tickets if ticket._waiting)
            self._is_serving = bool(self._tickets)
            return self._is_serving

    def _run(self, ticket: Ticket, job: Job) -> None:
        try:
            result = job()
        except Exception as error:
            logger.exception("A job of the Generate page failed")
            result = JobError(error_sentence(error))
        with self.lock:
            if ticket._current is job:  # false where the job was cancelled meanwhile
                ticket._current = None
                ticket.n_done += 1
                ticket._results.append(result)
            if ticket in self._tickets:
                self._tickets.remove(ticket)
                self._tickets.append(ticket)  # back to the end: round robin

    def _wait_for_core(self) -> "_CoreSlot":
        """Wait for a core slot while any job waits, for MAX_SLOT_WAIT_S at most."""
        if self._slot is None or not self._slot.reuse():
            self._slot = _CoreSlot()
        slot = self._slot
        for _ in range(round(MAX_SLOT_WAIT_S / _POLL_S)):
            if slot.grant_event.wait(_POLL_S) or not any(ticket._waiting for ticket in tuple(self._tickets)):
                break
            self.is_waiting_for_core = True
        self.is_waiting_for_core = False
        return slot


class _CoreSlot:
    """A core slot in the queue of all trainings; a thread waits for it and occupies it."""

    def __init__(self) -> None:
        self.grant_event, self._release_event = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, name="core-slot", daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Give the core back. A slot that is not granted yet stays in the queue, to be reused."""
        self._release_event.set()

    def reuse(self) -> bool:
        """Keep waiting in the same position -> whether that is possible."""
        if not self.grant_event.is_set() and self._thread.is_alive():
            self._release_event.clear()
            return True
        return False

    def _hold(self) -> None:
        try:
            with (
                tempfile.TemporaryDirectory(prefix="earmark-job-queue-") as folder,
                lock_run(Path(folder)),
                core_slot(Path(folder), 1),
            ):
                self.grant_event.set()
                self._release_event.wait()
        except (OSError, ValueError):
            # Music is made also where the queue cannot be written or was deleted.
            logger.warning("No core slot could be had; going on without", exc_info=True)
        finally:
            self.grant_event.set()
