"""Waiting for other processes and threads: limits that only a test that has failed ever reaches."""

import time
from collections.abc import Callable

PATIENCE_S = 300.0  # on a machine with far more to do than it can


def wait_until(condition: Callable[[], object], detail: Callable[[], object] = lambda: "") -> None:
    """Return once the condition holds; fail, with the `detail`, where it never does."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, detail()
        time.sleep(0.01)
