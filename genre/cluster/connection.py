"""The connection to a Ray cluster, and what it consists of. Ray is imported here, and only when asked for.

Ray's own ports trust whoever reaches them: a cluster belongs into a network in which everybody may run any
program on its machines.
"""

import os
import platform
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from genre.cache import key_of
from genre.paths import REPOSITORY, WEIGHTS

KNOCK_S = 5.0  # seconds in which a cluster's head accepts a connection
AUTO = "auto"  # the address of the cluster that this machine has joined
MISSING_MESSAGE = (
    "Ray is not installed here: run `make setup-cluster` first, on every machine of the cluster."
)
PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "safetensors", "librosa", "soundfile", "soxr", "av")


class ClusterError(OSError):
    """The cluster cannot be used; the message is a sentence with the next step."""


@dataclass(frozen=True)
class Node:
    """A machine of the cluster."""

    id: str
    name: str  # its host name
    address: str
    alive: bool
    cores: float
    used_cores: float


def connect(address: str = AUTO) -> Any:
    """Connect this process to the cluster, once -> the module ray. Raises ClusterError."""
    # Nothing is reported to Ray's makers, and a task's environment is this program's affair.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
    except ImportError as error:
        raise ClusterError(MISSING_MESSAGE) from error
    if ray.is_initialized():
        return ray
    with _own_signals():
        try:
            if address != AUTO:
                _require_answer(address)
            ray.init(address=address, namespace="earmark", log_to_driver=False, logging_level="ERROR")
            # What it tells of its nodes would stand between the lines that a command prints for programs.
            ray._private.worker._worker_logs_enabled = False
        except (ConnectionError, ValueError, RuntimeError, OSError) as error:
            raise ClusterError(
                f"No Ray cluster answers at {address}: start one with `ray start --head`, and join it from "
                "this machine with `ray start --address=HOST:PORT`."
            ) from error
    return ray


def _require_answer(address: str) -> None:
    """Raise OSError or ValueError where nobody listens at HOST:PORT; Ray would try for half a minute."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), KNOCK_S).close()


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keep the handler of SIGTERM, which Ray puts its own in place of: a run is stopped by that signal."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def disconnect() -> None:
    """Leave the cluster; what this process started on it ends."""
    import ray

    with _own_signals():
        ray.shutdown()


def death_errors(ray: Any) -> tuple[type[Exception], ...]:
    """What a call raises whose actor died, or whose result lay on a node that did."""
    return ray.exceptions.RayActorError, ray.exceptions.ObjectLostError


def cluster_cores(ray: Any) -> int:
    """The number of cores of all living nodes."""
    return int(ray.cluster_resources().get("CPU", 0))


def list_nodes(ray: Any) -> list[Node]:
    """The machines of the cluster, those that are gone last."""
    free = ray._private.state.available_resources_per_node()
    nodes = []
    for entry in ray.nodes():
        cores = float(entry.get("Resources", {}).get("CPU", 0.0))
        idle = float(free.get(entry["NodeID"], {}).get("CPU", 0.0))
        n_used = cores - idle if entry["Alive"] else 0.0
        name, address = entry["NodeManagerHostname"], entry["NodeManagerAddress"]
        nodes.append(Node(entry["NodeID"], name, address, bool(entry["Alive"]), cores, n_used))
    return sorted(nodes, key=lambda node: (not node.alive, node.name, node.id))


@dataclass(frozen=True)
class Versions:
    """What must be equal on all nodes for the same seed to give the same result."""

    python: str
    packages: dict[str, str]
    earmark: str  # hash of the sources, the lists and the cards with their weights' hashes

    def differences(self, other: "Versions") -> list[str]:
        """The names of what is not equal."""
        names = sorted({*self.packages, *other.packages})
        differences = [name for name in names if self.packages.get(name) != other.packages.get(name)]
        if self.python != other.python:
            differences.insert(0, "Python")
        return [*differences, "Earmark"] if self.earmark != other.earmark else differences

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain values."""
        return asdict(self)


@cache
def own_versions() -> Versions:
    """The versions in this process."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "missing"
    files = [*REPOSITORY.glob("genre/**/*.py"), *WEIGHTS.glob("*/card.json")]
    files += (REPOSITORY / "assets" / "splits").glob("*")
    contents = [(str(path.relative_to(REPOSITORY)), path.read_bytes().hex()) for path in sorted(files)]
    return Versions(platform.python_version(), packages, key_of(contents))


def require_versions(node: str, theirs: Versions) -> None:
    """Raise ClusterError where a node would not compute what this machine does."""
    if differences := own_versions().differences(theirs):
        raise ClusterError(
            f"The node {node} has another version of {', '.join(differences)}: install the same on all "
            "nodes, then start Ray there again."
        )
