"""Benchmark of the music library: `python -m tests.benchmarks.bench_library`.

How fast a folder is scanned, how right the fast setting is beside the default, and how fast 100,000 songs are
searched.
"""

import argparse
import io
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import soundfile as sf
import soxr

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.compute import all_cores
from genre.evaluation.other_collections import predict_songs, song_metrics
from genre.inference.load import MEASURED_MODEL, load_classifier
from genre.library.fast_setting import FastSetting
from genre.library.index import Index, index_size
from genre.library.predictor import SongPrediction, unit
from genre.library.reading import PREDICTED, Reading
from genre.library.scan import scan_folders
from genre.library.search import Library, Query, load_library
from genre.library.tags import SongTags
from genre.paths import data_folder
from genre.synth.dataset import render
from genre.training.transfer.songs import dev_names, wild_songs
from pages.library.content import song_table
from tests.benchmarks.measure import (
    Row,
    duration_s,
    median_durations_ms,
    memory_mb,
    parse_arguments,
    report_table,
)
from tests.support.stand_ins.library import make_songs, scan

COPIES = 8  # files of each genre's piece, of different content
WARM = 12  # files after which the processes have loaded the model
N_ROWS = 100_000
LONG_S = 240.0


def mp3(genre: str, seconds: float) -> bytes:
    """A synthesised piece as people have music: 44.1 kHz, stereo, MP3."""
    mono = soxr.resample(render(genre, 1, min(seconds, 30.0)), SAMPLE_RATE, 44_100)
    mono = np.resize(mono, round(seconds * 44_100))
    file = io.BytesIO()
    sf.write(file, np.stack([mono, np.roll(mono, 20)], axis=1), 44_100, format="MP3")
    return file.getvalue()


@contextmanager
def temporary_home() -> Iterator[Path]:
    """An empty EARMARK_HOME, and in it a folder for music."""
    before = os.environ.get("EARMARK_HOME")
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        try:
            (Path(home) / "music").mkdir()
            yield Path(home)
        finally:
            if before is None:
                del os.environ["EARMARK_HOME"]
            else:
                os.environ["EARMARK_HOME"] = before


def cpu_of_children_s() -> float:
    """The CPU seconds of all processes that this one started, and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def scan_rows() -> list[Row]:
    """Files a second, of a folder of MP3 of 30 s."""
    load = os.getloadavg()[0]
    with temporary_home() as home:
        for genre in GENRES:
            content = mp3(genre, 30.0)
            for number in range(COPIES):
                tail = b"TAG" + f"{genre} {number}".encode().ljust(125, b"\0")  # ID3v1
                (home / "music" / f"{genre} {number}.mp3").write_bytes(content + tail)
        times: list[float] = []
        cpu_s, start = cpu_of_children_s(), time.perf_counter()
        scan_folders([str(home / "music")], listener=lambda _: times.append(time.perf_counter()))
        whole_s = time.perf_counter() - start
        while multiprocessing.active_children():  # they are ending; asking counts those that have
            time.sleep(0.1)
        cpu_s = cpu_of_children_s() - cpu_s
        again_s = duration_s(lambda: scan_folders([str(home / "music")]))
    count, cpu_s = len(times), max(cpu_s, 1e-9)
    rate = (count - WARM) / (times[-1] - times[WARM - 1])
    long_song, setting = mp3("rock", LONG_S), FastSetting("listen")
    predict_ms, long_ms = median_durations_ms(
        lambda: setting.predict(content), lambda: setting.predict(long_song), times=8
    )
    return [
        ("processes, one a core", str(all_cores()), ""),
        ("  other programs that wanted a core meanwhile (load average before)", f"{load:.1f}", "0"),
        ("files of 30 s of MP3 a second", f"{rate:.1f}", "5"),
        ("  that the CPU time would allow, were the cores idle", f"{all_cores() * count / cpu_s:.1f}", ""),
        (f"  the whole command, {count} files, with the loading of the model", f"{whole_s:.1f} s", ""),
        ("  CPU seconds a file, with the loading of the model", f"{cpu_s / count:.2f}", ""),
        ("  one file in one process and one thread", f"{predict_ms:.0f} ms", ""),
        (f"  one of {LONG_S / 60:.0f} minutes, of which three excerpts are read", f"{long_ms:.0f} ms", ""),
        ("the same folder once more, nothing to read", f"{1000 * again_s:.0f} ms", ""),
    ]


def random_prediction(random: np.random.Generator) -> SongPrediction:
    probabilities = random.dirichlet(np.full(10, 0.3)).astype(np.float16)
    return SongPrediction(
        "music",
        200.0,
        GENRES[int(probabilities.argmax())],
        True,
        True,
        float(random.uniform(60, 180)),
        -14.0,
        probabilities,
        random.uniform(0, 0.5, 9).astype(np.float16),
        random.uniform(0, 0.3, 50).astype(np.float16),
        unit(random.normal(size=250)),
    )


def search_rows() -> list[Row]:
    """Questions to 100,000 songs."""
    random = np.random.default_rng(0)
    with temporary_home():
        with Index() as index:
            index.db.execute("PRAGMA synchronous = OFF")
            for number in range(N_ROWS):
                digest = number.to_bytes(16, "big")
                tags = SongTags(f"Song {number}", f"Artist {number % 997}")
                prediction = random_prediction(random)
                path = f"/music/{number % 997}/song {number}.mp3"
                index.put(Reading(path, PREDICTED, number, 0, 0, digest, tags, prediction), "benchmark")
        start = time.perf_counter()
        library: Library = load_library()
        loading_s = time.perf_counter() - start
    like = library.embeddings[0]
    plain = Query(like=like)
    filtered = Query(genre="jazz", feeling="calmness", tempo=(60, 90), like=like)
    words = Query(text="artist 77", genre="rock")
    durations = median_durations_ms(
        *(lambda query=query: library.find(query) for query in (plain, filtered, words))
    )
    brute = np.argsort(-(library.embeddings.astype(np.float64) @ like.astype(np.float64)), kind="stable")[:10]
    found = [match.song.id for match in library.find(Query(like=like, count=10))]
    recall = len(set(found) & {library.songs[k].id for k in brute}) / 10
    return [
        (f"the 30 nearest of {N_ROWS:,} songs", f"{durations[0]:.0f} ms", "100 ms"),
        ("  of one genre, feeling and tempo", f"{durations[1]:.0f} ms", "100 ms"),
        ("  by words in title, artist and path", f"{durations[2]:.0f} ms", ""),
        ("  share of the ten nearest in double precision that are found", f"{recall:.2f}", "1.00"),
        ("  loading the index into memory, once", f"{loading_s:.1f} s", ""),
    ]


def accuracy_rows(folder: Path) -> list[Row]:
    """The fast setting beside the default, on songs of other collections that were kept aside."""
    names = dev_names()
    songs = [song for song in wild_songs(folder) if song.name in names]
    setting = FastSetting(MEASURED_MODEL)
    default = load_classifier(MEASURED_MODEL)
    fast = [setting.classify(load_clip(song.path)) for song in songs]
    rows: list[Row] = []
    for title, predictions in (("the fast setting", fast), ("the default", predict_songs(default, songs))):
        metrics = song_metrics(songs, predictions, default.genres)
        low, high = metrics["balanced_accuracy_interval"]
        feelings = float(np.mean(list(metrics["emotions"].values())))
        rows += [
            (
                f"balanced accuracy on {metrics['count']} songs of other collections, {title}",
                f"{100 * metrics['balanced_accuracy']:.1f} % ({100 * low:.1f} to {100 * high:.1f})",
                "",
            ),
            ("  accuracy", f"{100 * metrics['accuracy']:.1f} %", ""),
            (
                f"  selective accuracy, at {100 * metrics['coverage']:.0f} % coverage",
                f"{100 * metrics['selective_accuracy']:.1f} %",
                "",
            ),
            ("  feelings, mean correlation with listeners", f"{feelings:.2f}", ""),
        ]
    return rows


def size_rows(count: int) -> list[Row]:
    """A library of very many files, which a stand-in for the model predicts in no time."""
    with temporary_home() as home:
        make_songs(home / "music", count)
        scan_s = duration_s(lambda: scan([home / "music"]))
        scan_mb = memory_mb()
        again_s = duration_s(lambda: scan([home / "music"]))
        index_mb = index_size() / 1e6
        start = time.perf_counter()
        library = load_library()
        loading_s = time.perf_counter() - start
        library_mb = memory_mb()
        query = Query(like=library.embeddings[0])
        (find_ms,) = median_durations_ms(lambda: library.find(query))
        table_s = duration_s(lambda: song_table(library))
    return [
        (f"a library of {count:,} files, all but the model: the first scan", f"{scan_s:.0f} s", ""),
        ("  the same once more, nothing to read", f"{again_s:.1f} s", ""),
        ("  index on the disk", f"{index_mb:.0f} MB", ""),
        ("  memory of the scan at its end", f"{scan_mb or 0:.0f} MB", ""),
        ("  loading the index, once", f"{loading_s:.1f} s", ""),
        ("  memory with the index loaded", f"{library_mb or 0:.0f} MB", ""),
        ("  the 30 nearest", f"{find_ms:.0f} ms", ""),
        ("  the table of the page, once", f"{table_s:.1f} s", ""),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, metavar="N", help="measure a library of so many files instead")
    options = parse_arguments(parser)
    if options.files:
        return report_table("Library size", size_rows(options.files))
    rows = scan_rows() + search_rows()
    data = data_folder()
    if data and (data / "wild").is_dir():
        rows += accuracy_rows(data / "wild")
    report_table("Library", rows)


if __name__ == "__main__":
    main()
