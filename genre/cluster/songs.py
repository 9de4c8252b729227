"""Songs read by all cores of a cluster: Ray Data streams them through actors that hold the model.

Every item comes back once, whatever dies. A song may end the process that reads it: that is a child of the
actor, which starts another one. Ray Data sees nothing of it; it would send a batch that ends its actor again
for ever. What a node takes along Ray Data reads again as soon as a core is free for the actor that had it: on
a node that joins, or at the end, when the other actors have nothing left to do.
"""

import logging
import pickle
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from genre.cluster.child import Child, Item, Read, Result
from genre.cluster.connection import ClusterError, Versions, cluster_cores, own_versions, require_versions

if TYPE_CHECKING:
    import pyarrow as pa

# A batch costs the driver some milliseconds, whatever is in it; a node that dies takes a batch a core along.
MAX_BATCH = 64  # songs
BATCHES_A_CORE = 16  # at least, where there are songs enough: the last batches keep no core waiting for long


def batch_size(n_songs: int, cores: int) -> int:
    """Choose how many songs an actor is given at once."""
    return max(1, min(MAX_BATCH, n_songs // (BATCHES_A_CORE * cores)))


def map_songs(
    ray: Any, items: Iterable[Item], load: Callable[[], Read], give_up: Callable[[Item], Result]
) -> Iterator[tuple[int, Result]]:
    """Yield (index, result) of every item once, in the order of their ends.

    `load` is a function of a module, or a partial of one; what it returns must not raise. `give_up` makes the
    result, on the node, of an item that ends the process that reads it. Raises ClusterError.
    """
    from ray import data

    entries, cores = list(enumerate(items)), max(1, cluster_cores(ray))
    if not entries:
        return
    size = batch_size(len(entries), cores)
    starts = range(0, len(entries), size)
    batches = [{"entries": pickle.dumps(entries[start : start + size])} for start in starts]
    del entries
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    dataset = data.from_items(batches, override_num_blocks=len(batches)).map_batches(
        SongActor,
        fn_constructor_args=(load, give_up, own_versions()),
        batch_size=None,
        batch_format="pyarrow",
        compute=data.ActorPoolStrategy(min_size=1, initial_size=min(cores, len(batches))),
        num_cpus=1,
    )
    dataset.context.enable_progress_bars = dataset.context.print_on_execution_start = False
    try:
        for table in dataset.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
            (content,) = table.column("results").to_pylist()
            results = pickle.loads(content)
            if isinstance(results, ClusterError):
                raise results
            yield from results
    except ray.exceptions.RayError as error:
        raise ClusterError(f"The cluster could not read songs: {error}") from error


class SongActor:
    """A process on a node, whose child reads songs."""

    def __init__(self, load: Callable[[], Read], give_up: Callable[[Any], Any], versions: Versions) -> None:
        self._child = Child(load, give_up)
        self._versions = versions

    def __call__(self, batch: "pa.Table") -> "pa.Table":
        """Read a batch: pickled pairs (index, item) -> pickled pairs (index, result), or a ClusterError."""
        import pyarrow as pa
        import ray

        results: list[tuple[int, Any]] | ClusterError
        try:
            require_versions(ray.get_runtime_context().get_node_id()[:12], self._versions)
            (entries,) = batch.column("entries").to_pylist()
            results = [(index, self._child.read(item)) for index, item in pickle.loads(entries)]
        except ClusterError as error:
            results = error
        return pa.table({"results": [pickle.dumps(results)]})
