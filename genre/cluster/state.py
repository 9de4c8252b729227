"""The state of a cluster, asked by a process of its own: a server that wants to know it loads no Ray."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from genre.cluster.connection import MISSING_MESSAGE, ClusterError, Node
from genre.paths import REPOSITORY

PATIENCE_S = 30.0  # seconds; joining a cluster takes three


@dataclass(frozen=True)
class RunOnNode:
    """A run of this EARMARK_HOME that a node trains."""

    run: str
    node: str  # its host name
    progress: float  # 0 to 1
    message: str


@dataclass(frozen=True)
class ClusterState:
    """The nodes of a cluster, those that are gone last, and the runs on them."""

    nodes: list[Node]
    runs: list[RunOnNode]

    @property
    def n_cores(self) -> int:
        """The number of cores of the living nodes."""
        return int(sum(node.cores for node in self.nodes if node.alive))


def is_ray_installed() -> bool:
    """Whether a cluster could be used from here; it imports nothing."""
    spec = importlib.util.find_spec("ray")
    return spec is not None and spec.origin is not None  # no mere folder of that name


def read_cluster_state(address: str) -> ClusterState:
    """Ask the cluster at an address ("auto": the one that this machine has joined). Raises ClusterError."""
    if not is_ray_installed():
        raise ClusterError(MISSING_MESSAGE)
    command = [sys.executable, "-m", "genre", "cluster", "--json", f"--address={address}"]
    try:
        process = subprocess.run(
            command, cwd=REPOSITORY, capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"The cluster at {address} did not answer within {PATIENCE_S:.0f} s: see whether its head runs."
        ) from error
    if process.returncode != 0:
        lines = process.stderr.strip().splitlines()
        raise ClusterError(lines[-1] if lines else f"The cluster at {address} gave no answer: try again.")
    return _parse(json.loads(process.stdout.strip().splitlines()[-1]))


def _parse(values: Mapping[str, Any]) -> ClusterState:
    return ClusterState(
        [Node(**node) for node in values["nodes"]], [RunOnNode(**run) for run in values["runs"]]
    )
