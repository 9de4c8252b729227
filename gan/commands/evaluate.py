"""The command `python -m gan evaluate`."""

import argparse
import json
import sys
from pathlib import Path

from genre.commands.shared.program import FAILED, OK, USAGE

MAX_CLIPS_PER_GENRE = 200  # largest number of clips of each genre


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("evaluate", help="measure genre accuracy, distance to real music, diversity")
    parser.add_argument("--model", default="gan", metavar="NAME", help="published weights, by default gan")
    parser.add_argument(
        "--plain",
        type=Path,
        metavar="RUN",
        help="the run of a plain DCGAN (train --network dcgan), to compare with",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="GTZAN; by default EARMARK_DATA/gtzan")
    parser.add_argument("--count", type=int, default=20, metavar="N", help="clips per genre, by default 20")
    parser.add_argument(
        "--seconds",
        type=float,
        default=10.0,
        metavar="S",
        help="length of the longer clips, by default 10; the others are of 3 s",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all the metrics")
    parser.add_argument("--record", action="store_true", help="write them into the card of the weights")
    parser.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate and print a table. It takes some minutes."""
    from gan.evaluation.evaluate import evaluate_generator
    from gan.evaluation.record import record_metrics
    from gan.evaluation.table import evaluation_table
    from gan.request import RequestError
    from genre.models.cards import load_card
    from genre.paths import WEIGHTS, gtzan_folder, write_atomic

    if not 2 <= options.count <= MAX_CLIPS_PER_GENRE:
        print(f"Choose 2 to {MAX_CLIPS_PER_GENRE} clips per genre.", file=sys.stderr)
        return USAGE
    report_progress = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    try:
        if options.record:
            load_card(WEIGHTS / options.model)  # raises before minutes of work if there is no card
        result = evaluate_generator(
            options.data or gtzan_folder(),
            options.model,
            options.plain,
            options.count,
            options.seconds,
            options.seed,
            report_progress=report_progress,
        )
        print(evaluation_table(result))
        if options.out:
            write_atomic(options.out, json.dumps(result, indent=1) + "\n")
        if options.record:
            record_metrics(options.model, result)
    except RequestError as error:
        print(error, file=sys.stderr)
        return USAGE
    except (ValueError, OSError, MemoryError) as error:
        print(error, file=sys.stderr)
        return FAILED
    return OK
