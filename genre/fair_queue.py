"""One queue for the heavy work of all visitors: a few pieces of work at a time, each visitor in turn.

    queue = FairQueue(1)
    place = queue.enter(visitor)
    while not place.wait(0.25): print(place.n_ahead)
    place.leave()

The visitor whose latest turn lies furthest back comes next, so that one with fifty clips does not hold up one
with a single clip.
"""

import threading
from collections.abc import Hashable
from itertools import count

_LATER = 1 << 60  # turn number beyond any turn there was


class Place:
    """One piece of work in the queue. `FairQueue.enter` makes it, and its owner must call `leave`."""

    def __init__(self, queue: "FairQueue", visitor: Hashable, number: int) -> None:
        self._queue = queue
        self._turn_event = threading.Event()
        self.visitor, self.number = visitor, number

    @property
    def n_ahead(self) -> int:
        """The number of pieces of work before this one, also those under way; 0 once its turn has come."""
        return self._queue._n_ahead(self)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the turn, for `timeout_s` at most -> whether it has come."""
        return self._turn_event.wait(timeout_s)

    def leave(self) -> None:
        """Leave the queue, in any state, so that the next one has its turn. A second call does nothing."""
        self._queue._leave(self)


class FairQueue:
    """The queue; several threads may use it."""

    def __init__(self, n_slots: int) -> None:
        """Make an empty queue that lets `n_slots` pieces of work run at once."""
        self._n_slots = n_slots
        self._waiting: list[Place] = []
        self._working: list[Place] = []
        self._latest_turns: dict[Hashable, int] = {}  # visitor -> latest turn, since the queue was last empty
        self._numbers = count(1)
        self._lock = threading.Lock()

    def enter(self, visitor: Hashable) -> Place:
        """Join the queue, behind the visitor's earlier work."""
        with self._lock:
            place = Place(self, visitor, next(self._numbers))
            self._waiting.append(place)
            self._grant()
        return place

    def _grant(self) -> None:
        while self._waiting and len(self._working) < self._n_slots:
            place = self._order()[0]
            self._waiting.remove(place)
            self._working.append(place)
            self._latest_turns[place.visitor] = next(self._numbers)
            place._turn_event.set()

    def _order(self) -> list[Place]:
        """Sort the waiting work by its future turns."""
        latest, waiting = dict(self._latest_turns), list(self._waiting)
        order: list[Place] = []
        while waiting:
            place = min(waiting, key=lambda place: (latest.get(place.visitor, 0), place.number))
            latest[place.visitor] = _LATER + len(order)
            waiting.remove(place)
            order.append(place)
        return order

    def _n_ahead(self, place: Place) -> int:
        with self._lock:
            return len(self._working) + self._order().index(place) if place in self._waiting else 0

    def _leave(self, place: Place) -> None:
        with self._lock:
            for places in (self._waiting, self._working):
                if place in places:
                    places.remove(place)
            if not self._waiting and not self._working:
                self._latest_turns.clear()
            self._grant()
