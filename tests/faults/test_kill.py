"""kill -9: what a process leaves when it is ended between any two of its instructions."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from genre.models.cards import ArtefactError
from genre.paths import is_temporary
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.worker import work_on
from genre.training.checkpoint import CHECKPOINT
from genre.training.experiment import experiment_settings, run_experiment
from tests.support.stand_ins.work import new_run, wait_for_state

PATIENCE_S = 60.0
KILLED_IN_A_WRITE = """
import os, signal, sys
from pathlib import Path
from genre.runs import directory
Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
directory.create_run_folder("gan", {}, folder=Path(sys.argv[1]))
"""


def killed(*command: str) -> None:
    assert subprocess.run([sys.executable, *command]).returncode == -signal.SIGKILL


def children(pid: int) -> list[int]:
    """The processes that this one has started."""
    path = Path(f"/proc/{pid}/task/{pid}/children")
    if not path.exists():
        pytest.skip("the processes are read from /proc")
    return [int(child) for child in path.read_text().split()]


def wait_until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_first_write_that_is_killed_leaves_a_folder_that_can_be_used_again(tmp_path):
    folder = runs.runs_folder() / "mine"
    killed("-c", KILLED_IN_A_WRITE, str(folder))
    assert [is_temporary(path) for path in folder.iterdir()] == [True]
    assert runs.read_run(folder).state == "damaged"
    runs.create_run_folder("gan", {}, folder=folder)
    assert sorted(path.name for path in folder.iterdir()) == ["config.json", "status.json"]
    killed("-c", KILLED_IN_A_WRITE, str(runs.runs_folder() / "other"))
    process.delete_run(runs.runs_folder() / "other")
    assert [run.name for run in runs.list_runs()] == ["mine"]


def test_what_killed_runs_left_of_their_writes_is_deleted_on_resume(tmp_path):
    folder = new_run(epochs=2)
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True
    )
    temporaries = [folder / f".{name}.{dead.stdout.strip()}.140" for name in (CHECKPOINT, "status.json")]
    temporaries.append(folder / "part-1-abc" / temporaries[0].name)
    temporaries[-1].parent.mkdir()
    for path in temporaries:
        path.write_bytes(bytes(1_000))
    others = [folder / f".status.json.{os.getpid()}.1", folder / ".notes", folder / ".a.b"]
    for path in others:
        path.write_bytes(b"mine")
    process.start_run(folder)
    wait_for_state(folder, "done")
    assert not any(path.exists() for path in temporaries) and all(path.exists() for path in others)


def test_epochs_that_metrics_has_lost_are_put_back_on_resume(tmp_path):
    folder = new_run(epochs=6)
    with work_on(folder) as run:
        for epoch in (1, 2, 3):
            run.record_epoch({"epoch": epoch, "loss": 1 / epoch}, epoch / 6)
        whole = runs.read_metrics(folder)
    content = (folder / "metrics.jsonl").read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 1):
        (folder / "metrics.jsonl").write_bytes(content[:size])
        with work_on(folder):
            assert runs.read_metrics(folder) == whole
    (folder / "metrics.jsonl").unlink()
    with work_on(folder) as run:
        run.record_epoch({"epoch": 4, "loss": 0.25}, 4 / 6)
    assert [line["epoch"] for line in runs.read_metrics(folder)] == [1, 2, 3, 4]


def test_a_damaged_checkpoint_can_be_given_up(music, shared_cache):
    settings = experiment_settings("cnn-simple", str(music), "mel", "track", epochs=2)
    folder = runs.create_run_folder("genre", settings.to_dict(), "mine", cores=1)
    with pytest.raises(InterruptedError), work_on(folder) as run:
        run.record_epoch = lambda *_: (_ for _ in ()).throw(InterruptedError)  # in the first epoch
        run_experiment(run)
    (part,) = folder.glob("part-*")
    (part / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ArtefactError, match="begin this training anew"), work_on(folder) as run:
        run_experiment(run)
    assert runs.read_run(folder).state == "failed"
    process.restart_run(folder)
    wait_for_state(folder, "done")
    assert [line["epoch"] for line in runs.read_metrics(folder)] == [1, 2]


@pytest.mark.parametrize("work", ["built-in", "cache"])
def test_processes_that_prepare_music_end_with_the_one_that_started_them(work):
    parent = subprocess.Popen(
        [sys.executable, "-m", "tests.support.stand_ins.slow_work", work],
        env={**os.environ, "OMP_NUM_THREADS": "2"},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: len(children(parent.pid)) >= 2)
        started = children(parent.pid)
        time.sleep(0.5)
    finally:
        parent.kill()
        parent.wait()
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in started))
