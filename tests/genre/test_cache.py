"""genre.cache: results computed once, over the cores that were given."""

import json
import os
import time

import pytest

from genre import cache
from genre.__main__ import main
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


def test_who_wants_to_know_how_far_it_is_hears_it_now_and_then(monkeypatch):
    reports = []
    jobs = {cache.key_of(number): str(number) for number in range(4)}
    with cache.progress_reported(lambda *step: reports.append(step)):
        cache.compute_missing("numbers", jobs, str.encode)
        assert reports == [(1, 4)], "the others come within half a second"
        monkeypatch.setattr(cache, "REPORT_INTERVAL_S", 0.0)
        cache.compute_missing("letters", jobs, str.encode)
    cache.compute_missing("words", jobs, str.encode)
    assert reports == [(1, 4), *((number, 4) for number in range(1, 5))]


def _gone(job: str) -> bytes:
    os._exit(9)


def test_a_helper_that_is_killed_is_a_sentence():
    with cache.limit_cores(2), pytest.raises(OSError) as error:
        cache.compute_missing("numbers", {cache.key_of(k): str(k) for k in range(16)}, _gone)
    assert "for want of memory" in error_sentence(error.value) and "log" not in error_sentence(error.value)


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


def _fill(kind: str, numbers: range, age_s: float = 0.0) -> dict[str, str]:
    """Results of 1,000 bytes each, last used so long ago."""
    jobs = {cache.key_of(kind, number): f"{number}" for number in numbers}
    cache.compute_missing(kind, jobs, _thousand_bytes)
    for path in (cache.cache_folder() / kind).rglob("*"):
        if path.is_file():
            os.utime(path, (time.time() - age_s,) * 2)
    return jobs


def _thousand_bytes(job: str) -> bytes:
    return job.encode().ljust(1_000)


def test_the_cache_stays_within_its_bound_and_forgets_what_is_not_used(monkeypatch):
    monkeypatch.setattr(cache, "JOBS_WORTH_A_PROCESS", 1_000)
    oldest, older = _fill("old", range(5), 3e5), _fill("older", range(5), 2e5)
    playlist = cache.cache_folder() / "playlists" / "youtube" / "list.json"
    playlist.parent.mkdir(parents=True)
    playlist.write_bytes(bytes(5_000))
    list(cache.cached_results("old", oldest, _thousand_bytes, int))  # used again: now the newest
    monkeypatch.setenv("EARMARK_CACHE_GB", "0.000012")
    new = _fill("new", range(4))
    sizes = {kind: count for kind, (count, _) in cache.cache_sizes().items()}
    assert sizes == {"old": 5, "older": 3, "new": 4, "playlists": 1}
    _fill("new", range(20))
    assert cache.cache_sizes()["new"] == (20, 20_000), "what is in use stays, even beyond the bound"
    assert [int(value) for _, value in cache.cached_results("older", older, _thousand_bytes, int)] == [
        *range(5)
    ]
    assert playlist.exists() and new


def test_results_that_are_cleared_meanwhile_are_computed_again(monkeypatch):
    jobs = {cache.key_of(number): f"{number}" for number in range(4)}
    results = cache.cached_results("numbers", jobs, str.encode, int)
    first = next(results)
    cache.clear_cache()
    assert [first, *results] == [(key, int(value)) for key, value in jobs.items()]


def test_the_command_shows_and_clears_the_cache(monkeypatch, capsys):
    monkeypatch.setattr(cache, "JOBS_WORTH_A_PROCESS", 1_000)
    assert main(["cache"]) == 0 and "0.0 MB in" in capsys.readouterr().out
    _fill("sounds", range(3))
    _fill("inputs", range(2))
    assert main(["cache", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["kinds"] == {"inputs": {"files": 2, "bytes": 2_000}, "sounds": {"files": 3, "bytes": 3_000}}
    assert main(["cache", "--clear", "nothing"]) == 2 and "holds inputs, sounds" in capsys.readouterr().err
    assert main(["cache", "--clear", "sounds"]) == 0 and list(cache.cache_sizes()) == ["inputs"]
    assert main(["cache", "--clear"]) == 0 and not cache.cache_sizes()
    monkeypatch.setenv("EARMARK_CACHE_GB", "much")
    assert main(["cache"]) == 2 and "number of gigabytes" in capsys.readouterr().err


class _Refused:
    def __enter__(self) -> None:
        raise KeyboardInterrupt

    def __exit__(self, *_: object) -> None: ...
