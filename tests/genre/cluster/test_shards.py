"""Parquet parts of a long list, without a cluster."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genre.__main__ import main
from genre.cluster.addresses import SENTENCES, read_address
from genre.cluster.shards import (
    CLASSIFY_SCHEMA,
    ShardError,
    ShardFolder,
    classify_row,
    part_name,
    read_list,
    write_shards,
)
from genre.commands.shared.shards import RowProgress
from genre.library.predictor import SongPrediction
from genre.library.reading import GONE


def write_list(path: Path, songs: list[str], column: str = "path") -> Path:
    """Write a list of songs."""
    pq.write_table(pa.table({column: songs, "n": list(range(len(songs)))}), path)
    return path


def rows_by_path(folder: Path) -> dict[str, dict]:
    """The rows of all parts in a folder, as any reader of Parquet sees them; each path once."""
    rows = [row for path in sorted(folder.glob("part-*.parquet")) for row in pq.read_table(path).to_pylist()]
    by_path = {row["path"]: row for row in rows}
    assert len(by_path) == len(rows)
    return by_path


def rows_of(songs):
    return ((number, classify_row(song, {"genre": song[-1]})) for number, song in enumerate(songs))


@pytest.fixture
def folder(tmp_path) -> ShardFolder:
    folder = ShardFolder(str(tmp_path / "out"), CLASSIFY_SCHEMA, size=3)
    folder.open(lambda: [f"song {number}" for number in range(8)], "key")
    return folder


def test_parts_have_every_song_once_in_order(folder):
    shuffled = lambda songs: reversed(list(rows_of(songs)))  # noqa: E731
    assert write_shards(folder, shuffled) == (8, 0)
    assert [row["genre"] for row in folder.rows()] == list("01234567")
    assert folder.missing_parts() == []


def test_only_missing_and_damaged_parts_are_read_again(folder, tmp_path):
    write_shards(folder, rows_of)
    (tmp_path / "out" / part_name(0)).unlink()
    (tmp_path / "out" / part_name(2)).write_bytes(b"cut off")
    again = ShardFolder(str(tmp_path / "out"), CLASSIFY_SCHEMA)
    again.open(lambda: pytest.fail("the list is there"), "key")
    seen = []
    progress = []

    def read(songs):
        for number, song in enumerate(songs):
            seen.append(song)
            yield number, classify_row(song, {"error": "damaged"})

    assert write_shards(again, read, lambda done, total: progress.append((done, total))) == (5, 5)
    assert seen == ["song 0", "song 1", "song 2", "song 6", "song 7"]
    assert progress[0] == (3, 8) and progress[-1] == (8, 8)


def test_a_row_that_comes_twice_is_noticed(folder):
    with pytest.raises(AssertionError, match="twice"):
        write_shards(folder, lambda songs: iter([(0, classify_row("a", {})), (0, classify_row("a", {}))]))


def test_a_folder_of_other_work_is_refused(folder, tmp_path):
    other = ShardFolder(str(tmp_path / "out"), CLASSIFY_SCHEMA)
    with pytest.raises(ShardError, match="other songs"):
        other.open(lambda: [], "another key")


def test_names_need_not_be_text(tmp_path):
    names = ["plain", "caf\udce9"]
    for _ in range(2):
        folder = ShardFolder(str(tmp_path / "out"), CLASSIFY_SCHEMA)
        folder.open(lambda: names, "key")
        assert folder.songs == names


@pytest.mark.parametrize(
    ("table", "sentence"),
    [
        ({"a": ["x"], "b": ["y"]}, "no column 'path'"),
        ({"path": ["x", None]}, "something else"),
        ({"path": [1, 2]}, "something else"),
    ],
)
def test_lists_that_hold_no_addresses(table, sentence, tmp_path):
    pq.write_table(pa.table(table), tmp_path / "list.parquet")
    with pytest.raises(ShardError, match=sentence):
        read_list(str(tmp_path / "list.parquet"))


def test_lists_are_read_by_their_column_from_any_file_system(tmp_path):
    path = write_list(tmp_path / "list.parquet", ["a", "b"], "url")
    assert read_list(str(path)) == read_list(path.as_uri()) == ["a", "b"]
    (tmp_path / "no.parquet").write_bytes(b"PAR1 no")
    for name in ("no.parquet", "none.parquet"):
        with pytest.raises(ShardError, match="cannot be read"):
            read_list(str(tmp_path / name))


def test_addresses_are_read_as_paths_are(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"a song")
    predict = lambda source: SongPrediction("music", 1.0, str(source if isinstance(source, bytes) else ""))  # noqa: E731
    there, here = read_address(path.as_uri(), predict), read_address(str(path), predict)
    assert (there.hash, there.size, there.outcome) == (here.hash, here.size, here.outcome)
    assert there.prediction and there.prediction.genre == "b'a song'"
    missing = read_address((tmp_path / "b.wav").as_uri(), predict)
    assert missing.outcome == GONE and missing.error == SENTENCES[GONE]
    assert "fsspec" in read_address("nosuch://a/b.wav", predict).error


def test_progress_has_songs_a_second_and_the_time_left():
    progress = RowProgress()
    progress._times.extend([(0.0, 100), (10.0, 120)])
    assert progress.line(120, 1320) == "120 of 1,320 songs, 2.0 a second, 10 minutes left"


def test_command_lines_that_cannot_be(tmp_path, capsys):
    listed = str(write_list(tmp_path / "list.parquet", ["s3://bucket/a.mp3"]))
    for command, sentence in (
        (["scan", "--songs", listed], "--out"),
        (["scan", "--out", str(tmp_path / "o")], "either"),
        (["scan", str(tmp_path), "--songs", listed, "--out", str(tmp_path / "o")], "either"),
        (["scan", "--songs", listed, "--out", str(tmp_path / "o")], "--engine ray"),
        (["scan", str(tmp_path), "--address", "auto"], "--engine ray"),
        (["compare", "linear:mel", "--address", "auto"], "--engine ray"),
        (["scan", "--out", "nosuch://x", str(tmp_path)], "fsspec"),
        (["classify"], "Name a file"),
    ):
        assert main(command) == 2, command
        assert sentence in capsys.readouterr().err
