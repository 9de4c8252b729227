"""The parts of `scan` and `classify` that read long lists of songs: into Parquet files, or on a cluster."""

import argparse
import json
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.audio.files import AUDIO_SUFFIXES, find_files, printable
from genre.commands.shared.engine import Engine, add_engine_options, open_engine
from genre.errors import FAILED, OK

if TYPE_CHECKING:
    import pyarrow as pa

    from genre.library.predictor import Predictor
    from genre.library.reading import Job

LINE_EVERY_S = 30.0  # seconds between two lines of progress where there is no terminal
RATE_OVER_S = 60.0  # seconds over which songs a second are counted

Row = dict[str, Any]
Read = Callable[[Iterator[str]], Iterator[tuple[int, Row]]]


def add_shard_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of lists, of parts and of the engine."""
    parser.add_argument(
        "--songs",
        metavar="LIST.parquet",
        help="a list of songs: paths or addresses that fsspec knows, in its column `path`",
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        help="write Parquet files of a row a song there; the same command goes on where it was",
    )
    add_engine_options(parser)


def scan_into_shards(options: argparse.Namespace) -> int:
    """Do what `scan` does, into Parquet files instead of the index. Raises ValueError, OSError."""
    from genre.cluster.shards import SCAN_SCHEMA
    from genre.library.default import fast_predictor
    from genre.library.scan import check_folders
    from genre.library.walking import FoundFile, walk

    predictor = fast_predictor()
    folders = check_folders(options.folders)

    def find() -> Iterator[str]:
        for folder in folders:
            yield from (file.path for file in walk(folder) if isinstance(file, FoundFile))

    def read(engine: Engine) -> Read:
        if engine.ray is None:
            return partial(_scan_here, predictor, engine.at_once())
        from genre.cluster.readers import give_up_scan, load_scan, read_rows

        return read_rows(engine.ray, partial(load_scan, predictor), give_up_scan)

    return _into_shards(options, SCAN_SCHEMA, ("scan", predictor.key, folders), find, read)


def _scan_here(predictor: "Predictor", processes: int, songs: Iterator[str]) -> Iterator[tuple[int, Row]]:
    """Read songs in processes of this machine."""
    from genre.cluster.addresses import with_sentence
    from genre.cluster.shards import scan_row
    from genre.library.pool import read_all
    from genre.library.reading import Job

    positions: dict[str, deque[int]] = {}

    def jobs() -> "Iterator[Job]":
        for position, song in enumerate(songs):
            positions.setdefault(song, deque()).append(position)
            yield Job(song)

    for reading in read_all(jobs(), predictor, processes):
        yield positions[reading.path].popleft(), scan_row(with_sentence(reading))


def classify_into_shards(options: argparse.Namespace) -> int:
    """Do what `classify` does, into Parquet files. Raises ValueError, OSError."""
    from genre.cluster.shards import CLASSIFY_SCHEMA
    from genre.inference.load import SHIPPED_MODEL

    model = options.model or SHIPPED_MODEL
    paths = [os.path.abspath(path) for path in options.paths]

    def read(engine: Engine) -> Read:
        from genre.cluster.readers import give_up_classify, load_classify, read_rows

        if engine.ray is None:
            classify = load_classify(model)
            return lambda songs: ((number, classify(song)) for number, song in enumerate(songs))
        return read_rows(engine.ray, partial(load_classify, model), give_up_classify)

    return _into_shards(
        options, CLASSIFY_SCHEMA, ("classify", _model_key(model), paths), lambda: audio_files(paths), read
    )


def _model_key(model: str) -> str:
    """The hash of the model's weights. Raises ArtefactError, ValueError."""
    from genre.inference.load import load_classifier

    return f"{model} {load_classifier(model).card.weights_sha256}"


def audio_files(paths: Iterable[str]) -> Iterator[str]:
    """Find the files to read behind paths; a folder without any stays, and is an error when it is read."""
    return (path for path, _ in find_files(paths, AUDIO_SUFFIXES, "audio files"))


def _into_shards(
    options: argparse.Namespace,
    schema: "pa.Schema",
    work: tuple,
    find: Callable[[], Iterable[str]],
    read: Callable[[Engine], Read],
) -> int:
    """Write the rows of all songs, and say how it went. Raises ValueError, OSError."""
    from genre.cache import key_of
    from genre.cluster.addresses import is_remote
    from genre.cluster.shards import ShardFolder, read_list, write_shards
    from genre.paths import may_read

    if not options.out:
        raise ValueError("--songs goes with --out: name the folder to write to.")
    if bool(options.songs) == bool(work[2]):
        raise ValueError("Name either folders and files, or a list with --songs.")
    songs = read_list(options.songs) if options.songs else None
    folder = ShardFolder(options.out, schema)
    folder.open((lambda: songs) if songs is not None else find, key_of(*work, songs))
    paths = [song for song in folder.songs if not is_remote(song)]
    if outside := next((path for path in paths if not may_read(Path(path))), None):
        raise ValueError(f"{printable(outside)} lies outside EARMARK_MUSIC: leave it out.")
    if options.engine == "local" and len(paths) < len(folder.songs):
        raise ValueError("Songs at addresses are read by a cluster: add --engine ray.")
    progress = RowProgress()
    try:
        with open_engine(options) as engine:
            n_read, n_errors = write_shards(folder, read(engine), progress.show)
    finally:
        progress.close()
    summary = {"songs": len(folder.songs), "read": n_read, "errors": n_errors, "parts": len(folder)}
    if getattr(options, "json", False):
        print(json.dumps(summary))
    else:
        print(
            f"{summary['songs']:,} songs in {summary['parts']:,} files in {folder.address}: {n_read:,} read "
            f"now, {n_errors:,} of them with an error."
        )
    return FAILED if n_errors else OK


class RowProgress:
    """The progress of a long list: a bar on a terminal, else a line now and then."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._times: deque[tuple[float, int]] = deque()
        self._printed = time.monotonic()

    def show(self, n_done: int, total: int) -> None:
        """Note that so many songs are done."""
        from tqdm import tqdm

        if self._bar is None:
            self._bar = tqdm(total=total, initial=n_done, unit="songs", disable=None, dynamic_ncols=True)
        self._bar.update(n_done - self._bar.n)
        now = time.monotonic()
        self._times.append((now, n_done))
        while now - self._times[0][0] > RATE_OVER_S:
            self._times.popleft()
        if self._bar.disable:
            self._bar.n = n_done
            if now - self._printed > LINE_EVERY_S:
                self._printed = now
                print(self.line(n_done, total), file=sys.stderr, flush=True)

    def line(self, n_done: int, total: int) -> str:
        """The progress in words."""
        (then, before), (now, _) = self._times[0], self._times[-1]
        rate = (n_done - before) / (now - then) if now > then else 0.0
        left = f", {(total - n_done) / rate / 60:,.0f} minutes left" if rate else ""
        return f"{n_done:,} of {total:,} songs, {rate:.1f} a second{left}"

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()
