"""A Ray cluster on this machine, each node of which has one core."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

STORE_BYTES = 100_000_000  # of each node's object store


@contextmanager
def only_on(core: int) -> Iterator[None]:
    """Let this thread, and what it starts inside, run on one core alone."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(before)[core % len(before)]})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def load_nothing() -> Callable[[str], dict]:
    """Load a model that reads nothing of a song: what is left is the cost of asking."""
    from genre.cluster.readers import give_up_scan

    return give_up_scan


class Nodes:
    """The nodes of a cluster: a head without cores, and workers of one core each.

    Where they are pinned, the first worker and the head share a core, and each other worker has its own, as
    on machines of one core.
    """

    def __init__(self, pinned: bool = False) -> None:
        from ray.cluster_utils import Cluster

        self.pinned = pinned
        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        with self._core(0):
            self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address
        self.workers: list = []

    def add(self) -> None:
        """Add a worker."""
        with self._core(len(self.workers)):
            self.workers.append(self.cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES))

    def _core(self, number: int) -> AbstractContextManager[None]:
        return only_on(number) if self.pinned else nullcontext()

    def keep(self, count: int) -> None:
        """Have so many workers, whatever a test before has killed."""
        while len(self.workers) < count:
            self.add()
        while len(self.workers) > count:
            self.kill()

    def kill(self, position: int = -1) -> None:
        """Kill a worker with everything on it, as a power cut does."""
        self.cluster.remove_node(self.workers.pop(position), allow_graceful=False)

    def options(self) -> list[str]:
        """The options of a command that is to use the cluster."""
        return ["--engine", "ray", "--address", self.address]
