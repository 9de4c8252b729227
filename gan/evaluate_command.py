"""The command `python -m gan evaluate`."""

import argparse
import json
import sys
from pathlib import Path

from genre.run_command import FAILED, OK, USAGE

MOST_SOUNDS = 200  # a genre


def add_to(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("evaluate", help="measure how good the music is, on what is heard")
    parser.add_argument("--model", default="gan", metavar="NAME", help="shipped weights, by default gan")
    parser.add_argument("--plain", type=Path, metavar="RUN",
                        help="the run of a plain DCGAN (train --network dcgan), to compare with")
    parser.add_argument("--data", type=Path, metavar="DIR", help="GTZAN; by default EARMARK_DATA/gtzan")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="sounds a genre, by default 20")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S",
                        help="of the longer sounds, by default 10; others are of 3 s")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all the figures")
    parser.add_argument("--record", action="store_true", help="write them into the card of the weights")
    parser.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    """Measure, and show a table. Some minutes."""
    from gan.evaluate import evaluate as measure
    from gan.evaluation_table import as_text
    from gan.wish import WishError
    from genre.cards import load_card
    from genre.home import WEIGHTS, data_folder, write_atomic

    if not 2 <= options.count <= MOST_SOUNDS:
        print(f"Choose 2 to {MOST_SOUNDS} sounds a genre.", file=sys.stderr)
        return USAGE
    data = options.data or data_folder() / "gtzan"
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    try:
        if options.record:
            load_card(WEIGHTS / options.model)  # whether there is one to write into
        result = measure(data, options.model, options.plain, options.count, options.seconds, options.seed,
                         say=say)  # fmt: skip
        print(as_text(result))
        if options.out:
            write_atomic(options.out, json.dumps(result, indent=1) + "\n")
        if options.record:
            record(options.model, result)
    except WishError as error:
        print(error, file=sys.stderr)
        return USAGE
    except (ValueError, OSError, MemoryError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK


def record(model: str, result: dict, folder: Path | None = None) -> None:
    """Write the figures into the card of the weights. Raises ArtefactError or OSError."""
    from genre.cards import load_card
    from genre.home import WEIGHTS, write_atomic

    folder = (folder or WEIGHTS) / model
    card = load_card(folder) | {"figures": result}
    write_atomic(folder / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")
