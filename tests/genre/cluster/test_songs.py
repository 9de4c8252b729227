"""Songs on a cluster: every one has one row, whatever dies, and the row that it has here."""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from genre.__main__ import main
from genre.cluster.shards import SCAN_SCHEMA, ShardFolder, write_shards
from genre.library.index import Index
from genre.library.predictor import Predictor, SongPrediction
from genre.library.scan import scan_folders
from tests.genre.cluster.test_shards import rows_by_path, write_list
from tests.support.patience import PATIENCE_S

SLOW_S = 0.05  # a pretended song


def _read_slowly(folder: Path, item: int) -> tuple[int, int]:
    """A result, and the process that made it; 13 ends that, 40 does once, and 41 ends its parent once."""
    if item == 13 or (item in (40, 41) and not (folder / str(item)).exists()):
        (folder / str(item)).touch()
        os.kill(os.getppid() if item == 41 else os.getpid(), 9)
    time.sleep(SLOW_S)
    return item * item, os.getpid()


def _load_slow(folder: Path):
    return partial(_read_slowly, folder)


def test_every_item_comes_once_whatever_dies(cluster, tmp_path, capsys):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.songs import map_songs

    cluster.keep(2)
    ray = connect(cluster.address)
    results: dict[int, tuple[int, int]] = {}
    try:
        for index, result in map_songs(
            ray, range(400), partial(_load_slow, tmp_path), lambda item: (-item, 0)
        ):
            assert index not in results
            results[index] = result
            if len(results) == 60:
                cluster.kill()
    finally:
        disconnect()
    assert sorted(results) == list(range(400))
    assert results.pop(13) == (-13, 0)
    assert all(square == index * index for index, (square, _) in results.items())
    assert (tmp_path / "40").exists() and (tmp_path / "41").exists()
    assert capsys.readouterr().out == "", "a command prints lines for programs there"


def test_a_node_that_joins_is_used(cluster, tmp_path):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.songs import map_songs

    cluster.keep(1)
    processes: set[int] = set()
    ray = connect(cluster.address)
    results = map_songs(ray, range(100, 100_000), partial(_load_slow, tmp_path), lambda item: (0, 0))
    deadline = time.monotonic() + PATIENCE_S
    try:
        for count, (_, (_, process)) in enumerate(results):
            processes.add(process)
            if count == 20:
                cluster.add()
            if len(processes) == 2 or time.monotonic() > deadline:
                break
        results.close()
        _wait_for(lambda: not any(map(_is_alive, processes)))
        _wait_for(lambda: ray.available_resources().get("CPU") == 2)  # the actors are gone, too
    finally:
        disconnect()
    assert len(processes) == 2


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _load_large():
    return _read_large


def _read_large(folder: Path) -> bytes:
    with open(folder / "read", "ab") as file:
        file.write(b".")
    return bytes(1_000_000)


def test_nothing_is_read_far_ahead_of_who_takes_it(cluster, tmp_path):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.songs import map_songs

    cluster.keep(2)
    ray = connect(cluster.address)
    try:
        results = map_songs(ray, [tmp_path] * 600, _load_large, lambda item: b"")
        next(results)
        time.sleep(10)
        n_read = (tmp_path / "read").stat().st_size
        assert n_read < 300
        assert sum(1 for _ in results) == 599
    finally:
        disconnect()


def _load_wrong():
    raise ValueError("There is no such model.")


def _load_raising():
    return _raise


def _raise(item: int) -> None:
    raise KeyError("odd")


def test_what_stops_all_songs_is_a_sentence(cluster, monkeypatch):
    from genre.cluster import songs
    from genre.cluster.connection import ClusterError, connect, disconnect, own_versions

    cluster.keep(1)
    ray = connect(cluster.address)
    try:
        assert list(songs.map_songs(ray, [], _load_wrong, lambda item: 0)) == []
        with pytest.raises(ClusterError, match=r"^A node could not load the model: There is no such model.$"):
            list(songs.map_songs(ray, range(3), _load_wrong, lambda item: 0))
        with pytest.raises(ClusterError, match=r"^A node could not read songs: 'odd'$"):
            list(songs.map_songs(ray, range(3), _load_raising, lambda item: 0))
        other = replace(own_versions(), earmark="other")
        monkeypatch.setattr(songs, "own_versions", lambda: other)
        with pytest.raises(ClusterError, match=r"^The node \w+ has another version of Earmark: "):
            list(songs.map_songs(ray, range(3), _load_raising, lambda item: 0))
    finally:
        disconnect()


def _load_pretended():
    return partial(_pretend, 8)


def _pretend(size: int, source: bytes | Path) -> SongPrediction:
    content = source if isinstance(source, bytes) else source.read_bytes()
    from genre.audio.decoders import AudioError

    if content.startswith(b"damaged"):
        raise AudioError("It is damaged.")
    if content.startswith(b"deadly"):
        os.kill(os.getpid(), 9)
    vector = np.frombuffer(content[:size], np.uint8).astype(np.float16)
    return SongPrediction("music", 3.0, "rock", True, embedding=vector, probabilities=vector[:10])


PRETENDED = Predictor("pretended", _load_pretended)


@pytest.fixture
def songs(tmp_path) -> Path:
    """Forty files that a pretended predictor reads: one is damaged, one ends its process."""
    folder = tmp_path / "songs"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:02}.wav").write_bytes(f"{number:02} is a song".encode())
    (folder / "07.wav").write_bytes(b"damaged")
    (folder / "11.wav").write_bytes(b"deadly")
    return folder


def test_an_index_scanned_on_a_cluster_is_the_one_scanned_here(cluster, songs, tmp_path, monkeypatch):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.readers import read_jobs

    cluster.keep(2)
    scan_folders([str(songs)], predictor=PRETENDED, processes=1)
    with Index() as index:
        here = index.content()
    monkeypatch.setenv("EARMARK_HOME", str(tmp_path / "other"))
    ray = connect(cluster.address)
    try:
        summary = scan_folders([str(songs)], predictor=PRETENDED, read=read_jobs(ray))
    finally:
        disconnect()
    assert (summary.n_predicted, summary.n_damaged) == (38, 2)
    with Index() as index:
        assert index.content() == here


def test_parts_written_on_a_cluster_go_on_after_their_driver(cluster, songs, tmp_path):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.readers import give_up_scan, load_scan, read_rows

    cluster.keep(2)
    address = songs / "12.wav"
    listed = [
        *(str(songs / f"{number:02}.wav") for number in range(12)),
        address.as_uri(),
        str(songs / "none.wav"),
    ]
    ray = connect(cluster.address)
    try:
        read = read_rows(ray, partial(load_scan, PRETENDED), give_up_scan)

        def die_soon(paths):
            for number, entry in enumerate(read(paths)):
                if number == 9:
                    raise KeyboardInterrupt
                yield entry

        folder = ShardFolder(str(tmp_path / "out"), SCAN_SCHEMA, size=4)
        folder.open(lambda: listed, "key")
        with pytest.raises(KeyboardInterrupt):
            write_shards(folder, die_soon)
        left = folder.missing_parts()
        assert 1 <= len(left) < 4
        n_read, n_errors = write_shards(folder, read)
    finally:
        disconnect()
    assert n_read == sum(len(folder.song_indices(number)) for number in left)
    rows = list(folder.rows())
    assert [row["path"] for row in rows] == listed
    errors = {Path(row["path"]).name: row["error"] for row in rows if row["error"]}
    assert errors.keys() == {"07.wav", "11.wav", "none.wav"} and n_errors <= 3
    assert rows[12]["embedding"] == [float(byte) for byte in b"12 is a "]


def test_scan_and_classify_with_the_real_model(cluster, music, tmp_path, capsys):
    cluster.keep(2)
    songs = sorted(str(path) for path in music.rglob("*.wav"))
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"no audio")
    listed = write_list(tmp_path / "list.parquet", [*songs, str(damaged)])
    for command in ("scan", "classify"):
        folders = {}
        for engine in ("local", "ray"):
            out = tmp_path / f"{command}-{engine}"
            options = cluster.options() if engine == "ray" else []
            assert main([command, "--songs", str(listed), "--out", str(out), *options]) == 1  # one is damaged
            printed = capsys.readouterr()
            assert "9 read now, 1 of them" in printed.out, printed.err
            folders[engine] = rows_by_path(out)
        assert folders["local"] == folders["ray"]
        assert len(folders["ray"]) == 9 and folders["ray"][str(damaged)]["error"]
    capsys.readouterr()
    assert main(["classify", str(music), "--json"]) == 0
    here = capsys.readouterr().out
    assert main(["classify", str(music), "--json", *cluster.options()]) == 0
    assert capsys.readouterr().out == here
