"""A Ray cluster on this machine, of as many nodes as a test adds; skipped with a reason without Ray."""

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from genre.paths import REPOSITORY
from tests.support.stand_ins.cluster import Nodes


@pytest.fixture(scope="session")
def cluster(tmp_path_factory) -> Iterator[Nodes]:
    """A cluster without workers. Its nodes' folders lie in a temporary one."""
    pytest.importorskip("ray", reason="Ray is not installed: make setup-cluster")
    patch = pytest.MonkeyPatch()
    # In the environment of the nodes, which Ray's processes inherit.
    patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    patch.setenv("RAY_worker_niceness", "0")  # by default Ray gives way to every other program
    patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])))
    patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("nodes")))
    patch.setattr(tempfile, "tempdir", None)
    nodes = Nodes()
    try:
        yield nodes
    finally:
        nodes.cluster.shutdown()
        patch.undo()


@pytest.fixture
def node_folders(cluster) -> Callable[[], list[Path]]:
    """node_folders() -> Earmark's folder on each node that has one."""
    return lambda: sorted(Path(os.environ["TMPDIR"]).glob("earmark-*/*"))
