"""This machine's cores and devices: how many a process may use, and what its processor does well."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

THREADS = "OMP_NUM_THREADS"


def all_cores() -> int:
    """The number of cores that all runs share: EARMARK_CORES, else all of the machine."""
    limit = os.environ.get("EARMARK_CORES", "")
    return int(limit) if limit.isdigit() and int(limit) else os.cpu_count() or 1


def cores() -> int:
    """The number of cores this process may use: OMP_NUM_THREADS where it is set, else `all_cores`."""
    limit = os.environ.get(THREADS, "")
    return int(limit) if limit.isdigit() and int(limit) else all_cores()


def free_memory_bytes() -> int | None:
    """The memory that new processes can have without swapping; None where the system does not tell."""
    try:
        with open("/proc/meminfo", "rb") as file:
            return next(1024 * int(line.split()[1]) for line in file if line.startswith(b"MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return None


@contextmanager
def limit_cores(count: int) -> Iterator[None]:
    """Let `cores()` be `count` inside, and the threads of processes that are started there."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before


def device() -> "torch.device":
    """The device that networks train on: a GPU where there is one."""
    import torch  # takes seconds; a page's first paint must not wait for it

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bfloat16() -> bool:
    """Whether the processor multiplies tiles of bfloat16 numbers: convolutions are then a half faster.

    With AVX-512's instruction alone they take about 1.4 times as long as in float32
    (`tests/benchmarks/bench_training.py` measures it), and emulated two to three times.
    """
    from torch.cpu import get_capabilities

    return bool(get_capabilities().get("amx_bf16"))
