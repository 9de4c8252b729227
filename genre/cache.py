"""Work that is done once: results kept under EARMARK_HOME/cache by what they were made of.

A result is bytes under a key. Missing ones are computed over all cores, and each is written as soon
as it is there, in one step: work that was interrupted goes on where it stopped.
"""

import hashlib
import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from genre.home import home, write_atomic
from genre.runs import all_cores

JOBS_WORTH_A_PROCESS = 8  # starting one costs seconds; fewer jobs are done at once
THREADS = "OMP_NUM_THREADS"

Progress = Callable[[int, int], None]  # (done, in all)


def cores() -> int:
    """The cores this process may use: OMP_NUM_THREADS where it is set, else all that runs share."""
    given = os.environ.get(THREADS, "")
    return int(given) if given.isdigit() and int(given) else all_cores()


def key_of(*parts: Any) -> str:
    """A short name for anything that JSON can hold: the same parts, the same name."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def compute_missing(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    progress: Progress = lambda done, total: None,
) -> None:
    """Do the jobs {key: argument} whose results are not there yet.

    `progress` is called after each computation. `compute(argument)` is a function of a module, since
    other processes run it; it must not fail.
    """
    folder = home() / "cache" / kind
    missing = {key: argument for key, argument in jobs.items() if not _path(folder, key).exists()}
    done = len(jobs) - len(missing)
    for _ in _computed(folder, missing, compute):
        done += 1
        progress(done, len(jobs))


def kept(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    read: Callable[[bytes], Any],
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[str, Any]]:
    """Yield (key, what `read` makes of the result) for each job, in order; as `compute_missing`.

    `read` raises ValueError for a damaged result, which is computed again.
    """
    compute_missing(kind, jobs, compute, progress)
    for key, argument in jobs.items():
        path = _path(home() / "cache" / kind, key)
        try:
            yield key, read(path.read_bytes())
        except ValueError:
            path.unlink(missing_ok=True)
            _compute_one(home() / "cache" / kind, key, compute, argument)
            yield key, read(path.read_bytes())


def pack(array: np.ndarray) -> bytes:
    """An array as the bytes of a .npy file."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def unpack(content: bytes) -> np.ndarray:
    """Raises ValueError for bytes that `pack` did not make."""
    try:
        return np.load(io.BytesIO(content), allow_pickle=False)
    except (EOFError, OSError) as error:
        raise ValueError("a damaged array") from error


def progress_line(label: str) -> Progress:
    """A progress that shows itself as one line on a terminal, and in a log as a line each quarter."""
    shown = -1

    def show(done: int, total: int) -> None:
        nonlocal shown
        if sys.stderr.isatty():
            share, end = 20 * done // total, "\n" if done == total else ""
            bar = "#" * share + "." * (20 - share)
            print(f"\r{label} [{bar}] {done}/{total}", end=end, file=sys.stderr, flush=True)
        elif 4 * done // total != shown:
            shown = 4 * done // total
            print(f"{label} {done}/{total}", file=sys.stderr, flush=True)

    return show


def _path(folder: Path, key: str) -> Path:
    return folder / key[:2] / key


def _compute_one(folder: Path, key: str, compute: Callable[[Any], bytes], argument: Any) -> None:
    path = _path(folder, key)
    if not path.exists():  # another process may have been sooner
        write_atomic(path, compute(argument))


def _computed(
    folder: Path, jobs: dict[str, Any], compute: Callable[[Any], bytes]
) -> Iterable[None]:
    """Do the jobs, yielding after each. In any order, so that processes started together share them."""
    jobs = dict(random.sample(list(jobs.items()), len(jobs)))
    workers = min(cores(), len(jobs) // JOBS_WORTH_A_PROCESS)
    if workers <= 1:
        for key, argument in jobs.items():
            yield _compute_one(folder, key, compute, argument)
        return
    # One thread for each process: the cores are busy already.
    with limited_to(1), ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        futures = [pool.submit(_compute_one, folder, key, compute, argument)
                   for key, argument in jobs.items()]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise OSError("A process that prepares the music was ended, most likely for want of memory: "
                          "close other programs, or give fewer cores, and do the same again.") from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def limited_to(count: int) -> Iterator[None]:
    """Inside, `cores()` are so many, and processes that are started use so many threads."""
    before = os.environ.get(THREADS)
    os.environ[THREADS] = str(count)
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREADS]
        else:
            os.environ[THREADS] = before
