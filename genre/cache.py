"""Results of expensive work, cached under EARMARK_HOME/cache by a hash of everything they depend on.

A result is bytes under a key. Missing ones are computed over all cores, and each is written as soon
as it is there, in one step: interrupted work resumes where it stopped.
"""

import hashlib
import io
import json
import logging
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from genre.compute import cores, limit_cores
from genre.paths import home, write_atomic

JOBS_WORTH_A_PROCESS = 8  # starting one costs seconds; fewer jobs are done at once

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # (done, total)


def key_of(*parts: Any) -> str:
    """A short name for anything that JSON can hold: the same parts, the same name."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=16).hexdigest()


def compute_missing(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    progress: Progress = lambda done, total: None,
) -> None:
    """Do the jobs {key: argument} whose results are missing.

    `progress` is called after each computation. `compute(argument)` is a function of a module, since
    other processes run it; it must not fail.
    """
    folder = home() / "cache" / kind
    missing = {key: argument for key, argument in jobs.items() if not _path(folder, key).exists()}
    done = len(jobs) - len(missing)
    for _ in _computed(folder, missing, compute):
        done += 1
        progress(done, len(jobs))


def cached_results(
    kind: str,
    jobs: dict[str, Any],
    compute: Callable[[Any], bytes],
    read: Callable[[bytes], Any],
    progress: Progress = lambda done, total: None,
) -> Iterator[tuple[str, Any]]:
    """Yield (key, the result as `read` returns it) for each job, in order; as `compute_missing`.

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
    """Undo `pack`. Raises ValueError for bytes that it did not make."""
    try:
        return np.load(io.BytesIO(content), allow_pickle=False)
    except (EOFError, OSError) as error:
        raise ValueError("a damaged array") from error


def progress_line(label: str) -> Progress:
    """A progress bar on a terminal; in a log, a message after each quarter."""
    bar = tqdm(desc=label, unit="", disable=not sys.stderr.isatty(), leave=True)
    last_quarter = -1

    def show(done: int, total: int) -> None:
        nonlocal last_quarter
        bar.total = total
        bar.update(done - bar.n)
        if done == total:
            bar.close()
        if bar.disable and 4 * done // total != last_quarter:
            last_quarter = 4 * done // total
            logger.info("%s %d/%d", label, done, total)

    return show


def _path(folder: Path, key: str) -> Path:
    return folder / key[:2] / key


def _compute_one(folder: Path, key: str, compute: Callable[[Any], bytes], argument: Any) -> None:
    path = _path(folder, key)
    if not path.exists():  # another process may have been sooner
        write_atomic(path, compute(argument))


def _computed(folder: Path, jobs: dict[str, Any], compute: Callable[[Any], bytes]) -> Iterable[None]:
    """Do the jobs, yielding after each. In any order, so that processes started together share them."""
    jobs = dict(random.sample(list(jobs.items()), len(jobs)))
    workers = min(cores(), len(jobs) // JOBS_WORTH_A_PROCESS)
    if workers <= 1:
        for key, argument in jobs.items():
            _compute_one(folder, key, compute, argument)
            yield
        return
    # One thread for each process: the cores are busy already.
    with limit_cores(1), ProcessPoolExecutor(workers, get_context("spawn")) as pool:
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
