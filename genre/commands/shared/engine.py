"""The options `--engine` and `--address`: this machine, or a cluster."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

ENGINES = ("local", "ray")
READY = 1  # runs that are prepared while all cores of a cluster are busy: starting one takes seconds


@dataclass(frozen=True)
class Engine:
    """Where a command's work is done."""

    at_once: Callable[[], int]  # trainings side by side
    cluster: str | None = None  # the address of a cluster
    ray: Any = None  # the module, connected to the cluster


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """Add both options."""
    parser.add_argument("--engine", choices=ENGINES, default="local", help="this machine, or a Ray cluster")
    parser.add_argument(
        "--address",
        metavar="auto|HOST:PORT",
        help="with --engine ray: the cluster; by default the one that this machine has joined",
    )


def require_engine(options: argparse.Namespace) -> None:
    """Raise ValueError for an address without a cluster."""
    if options.address and options.engine != "ray":
        raise ValueError("--address goes with --engine ray.")


@contextmanager
def open_engine(options: argparse.Namespace) -> Iterator[Engine]:
    """The engine that the options name, for the time inside. Raises ValueError or ClusterError."""
    from genre.cache import computed_elsewhere
    from genre.compute import all_cores, cores, limit_cores

    require_engine(options)
    limit = getattr(options, "cores", None)
    if options.engine == "local":
        with limit_cores(limit or cores()):
            yield Engine(lambda: limit or all_cores())
        return
    from genre.cluster.connection import AUTO, cluster_cores, connect, disconnect
    from genre.cluster.inputs import compute_on

    address = options.address or AUTO
    ray = connect(address)
    try:
        with computed_elsewhere(compute_on(ray)):
            yield Engine(lambda: limit or cluster_cores(ray) + READY, address, ray)
    finally:
        disconnect()
