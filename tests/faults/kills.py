"""kill -9 at random moments of every kind of training, and of the server: nothing is torn, all goes on.

    python -m tests.faults.kills [KIND ...] [--count 20]        the second half of `make fuzz`

A command is started again and again and killed each time; then it is let run to its end. An epoch that was
recorded stays, every file can be read, and no temporary file is left.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from genre.paths import is_temporary
from genre.runs.directory import list_runs, read_metrics, runs_folder
from genre.runs.process import stop_runs
from genre.synth import dataset as synth
from tests.mood.emotion.test_network import table
from tests.support.browser.serving import serve

GENRES = ("classical", "metal", "reggae")
MAX_S = 600.0  # for a command that is let run to its end


def commands(folder: Path) -> dict[str, list[str]]:
    """What is killed: the command line of each kind, with small data in `folder`."""
    run, music = str(folder / "home" / "runs" / "killed"), str(folder / "music")
    train = [
        "genre",
        "train",
        "cnn-simple",
        "--data",
        music,
        "--input",
        "mel",
        "--split",
        "track",
        "--epochs",
        "6",
    ]
    return {
        "train": [*train, "--run", run],
        "calibrate": ["genre", "calibrate", run, "--epochs", "2"],
        "sweep": [
            "genre",
            "sweep",
            "cnn-simple",
            *train[3:-2],
            "--epochs",
            "1,2",
            "--batch-size",
            "32",
            "--lr",
            "0.001",
        ],
        "gan": [
            "gan",
            "train",
            "--data",
            music,
            "--epochs",
            "4",
            "--steps",
            "1",
            "--batch-size",
            "2",
            "--run",
            f"{run}-gan",
        ],
        "mood": [
            "mood",
            "train",
            "--data",
            str(folder / "faces.parquet"),
            "--epochs",
            "3",
            "--run",
            f"{run}-mood",
        ],
    }


def make_data(folder: Path) -> None:
    for genre in GENRES:
        for number in range(4):
            synth._write(folder / "music" / genre / f"{genre}.{number:05d}.wav", genre, number, 4.0)
    pd.concat([table(5, "train"), table(2, "valid", first=50)]).to_parquet(folder / "faces.parquet")


def kill_at_random(command: list[str], longest_s: float) -> float:
    """Start the command, and end it in the middle of whatever it does -> after how long."""
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    moment_s = random.uniform(0, longest_s)
    try:
        process.wait(moment_s)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    return moment_s


def check_nothing_is_torn(before: dict[str, list]) -> dict[str, list]:
    """-> the epochs of each run; those of `before` are among them."""
    now = {}
    for run in list_runs():
        if (run.folder / "config.json").exists():
            assert run.state != "damaged", run
        now[run.name] = [(line.get("part", 0), line["epoch"]) for line in read_metrics(run.folder)]
    for name, epochs in before.items():
        assert set(epochs) <= set(now[name]), (name, epochs, now[name])
    return now


def try_command(name: str, command: list[str], count: int) -> None:
    started = time.monotonic()
    longest_s, epochs = 20.0, {}
    for _ in range(count):
        moment_s = kill_at_random(command, longest_s)
        epochs = check_nothing_is_torn(epochs)
        print(
            f"{name}: killed after {moment_s:.1f} s, {sum(map(len, epochs.values()))} epochs so far",
            flush=True,
        )
    result = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=MAX_S)
    assert result.returncode == 0, result.stderr
    check_nothing_is_torn(epochs)
    stop_runs([run.folder for run in list_runs()])
    if (
        name != "sweep"
    ):  # each time it makes runs of its own, and those of a killed one are left to be resumed
        temporaries = [path for path in runs_folder().rglob(".*") if is_temporary(path)]
        assert not temporaries, temporaries
    print(f"{name}: done after {count} kills, {time.monotonic() - started:.0f} s", flush=True)


def try_server(folder: Path, count: int) -> None:
    for _ in range(count):
        with serve(folder) as address:
            port = address.rpartition(":")[2]
            time.sleep(random.uniform(0, 2))
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                if port.encode() in path.read_bytes().split(b"\0"):
                    os.kill(int(path.parent.name), signal.SIGKILL)
    with serve(folder):
        print(f"server: answers after {count} kills", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="train, calibrate, sweep, gan, mood, server")
    parser.add_argument("--count", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["EARMARK_HOME"] = str(folder / "home")
        make_data(folder)
        for kind, command in commands(folder).items():
            if not options.kinds or kind in options.kinds:
                try_command(kind, command, options.count)
        if not options.kinds or "server" in options.kinds:
            (folder / "home").mkdir(exist_ok=True)
            try_server(folder / "home", options.count)
    return 0


if __name__ == "__main__":
    sys.exit(main())
