"""The commands `python -m gan train` and `ship`."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genre.run_command import OK, USAGE, add_run_options, complain, require_nameable, train_here

if TYPE_CHECKING:
    from genre.worker import Worker

FILM = 12  # pictures of the training that are shipped with it


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
    add_run_options(parser)
    parser.set_defaults(run=train)

    parser = commands.add_parser("ship", help="put a run into assets/weights")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("as_name", metavar="NAME", help="what the generator shall be called")
    parser.add_argument("--note", help="a sentence for the card: the command, what was tried and read")
    parser.set_defaults(run=ship)


def train(options: argparse.Namespace) -> int:
    """Train in this process, in a run directory."""
    return train_here(options, "gan", "gan", create, _execute)


def _execute(worker: "Worker") -> dict:
    from gan.train import execute

    return execute(worker)


def create(options: argparse.Namespace) -> Path:
    """The run directory for what the options ask. Raises ValueError with a sentence."""
    from gan.train import Settings, plain
    from genre import runs
    from genre.dataset import named_folder

    data = options.data
    if data != "builtin":
        data = str(named_folder(data))  # the run may be resumed from elsewhere
    asked = plain(data, options.split) if options.network == "dcgan" else Settings(data, options.split)
    given = {name: getattr(options, name) for name in ("epochs", "steps", "batch_size", "seed")}
    asked = replace(asked, **{name: value for name, value in given.items() if value is not None})
    return runs.open_run("gan", asked, options.network, options.folder, options.cores)


def ship(options: argparse.Namespace) -> int:
    """Copy a run's weights and card to assets/weights, with its curves and a short film of it."""
    from gan.history import SAMPLED
    from genre import runs
    from genre.artefacts import compact, load_artefact, save_artefact
    from genre.home import WEIGHTS, write_atomic

    try:
        require_nameable(options.as_name)
        folder = runs.find(options.name, "gan")
        weights, card = load_artefact(folder)
        samples = sorted(folder.glob("samples/*.webp"))
        count = min(FILM, len(samples))
        film = [samples[round((len(samples) - 1) * (k / max(1, count - 1)) ** 1.5)]
                for k in range(count)]  # more of the beginning, where more happens
        kept = {f"samples/{picture.name}": picture.read_bytes() for picture in film}
        kept |= {name: (folder / name).read_bytes() for name in ("metrics.jsonl", SAMPLED)}
        target = WEIGHTS / options.as_name
        save_artefact(target, compact(weights), card | ({"note": options.note} if options.note else {}))
        for old in target.glob("training/samples/*.webp"):
            old.unlink()
        for name, content in kept.items():
            write_atomic(target / "training" / name, content)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"Shipped as {target}.")
    return OK
