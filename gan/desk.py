"""The desk where visitors ask for music: one piece at a time, everybody in turn, until cancelled.

    order = Desk().order()           one for each visitor
    order.ask([work, work])          each of them makes one piece
    order.active, order.ahead, order.done, order.asked
    order.collect()                  what was made since, and what went wrong in a sentence
    order.cancel()

Before each piece the desk also stands in the queue that all trainings stand in (genre/runs.py), so
that it takes no core from one whose turn it is. But a piece takes a second and a training hours: so it
waits there for PATIENCE_S at most, and then shares a core.
"""

import tempfile
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from genre import runs
from genre.failure import explain
from genre.turns import turn

MOST_WAITING = 24  # pieces that one visitor may have asked for and not got
PATIENCE_S = 3.0
_GLANCE_S = 0.1  # how often a waiting desk looks whether anybody still wants something

Work = Callable[[], Any]


class DeskError(ValueError):
    """Too much was asked for; the text says what to do."""


class Order:
    """What one visitor asked for. Made by `Desk.order`; every method can be called at any time."""

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._waiting: deque[Work] = deque()
        self._current: Work | None = None
        self._made: list[Any] = []
        self.asked = 0  # pieces, since the visitor last had none to wait for
        self.done = 0

    def ask(self, works: Iterable[Work]) -> None:
        """Line up for each of the works. Raises DeskError when too many would wait."""
        works = list(works)
        with self._desk.lock:
            if len(self._waiting) + len(works) > MOST_WAITING:
                raise DeskError(f"More than {MOST_WAITING} pieces would be waiting. Let some of them finish, "
                                "or cancel.")
            if not self.active:
                self.asked = self.done = 0
            self.asked += len(works)
            self._waiting.extend(works)
            self._desk._line_up(self)

    def cancel(self) -> None:
        """Want nothing any more. A piece that is being made is finished, and thrown away."""
        with self._desk.lock:
            self._waiting.clear()
            self._current = None

    def collect(self) -> list[Any]:
        """What was made since the last call; in place of what went wrong a DeskError with a sentence."""
        with self._desk.lock:
            made, self._made = self._made, []
        return made

    @property
    def ready(self) -> bool:
        """Whether there is anything to collect."""
        return bool(self._made)

    @property
    def active(self) -> bool:
        return bool(self._waiting) or self._current is not None

    @property
    def working(self) -> bool:
        """Whether a piece is being made, rather than waited for."""
        return self._current is not None

    @property
    def ahead(self) -> int:
        """How many pieces of other visitors come first."""
        with self._desk.lock:
            return self._desk._before(self)


class Desk:
    """Serves all the visitors of one server, from a thread of its own while there is something to do."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.crowded = False  # whether it waits for trainings
        self._line: deque[Order] = deque()
        self._serving = False
        self._place: _Place | None = None

    def order(self) -> Order:
        return Order(self)

    def _line_up(self, order: Order) -> None:
        if order not in self._line:
            self._line.append(order)
        if not self._serving:
            self._serving = True
            threading.Thread(target=self._serve, name="desk", daemon=True).start()

    def _before(self, order: Order) -> int:
        return self._line.index(order) if order in self._line and not order.working else 0

    def _serve(self) -> None:
        while self._wanted():
            self._take_turn()
            with self.lock:
                order = next((each for each in self._line if each._waiting), None)
                if order is not None:
                    order._current = work = order._waiting.popleft()
            if order is not None:
                self._make(order, work)
            self._place.leave()

    def _wanted(self) -> bool:
        """Whether anybody still waits; if not, the thread ends."""
        with self.lock:
            self._line = deque(order for order in self._line if order._waiting)
            self._serving = bool(self._line)
            return self._serving

    def _make(self, order: Order, work: Work) -> None:
        try:
            result = work()
        except Exception as error:
            traceback.print_exc()  # the server's log has the details
            result = DeskError(explain(error))
        with self.lock:
            if order._current is work:  # else it was cancelled meanwhile
                order._current = None
                order.done += 1
                order._made.append(result)
            if order in self._line:
                self._line.remove(order)
                self._line.append(order)  # now everybody else comes first

    def _take_turn(self) -> None:
        """Wait for a core, while somebody wants something, and not for ever."""
        if self._place is None or not self._place.take_again():
            self._place = _Place()
        for _ in range(round(PATIENCE_S / _GLANCE_S)):
            if self._place.granted.wait(_GLANCE_S) or not any(each._waiting for each in tuple(self._line)):
                break
            self.crowded = True
        self.crowded = False


class _Place:
    """A place in the queue of all trainings, held by a thread that stands there."""

    def __init__(self) -> None:
        self.granted, self._left = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._stand, name="place", daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Give the core back. A place that has not come up yet stays in the queue, to be taken again."""
        self._left.set()

    def take_again(self) -> bool:
        """-> whether it still stands there and has not had its turn."""
        if not self.granted.is_set() and self._thread.is_alive():
            self._left.clear()
            return True
        return False

    def _stand(self) -> None:
        try:
            with (
                tempfile.TemporaryDirectory(prefix="earmark-desk-") as folder,
                runs.own(Path(folder)), turn(Path(folder), 1),
            ):  # fmt: skip
                self.granted.set()
                self._left.wait()
        except (OSError, ValueError):
            pass  # a queue that cannot be written, or was deleted: music is still to be had
        finally:
            self.granted.set()
