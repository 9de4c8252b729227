"""The commands `train`, `evaluate` and `ship` of the emotion network."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130  # exit statuses


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train the emotion network on FER2013")
    parser.add_argument("--data", type=Path, metavar="FILE", help="FER2013 as a parquet file")
    parser.add_argument("--split", choices=("train", "all"), default="train",
                        help="learn from the train faces (default), or from those of valid too")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--run", type=Path, dest="folder", metavar="DIR",
                        help="where to keep it; by default a new folder of EARMARK_HOME/runs")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")
    parser.set_defaults(run=train)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    from genre import runs, worker
    from genre.home import data_folder
    from mood.train import Settings, execute

    try:
        if options.resume:
            folder = runs.find(options.resume)
        else:
            data = options.data or data_folder() / "faces" / "fer2013.parquet"
            asked = Settings(str(data.expanduser().resolve()), options.split)
            given = {"epochs": options.epochs, "seed": options.seed}
            recipe = replace(asked.recipe, **{k: v for k, v in given.items() if v is not None})
            folder = runs.create("emotion", replace(asked, recipe=recipe).to_dict(), "emotion",
                                 options.folder)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        with worker.working(folder) as run:
            execute(run)
    except (worker.Stopped, KeyboardInterrupt):
        print(f"Stopped. Go on with: python -m mood train --resume {folder}", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, ArithmeticError, OSError, MemoryError) as error:
        print(worker.explain(error), file=sys.stderr)
        return FAILED
    print(f"Done: {folder}")
    return OK
