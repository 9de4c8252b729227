"""What every benchmark needs: medians, memory, one way to print figures."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path


def medians_ms(*works: Callable[[], object], times: int = 20, warm_up: int = 3) -> list[float]:
    """The median duration of each work in milliseconds, after some runs that do not count.

    The works take turns, so that whatever else the machine does slows them alike.
    """
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(warm_up + times):
        for work, durations in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            durations.append(1000 * (time.perf_counter() - start))
    return [statistics.median(durations[warm_up:]) for durations in taken]


def memory_mb(process: int | str = "self") -> float | None:
    """Resident memory of a process in MB; None where the system has no /proc."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line)


def print_table(title: str, rows: list[tuple[str, str, str]]) -> None:
    """Print (what, measured, aim) as aligned columns."""
    rows = [(title, "measured", "aim"), *rows]
    wide, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for number, (what, measured, aim) in enumerate(rows):
        print(f"{what:{wide}}  {measured:>{middle}}  {aim}".rstrip())
        if number == 0:
            print("-" * (wide + middle + 4 + max(len(row[2]) for row in rows)))
    print()
