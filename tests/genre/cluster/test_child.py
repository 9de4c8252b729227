"""The process that reads songs: what ends it is one song's error."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from genre.cluster.child import MAX_BYTES, STARTS, Child
from genre.cluster.connection import ClusterError


def _load():
    return _read


def _read(item: str) -> str:
    if item == "deadly":
        os.kill(os.getpid(), 9)
    if item == "hungry":
        return str(np.ones(MAX_BYTES, np.uint8).sum())
    return item.upper()


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child(_load, lambda item: f"no {item}")
    yield child
    child.close()


def test_a_song_that_ends_the_process_is_given_up(child):
    items = ["one", "deadly", "two", "hungry", "three"]
    assert [child.read(item) for item in items] == ["ONE", "no deadly", "TWO", "no hungry", "THREE"]


def _load_and_die(path: str):
    with open(path, "ab") as file:
        file.write(b".")
    os._exit(3)


def test_a_process_that_ends_before_it_has_the_model_is_started_some_times(tmp_path):
    from functools import partial

    path = tmp_path / "starts"
    with pytest.raises(ClusterError, match="could not load the model"):
        Child(partial(_load_and_die, str(path)), str).read("one")
    assert path.stat().st_size == STARTS
