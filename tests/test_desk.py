"""The desk: turns among visitors, cancelling, what goes wrong, and the queue of the trainings."""

import threading
import time
from collections.abc import Callable

import pytest

from gan import desk as desk_module
from gan.desk import MOST_WAITING, Desk, DeskError, Order
from genre import runs
from genre.turns import turn


@pytest.fixture(autouse=True)
def two_cores(monkeypatch):
    monkeypatch.setenv("EARMARK_CORES", "2")


def wait_until(true: Callable[[], bool], timeout: float = 10.0) -> None:
    deadline = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def finish(order: Order) -> list:
    wait_until(lambda: not order.active)
    return order.collect()


class Gate:
    """Work that waits until it is let go, and notes the order in which it was done."""

    def __init__(self) -> None:
        self.open, self.begun, self.log = threading.Event(), threading.Event(), []

    def work(self, name: str) -> Callable[[], str]:
        def do() -> str:
            self.begun.set()
            assert self.open.wait(10)
            self.log.append(name)
            return name

        return do


def test_what_is_asked_for_is_made_in_order():
    order = Desk().order()
    order.ask([lambda n=n: n for n in range(5)])
    assert order.active and order.asked == 5
    assert finish(order) == [0, 1, 2, 3, 4] and order.done == 5
    assert order.collect() == []
    order.ask([lambda: "again"])
    assert order.asked == 1 and finish(order) == ["again"]


def test_visitors_take_turns_piece_by_piece():
    desk, gate = Desk(), Gate()
    first, second, third = desk.order(), desk.order(), desk.order()
    first.ask([gate.work(f"first {n}") for n in range(3)])
    wait_until(gate.begun.is_set)
    second.ask([gate.work(f"second {n}") for n in range(2)])
    third.ask([gate.work("third 0")])
    assert first.working and first.ahead == 0
    assert not second.working and (second.ahead, third.ahead) == (1, 2)
    gate.open.set()
    for order in (first, second, third):
        finish(order)
    assert gate.log == ["first 0", "second 0", "third 0", "first 1", "second 1", "first 2"]


def test_never_two_pieces_at_once():
    desk, busy, seen = Desk(), threading.Semaphore(1), []

    def work():
        alone = busy.acquire(blocking=False)
        time.sleep(0.002)
        seen.append(alone)
        busy.release()

    orders = [desk.order() for _ in range(8)]
    threads = [threading.Thread(target=order.ask, args=([work] * 4,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for order in orders:
        finish(order)
    assert seen == [True] * 32


def test_cancelling_throws_away_and_lets_the_others_on():
    desk, gate = Desk(), Gate()
    first, second = desk.order(), desk.order()
    first.ask([gate.work("first 0"), gate.work("first 1")])
    wait_until(gate.begun.is_set)
    second.ask([gate.work("second 0")])
    first.cancel()
    assert not first.active and second.active
    gate.open.set()
    assert finish(second) == ["second 0"]
    assert first.collect() == [] and "first 1" not in gate.log
    first.ask([lambda: "new"])
    assert finish(first) == ["new"]


def test_what_goes_wrong_is_a_sentence_and_stops_nobody():
    def fails():
        raise ValueError("Choose a length between 3 and 60 seconds.")

    def breaks():
        raise KeyError("x")

    order = Desk().order()
    order.ask([fails, lambda: "fine", breaks])
    refused, fine, broken = finish(order)
    assert isinstance(refused, DeskError) and str(refused).startswith("Choose a length")
    assert fine == "fine"
    assert isinstance(broken, DeskError) and "Something went wrong" in str(broken)


def test_too_much_is_refused_whole():
    desk, gate = Desk(), Gate()
    order = desk.order()
    order.ask([gate.work("held")])
    wait_until(gate.begun.is_set)
    with pytest.raises(DeskError, match="cancel"):
        order.ask([gate.work("x")] * (MOST_WAITING + 1))
    assert order.asked == 1
    gate.open.set()
    assert finish(order) == ["held"]


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
            with runs.own(folder), turn(folder, cores):
                begun.set()
                over.wait(20)

        threads.append(threading.Thread(target=stand))
        threads[-1].start()
        assert begun.wait(10)

    hold.end = over.set
    yield hold
    over.set()
    for thread in threads:
        thread.join()


def test_a_free_core_is_taken_at_once(training):
    training(1)
    order = Desk().order()
    started = time.monotonic()
    order.ask([lambda: "made"])
    assert finish(order) == ["made"] and time.monotonic() - started < 1.0


def test_it_waits_for_trainings_but_not_for_ever(training, monkeypatch):
    monkeypatch.setattr(desk_module, "PATIENCE_S", 0.5)
    training(2)
    desk = Desk()
    order = desk.order()
    started = time.monotonic()
    order.ask([lambda: "made", lambda: "too"])
    wait_until(lambda: desk.crowded)
    assert order.active and not order.working
    assert finish(order) == ["made", "too"] and time.monotonic() - started >= 1.0
    assert sum(thread.name == "place" for thread in threading.enumerate()) == 1, "one place, kept"
    training.end()
    wait_until(lambda: not any(thread.name == "place" for thread in threading.enumerate()))


def test_who_waits_for_trainings_can_cancel(training, monkeypatch):
    monkeypatch.setattr(desk_module, "PATIENCE_S", 5.0)
    training(2)
    desk, made = Desk(), []
    order = desk.order()
    order.ask([lambda: made.append("made")])
    wait_until(lambda: desk.crowded)
    order.cancel()
    assert not order.active
    wait_until(lambda: not desk.crowded, 2.0)
    assert not made and order.collect() == []


def test_a_core_that_becomes_free_ends_the_wait(training, monkeypatch):
    monkeypatch.setattr(desk_module, "PATIENCE_S", 8.0)
    training(2)
    desk = Desk()
    order = desk.order()
    started = time.monotonic()
    order.ask([lambda: "made"])
    wait_until(lambda: desk.crowded)
    training.end()
    assert finish(order) == ["made"] and time.monotonic() - started < 5.0
