"""Measurements that benchmarks share: durations, memory, CPU seconds; one table for all of them."""

import argparse
import os
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.browser.chromium import find_chromium

Row = tuple[str, str, str]  # quantity, measured, aim
RECORD = "--record"

_settings = {"record": False}  # of this process, by its command line


def median_durations_ms(*works: Callable[[], object], times: int = 20, warm_up: int = 3) -> list[float]:
    """The median duration of each work in milliseconds, after `warm_up` runs that do not count.

    The works alternate, so that other load on the machine slows them alike.
    """
    durations_ms: list[list[float]] = [[] for _ in works]
    for _ in range(warm_up + times):
        for work, durations in zip(works, durations_ms, strict=True):
            start = time.perf_counter()
            work()
            durations.append(1000 * (time.perf_counter() - start))
    return [statistics.median(durations[warm_up:]) for durations in durations_ms]


def duration_s(work: Callable[[], object]) -> float:
    """The duration of one run, in seconds."""
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


def memory_rows(quantity: str, memory: list[float | None], n_early: int) -> list[Row]:
    """The memory after `n_early` measurements, and after all; no row where it is unknown."""
    if memory[0] is None:
        return []
    return [(quantity, f"{memory[n_early - 1]:.0f} and {memory[-1]:.0f} MB", "the same")]


def threads_row() -> Row:
    """The number of threads that torch computes with."""
    import torch

    return ("threads", str(torch.get_num_threads()), "")


def browser_program() -> str | None:
    """The browser to open pages with; None, and a printed line, where there is none."""
    program = find_chromium()
    if program is None:
        print("There is no Chromium or Chrome here: the page is not measured.")
    return program


def cpu_s(process: int) -> float:
    """The CPU seconds of a process so far."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def parse_arguments(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """Parse the command line, with the option --record of every benchmark."""
    parser.add_argument(RECORD, action="store_true", help="write the tables into RESULTS.md, too")
    options = parser.parse_args()
    _settings["record"] = options.record
    return options


def report_table(name: str, rows: list[Row]) -> None:
    """Print the rows as aligned columns; with --record, also as the section `name` of RESULTS.md."""
    table = [(name, "measured", "aim"), *rows]
    widths = [max(len(row[column]) for row in table) for column in range(3)]
    for number, (quantity, measured, aim) in enumerate(table):
        print(f"{quantity:{widths[0]}}  {measured:>{widths[1]}}  {aim}".rstrip())
        if number == 0:
            print("-" * (sum(widths) + 4))
    print()
    if _settings["record"]:
        from genre.evaluation.results import update_section

        section = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        update_section(f"bench-{section}", f"### {name}\n\n{markdown_table(rows)}")


def markdown_table(rows: list[Row]) -> str:
    """The rows as a table in Markdown; rows that begin with spaces are parts of the one above."""
    lines = ["| quantity | measured | aim |", "|---|---|---|"]
    for quantity, measured, aim in rows:
        indent = "&emsp;" * quantity.startswith(" ")
        lines.append(f"| {indent}{quantity.strip()} | {measured} | {aim} |".replace("|  |", "| |"))
    return "\n".join(lines)
