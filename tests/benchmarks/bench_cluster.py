"""Benchmark of the cluster: `python -m tests.benchmarks.bench_cluster`, after `make setup-cluster`.

One node of one core is compared with two, and with this machine's own engine on one core. Each node is pinned
to a core of its own, and whatever drives the work shares the first one's, so that a node of one core has no
second to put its helpers on. Beside the wall clock stand CPU seconds, which other load on the machine changes
little. From the figures follows what a
million songs take on 1, 16 and 256 machines, and what becomes the narrow place then.
"""

import argparse
import importlib.util
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from genre.cluster.connection import cluster_cores, connect, disconnect
from genre.cluster.readers import give_up_scan, load_scan
from genre.cluster.shards import SCAN_SCHEMA, ShardFolder, scan_row, write_shards
from genre.cluster.songs import batch_size, map_songs
from genre.library.default import fast_predictor
from genre.library.pool import read_all
from genre.library.reading import Job
from genre.paths import REPOSITORY, data_folder
from genre.synth import dataset as synth
from genre.training.experiment import experiment_settings
from genre.training.sweep import create_run, pack_experiment, run_all, settings_grid
from tests.benchmarks.measure import RECORD, Row, duration_s, parse_arguments, report_table
from tests.support.stand_ins.cluster import Nodes, load_nothing, only_on

AIM_SCALING = 1.8  # songs a second on two nodes over one
AIM_OVERHEAD = 10.0  # % of CPU seconds
# Learning rates of the sweep: so many that the last training, alone on its node, costs little of the whole.
RATES = (1e-4, 2e-4, 3e-4, 5e-4, 1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 3e-2)
EPOCHS = 20  # of each training of the sweep
MACHINES = (1, 16, 256)
CORES_A_MACHINE = 16  # an assumption of the arithmetic
MILLION = 1_000_000
PARTS = ("scan", "sweep", "driver")


def make_songs(count: int, folder: Path) -> list[str]:
    """Copies of GTZAN's recordings, or of the synthesiser's where there are none, each of its own bytes."""
    data = data_folder()
    sources = sorted((data / "gtzan").rglob("*.wav"))[:20] if data else []
    if not sources:
        for seed in range(4):
            synth._write(folder / f"source-{seed}.wav", "rock", seed, 30.0)
        sources = sorted(folder.glob("source-*.wav"))
    songs = []
    for number in range(count):
        path = folder / f"{number:05d}.wav"
        path.write_bytes(sources[number % len(sources)].read_bytes() + number.to_bytes(4, "big"))
        songs.append(str(path))
    return songs


def cpu_seconds() -> float:
    """CPU seconds of this process and of everything that it has started, also of what has ended."""
    ticks: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        try:
            fields = Path(f"/proc/{int(entry)}/stat").read_text().rpartition(")")[2].split()
        except (ValueError, OSError):
            continue
        ticks[int(entry)] = sum(map(int, fields[11:15]))  # its own, and its ended children's
        children.setdefault(int(fields[1]), []).append(int(entry))
    processes = [os.getpid()]
    for process in processes:
        processes += children.get(process, [])
    return sum(ticks.get(process, 0) for process in processes) / os.sysconf("SC_CLK_TCK")


def steady(results: Iterator[Any], warm_up: int) -> tuple[float, float]:
    """(songs a second, CPU seconds a song) from the result `warm_up` to the last: the model is loaded."""
    began = cpu = 0.0
    count = 0
    for count, _ in enumerate(results, 1):
        if count == warm_up:
            began, cpu = time.perf_counter(), cpu_seconds()
    songs = count - warm_up
    return songs / (time.perf_counter() - began), (cpu_seconds() - cpu) / songs


@contextmanager
def connected(nodes: Nodes) -> Iterator[Any]:
    """The module of Ray, connected to these nodes for the time inside."""
    try:
        yield connect(nodes.address)
    finally:
        disconnect()


def scan_rows(songs: list[str], nodes: Nodes) -> tuple[list[Row], float]:
    """Rates and costs of a scan -> (rows, songs a second and core)."""
    predictor, warm_up = fast_predictor(), 16
    with only_on(0):
        here, here_cpu = steady(read_all(map(Job, songs), predictor, 1), warm_up)
    here_two, _ = steady(read_all(map(Job, songs), predictor, 2), 2 * warm_up)
    figures = []
    for count in (1, 2):
        nodes.keep(count)
        with only_on(0), connected(nodes) as ray:
            while cluster_cores(ray) != count:
                time.sleep(0.2)
            results = map_songs(ray, songs, partial(load_scan, predictor), give_up_scan)
            # Results come by the batch: the clock starts when each core has given its first.
            figures.append(steady(results, count * batch_size(len(songs), count)))
    (one, one_cpu), (two, _) = figures
    overhead = 100 * (one_cpu / here_cpu - 1)
    return [
        (f"scan of {len(songs)} songs of 30 s: this machine's engine, one core", f"{here:.2f} songs/s", ""),
        ("scan, Ray: one node of one core", f"{one:.2f} songs/s", ""),
        ("scan, Ray: two nodes of one core each", f"{two:.2f} songs/s", ""),
        ("scan: two nodes over one", f"{two / one:.2f} times", f"{AIM_SCALING} times"),
        ("  this machine's own engine: two cores over one", f"{here_two / here:.2f} times", ""),
        ("CPU seconds a song: this machine's engine, and Ray with all its processes",
         f"{here_cpu:.3f} and {one_cpu:.3f}", ""),
        ("scan: overhead of the engine in CPU seconds", f"{overhead:.1f} %", f"< {AIM_OVERHEAD:.0f} %"),
    ], here  # fmt: skip


def sweep_rows(nodes: Nodes) -> list[Row]:
    """Seconds of a sweep of trainings of half a minute each, as on the Train page."""
    base = experiment_settings("cnn-simple", "builtin", "mel", epochs=EPOCHS)
    trials = settings_grid(base, [EPOCHS], [32], list(RATES))
    pack_experiment(trials[0])

    def train_s(at_once: int, cluster: str | None) -> float:
        folders = [create_run(settings, cluster=cluster) for settings in trials]
        return duration_s(lambda: run_all(folders, at_once))

    seconds = []
    for count in (1, 2):
        nodes.keep(count)
        with only_on(0):
            seconds.append(train_s(count + 1, nodes.address))  # the next one waits for a node
    with only_on(0):
        here_one = train_s(1, None)
    here_two = train_s(2, None)
    one, two = seconds
    return [
        (f"sweep of {len(RATES)} trainings, Ray: one node of one core", f"{one:.0f} s", ""),
        ("sweep, Ray: two nodes of one core each", f"{two:.0f} s", ""),
        ("sweep: two nodes over one", f"{one / two:.2f} times", f"{AIM_SCALING} times"),
        ("  this machine's own engine: two at once over one", f"{here_one / here_two:.2f} times", ""),
    ]


def driver_rows(nodes: Nodes, folder: Path, songs: list[str]) -> tuple[list[Row], float]:
    """How many rows a second one driver takes and writes -> (rows, that rate)."""
    nodes.keep(2)
    predict = fast_predictor().load()
    from genre.cluster.addresses import read_address

    row = scan_row(read_address(songs[0], predict))
    shards = ShardFolder(str(folder / "driver"), SCAN_SCHEMA)
    shards.open(lambda: [f"/music/{number:07d}.mp3" for number in range(20_000)], "driver")
    began = time.perf_counter()
    write_shards(shards, lambda paths: ((number, row | {"path": path}) for number, path in enumerate(paths)))
    write_rate = len(shards.songs) / (time.perf_counter() - began)
    n_bytes = sum(path.stat().st_size for path in (folder / "driver").iterdir()) / len(shards.songs)
    with connected(nodes) as ray:
        addresses = [f"/music/{number}" for number in range(20_000)]
        call_rate, _ = steady(map_songs(ray, addresses, load_nothing, give_up_scan), 1_000)
    rate = 1 / (1 / write_rate + 1 / call_rate)
    return [
        ("driver: rows written to Parquet", f"{write_rate:,.0f} rows/s", ""),
        ("driver: results taken from actors that do nothing", f"{call_rate:,.0f} rows/s", ""),
        ("driver: both, one after the other", f"{rate:,.0f} rows/s", ""),
        ("a row in Parquet, of the same song again and again", f"{n_bytes:,.0f} bytes", ""),
    ], rate


def arithmetic(rate: float, driver: float, song_bytes: float) -> str:
    """The page of arithmetic, as Markdown: `rate` songs a second and core, `driver` rows a second."""
    lines = [
        f"### A million songs, from these figures\n\nA core reads {rate:.2f} songs a second, a song has "
        f"{song_bytes / 1e6:.1f} MB, a machine {CORES_A_MACHINE} cores.\n",
        "| machines | cores | songs/s | time | read from the file system | of what a driver takes |",
        "|---|---|---|---|---|---|",
    ]
    for machines in MACHINES:
        cores = machines * CORES_A_MACHINE
        songs_s = rate * cores
        hours = MILLION / min(songs_s, driver) / 3600
        megabytes = min(songs_s, driver) * song_bytes / 1e6
        lines.append(
            f"| {machines} | {cores} | {songs_s:,.0f} | {hours:.1f} h | {megabytes:,.0f} MB/s "
            f"| {100 * songs_s / driver:.0f} % |"
        )
    limit = driver / rate / CORES_A_MACHINE
    disk, network = 500e6 / song_bytes / rate / CORES_A_MACHINE, 1.25e9 / song_bytes / rate / CORES_A_MACHINE
    lines += [
        "",
        f"The file system is the first narrow place: one that gives 500 MB/s feeds {disk:.1f} machines, and "
        f"a network of 10 Gbit/s into it {network:.1f}. Keep the songs on each machine's disk, or in an "
        "object store that many machines read at once (`--songs` with s3:// or gs:// addresses), or as MP3, "
        "which has a tenth of the bytes.",
        "",
        f"The driver is the next, at {limit:,.0f} machines of this kind: then cut the list, and give each "
        "part its own driver and its own `--out`. The object store is none: a result has some kilobytes and "
        "goes straight to the driver; a song's bytes never enter it.",
    ]
    return "\n".join(lines)


def _load_row() -> Row:
    load = f"{os.getloadavg()[1]:.1f} on {os.cpu_count()} cores"
    return "load of the machine by others and this, over five minutes", load, ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--songs", type=int, default=2_000)
    parser.add_argument(
        "--only", nargs="+", choices=PARTS, default=PARTS, help="the page of arithmetic needs scan and driver"
    )
    options = parse_arguments(parser)
    if importlib.util.find_spec("ray") is None:
        print("Ray is not installed: run `make setup-cluster` to measure the cluster.")
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-cluster-"))
    os.environ |= {
        "EARMARK_HOME": str(folder / "home"),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",  # both engines have the same say on a machine with other work
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")])),
    }
    nodes = Nodes(pinned=True)
    try:
        songs = make_songs(options.songs, folder)
        rate = driver = None
        if "scan" in options.only:
            rows, rate = scan_rows(songs, nodes)
            report_table("Cluster, songs", [*rows, _load_row()])
        if "sweep" in options.only:
            report_table("Cluster, trainings", [*sweep_rows(nodes), _load_row()])
        if "driver" in options.only:
            rows, driver = driver_rows(nodes, folder, songs)
            report_table("Cluster, driver", [*rows, _load_row()])
        if rate and driver:
            page = arithmetic(rate, driver, os.path.getsize(songs[0]))
            print(page)
            if getattr(options, RECORD.strip("-")):
                from genre.evaluation.results import update_section

                update_section("cluster-arithmetic", page)
    finally:
        nodes.cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
