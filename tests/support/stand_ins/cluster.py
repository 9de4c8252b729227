"""A Ray cluster on this machine, each node of which has one core."""

STORE_BYTES = 100_000_000  # of each node's object store


class Nodes:
    """The nodes of a cluster: a head without cores, and workers of one core each."""

    def __init__(self) -> None:
        from ray.cluster_utils import Cluster

        head = {"num_cpus": 0, "object_store_memory": STORE_BYTES, "include_dashboard": False}
        self.cluster = Cluster(initialize_head=True, head_node_args=head)
        self.address = self.cluster.address
        self.workers: list = []

    def add(self) -> None:
        """Add a worker."""
        self.workers.append(self.cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES))

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
