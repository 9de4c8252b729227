"""The processes of a scan: one a core, each with the model in one thread, and none that a file can end for
all.

A file may crash the decoder that reads it, or take all memory, and the pool is broken then. The files that
were in work are read again one at a time: the one that ends its process once more is damaged, and the others
go on.
"""

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context

from genre.compute import limit_cores
from genre.library.predictor import Predictor
from genre.library.reading import (
    DAMAGED_FILE,
    GONE,
    Job,
    Reading,
    file_hash,
    read_in_process,
    read_song,
    start_process,
)

AHEAD = 2  # jobs that wait for each process, so that none is idle
CRASHED = "Reading this file ends the program that reads it: export it again, in another format perhaps."
NOT_STARTED = (
    "The processes that read the songs could not be started, most likely for want of memory: close other "
    "programs, or give fewer cores with EARMARK_CORES."
)


def read_all(jobs: Iterable[Job], predictor: Predictor, processes: int) -> Iterator[Reading]:
    """Yield what became of each job, as soon as it is known; 0 processes: in this one.

    Raises OSError with a sentence where no process can be started.
    """
    if not processes:
        predict = predictor.load()
        for job in jobs:
            yield read_song(job, predict)
        return
    remaining = iter(jobs)
    while True:
        suspects: list[Job] = []
        yield from _read_together(remaining, predictor, processes, suspects)
        if not suspects:
            return
        for job in suspects:
            yield _read_alone(job, predictor)


def _pool(predictor: Predictor, processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, get_context("spawn"), start_process, (predictor,))


def _read_together(
    jobs: Iterator[Job], predictor: Predictor, processes: int, suspects: list[Job]
) -> Iterator[Reading]:
    """Yield readings until all jobs are done, or a process ends: `suspects` are then the jobs in work."""
    with limit_cores(1):
        pool = _pool(predictor, processes)
        try:
            _check_started(pool)
            pending: dict[Future[Reading], Job] = {}
            completions: deque[Future[Reading]] = deque()
            while True:
                for job in islice(jobs, (1 + AHEAD) * processes - len(pending)):
                    try:
                        pending[pool.submit(read_in_process, job)] = job
                    except BrokenProcessPool:
                        suspects.extend([*pending.values(), job])
                        return
                if not pending:
                    return
                completions.extend(wait(pending, return_when=FIRST_COMPLETED).done)
                while completions:
                    future = completions.popleft()
                    try:
                        reading = future.result()
                    except BrokenProcessPool:
                        suspects.extend(pending.values())
                        return
                    del pending[future]
                    yield reading
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _read_alone(job: Job, predictor: Predictor) -> Reading:
    """Read a file in a process of its own, which it may end."""
    with limit_cores(1), _pool(predictor, 1) as pool:
        _check_started(pool)
        try:
            return pool.submit(read_in_process, job).result()
        except BrokenProcessPool:
            pass
    return give_up_job(job)


def give_up_job(job: Job) -> Reading:
    """Make the reading of a file that ends the process that reads it."""
    try:
        status = os.stat(job.path)
        digest = file_hash(job.path)
    except OSError:
        return Reading(job.path, GONE)
    identity = status.st_size, status.st_mtime_ns, status.st_dev
    return Reading(job.path, DAMAGED_FILE, *identity, digest, error=CRASHED)


def _check_started(pool: ProcessPoolExecutor) -> None:
    """Raise OSError where a process cannot even start: that is no fault of a file."""
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool as error:
        raise OSError(NOT_STARTED) from error
