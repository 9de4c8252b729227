"""The command `reproduce`: the published figures beside ours."""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from genre.commands.shared.engine import Engine, add_engine_options, open_engine
from genre.commands.shared.program import complain, whole_number
from genre.commands.sweep import print_line, print_outcome, stop_in_order
from genre.errors import INTERRUPTED, OK, USAGE

PARTS = {
    "rows": "every model and input",
    "seeds": "rows that take less than ten minutes, with three seeds",
    "settings": "the seven settings of the lstm's paper",
    "variants": "other readings of a protocol, where ours lies far from the published figure",
}
# The sections of RESULTS.md, before the data's name.
SECTIONS = {
    "rows": "reproduce",
    "seeds": "reproduce-seeds",
    "settings": "lstm-settings",
    "variants": "paper-variants",
}

Outcome = tuple[list[dict[str, Any]], str]  # entries for the record, and their table


def add_command(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("reproduce", help="published metrics beside ours")
    parser.add_argument(
        "part",
        nargs="?",
        choices=tuple(PARTS),
        default="rows",
        help="; ".join(f"{name}: {about}" for name, about in PARTS.items()),
    )
    parser.add_argument(
        "--data",
        default="builtin",
        metavar="DIR",
        help="GTZAN's or Kaggle's layout, a folder of genres, or builtin (default)",
    )
    parser.add_argument(
        "--budget",
        type=_minutes,
        metavar="MINUTES",
        help="stop after so long, music being prepared to the end; the same command goes on later",
    )
    parser.add_argument("--only", metavar="MODEL[:INPUT],...", help="only these models")
    parser.add_argument(
        "--epochs",
        type=whole_number,
        help="train networks for no more: a quicker table, stored apart from the full one",
    )
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")
    parser.add_argument("--record", action="store_true", help="write the table into RESULTS.md")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    add_engine_options(parser)
    parser.set_defaults(run=reproduce)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of minutes")
    return minutes


def reproduce(options: argparse.Namespace) -> int:
    """Repeat the published experiments within a budget of time, and print our metrics beside theirs."""
    from genre.evaluation.reproduction import record_entries
    from genre.evaluation.results import update_section

    deadline = None if options.budget is None else time.monotonic() + 60 * options.budget
    section = "builtin" if options.data == "builtin" else "gtzan"
    section += f"-{options.epochs}-epochs" if options.epochs else ""
    try:
        if options.part != "rows" and (options.epochs or options.engine != "local"):
            raise ValueError("--epochs and --engine go with the rows alone.")
        with stop_in_order(), open_engine(options) as engine:
            entries, table = MEASURES[options.part](options, section, engine, deadline)
        if options.record:
            record_entries(options.part, section, entries)
            update_section(f"{SECTIONS[options.part]}-{section}", table)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where it was.", file=sys.stderr)
        return INTERRUPTED
    print(json.dumps(entries) if options.json else table)
    return OK


def _rows(options: argparse.Namespace, section: str, engine: Engine, deadline: float | None) -> Outcome:
    """Measure rows -> these, or with --record all that are recorded, and their table."""
    from genre.evaluation.reproduction import load_record, merge_rows
    from genre.evaluation.reproduction_tables import reproduction_table
    from genre.training.papers.reproduce import build_rows, row_results, run_rows

    rows = build_rows(options.data, _only(options), options.epochs)
    run_rows(rows, engine.at_once, deadline, print_outcome, print_line, engine.cluster)
    before = load_record("rows", section) if options.record else []
    entries = merge_rows(before, row_results(rows), time.strftime("%Y-%m-%d"))
    return entries, reproduction_table(entries, Path(options.data).name, options.epochs)


def _seeds(options: argparse.Namespace, section: str, engine: Engine, deadline: float | None) -> Outcome:
    from genre.evaluation.reproduction import load_record, merge_entries
    from genre.evaluation.reproduction_tables import seeds_table
    from genre.training.papers.seeds import measure_seeds

    before = load_record("seeds", section) if options.record else []
    now = measure_seeds(options.data, _only(options), engine.at_once, deadline, print_line)
    entries = merge_entries(before, now, ("model", "input"))
    return entries, seeds_table(entries, Path(options.data).name)


def _settings(options: argparse.Namespace, section: str, engine: Engine, deadline: float | None) -> Outcome:
    from genre.evaluation.reproduction_tables import settings_table
    from genre.training.papers.lstm_settings import train_settings

    entries = train_settings(options.data, deadline, print_line)
    return entries, settings_table(entries, Path(options.data).name)


def _variants(options: argparse.Namespace, section: str, engine: Engine, deadline: float | None) -> Outcome:
    from genre.evaluation.reproduction import load_record, merge_entries
    from genre.evaluation.reproduction_tables import variants_table
    from genre.training.papers.variants import measure_variants

    before = load_record("variants", section) if options.record else []
    now = measure_variants(options.data, _only(options), deadline, print_line)
    entries = merge_entries(before, now, ("model", "input", "change", "split"))
    return entries, variants_table(entries, Path(options.data).name)


def _only(options: argparse.Namespace) -> list[str] | None:
    return [name.strip() for name in options.only.split(",")] if options.only else None


MEASURES = {"rows": _rows, "seeds": _seeds, "settings": _settings, "variants": _variants}
