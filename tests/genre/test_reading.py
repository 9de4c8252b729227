"""genre.reading: no path that a person can type holds the machine up, and no JSON whatever is in it."""

import os

import pytest

from genre.data.examples import DataError
from genre.data.splits import split
from genre.reading import MAX_DEPTH, parse_json, read_regular
from genre.runs.directory import RunError, find_run
from tests.genre.data.test_splits import GENRES, examples, tracks_of


@pytest.fixture(params=["device", "pipe", "huge", "folder"])
def endless(request, tmp_path):
    """What no reader should wait for, or hold in memory."""
    path = tmp_path / "endless"
    match request.param:
        case "device":
            path.symlink_to("/dev/zero")
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            with path.open("wb") as file:
                file.truncate(1 << 40)
    return path


def test_only_regular_files_of_a_bounded_size_are_read(endless, tmp_path):
    with pytest.raises(OSError, match=r"directory|can be read|larger than"):
        read_regular(endless, 1 << 20)
    (tmp_path / "plain").write_bytes(b"x" * 10)
    assert read_regular(tmp_path / "plain", 10) == b"x" * 10
    with pytest.raises(OSError, match="larger"):
        read_regular(tmp_path / "plain", 9)
    assert read_regular("/proc/self/comm", 100), "a file that claims to be empty"
    with pytest.raises(OSError, match="larger"):
        read_regular("/proc/self/comm", 1)


def test_a_list_of_artists_or_of_tracks_is_a_file_or_refused(endless):
    tracks = examples(tracks_of((4,) * len(GENRES)))
    with pytest.raises(DataError, match="cannot be read"):
        split(tracks, "artist", artists=endless)
    with pytest.raises(DataError, match="neither a split nor"):
        split(tracks, str(endless))


def test_a_run_of_endless_files_is_refused(endless, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").symlink_to(endless)
    with pytest.raises(RunError, match="damaged"):
        find_run(tmp_path / "run", "genre")


@pytest.mark.parametrize(
    "content",
    [
        "[" * 100_000 + "]" * 100_000,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        '{"title": "\\ud800"}',
        b"\xff",
    ],
)
def test_json_that_would_end_a_later_reader_is_damage(content):
    with pytest.raises(ValueError):
        parse_json(content)


def test_json_of_our_depth_and_of_any_text_is_read():
    nested = "[" * 20 + '"\\ud83c\\udfb7"' + "]" * 20
    value = parse_json(nested)
    for _ in range(20):
        (value,) = value
    assert value == "\U0001f3b7"
