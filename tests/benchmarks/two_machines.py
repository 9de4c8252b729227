"""Two machines in small: two network namespaces with addresses of their own, a Ray node in each.

    sudo .venv/bin/python -m tests.benchmarks.two_machines

A comparison is started in the first, which has no cores; its trainings run in the second, over the network
between both. The result is compared with that of this machine's own engine. It needs root and `ip`, and says
why where it cannot run. Exit status: 0 the same result, or skipped; 1 another one.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from genre.paths import REPOSITORY

NAMES = ("earmark-first", "earmark-second")
ADDRESSES = ("10.213.77.1", "10.213.77.2")
PORT = 6399
COMPARE = ["-m", "genre", "compare", "linear:mel", "cnn-simple", "--epochs", "3", "--json"]
SAME = ("model", "input", "epochs", "accuracy", "macro_f1", "ece", "window_accuracy", "count")


def reason_to_skip() -> str:
    """Why it cannot run here; empty where it can."""
    if sys.platform != "linux" or not shutil.which("ip"):
        return "network namespaces need Linux and the program ip"
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not ray_program().exists():
        return "Ray is not installed: run `make setup-cluster`"
    tried = subprocess.run(["ip", "netns", "add", "earmark-try"], capture_output=True, text=True)
    if tried.returncode:
        return f"no network namespace can be made here ({tried.stderr.strip()})"
    subprocess.run(["ip", "netns", "del", "earmark-try"], check=True)
    return ""


def ray_program() -> Path:
    """The program `ray` beside this Python."""
    return Path(sys.executable).with_name("ray")


def ip(*arguments: str) -> None:
    """Run `ip`. Raises CalledProcessError."""
    subprocess.run(["ip", *arguments], check=True)


@contextmanager
def namespaces() -> Iterator[None]:
    """Two namespaces, joined by a pair of virtual cards."""
    made = []
    try:
        for name in NAMES:
            ip("netns", "add", name)
            made.append(name)
        ip(
            "link",
            "add",
            "earmark0",
            "netns",
            NAMES[0],
            "type",
            "veth",
            "peer",
            "earmark1",
            "netns",
            NAMES[1],
        )
        for number, name in enumerate(NAMES):
            ip("-n", name, "address", "add", f"{ADDRESSES[number]}/24", "dev", f"earmark{number}")
            ip("-n", name, "link", "set", f"earmark{number}", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        for name in made:
            found = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
            for pid in found.stdout.split():
                subprocess.run(["kill", "-9", pid], check=False)
            ip("netns", "del", name)


def inside(
    number: int, command: list[str], environment: dict[str, str], **options
) -> subprocess.CompletedProcess:
    """Run a command in a namespace."""
    return subprocess.run(["ip", "netns", "exec", NAMES[number], *command], env=environment, **options)


def start_node(number: int, folder: Path, environment: dict[str, str]) -> None:
    """Start Ray in a namespace: the head without cores, or a node of one."""
    where = ["--head", f"--port={PORT}", f"--temp-dir={folder / 'ray'}"]
    if number:
        where = [f"--address={ADDRESSES[0]}:{PORT}"]
    options = [f"--node-ip-address={ADDRESSES[number]}", f"--num-cpus={number}", "--disable-usage-stats"]
    options += (
        ["--object-store-memory=100000000", "--include-dashboard=false"]
        if not number
        else ["--object-store-memory=100000000"]
    )
    command = [str(ray_program()), "start", *where, *options]
    inside(number, command, environment, check=True, stdout=subprocess.DEVNULL)


def compared(output: str) -> list[dict]:
    """What must be equal, of the rows of `compare --json`."""
    rows = [{name: row.get(name) for name in SAME} for row in json.loads(output)]
    return sorted(rows, key=lambda row: row["model"])


def main() -> int:
    if reason := reason_to_skip():
        print(f"Skipped: {reason}.")
        return 0
    # A socket's path must be short, whatever TMPDIR is.
    folder = Path(tempfile.mkdtemp(prefix="earmark-", dir="/tmp"))
    environment = os.environ | {
        "PYTHONPATH": str(REPOSITORY),
        "RAY_USAGE_STATS_ENABLED": "0",
        "EARMARK_HOME": str(folder / "home"),
    }
    music = folder / "music"
    from genre.synth import dataset as synth

    for genre in ("classical", "metal"):
        for seed in range(4):
            synth._write(music / genre / f"{genre}.{seed:05d}.wav", genre, seed, 3.5)
    compare = [sys.executable, *COMPARE, "--data", str(music)]
    try:
        here = subprocess.run(
            [*compare, "--cores", "1"], env=environment, check=True, capture_output=True, text=True
        )
        with namespaces():
            for number in (0, 1):
                start_node(number, folder, environment)
            command = [*compare, "--engine", "ray", "--address", f"{ADDRESSES[0]}:{PORT}"]
            there = inside(0, command, environment, check=True, capture_output=True, text=True)
            shown = [sys.executable, "-m", "genre", "cluster", "--address", f"{ADDRESSES[0]}:{PORT}"]
            inside(0, shown, environment, check=True)
        is_same = compared(here.stdout) == compared(there.stdout)
        print("The same result on both." if is_same else f"{here.stdout}\nis not\n{there.stdout}")
        return 0 if is_same else 1
    except subprocess.CalledProcessError as error:
        print(error, error.stderr or "", sep="\n")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
