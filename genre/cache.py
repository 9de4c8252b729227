"""Results of expensive work, cached under EARMARK_HOME/cache by a hash of everything they depend on.

A result is bytes under a key. Missing results are computed over all cores, and each is written in one step as
soon as it is computed, so that interrupted work resumes where it stopped. All results together stay below a
bound; those that have not been used for longest are deleted first.
"""

import hashlib
import io
import json
import logging
import os
import random
import shutil
import stat
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from genre.compute import cores, limit_cores
from genre.paths import home, is_temporary, write_atomic

# The inputs of GTZAN in every form that a model takes are 5 GB.
DEFAULT_MAX_GB = 10.0
MAX_GB_VARIABLE = "EARMARK_CACHE_GB"
USE_INTERVAL_S = 3600.0  # seconds between two uses that are noted in the file's date
REPORT_INTERVAL_S = 0.5
JOBS_WORTH_A_PROCESS = 8  # jobs for which a process, whose start takes seconds, is worth its time

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # (done, total)
# (jobs {key: argument}, compute) -> pairs (key, result), of those jobs that could be done elsewhere
Elsewhere = Callable[[dict[str, Any], Callable[[Any], bytes]], Iterator[tuple[str, bytes]]]
_reports: list[Progress] = []  # who wants to know how far computations are
_elsewhere: list[Elsewhere] = []  # where results are computed at present, the latest one last


def key_of(*parts: Any) -> str:
    """Make a short name for anything that JSON can hold; the same parts have the same name."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def compute_missing(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    progress: Progress = lambda n_done, total: None,
) -> None:
    """Compute the results of the jobs {key: argument} that are missing.

    `progress` is called after each computation. `compute(argument)` is a function of a module, since
    other processes run it; it must not fail.
    """
    folder = cache_folder() / kind
    missing_jobs = {key: argument for key, argument in jobs.items() if not _path(folder, key).exists()}
    n_done = len(jobs) - len(missing_jobs)
    for _ in _compute_all(folder, missing_jobs, compute):
        n_done += 1
        for report in (progress, *_reports):
            report(n_done, len(jobs))
    if missing_jobs:
        evict({_path(folder, key) for key in jobs})


@contextmanager
def computed_elsewhere(elsewhere: Elsewhere) -> Iterator[None]:
    """Let other machines compute what is missing inside; what they do not return is computed here."""
    _elsewhere.append(elsewhere)
    try:
        yield
    finally:
        _elsewhere.remove(elsewhere)


@contextmanager
def progress_reported(report: Progress) -> Iterator[None]:
    """Call `report`, too, after each computation inside, but not more than twice a second."""
    last = 0.0

    def report_at_times(n_done: int, total: int) -> None:
        nonlocal last
        if time.monotonic() - last >= REPORT_INTERVAL_S:
            last = time.monotonic()
            report(n_done, total)

    _reports.append(report_at_times)
    try:
        yield
    finally:
        _reports.remove(report_at_times)


def cached_results(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    read: Callable[[bytes], Any],
    progress: Progress = lambda n_done, total: None,
) -> Iterator[tuple[str, Any]]:
    """Yield (key, result) of each job, in order, after `compute_missing`; `read` parses the result's bytes.

    `read` raises ValueError for a damaged result, which is computed again.
    """
    compute_missing(kind, jobs, compute, progress)
    for key, argument in jobs.items():
        path = _path(cache_folder() / kind, key)
        try:
            result = read(path.read_bytes())
        except (ValueError, FileNotFoundError):  # damaged; or cleared or evicted by another process
            path.unlink(missing_ok=True)
            content = compute(argument)
            write_atomic(path, content)
            result = read(content)
        else:
            _note_use(path)
        yield key, result


def cache_folder() -> Path:
    return home() / "cache"


def cache_sizes() -> dict[str, tuple[int, int]]:
    """Measure EARMARK_HOME/cache -> {kind of result: (files, bytes)}."""
    sizes = {}
    for folder in sorted(path for path in _children(cache_folder()) if path.is_dir()):
        files = [status.st_size for _, status in _files(folder)]
        sizes[folder.name] = len(files), sum(files)
    return sizes


def clear_cache(kinds: Iterable[str] | None = None) -> None:
    """Delete all results, or those of some kinds; they are computed again when they are needed."""
    for kind in cache_sizes().keys() if kinds is None else kinds:
        shutil.rmtree(cache_folder() / kind, ignore_errors=True)


def max_cache_bytes() -> int:
    """Read the bound of all results together, EARMARK_CACHE_GB in GB. Raises ValueError for no number."""
    text = os.environ.get(MAX_GB_VARIABLE, "").strip()
    try:
        gigabytes = float(text) if text else DEFAULT_MAX_GB
    except ValueError:
        gigabytes = -1.0
    if not 0 <= gigabytes < 1e9:
        raise ValueError(f"{MAX_GB_VARIABLE} is a number of gigabytes, not {text!r}.")
    return int(1e9 * gigabytes)


def evict(in_use: Collection[Path] = ()) -> None:
    """Delete the results that have not been used for longest, until the rest are within the bound.

    The results `in_use` stay, and so do files of other kinds: lists of songs, weights.
    """
    results = []
    for kind in _children(cache_folder()):
        for part in _children(kind):
            if len(part.name) == 2:
                results += [(status.st_mtime, status.st_size, path) for path, status in _files(part)]
    excess = sum(size for _, size, _ in results) - max_cache_bytes()
    for _, size, path in sorted(results):
        if excess <= 0:
            return
        if is_temporary(path) or (path not in in_use and not path.name.startswith(".")):
            path.unlink(missing_ok=True)
            excess -= size


def _children(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _files(folder: Path) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield the files below a folder and their status; files that vanish meanwhile are left out."""
    for path in folder.rglob("*"):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode):
                yield path, status


def _note_use(path: Path) -> None:
    """Set the file's date to its latest use, to within USE_INTERVAL_S."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > USE_INTERVAL_S:
            os.utime(path)


def pack(array: np.ndarray) -> bytes:
    """Pack an array as the bytes of a .npy file."""
    content = io.BytesIO()
    np.save(content, array, allow_pickle=False)
    return content.getvalue()


def unpack(content: bytes) -> np.ndarray:
    """Read the array that `pack` wrote. Raises ValueError for other bytes."""
    try:
        return np.load(io.BytesIO(content), allow_pickle=False)
    except (EOFError, OSError) as error:
        raise ValueError("a damaged array") from error


def progress_line(label: str) -> Progress:
    """Make a callback that shows a bar on a terminal, and writes a message after each quarter in a log."""
    bar = tqdm(desc=label, unit="", disable=not sys.stderr.isatty(), leave=True)
    last_quarter = -1

    def show(n_done: int, total: int) -> None:
        nonlocal last_quarter
        bar.total = total
        bar.update(n_done - bar.n)
        if n_done == total:
            bar.close()
        if bar.disable and 4 * n_done // total != last_quarter:
            last_quarter = 4 * n_done // total
            logger.info("%s %d/%d", label, n_done, total)

    return show


def end_with_parent() -> None:
    """End this process as soon as its parent ends, also when that is killed.

    Otherwise it would wait forever for work on a pipe to which no process writes.
    """
    parent = parent_process()
    if parent is None:
        return

    def wait_and_end() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait_and_end, name="parent", daemon=True).start()


def _path(folder: Path, key: str) -> Path:
    return folder / key[:2] / key


def _compute_one(folder: Path, key: str, compute: Callable[[Any], bytes], argument: Any) -> None:
    path = _path(folder, key)
    if not path.exists():  # another process may have computed it
        write_atomic(path, compute(argument))


def _compute_all(folder: Path, jobs: dict[str, Any], compute: Callable[[Any], bytes]) -> Iterable[None]:
    """Do the jobs in random order, so that processes started together share them; yield after each."""
    jobs = dict(random.sample(list(jobs.items()), len(jobs)))
    if _elsewhere and jobs:
        for key, content in _elsewhere[-1](dict(jobs), compute):
            write_atomic(_path(folder, key), content)
            del jobs[key]
            yield
    workers = min(cores(), len(jobs) // JOBS_WORTH_A_PROCESS)
    if workers <= 1:
        for key, argument in jobs.items():
            _compute_one(folder, key, compute, argument)
            yield
        return
    # Each process has one thread, since there is a process for each core.
    with limit_cores(1), ProcessPoolExecutor(workers, get_context("spawn"), end_with_parent) as pool:
        futures = [
            pool.submit(_compute_one, folder, key, compute, argument) for key, argument in jobs.items()
        ]
        try:
            for future in as_completed(futures):
                future.result()
                yield
        except BrokenProcessPool as error:
            raise OSError(
                "A process that prepares the music was ended, most likely for want of memory: "
                "close other programs, or give fewer cores, and do the same again."
            ) from error
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
