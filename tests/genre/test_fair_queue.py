"""The queue of heavy work: few at a time, each visitor in turn, and a place that can be told."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from genre.fair_queue import FairQueue


def turns(queue: FairQueue, places: dict[str, object]) -> list[str]:
    """Let every piece of work be done -> the order of their turns, for a queue of one slot."""
    order, remaining = [], dict(places)
    while remaining:
        (now,) = [name for name, place in remaining.items() if place.wait(0)]
        order.append(now)
        remaining.pop(now).leave()
    return order


def test_who_brings_one_does_not_wait_for_who_brings_many():
    queue = FairQueue(1)
    places = {f"a{n}": queue.enter("a") for n in range(4)} | {"b0": queue.enter("b"), "c0": queue.enter("c")}
    assert {name: place.n_ahead for name, place in places.items()} == {
        "a0": 0, "b0": 1, "c0": 2, "a1": 3, "a2": 4, "a3": 5,
    }  # fmt: skip
    assert turns(queue, places) == ["a0", "b0", "c0", "a1", "a2", "a3"]


def test_one_clip_after_the_other_counts_as_many():
    queue = FairQueue(1)
    first, other = queue.enter("a"), queue.enter("b")
    again = queue.enter("c")
    first.leave()
    second = queue.enter("a")  # has had its turn
    other.leave()
    assert again.wait(0) and not second.wait(0) and second.n_ahead == 1


def test_who_gives_up_lets_the_next_one_in():
    queue = FairQueue(1)
    working, waiting, last = (queue.enter(visitor) for visitor in "abc")
    waiting.leave()
    assert last.n_ahead == 1 and not last.wait(0.01)
    working.leave()
    working.leave()  # twice does no harm
    assert last.wait(0) and last.n_ahead == 0


@given(st.lists(st.sampled_from("abcd"), max_size=24), st.integers(1, 3))
def test_the_place_told_is_the_place_kept(visitors, n_slots):
    queue = FairQueue(n_slots)
    waiting = [(place, place.n_ahead) for place in [queue.enter(visitor) for visitor in visitors]]
    waiting = [(place, place.n_ahead) for place, _ in waiting]
    assert sorted(ahead for _, ahead in waiting if ahead) == list(range(n_slots, len(visitors)))
    for place, _ in sorted(waiting, key=lambda entry: entry[1]):
        assert place.wait(0), "its turn has come once those before it are done"
        place.leave()


def test_never_more_at_once_than_slots_and_nobody_is_forgotten():
    queue, lock, under_way, most, done = FairQueue(2), threading.Lock(), [0], [0], [0]

    def work(visitor: int) -> None:
        for _ in range(20):
            place = queue.enter(visitor)
            assert place.wait(60)
            with lock:
                under_way[0] += 1
                most[0] = max(most[0], under_way[0])
            with lock:
                under_way[0] -= 1
                done[0] += 1
            place.leave()

    threads = [threading.Thread(target=work, args=(visitor,)) for visitor in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert done == [160] and most[0] <= 2
