"""The command `python -m gan train`."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130  # exit statuses


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("train", help="train a generator")
    parser.add_argument("--data", default="builtin", metavar="DIR",
                        help="a folder of genres, GTZAN's layouts, or builtin (default)")
    parser.add_argument("--split", choices=("filtered", "all"), default="all",
                        help="GTZAN's train list alone, or everything (default)")
    parser.add_argument("--network", choices=("earmark", "dcgan"), default="earmark",
                        help="ours, or the plain DCGAN it is compared with")
    parser.add_argument("--epochs", type=int, help="of 200 steps")
    parser.add_argument("--steps", type=int, help="an epoch")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--cores", type=int, help="cores to use; by default all")
    parser.add_argument("--run", type=Path, dest="folder", metavar="DIR",
                        help="where to keep it; by default a new folder of EARMARK_HOME/runs")
    parser.add_argument("--resume", type=Path, metavar="DIR", help="go on with an interrupted run")
    parser.set_defaults(run=train)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    from genre import runs, worker

    try:
        folder = runs.find(options.resume) if options.resume else create(options)
    except ValueError as error:
        print(error, file=sys.stderr)
        return USAGE
    try:
        with worker.working(folder) as run:
            from gan.train import execute  # not before its turn: it takes memory and seconds

            execute(run)
    except (worker.Stopped, KeyboardInterrupt):
        print(f"Stopped. To go on: python -m gan train --resume {folder}", file=sys.stderr)
        return INTERRUPTED
    except (ValueError, ArithmeticError, OSError, MemoryError) as error:
        print(worker.explain(error), file=sys.stderr)
        return FAILED
    print(f"kept in {folder}")
    return OK


def create(options: argparse.Namespace) -> Path:
    """A new run directory for what the options ask. Raises ValueError with a sentence."""
    from gan.train import Settings, plain
    from genre import runs

    data = options.data
    if data != "builtin":
        data = str(Path(data).expanduser().resolve())  # the run may be resumed from elsewhere
    asked = plain(data, options.split) if options.network == "dcgan" else Settings(data, options.split)
    given = {name: getattr(options, name) for name in ("epochs", "steps", "batch_size", "seed")}
    asked = replace(asked, **{name: value for name, value in given.items() if value is not None})
    return runs.create("gan", asked.to_dict(), options.network, options.folder, options.cores)
