"""genre.cache: results computed once, over the cores that were given."""

import os

import pytest

from genre import cache
from genre.errors import error_sentence


def test_many_jobs_are_shared_among_processes(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    progress = []
    jobs = {cache.key_of(number): str(number) for number in range(16)}
    results = dict(
        cache.cached_results("numbers", jobs, str.encode, int, lambda *step: progress.append(step))
    )
    assert results == {key: int(value) for key, value in jobs.items()}
    assert progress == [(number, 16) for number in range(1, 17)]


def _gone(job: str) -> bytes:
    os._exit(9)


def test_a_helper_that_is_killed_is_a_sentence():
    with cache.limit_cores(2), pytest.raises(OSError) as ended:
        cache.compute_missing("numbers", {cache.key_of(k): str(k) for k in range(16)}, _gone)
    assert "for want of memory" in error_sentence(ended.value) and "log" not in error_sentence(ended.value)


def test_music_is_prepared_on_the_cores_that_were_given(monkeypatch):
    counts = []
    monkeypatch.setattr(cache, "ProcessPoolExecutor", lambda count, *_: counts.append(count) or _Refused())
    jobs = {cache.key_of(number): str(number) for number in range(64)}
    with cache.limit_cores(3), pytest.raises(KeyboardInterrupt):
        cache.compute_missing("numbers", jobs, str.encode)
    assert counts == [3]
    with cache.limit_cores(1):
        cache.compute_missing("numbers", jobs, str.encode)
    assert counts == [3], "one core: no other process"


class _Refused:
    def __enter__(self) -> None:
        raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None: ...
