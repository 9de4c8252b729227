"""A process that reads songs with a model, and that a song may end: another one then takes its place."""

import os
import resource
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from genre.cache import end_with_parent
from genre.cluster.connection import ClusterError

Item = TypeVar("Item")
Result = TypeVar("Result")
Read = Callable[[Item], Result]

MAX_BYTES = 4 << 30  # a song that takes more ends the process, not its node
TRIES = 2  # of a song: something else may have ended the process
STARTS = 3  # of a process that ends before it has the model: there was no memory for it, perhaps


class Child(Generic[Item, Result]):
    """The process, started when the first song comes."""

    def __init__(self, load: Callable[[], Read], give_up: Callable[[Item], Result]) -> None:
        self._load, self._give_up = load, give_up
        self._pool: ProcessPoolExecutor | None = None

    def read(self, item: Item) -> Result:
        """Read an item, or give it up where it ends the process. Raises ClusterError."""
        for _ in range(TRIES):
            self._pool = self._pool or self._start()
            try:
                return self._pool.submit(_read_item, item).result()
            except BrokenProcessPool:
                self._pool = None
            except Exception as error:
                raise ClusterError(f"A node could not read songs: {error}") from error
        return self._give_up(item)

    def close(self) -> None:
        """End the process."""
        if self._pool:
            self._pool.shutdown()

    def _start(self) -> ProcessPoolExecutor:
        for _ in range(STARTS):
            pool = ProcessPoolExecutor(1, get_context("spawn"), _prepare)
            try:
                pool.submit(_load_model, self._load).result()
                return pool
            except BrokenProcessPool:
                continue
            except Exception as error:
                pool.shutdown()
                raise ClusterError(f"A node could not load the model: {error}") from error
        raise ClusterError("A node could not load the model: the process that loads it ended.")


_read: Read | None = None  # of this process


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_BYTES, MAX_BYTES))


def _load_model(load: Callable[[], Read]) -> None:
    global _read
    _read = load()


def _read_item(item: Any) -> Any:
    assert _read is not None
    try:
        return _read(item)
    except MemoryError:
        os._exit(1)
