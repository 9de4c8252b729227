"""The commands `scan` and `find`: a music library on disk, predicted once, and asked from then on."""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.audio.files import printable
from genre.commands.shared.engine import open_engine, require_engine
from genre.commands.shared.program import complain, whole_number
from genre.commands.shared.shards import add_shard_options, scan_into_shards
from genre.errors import FAILED, OK, USAGE

if TYPE_CHECKING:
    import numpy as np

    from genre.commands.shared.engine import Engine
    from genre.library.progress import ScanProgress
    from genre.library.scan import ScanSummary
    from genre.library.search import Library, Query, Song
    from genre.library.tag_writing.writing import TagChange

LEAST_WAIT_S = 10.0  # between two looks of --watch; a look at many files is followed by a longer wait
WAIT_PER_LOOK = 20


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Add both parsers."""
    parser = commands.add_parser(
        "scan",
        help="predict a music library where it lies, and keep it in an index",
        description="Predict every song below some folders, once, and keep what was predicted in an "
        "index under EARMARK_HOME/library. Only new and changed files are read again. "
        "Exit status: 0 all were read, 1 some were not, 2 the command line is wrong.",
    )
    parser.add_argument(
        "folders", nargs="*", metavar="FOLDER", help="folders of music; by default those of earlier scans"
    )
    parser.add_argument("--rescan", action="store_true", help="read every file again")
    parser.add_argument("--watch", action="store_true", help="go on, and follow changes until Ctrl+C")
    parser.add_argument("--forget", action="store_true", help="forget the folders; no file is touched")
    parser.add_argument(
        "--status", action="store_true", help="show what the index holds, and the scan under way"
    )
    parser.add_argument("--json", action="store_true", help="one object")
    add_shard_options(parser)
    parser.set_defaults(run=scan)

    parser = commands.add_parser(
        "find",
        help="find songs of the library by genre, tag, feeling, tempo or likeness",
        description="Find songs of the library. Exit status: 0 some were found, 1 none or not all could be "
        "written, 2 the command line is wrong.",
    )
    parser.add_argument("words", nargs="*", metavar="WORD", help="words in title, artist, album or path")
    parser.add_argument("--genre", help="one of the ten genres")
    parser.add_argument("--tag", help="one of the 50 tags; one without a measured threshold: the top tenth")
    parser.add_argument("--feeling", help="one of the nine feelings, where it stands out")
    parser.add_argument(
        "--tempo", type=tempo_range, metavar="LOW..HIGH", help="beats a minute: 60..90, 120.. or ..80"
    )
    parser.add_argument("--like", metavar="FILE", help="the nearest songs first, by how the model hears them")
    parser.add_argument("--confident", action="store_true", help="only where the genre is sure")
    parser.add_argument("--count", type=whole_number, help="songs at most; default 30")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="one JSON object a line")
    output.add_argument("--m3u", type=Path, metavar="FILE", help="write a playlist")
    output.add_argument("--csv", type=Path, metavar="FILE", help="write a table")
    output.add_argument(
        "--write-tags", action="store_true", help="show what genre and mood would be written into their files"
    )
    output.add_argument("--restore", action="store_true", help="show which written tags would be taken back")
    parser.add_argument("--apply", action="store_true", help="with --write-tags or --restore: do it")
    parser.set_defaults(run=find)


def tempo_range(text: str) -> tuple[float, float]:
    """Parse a range of tempi, for argparse: "60..90" -> (60.0, 90.0)."""
    low, dots, high = text.partition("..")
    try:
        values = float(low or 0), float((high if dots else low) or 1e6)
    except ValueError:
        values = (1.0, 0.0)
    if not 0 <= values[0] <= values[1]:
        raise argparse.ArgumentTypeError(f"{text!r} is no range of beats a minute, such as 60..90")
    return values


def scan(options: argparse.Namespace) -> int:
    """Scan, show the state, or forget."""
    if options.status + options.forget + (options.rescan or options.watch) > 1:
        return complain("Give one of --status, --forget, and --rescan or --watch.", USAGE)
    try:
        require_engine(options)
        if options.songs or options.out:
            if options.status or options.forget or options.rescan or options.watch:
                raise ValueError("--songs and --out go with none of --status, --forget, --rescan, --watch.")
            return scan_into_shards(options)
        if options.status:
            return _show_status(options.json)
        if options.forget:
            return _forget(options.folders, options.json)
        return _scan(options)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)


def _scan(options: argparse.Namespace) -> int:
    from genre.library.index import Index
    from genre.library.scan import check_folders

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    folders = check_folders(options.folders)
    if not folders:
        with Index() as index:
            folders = index.folders()
    if not folders:
        raise ValueError("Name the folders of your music: nothing was scanned before.")
    with open_engine(options) as engine:
        return _scan_until_stopped(options, folders, engine)


def _scan_until_stopped(options: argparse.Namespace, folders: list[str], engine: "Engine") -> int:
    from genre.library.scan import scan_folders

    read = None
    if engine.ray is not None:
        from genre.cluster.readers import read_jobs

        read = read_jobs(engine.ray)
    known_problems: set[tuple[str, str]] = set()
    while True:
        start = time.monotonic()
        bar = _Bar()
        try:
            summary = scan_folders(folders, rescan=options.rescan, listener=bar.show, read=read)
        except KeyboardInterrupt:
            print("Stopped. What was read is kept: scan again to go on.", file=sys.stderr)
            raise
        finally:
            bar.close()
        _show_summary(summary, options.json, known_problems)
        if not options.watch:
            return FAILED if summary.n_problems else OK
        options.rescan, known_problems = False, set(summary.problems)
        _wait(folders, max(LEAST_WAIT_S, WAIT_PER_LOOK * (time.monotonic() - start)))


def _wait(folders: Sequence[str], seconds: float) -> None:
    """Wait for the next look, as the one scan; whoever forgets a folder meanwhile is refused."""
    from genre.library.progress import ProgressWriter, lock_scan

    with lock_scan():
        ProgressWriter(folders).update("watching", message="Watching for changes.")
        time.sleep(seconds)


class _Bar:
    """The progress bar of a scan, where there is a terminal."""

    def __init__(self) -> None:
        self.bar: Any = None

    def show(self, progress: "ScanProgress") -> None:
        """Move the bar."""
        from tqdm import tqdm

        if self.bar is None:
            self.bar = tqdm(total=progress.total, unit="files", disable=None, dynamic_ncols=True)
        self.bar.set_postfix_str(printable(progress.current)[-40:], refresh=False)
        self.bar.update(progress.n_done - self.bar.n)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()


def _show_summary(summary: "ScanSummary", as_json: bool, known_problems: set[tuple[str, str]]) -> None:
    """Print what a scan did; problems that the look before had, too, are not repeated."""
    from genre.library.scan import summary_sentence

    if as_json:
        problems = [{"path": path, "error": sentence} for path, sentence in summary.problems]
        print(json.dumps({**summary.counts(), "problems": problems}), flush=True)
        return
    for path, sentence in summary.problems:
        if (path, sentence) not in known_problems:
            print(f"{printable(path)}: {sentence}", file=sys.stderr)
    if rest := summary.n_problems - len(summary.problems):
        print(f"And {rest:,} more.", file=sys.stderr)
    print(summary_sentence(summary), flush=True)


def _show_status(as_json: bool) -> int:
    from genre.library.index import Index, index_path, index_size
    from genre.library.progress import read_progress
    from genre.library.scan import n_songs

    progress = read_progress()
    numbers: dict[str, int] = {}
    folders: list[str] = []
    if index_path().exists():
        with Index() as index:
            folders, numbers = index.folders(), index.counts()
    if as_json:
        state = {
            "state": progress.state,
            "done": progress.n_done,
            "total": progress.total,
            "eta_s": progress.eta_s,
        }
        print(json.dumps({"folders": folders, "songs": numbers, "bytes": index_size(), "scan": state}))
        return OK
    for folder in folders:
        print(printable(folder))
    total = sum(numbers.values())
    print(
        f"{n_songs(total)} ({', '.join(f'{n:,} {status}' for status, n in sorted(numbers.items()))})"
        if total
        else "No songs yet: scan a folder."
    )
    print(f"{index_size() / 1e6:.1f} MB in {index_path()}")
    if progress.active:
        eta = f", {progress.eta_s / 60:.0f} minutes left" if progress.eta_s else ""
        print(
            f"A scan is under way: {progress.n_done:,} of {progress.total:,}, "
            f"{progress.files_per_s} a second{eta}."
        )
    return OK


def _forget(folders: Sequence[str], as_json: bool) -> int:
    from genre.library.index import Index
    from genre.library.progress import lock_scan
    from genre.library.scan import n_songs

    if not folders:
        raise ValueError("Name the folders to forget; scan --status lists them.")
    with lock_scan(), Index() as index:
        indexed_folders = index.folders()
        count = 0
        for folder in map(os.path.abspath, folders):
            if folder not in indexed_folders and index.count_below(folder) == 0:
                raise ValueError(f"{printable(folder)} is not in the library; scan --status lists what is.")
            count += index.forget(folder)
    print(json.dumps({"forgotten": count}) if as_json else f"{n_songs(count)} forgotten. The files stay.")
    return OK


def find(options: argparse.Namespace) -> int:
    """Print the songs that match, or write them or their tags."""
    from genre.library.search import load_library

    try:
        if options.apply and not (options.write_tags or options.restore):
            raise ValueError("--apply goes with --write-tags or --restore.")
        if options.restore:
            return _restore_tags(options.apply)
        library = load_library()
        if not len(library):
            raise ValueError("The library is empty: scan a folder first.")
        matches = library.find(_query(options, library))
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    songs = [match.song for match in matches]
    try:
        if options.write_tags:
            return _write_tags(library, songs, options.apply)
        return _print_songs(options, songs, [match.score for match in matches])
    except OSError as error:
        return complain(error, FAILED)


def _query(options: argparse.Namespace, library: "Library") -> "Query":
    from genre.library.search import MAX_COUNT, Query

    like, exclude = None, frozenset[int]()
    if options.like:
        like, exclude = _like(options.like, library)
    default_count = MAX_COUNT if options.write_tags else 30
    return Query(
        options.genre,
        options.tag,
        options.feeling,
        options.tempo,
        like,
        exclude,
        " ".join(options.words),
        options.confident,
        options.count or default_count,
    )


def _like(path: str, library: "Library") -> "tuple[np.ndarray, frozenset[int]]":
    """The embedding of a file: the library's own, or predicted now. Raises ValueError with a sentence."""
    absolute = os.path.abspath(path)
    for position, song in enumerate(library.songs):
        if song.path == absolute and library.music[position]:
            return library.embeddings[position], frozenset((song.id,))
    from genre.library.default import load_fast

    prediction = load_fast()(Path(path))  # raises AudioError
    if not len(prediction.embedding):
        raise ValueError(f"{printable(path)} is no music to us: name another song.")
    return prediction.embedding, frozenset()


def _print_songs(options: argparse.Namespace, songs: "list[Song]", scores: list[float]) -> int:
    from genre.library.playlists.files import song_object, to_csv, to_m3u
    from genre.library.scan import n_songs
    from genre.paths import write_atomic
    from genre.text import clock, genre_name

    if options.m3u:
        write_atomic(options.m3u, to_m3u(songs))
    elif options.csv:
        write_atomic(options.csv, to_csv(songs, {"score": [round(score, 4) for score in scores]}))
    for song, score in zip(songs, scores, strict=True):
        if options.json:
            print(json.dumps({**song_object(song), "score": round(score, 4)}))
        elif not (options.m3u or options.csv):
            tempo = f"{song.tempo_bpm:3.0f} bpm" if song.tempo_bpm else " " * 7
            genre = genre_name(song.genre or "") + ("" if song.confident else "?")
            print(f"{score:5.2f}  {genre:10}  {tempo}  {clock(song.duration_s):>6}  {printable(song.path)}")
    if options.m3u or options.csv:
        print(f"{n_songs(len(songs))} written to {options.m3u or options.csv}.")
    elif not songs and not options.json:
        print("No song of the library is like that.", file=sys.stderr)
    return OK if songs else FAILED


def _write_tags(library: "Library", songs: "list[Song]", apply: bool) -> int:
    from genre.library.index import Index
    from genre.library.progress import lock_scan
    from genre.library.tag_writing.writing import apply_tags, plan_tags

    changes = plan_tags(library, songs)
    if not apply:
        return _print_changes(changes, "would be written. Add --apply to do it; --restore takes it back.")
    with lock_scan(), Index() as index:
        return _print_changes(apply_tags(index, changes), "written. find --restore --apply takes it back.")


def _restore_tags(apply: bool) -> int:
    from genre.library.index import Index
    from genre.library.progress import lock_scan
    from genre.library.tag_writing.writing import restore_tags

    words = "put back as they were." if apply else "would be put back as they were. Add --apply to do it."
    with lock_scan(), Index() as index:
        return _print_changes(restore_tags(index, apply), words)


def _print_changes(changes: "Iterable[TagChange]", words: str) -> int:
    count, status = 0, OK
    for change in changes:
        if change.error:
            print(f"{printable(change.path)}: {change.error}", file=sys.stderr)
            status = FAILED
            continue
        count += 1
        parts = [
            f"{field}: {', '.join(change.before[field]) or 'nothing'} -> {', '.join(values) or 'nothing'}"
            for field, values in change.after.items()
            if values != change.before[field]
        ]
        print(f"{printable(change.path)}  {'; '.join(map(printable, parts))}")
    print(f"The tags of {count:,} files {words}")
    return status
