"""Songs read by all cores of a cluster: actors that hold the model, each with two batches, and no more.

Every item comes back once, whatever dies. A node that goes away gives its items back. Where an actor ends and
its node does not, one of the items in its hands may be the cause: each is read again alone, and the one that
ends its actor once more is given up. Ray Data would stream songs through such actors, too, but sends a batch
whose actor ended again and again: of 400 items, one of which ends its process, the job (2.60) was at no end
after 195 s; without that one it takes 6 s.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from genre.cluster.connection import ClusterError, cluster_cores, death_errors, own_versions, require_versions

Item = TypeVar("Item")
Result = TypeVar("Result")
Read = Callable[[Item], Result]

BATCH_S = 1.0  # seconds of work in a batch; a call costs some milliseconds
MAX_BATCH = 64  # items
BATCHES_PER_READER = 2  # batches that an actor works on or has waiting
LOOK_S = 2.0  # seconds between two looks at the nodes
MAX_FAILED_STARTS = 3  # actors in a row that cannot even load the model
MAX_LOST_STARTS = 20  # actors in a row that end before they have: nodes go away, or the memory is too small


class SongActor(Generic[Item, Result]):
    """A process on a node that holds a model."""

    def __init__(self, load: Callable[[], Read]) -> None:
        self._read = load()

    def describe(self) -> dict[str, Any]:
        """The node and its versions."""
        import ray

        return {"node": ray.get_runtime_context().get_node_id(), "versions": own_versions()}

    def read(self, items: list[Item]) -> tuple[list[Result], float]:
        """Read items -> (their results, seconds)."""
        began = time.perf_counter()
        return [self._read(item) for item in items], time.perf_counter() - began


@dataclass
class _Reader:
    """An actor and the batches that it has got."""

    actor: Any
    ready: Any  # reference to its description, until it has come
    node: str = ""
    batches: dict[Any, list[tuple[int, Any]]] = field(default_factory=dict)  # reference -> (index, item)
    has_suspect: bool = False  # it reads one item that may end it, and nothing else


def map_songs(
    ray: Any, items: Iterable[Item], load: Callable[[], Read], give_up: Callable[[Item], Result]
) -> Iterator[tuple[int, Result]]:
    """Yield (index, result) of every item once, in the order of their ends.

    `load` is a function of a module, or a partial of one; what it returns must not raise. `give_up` makes the
    result, here, of an item that ends the process that reads it. Raises ClusterError.
    """
    pool = _ReaderPool(ray, load)
    waiting = enumerate(items)
    again: deque[tuple[int, Item]] = deque()  # those that a node took along
    suspects: deque[tuple[int, Item]] = deque()  # to be read alone
    try:
        while True:
            pool.grow()
            for reader in pool.idle():
                if suspects:
                    if not reader.batches:
                        pool.give(reader, [suspects.popleft()], is_suspect=True)
                    continue
                batch: list[tuple[int, Item]] = []
                while len(batch) < pool.batch_size and (entry := _next(again, waiting)):
                    batch.append(entry)
                if not batch:
                    break
                pool.give(reader, batch)
            if not (again or suspects or pool.busy()):
                entry = next(waiting, None)
                if entry is None:
                    return
                again.append(entry)
            for batch, results in pool.results():
                if results is not None:
                    for (index, _), result in zip(batch, results, strict=True):
                        yield index, result
            for reader, is_node_gone in pool.dead_readers():
                batches = list(reader.batches.values())
                if is_node_gone or not batches:
                    again.extend(entry for batch in batches for entry in batch)
                elif reader.has_suspect:
                    index, item = batches[0][0]
                    yield index, give_up(item)
                else:
                    suspects.extend(batches[0])
                    again.extend(entry for batch in batches[1:] for entry in batch)
    finally:
        pool.close()


def _next(again: deque, waiting: Iterator) -> Any:
    return again.popleft() if again else next(waiting, None)


class _ReaderPool:
    """The actors of one call, as many as the cluster has cores at the moment."""

    def __init__(self, ray: Any, load: Callable[[], Read]) -> None:
        self._ray, self._load = ray, load
        self._readers: list[_Reader] = []
        self._dead_readers: list[_Reader] = []
        self._looked = -LOOK_S
        self._failed_starts = 0
        self._seconds_an_item = BATCH_S

    @property
    def batch_size(self) -> int:
        """The items in a second, by what was measured."""
        return max(1, min(MAX_BATCH, round(BATCH_S / self._seconds_an_item)))

    def grow(self) -> None:
        """Start an actor for each core that has none."""
        if time.monotonic() - self._looked < LOOK_S and self._readers:
            return
        self._looked = time.monotonic()
        n_missing = cluster_cores(self._ray) - len(self._readers)
        remote = self._ray.remote(SongActor).options(
            num_cpus=1, max_restarts=0, max_task_retries=0, scheduling_strategy="SPREAD"
        )
        for _ in range(n_missing):
            actor = remote.remote(self._load)
            self._readers.append(_Reader(actor, actor.describe.remote()))
        for reader in [reader for reader in self._readers if reader.ready is not None][: max(0, -n_missing)]:
            self._end(reader)
        if not self._readers:
            time.sleep(LOOK_S / 4)  # every node is gone: one may come

    def idle(self) -> list[_Reader]:
        """The actors that can take a batch, those with the fewest batches first."""
        ready = [reader for reader in self._readers if reader.ready is None and not reader.has_suspect]
        free = [reader for reader in ready if len(reader.batches) < BATCHES_PER_READER]
        return sorted(free, key=lambda reader: len(reader.batches))

    def busy(self) -> bool:
        """Whether some actor has a batch."""
        return any(reader.batches for reader in self._readers)

    def give(self, reader: _Reader, batch: list[tuple[int, Any]], is_suspect: bool = False) -> None:
        """Hand a batch to an actor."""
        reader.has_suspect = is_suspect
        reader.batches[reader.actor.read.remote([item for _, item in batch])] = batch

    def results(self) -> Iterator[tuple[list[tuple[int, Any]], list | None]]:
        """Wait for a moment -> the batches that are done, and their results."""
        owners = {
            ref: reader
            for reader in self._readers
            for ref in ([reader.ready] if reader.ready is not None else [])
        }
        owners |= {ref: reader for reader in self._readers for ref in reader.batches}
        if not owners:
            return
        ready_refs, _ = self._ray.wait(list(owners), num_returns=len(owners), timeout=0.02)
        if not ready_refs:
            ready_refs, _ = self._ray.wait(list(owners), num_returns=1, timeout=LOOK_S)
        for ref in ready_refs:
            reader = owners[ref]
            if reader not in self._readers:
                continue
            try:
                value = self._ray.get(ref)
            except death_errors(self._ray) as error:
                self._lose(reader, error)
                continue
            except self._ray.exceptions.RayTaskError as error:
                raise ClusterError(f"A node could not read songs: {error.cause}") from error
            if ref is reader.ready:
                require_versions(value["node"][:12], value["versions"])
                reader.ready, reader.node, self._failed_starts = None, value["node"], 0
                continue
            results, seconds = value
            batch, reader.has_suspect = reader.batches.pop(ref), False
            pace = seconds / len(batch)
            self._seconds_an_item += 0.3 * (pace - self._seconds_an_item)
            yield batch, results

    def _lose(self, reader: _Reader, error: Exception) -> None:
        if reader.ready is not None:
            self._failed_starts += 1
            is_its_fault = getattr(error, "actor_init_failed", True)
            if self._failed_starts >= (MAX_FAILED_STARTS if is_its_fault else MAX_LOST_STARTS):
                raise ClusterError(f"No node could load the model: {' '.join(str(error).split())[-300:]}")
        self._end(reader)
        self._dead_readers.append(reader)

    def dead_readers(self) -> Iterator[tuple[_Reader, bool]]:
        """The actors that have ended since the last call, each with whether its node is gone."""
        if not self._dead_readers:
            return
        time.sleep(0.5)  # the cluster may not know of its node yet
        alive = {node["NodeID"] for node in self._ray.nodes() if node["Alive"]}
        dead, self._dead_readers = self._dead_readers, []
        for reader in dead:
            yield reader, reader.node not in alive

    def _end(self, reader: _Reader) -> None:
        self._readers.remove(reader)
        self._ray.kill(reader.actor)

    def close(self) -> None:
        """End all actors."""
        for reader in list(self._readers):
            self._end(reader)
