"""A program that does nothing, as a run: `python -m tests.support.stand_ins.work train --resume DIR`.

And what tests do with such runs: they are made, waited for, and looked up in the queue.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from genre.logs import configure_logging
from genre.paths import home
from genre.runs import directory as runs
from genre.runs.report import Report
from genre.runs.worker import RunStopped, work_on
from tests.support.patience import wait_until


def new_run(epochs: int = 3, seconds: float = 0.01, cores: int = 1, **more: object) -> Path:
    """A run that takes so many `seconds` an epoch, not started."""
    return runs.create_run_folder("gan", {"epochs": epochs, "seconds": seconds, **more}, cores=cores)


def wait_for_state(folder: Path, *states: str) -> runs.Run:
    """The run, once it is in one of the states."""
    wait_until(lambda: runs.read_run(folder).state in states, lambda: (folder / "log.txt").read_text())
    return runs.read_run(folder)


def queue_text() -> str:
    """The file of the queue; empty before there is one."""
    path = home() / "queue.json"
    return path.read_text() if path.exists() else ""


def wait_in_queue(folder: Path) -> None:
    """Return once the run is in the queue."""
    wait_until(lambda: str(folder) in queue_text())


def pid_of(folder: Path) -> int:
    """The process that works on the run."""
    return json.loads((folder / "status.json").read_text())["pid"]


def main() -> int:
    folder = Path(sys.argv[3])
    configure_logging(folder.name)
    try:
        with work_on(folder) as run:
            epochs = run.settings.get("epochs") or run.settings["recipe"]["epochs"]
            for epoch in range(len(runs.read_metrics(folder)) + 1, epochs + 1):
                time.sleep(run.settings.get("seconds") or 0.05)
                run.record_epoch({"epoch": epoch, "loss": 1 / epoch}, epoch / epochs)
                if epoch == run.settings.get("fails_at"):
                    raise ValueError("It was meant to fail.")
            save_file({"weight": np.zeros(1, np.float32)}, folder / "model.safetensors")
            (folder / "card.json").write_text('{"model": "none"}')
            run.finish(Report("none", metrics={"epochs": epochs}))
    except (RunStopped, ValueError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
