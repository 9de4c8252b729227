"""The command `python -m gan evaluate`."""

import argparse
import json
import sys
from pathlib import Path

from genre.commands.shared.program import FAILED, OK, USAGE

MAX_CLIPS_PER_GENRE = 200  # largest number of clips of each genre
SOUND_CLIPS_PER_GENRE = 12  # most genres have so many recordings in the valid list
PARTS = ("genre", "sound", "moods", "tempo", "key")


def add_parser(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser(
        "evaluate", help="measure genre accuracy, distance to real music, sound, moods, tempo, key"
    )
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
    parser.add_argument(
        "--part",
        dest="parts",
        action="append",
        choices=PARTS,
        help="measure only this part; repeatable. genre: by the reference classifier; sound: pulse, notes, "
        "seams and distance in pretrained features; moods: pairs of moods; tempo, key: detected as requested",
    )
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    parser.add_argument("--out", type=Path, metavar="FILE.json", help="write all the metrics")
    parser.add_argument("--record", action="store_true", help="write them into the card of the weights")
    parser.set_defaults(run=evaluate)


def evaluate(options: argparse.Namespace) -> int:
    """Evaluate and print a table. It takes some minutes."""
    from gan.evaluation.record import record_metrics
    from gan.evaluation.table import evaluation_table
    from gan.request import RequestError
    from genre.models.cards import load_card
    from genre.paths import WEIGHTS, write_atomic

    if not 2 <= options.count <= MAX_CLIPS_PER_GENRE:
        print(f"Choose 2 to {MAX_CLIPS_PER_GENRE} clips per genre.", file=sys.stderr)
        return USAGE
    try:
        if options.record:
            load_card(WEIGHTS / options.model)  # raises before minutes of work if there is no card
        result = _measure(options)
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


def _measure(options: argparse.Namespace) -> dict:
    """Measure the parts that were chosen, by default all."""
    from gan.evaluation.evaluate import evaluate_generator
    from gan.evaluation.key import evaluate_key
    from gan.evaluation.moods import evaluate_moods
    from gan.evaluation.sound import evaluate_sound
    from gan.evaluation.tempo import evaluate_tempo
    from gan.sampling.sampler import Sampler
    from genre.paths import gtzan_folder

    def report_progress(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    parts = options.parts or PARTS
    model, data = options.model, options.data or gtzan_folder()
    result = {"model": model, "weights": Sampler.load(model).fingerprint}
    if "genre" in parts:
        result |= evaluate_generator(
            data,
            model,
            options.plain,
            options.count,
            options.seconds,
            options.seed,
            report_progress=report_progress,
        )
    if "sound" in parts:
        count = min(options.count, SOUND_CLIPS_PER_GENRE)
        result["sound"] = evaluate_sound(
            data, model, options.plain, count, options.seconds, options.seed, report_progress=report_progress
        )
    if "moods" in parts:
        result["moods"] = evaluate_moods(model, seed=options.seed, report_progress=report_progress)
    if "tempo" in parts:
        result["tempo"] = evaluate_tempo(model, seed=options.seed, report_progress=report_progress)
    if "key" in parts:
        result["key"] = evaluate_key(model, seed=options.seed, report_progress=report_progress)
    return result
