"""Benchmark of the queue of runs: `python -m tests.benchmarks.bench_queue [--runs 40] [--record]`.

One run holds all cores while others wait, each in a light process of its own that counts its locks and its
replacements of files. The waiting themselves must cost next to nothing.
"""

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from genre.paths import home
from genre.runs.directory import create_run_folder, read_run
from genre.runs.process import lock_run
from genre.runs.queue import core_slot
from genre.runs.worker import RunStopped, work_on
from tests.benchmarks.measure import Row, cpu_s, parse_arguments, report_table

WINDOW_S = 20.0
SETTLE_S = 3.0
START_S = 120.0  # until all processes wait
COUNTS = "counts.json"  # in a waiting run's folder


def count_calls() -> Counter[str]:
    """Count this process's locks and replacements of files from now on."""
    counts: Counter[str] = Counter(locks=0, replacements=0)
    flock, replace = fcntl.flock, Path.replace

    def counted_flock(*arguments: object) -> None:
        counts["locks"] += 1
        flock(*arguments)

    def counted_replace(path: Path, target: Path) -> Path:
        counts["replacements"] += 1
        return replace(path, target)

    fcntl.flock, Path.replace = counted_flock, counted_replace
    return counts


def wait_as_run(folder: Path) -> None:
    """Wait for the cores; on SIGUSR1 write the counts so far."""
    counts = count_calls()

    def write_counts(number: int, frame: object) -> None:
        (folder / COUNTS).write_text(json.dumps(counts))

    signal.signal(signal.SIGUSR1, write_counts)
    with suppress(RunStopped), work_on(folder):
        pass


def read_counts(processes: dict[Path, subprocess.Popen]) -> Counter[str]:
    """The sums of all processes' counts."""
    for folder, process in processes.items():
        (folder / COUNTS).unlink(missing_ok=True)
        process.send_signal(signal.SIGUSR1)
    total: Counter[str] = Counter()
    for folder in processes:
        while not (path := folder / COUNTS).exists() or not path.read_text():
            time.sleep(0.01)
        total.update(json.loads(path.read_text()))
    return total


def measure_waiting(n_runs: int) -> list[Row]:
    """CPU seconds, locks and replacements a second of all waiting processes, and the time to take a slot."""
    folders = [create_run_folder("gan", {}, title=f"wait {number}", cores=1) for number in range(n_runs)]
    holder = Path(tempfile.mkdtemp(prefix="earmark-holder-"))
    processes: dict[Path, subprocess.Popen] = {}
    try:
        with lock_run(holder), core_slot(holder, os.cpu_count() or 1):
            for folder in folders:
                processes[folder] = subprocess.Popen(
                    [sys.executable, "-m", __spec__.name, "--wait", str(folder)]
                )
            deadline = time.monotonic() + START_S
            while not all(str(folder) in (home() / "queue.json").read_text() for folder in folders):
                if time.monotonic() > deadline:
                    raise RuntimeError("The processes did not all enter the queue.")
                time.sleep(0.1)
            time.sleep(SETTLE_S)
            counts, cpu_s, start = read_counts(processes), _cpu_s(processes), time.monotonic()
            time.sleep(WINDOW_S)
            duration = time.monotonic() - start
            cpu_s = _cpu_s(processes) - cpu_s
            counts = read_counts(processes) - counts
        released, taken_s = time.monotonic(), 0.0
        while not any(read_run(folder).state in ("running", "done", "stopped") for folder in folders):
            time.sleep(0.005)
        taken_s = time.monotonic() - released
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
        (holder / ".lock").unlink(missing_ok=True)
        holder.rmdir()
    return [
        (f"{n_runs} waiting runs together, share of one core", f"{100 * cpu_s / duration:.1f} %", "5 %"),
        ("CPU seconds a second", f"{cpu_s / duration:.3f}", "0.05"),
        ("locks a second", f"{counts['locks'] / duration:.1f}", ""),
        ("replacements of files a second", f"{counts['replacements'] / duration:.1f}", ""),
        ("from a free slot to its next run", f"{taken_s:.2f} s", "1 s"),
    ]


def _cpu_s(processes: dict[Path, subprocess.Popen]) -> float:
    return sum(cpu_s(process.pid) for process in processes.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=40, help="how many wait (default: 40)")
    parser.add_argument("--wait", type=Path, help=argparse.SUPPRESS)  # of the processes it starts
    arguments = parse_arguments(parser)
    if arguments.wait:
        wait_as_run(arguments.wait)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["EARMARK_HOME"] = folder
        report_table("Queue of runs", measure_waiting(arguments.runs))


if __name__ == "__main__":
    main()
