"""Inputs of models, computed by all cores of a cluster and kept in this machine's cache."""

import os
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from genre.cluster.connection import cluster_cores

JOBS_PER_TASK = 4  # recordings
AHEAD = 3  # tasks in work or waiting, for each core

Jobs = dict[str, Any]
Sizes = dict[str, int]  # bytes of each file that the jobs read


def compute_on(ray: Any) -> Callable[[Jobs, Callable[[Any], bytes]], Iterator[tuple[str, bytes]]]:
    """Make the function for `genre.cache.computed_elsewhere`."""
    compute_there = ray.remote(compute_some).options(num_cpus=1)

    def compute_all(jobs: Jobs, compute: Callable[[Any], bytes]) -> Iterator[tuple[str, bytes]]:
        waiting, pending = iter(jobs.items()), list[Any]()
        while True:
            while len(pending) < AHEAD * max(1, cluster_cores(ray)):
                part = dict(islice(waiting, JOBS_PER_TASK))
                if not part:
                    break
                pending.append(compute_there.remote(part, file_sizes(part), compute))
            if not pending:
                return
            ready, pending = ray.wait(pending, num_returns=1)
            yield from ray.get(ready[0]).items()

    return compute_all


def file_sizes(jobs: Jobs) -> Sizes:
    """Look up the bytes of the files that jobs name."""
    parts = (part for job in jobs.values() for part in (job if isinstance(job, (tuple, list)) else [job]))
    paths = {part for part in parts if isinstance(part, str) and os.path.isabs(part)}
    return {path: os.stat(path).st_size for path in paths if os.path.isfile(path)}


def compute_some(jobs: Jobs, sizes: Sizes, compute: Callable[[Any], bytes]) -> dict[str, bytes]:
    """Compute jobs on a node -> their results; none where a file is not the same here as on the driver."""
    try:
        if any(os.stat(path).st_size != size for path, size in sizes.items()):
            return {}
    except OSError:
        return {}
    return {key: compute(argument) for key, argument in jobs.items()}
