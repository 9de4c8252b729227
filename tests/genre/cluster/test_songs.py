"""Songs on a cluster: every one has one row, whatever dies, and the row that it has here."""

import os
import time
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


def _read_slowly(item: int) -> tuple[int, int]:
    """A result, and the process that made it; 13 ends its process."""
    if item == 13:
        os.kill(os.getpid(), 9)
    time.sleep(SLOW_S)
    return item * item, os.getpid()


def _load_slow():
    return _read_slowly


def test_every_item_comes_once_though_a_node_dies_and_an_item_ends_its_process(cluster):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.songs import map_songs

    cluster.keep(2)
    ray = connect(cluster.address)
    results: dict[int, tuple[int, int]] = {}
    try:
        for index, result in map_songs(ray, range(400), _load_slow, lambda item: (-item, 0)):
            assert index not in results
            results[index] = result
            if len(results) == 60:
                assert len({process for _, process in results.values()}) >= 1
                cluster.kill()
    finally:
        disconnect()
    assert sorted(results) == list(range(400))
    assert results.pop(13) == (-13, 0)
    assert all(square == index * index for index, (square, _) in results.items())


def test_a_node_that_joins_is_used(cluster):
    from genre.cluster.connection import connect, disconnect
    from genre.cluster.songs import map_songs

    cluster.keep(1)
    processes: set[int] = set()
    deadline = time.monotonic() + PATIENCE_S

    def items():
        """Items until a second process reads them."""
        number = 100
        while len(processes) < 2 and time.monotonic() < deadline:
            yield number
            number += 1

    ray = connect(cluster.address)
    try:
        for index, (_, process) in map_songs(ray, items(), _load_slow, lambda item: (0, 0)):
            processes.add(process)
            if index == 20:
                cluster.add()
    finally:
        disconnect()
    assert len(processes) == 2


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
