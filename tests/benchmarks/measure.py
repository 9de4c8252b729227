"""What every benchmark needs: durations, memory, a browser, one way to print figures."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tests.chromium import find_chromium

Row = tuple[str, str, str]  # what, measured, aim


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


def seconds(work: Callable[[], object]) -> float:
    """How long it takes once."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory_mb(process: int | str = "self") -> float | None:
    """Resident memory of a process in MB; None where the system has no /proc."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if "VmRSS" in line)


def memory_row(what: str, memory: list[float | None], early: int) -> list[Row]:
    """What was in use after `early` measurements, and after all; no row where nothing is known."""
    if memory[0] is None:
        return []
    return [(what, f"{memory[early - 1]:.0f} and {memory[-1]:.0f} MB", "the same")]


def browser_at_hand() -> str | None:
    """The program to open pages with; None, and a word about it, where there is none."""
    program = find_chromium()
    if program is None:
        print("There is no Chromium or Chrome here: the page is not measured.")
    return program


def print_table(title: str, rows: list[Row]) -> None:
    """Print the rows as aligned columns."""
    rows = [(title, "measured", "aim"), *rows]
    wide, middle = (max(len(row[column]) for row in rows) for column in (0, 1))
    for number, (what, measured, aim) in enumerate(rows):
        print(f"{what:{wide}}  {measured:>{middle}}  {aim}".rstrip())
        if number == 0:
            print("-" * (wide + middle + 4 + max(len(row[2]) for row in rows)))
    print()
