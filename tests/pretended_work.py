"""A program that does nothing, as a run: `python -m tests.pretended_work train --resume DIR`."""

import sys
import time
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from genre.runs import metrics
from genre.worker import Stopped, working


def main() -> int:
    folder = Path(sys.argv[3])
    try:
        with working(folder) as run:
            epochs = run.settings["epochs"]
            for epoch in range(len(metrics(folder)) + 1, epochs + 1):
                time.sleep(run.settings["seconds"])
                run.epoch({"epoch": epoch, "loss": 1 / epoch}, epoch / epochs)
                if epoch == run.settings.get("fails_at"):
                    raise ValueError("It was meant to fail.")
            save_file({"weight": np.zeros(1, np.float32)}, folder / "model.safetensors")
            (folder / "card.json").write_text('{"model": "none"}')
            run.finish({"epochs": epochs})
    except (Stopped, ValueError):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
