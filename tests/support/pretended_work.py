"""A program that does nothing, as a run: `python -m tests.support.pretended_work train --resume DIR`."""

import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from genre.logs import configure_logging
from genre.runs.directory import read_metrics
from genre.runs.report import Report
from genre.runs.worker import Stopped, work_on


def main() -> int:
    folder = Path(sys.argv[3])
    configure_logging(folder.name)
    try:
        with work_on(folder) as run:
            epochs = run.settings["epochs"]
            for epoch in range(len(read_metrics(folder)) + 1, epochs + 1):
                time.sleep(run.settings["seconds"])
                run.record_epoch({"epoch": epoch, "loss": 1 / epoch}, epoch / epochs)
                if epoch == run.settings.get("fails_at"):
                    raise ValueError("It was meant to fail.")
            save_file({"weight": np.zeros(1, np.float32)}, folder / "model.safetensors")
            (folder / "card.json").write_text('{"model": "none"}')
            run.finish(Report("none", metrics={"epochs": epochs}))
    except (Stopped, ValueError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
