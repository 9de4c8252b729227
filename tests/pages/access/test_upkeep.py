"""The memory of a server whose visitors have left."""

import os

import pytest

from pages.access.upkeep import trim_memory
from tests.benchmarks.measure import memory_mb


def test_freed_memory_goes_back_to_the_system():
    before = memory_mb(os.getpid())
    if before is None:
        pytest.skip("this system does not say how much memory a process has")
    blocks = [bytes(4_000) for _ in range(50_000)]
    last = blocks[-1]  # above all others: nothing below it goes back by itself
    del blocks
    assert trim_memory() and last
    assert memory_mb(os.getpid()) < before + 50
