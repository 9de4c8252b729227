"""The job queue: round robin over visitors, cancelling, failures, and the core slots of trainings."""

import threading
import time
from collections.abc import Callable

import pytest

from gan.sampling import job_queue as queue_module
from gan.sampling.job_queue import MAX_WAITING, JobError, JobQueue, Ticket
from genre.runs.process import lock_run
from genre.runs.queue import core_slot
from tests.support.patience import PATIENCE_S, wait_until

FOREVER_S = 3600.0  # a test that waited so long has failed


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setenv("EARMARK_CORES", "2")


def finish(ticket: Ticket) -> list:
    wait_until(lambda: not ticket.is_active)
    return ticket.collect()


class Gate:
    """Jobs that wait until the gate opens, and log the order in which they ran."""

    def __init__(self) -> None:
        self.open, self.begun, self.log = threading.Event(), threading.Event(), []

    def work(self, name: str) -> Callable[[], str]:
        def do() -> str:
            self.begun.set()
            assert self.open.wait(PATIENCE_S)
            self.log.append(name)
            return name

        return do


def test_jobs_run_in_order():
    ticket = JobQueue().open_ticket()
    ticket.submit([lambda n=n: n for n in range(5)])
    assert ticket.is_active and ticket.n_submitted == 5
    assert finish(ticket) == [0, 1, 2, 3, 4] and ticket.n_done == 5
    assert ticket.collect() == []
    ticket.submit([lambda: "again"])
    assert ticket.n_submitted == 1 and finish(ticket) == ["again"]


def test_visitors_take_turns_job_by_job():
    queue, gate = JobQueue(), Gate()
    first, second, third = queue.open_ticket(), queue.open_ticket(), queue.open_ticket()
    first.submit([gate.work(f"first {n}") for n in range(3)])
    wait_until(gate.begun.is_set)
    second.submit([gate.work(f"second {n}") for n in range(2)])
    third.submit([gate.work("third 0")])
    assert first.is_running and first.n_ahead == 0
    assert not second.is_running and (second.n_ahead, third.n_ahead) == (1, 2)
    gate.open.set()
    for ticket in (first, second, third):
        finish(ticket)
    assert gate.log == ["first 0", "second 0", "third 0", "first 1", "second 1", "first 2"]


def test_never_two_jobs_at_once():
    queue, slot, results = JobQueue(), threading.Semaphore(1), []

    def work():
        is_alone = slot.acquire(blocking=False)
        time.sleep(0.002)
        results.append(is_alone)
        slot.release()

    tickets = [queue.open_ticket() for _ in range(8)]
    threads = [threading.Thread(target=ticket.submit, args=([work] * 4,)) for ticket in tickets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for ticket in tickets:
        finish(ticket)
    assert results == [True] * 32


def test_cancelling_drops_results_and_lets_the_others_go_on():
    queue, gate = JobQueue(), Gate()
    first, second = queue.open_ticket(), queue.open_ticket()
    first.submit([gate.work("first 0"), gate.work("first 1")])
    wait_until(gate.begun.is_set)
    second.submit([gate.work("second 0")])
    first.cancel()
    assert not first.is_active and second.is_active
    gate.open.set()
    assert finish(second) == ["second 0"]
    assert first.collect() == [] and "first 1" not in gate.log
    first.submit([lambda: "new"])
    assert finish(first) == ["new"]


def test_a_failed_job_is_a_sentence_and_stops_nobody():
    def fails():
        raise ValueError("Choose a length between 3 and 60 seconds.")

    def breaks():
        raise KeyError("x")

    ticket = JobQueue().open_ticket()
    ticket.submit([fails, lambda: "fine", breaks])
    refused, fine, broken = finish(ticket)
    assert isinstance(refused, JobError) and str(refused).startswith("Choose a length")
    assert fine == "fine"
    assert isinstance(broken, JobError) and "Something went wrong" in str(broken)


def test_too_many_jobs_are_refused_together():
    queue, gate = JobQueue(), Gate()
    ticket = queue.open_ticket()
    ticket.submit([gate.work("first")])
    wait_until(gate.begun.is_set)
    with pytest.raises(JobError, match="cancel"):
        ticket.submit([gate.work("x")] * (MAX_WAITING + 1))
    assert ticket.n_submitted == 1
    gate.open.set()
    assert finish(ticket) == ["first"]


@pytest.fixture
def training(tmp_path):
    """A training that holds so many cores -> (until it is let go)."""
    over = threading.Event()
    threads = []

    def hold(cores: int) -> None:
        begun = threading.Event()
        folder = tmp_path / f"training-{len(threads)}"
        folder.mkdir()

        def stand() -> None:
            with lock_run(folder), core_slot(folder, cores):
                begun.set()
                over.wait(PATIENCE_S)

        threads.append(threading.Thread(target=stand))
        threads[-1].start()
        assert begun.wait(PATIENCE_S)

    hold.end = over.set
    yield hold
    over.set()
    for thread in threads:
        thread.join()


def test_a_free_core_is_not_waited_for(training, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_SLOT_WAIT_S", FOREVER_S)
    training(1)
    ticket = JobQueue().open_ticket()
    ticket.submit([lambda: "made"])
    assert finish(ticket) == ["made"]


def test_it_waits_for_trainings_but_not_for_ever(training, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_SLOT_WAIT_S", 0.5)
    training(2)
    queue = JobQueue()
    ticket = queue.open_ticket()
    started = time.monotonic()
    ticket.submit([lambda: "made", lambda: "too"])
    wait_until(lambda: queue.is_waiting_for_core)
    assert ticket.is_active and not ticket.is_running
    assert finish(ticket) == ["made", "too"] and time.monotonic() - started >= 1.0
    assert sum(thread.name == "core-slot" for thread in threading.enumerate()) == 1, "one place"
    training.end()
    wait_until(lambda: not any(thread.name == "core-slot" for thread in threading.enumerate()))


def test_who_waits_for_trainings_can_cancel(training, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_SLOT_WAIT_S", FOREVER_S)
    training(2)
    queue, results = JobQueue(), []
    ticket = queue.open_ticket()
    ticket.submit([lambda: results.append("made")])
    wait_until(lambda: queue.is_waiting_for_core)
    ticket.cancel()
    assert not ticket.is_active
    wait_until(lambda: not queue.is_waiting_for_core)
    assert not results and ticket.collect() == []


def test_a_core_that_becomes_free_ends_the_wait(training, monkeypatch):
    monkeypatch.setattr(queue_module, "MAX_SLOT_WAIT_S", FOREVER_S)
    training(2)
    queue = JobQueue()
    ticket = queue.open_ticket()
    ticket.submit([lambda: "made"])
    wait_until(lambda: queue.is_waiting_for_core)
    training.end()
    assert finish(ticket) == ["made"]
