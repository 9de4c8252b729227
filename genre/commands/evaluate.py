"""The commands `evaluate`, `calibrate`, `ablate` and `results`."""

import argparse
import json
from pathlib import Path
from typing import Any

from genre.commands.shared.program import complain, whole_number
from genre.errors import FAILED, OK, USAGE


def add_commands(commands: "argparse._SubParsersAction") -> None:
    """Add the four parsers."""
    parser = commands.add_parser("evaluate", help="print the metrics of a run, or of a shipped model")
    parser.add_argument("name", nargs="?", metavar="RUN", help="a run's folder or name")
    parser.add_argument(
        "--model", metavar="NAME", help="a shipped model of the Listen page, tested on GTZAN's valid list"
    )
    parser.add_argument(
        "--seeds",
        metavar="FOLDER",
        type=Path,
        nargs="+",
        default=[],
        help="with --model: the same recipe from other seeds, for the mean of all",
    )
    parser.add_argument(
        "--robust",
        action="store_true",
        help="with --model: also through a simulated phone and a small MP3 file",
    )
    parser.add_argument(
        "--record", action="store_true", help="with --model: write the metrics into its card and RESULTS.md"
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="with --model: GTZAN; by default EARMARK_DATA/gtzan"
    )
    parser.add_argument(
        "--wild",
        type=Path,
        metavar="DIR",
        help="with --model: also on songs of other collections, in folders by genre beside SOURCES.tsv",
    )
    parser.add_argument("--json", action="store_true", help="the whole report")
    parser.set_defaults(run=evaluate)

    parser = commands.add_parser("calibrate", help="fit temperature and confidence thresholds of a run")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("--epochs", type=whole_number, help="of each training of the five networks, if fewer")
    parser.set_defaults(run=calibrate)

    parser = commands.add_parser("ablate", help="ablate the recipe of the Listen page's model")
    parser.add_argument("--data", type=Path, metavar="DIR", help="GTZAN; by default EARMARK_DATA/gtzan")
    parser.add_argument(
        "--baseline",
        action="store_true",
        help="instead: its first step at full length, tested on the valid list",
    )
    parser.add_argument(
        "--record", action="store_true", help="write it into the card of listen-scratch-train and RESULTS.md"
    )
    parser.add_argument(
        "--transfer",
        action="store_true",
        help="instead: what pretraining, other collections and the from-scratch ensemble are each worth",
    )
    parser.add_argument(
        "--wild", type=Path, metavar="DIR", help="with --transfer: songs of other collections"
    )
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.set_defaults(run=ablate)

    parser = commands.add_parser("results", help="write RESULTS.md and CARD.md from the cards of the models")
    parser.set_defaults(run=results)


def evaluate(options: argparse.Namespace) -> int:
    """Print a run's report, or test a shipped model on GTZAN's valid list."""
    from genre.evaluation.report import report_table
    from genre.runs.directory import find_run
    from genre.runs.report import load_report

    try:
        if options.model:
            result, text = _evaluate_shipped(options)
        elif options.robust or options.record or options.seeds:
            raise ValueError("--robust, --record and --seeds go with a shipped model: name it with --model.")
        elif options.name:
            report = load_report(find_run(options.name, "genre"))
            try:
                result, text = report.to_dict(), report_table(report)
            except (KeyError, TypeError):
                return complain("The report is damaged, or of another version: train it again.", FAILED)
        else:
            raise ValueError("Name a run, or a shipped model with --model.")
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(json.dumps(result) if options.json else text)
    return OK


def _evaluate_shipped(options: argparse.Namespace) -> tuple[dict, str]:
    from genre.evaluation.benchmark import (
        benchmark_table,
        record_benchmark,
        run_benchmark,
        seeds_table,
        summarize_seeds,
    )
    from genre.evaluation.other_collections import song_table
    from genre.evaluation.results import record_cards
    from genre.models.cards import load_card
    from genre.paths import WEIGHTS
    from genre.training.ablation import ablation_text

    if options.record:
        load_card(WEIGHTS / options.model)  # raises where there is no card to update
    result = run_benchmark(options.model, options.robust, options.data)
    text = benchmark_table(result)
    if options.wild:
        result["other_collections"] = _other_collections(options.model, options.wild)
        text += "\n\nsongs of other collections, development part: "
        text += song_table(result["other_collections"])
    if result["ablation"]:
        text += f"\n\nAblation of its recipe:\n{ablation_text(result['ablation'])}"
    if options.seeds:
        others = [
            run_benchmark(folder.name, options.robust, options.data, folder.parent)
            for folder in map(Path.resolve, options.seeds)
        ]
        result["seeds"] = summarize_seeds([result, *others])
        text += "\n\n" + seeds_table(result["seeds"])
    if options.record:
        record_benchmark(options.model, result)
        record_cards()
    return result, text


def _other_collections(name: str, folder: Path) -> dict:
    """Compute the metrics of a shipped model on the development part of songs of other collections."""
    from genre.evaluation.other_collections import predict_songs, song_metrics
    from genre.inference.load import load_classifier
    from genre.training.transfer.songs import dev_names, wild_songs

    classifier, names = load_classifier(name), dev_names()
    songs = [song for song in wild_songs(folder) if song.name in names]
    return song_metrics(songs, predict_songs(classifier, songs), classifier.genres)


def calibrate(options: argparse.Namespace) -> int:
    """Fit a run's temperature and confidence thresholds."""
    from genre.logs import configure_logging
    from genre.runs.directory import find_run
    from genre.training.calibrate import calibrate_run

    configure_logging("calibrate")
    try:
        summary = calibrate_run(find_run(options.name), options.epochs)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    for name, value in summary.items():
        print(f"{name.replace('_', ' ')}: {value}")
    return OK


def ablate(options: argparse.Namespace) -> int:
    """Train with one more part of the recipe at a time, and print the gain by each."""
    from genre.evaluation.results import record_cards
    from genre.inference.load import MEASURED_SCRATCH_MODEL
    from genre.logs import configure_logging
    from genre.paths import gtzan_folder
    from genre.training import ablation

    configure_logging("ablate")
    result: dict | list[dict]
    parts: dict[str, Any]
    try:
        data = str(options.data or gtzan_folder())
        if options.transfer:
            return _ablate_transfer(options, Path(data))
        if options.baseline:
            row = ablation.run_baseline(data)
            result, text = row, ablation.baseline_line(row)
            parts = {"baseline": row}
        else:
            rows = ablation.run_ablation(data, ablation.EPOCHS)
            result, text = rows, ablation.ablation_table(rows)
            parts = {"epochs": ablation.EPOCHS, "seeds": len(ablation.SEEDS), "rows": rows, "note": ""}
        if options.record:
            ablation.record_ablation(MEASURED_SCRATCH_MODEL, **parts)
            record_cards()
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(json.dumps(result) if options.json else text)
    return OK


def _ablate_transfer(options: argparse.Namespace, gtzan: Path) -> int:
    """Print the gain by each part of the Listen page's model. Raises ValueError and OSError."""
    from genre.evaluation.results import record_cards
    from genre.inference.load import MEASURED_MODEL, MEASURED_SCRATCH_MODEL
    from genre.training.transfer.ablation import (
        record_transfer_ablation,
        run_transfer_ablation,
        transfer_table,
    )

    if options.wild is None:
        raise ValueError("Name the songs of other collections with --wild.")
    rows = run_transfer_ablation(gtzan, options.wild, MEASURED_SCRATCH_MODEL)
    if options.record:
        record_transfer_ablation(MEASURED_MODEL, rows)
        record_cards()
    print(json.dumps(rows) if options.json else transfer_table(rows))
    return OK


def results(options: argparse.Namespace) -> int:
    """Write the sections of RESULTS.md and the model cards that follow from the cards."""
    from genre.evaluation.results import record_cards

    for path in record_cards():
        print(path)
    return OK
