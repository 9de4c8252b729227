"""The commands `models`, `train`, `evaluate`, `calibrate` and `ablate`."""

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.run_command import (
    FAILED,
    OK,
    USAGE,
    add_folder_options,
    complain,
    train_here,
    whole_number,
)

if TYPE_CHECKING:
    from genre.experiment import Settings
    from genre.worker import Worker


def add_commands(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("models", help="list the models that can be trained")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=models)

    parser = commands.add_parser("train", help="train a model and test it")
    parser.add_argument("model", nargs="?", metavar="MODEL", help="see `python -m genre models`")
    add_experiment_options(parser)
    add_recipe_options(parser)
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="an option of the model, such as k=15 for knn")
    parser.add_argument("--begin", metavar="RUN",
                        help="go on from this run's weights, on its data, with the epochs, batch size, "
                        "learning rate and telephone given here")
    parser.add_argument("--telephone", type=float, metavar="CHANCE",
                        help="with --begin: how often a piece is heard through a telephone in a room")
    add_folder_options(parser)
    parser.set_defaults(run=train)

    parser = commands.add_parser("evaluate", help="print how good a run, or a shipped model, is")
    parser.add_argument("name", nargs="?", metavar="RUN", help="a run's folder or name")
    parser.add_argument("--model", metavar="NAME",
                        help="a shipped model of the Listen page, tested on GTZAN's valid list")
    parser.add_argument("--seeds", metavar="FOLDER", type=Path, nargs="+", default=[],
                        help="with --model: the same recipe from other seeds, for the mean of all")
    parser.add_argument("--robust", action="store_true",
                        help="with --model: also through a telephone's microphone and a small MP3 file")
    parser.add_argument("--record", action="store_true",
                        help="with --model: write the figures into its card")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="with --model: GTZAN; by default EARMARK_DATA/gtzan")
    parser.add_argument("--json", action="store_true", help="the whole report")
    parser.set_defaults(run=evaluate)

    parser = commands.add_parser("calibrate", help="measure how far a network's probabilities hold")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("--epochs", type=whole_number, help="of each training of the five networks, if fewer")
    parser.set_defaults(run=calibrate)

    parser = commands.add_parser("ablate", help="what each part of the Listen page's recipe is worth")
    parser.add_argument("--data", type=Path, metavar="DIR", help="GTZAN; by default EARMARK_DATA/gtzan")
    parser.add_argument("--baseline", action="store_true",
                        help="instead: its first line at full length, tested on the valid list")
    parser.add_argument("--record", action="store_true", help="write it into the card of listen-train")
    parser.add_argument("--json", action="store_true", help="the rows as JSON")
    parser.set_defaults(run=ablate)



def add_experiment_options(parser: argparse.ArgumentParser) -> None:
    """What is learnt from and tested on."""
    parser.add_argument("--data", default="builtin", metavar="DIR",
                        help="a folder of genres, GTZAN's or Kaggle's layout, or builtin (default)")
    parser.add_argument("--input", metavar="KIND",
                        help="raw, stft, mel, features, pictures, mel3s or excerpts")
    parser.add_argument("--split", default="track", metavar="NAME|FILE",
                        help="filtered, track (default), kfold, blocks, artist, all, segment (leaky), "
                        "or a file of the tracks to test on")
    parser.add_argument("--artists", metavar="FILE", help="lines `track,artist` for --split artist")
    parser.add_argument("--windows", default="even", metavar="HOW", help="even, random or overlap")
    parser.add_argument("--seconds", type=float, help="of audio that features are taken of")
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """How it is trained, where not as the model's own recipe has it."""
    parser.add_argument("--epochs", type=whole_number)
    parser.add_argument("--batch-size", type=whole_number)
    parser.add_argument("--lr", type=float, dest="learning_rate", help="the highest learning rate")
    parser.add_argument("--patience", type=int, help="epochs to wait for a better one; 0 never stops")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--augment", metavar="LIST", help="none, or some of "
                        "mask,mixup,noise,gain,stretch,pitch,equaliser separated by commas")


def settings_from(options: argparse.Namespace, model: str | None = None) -> "Settings":
    """Raises ValueError with a sentence for what does not go together."""
    from genre.experiment import settings

    recipe = {name: getattr(options, name, None)
              for name in ("epochs", "batch_size", "learning_rate", "patience", "seed")}
    if getattr(options, "augment", None):
        recipe["augmentation"] = augmentation(options.augment)
    return settings(model or options.model, options.data, options.input, options.split,
                    options.windows, options.seconds, options.artists,
                    _model_options(getattr(options, "option", [])), **recipe)


def augmentation(names: str) -> Any:
    """"mask,mixup" -> Augmentation at usual strengths. Raises ValueError for unknown names."""
    from genre.augment import Augmentation

    usual = {
        "mask": {"mask_bands": 12, "mask_frames": 12}, "mixup": {"mixup": 0.2},
        "noise": {"noise": 0.02}, "gain": {"gain_db": 3.0}, "pitch": {"pitch_bands": 2.0},
        # Crops to the frames there are: it can only slow down, and leaves half of the pieces alone.
        "stretch": {"crop_frames": 1_000_000, "stretch": 0.15},
        "equaliser": {"equaliser_db": 4.0},
    }
    chosen = [name.strip() for name in names.split(",") if name.strip() != "none"]
    if unknown := set(chosen) - set(usual):
        raise ValueError(f"There is no augmentation {min(unknown)!r}; there are: {', '.join(usual)}.")
    return Augmentation(**{key: value for name in chosen for key, value in usual[name].items()})


def _model_options(pairs: list[str]) -> dict[str, Any]:
    options = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            options[name] = json.loads(value)
        except ValueError as error:
            raise ValueError(f"An option is given as NAME=NUMBER, not {pair!r}.") from error
    return options


def models(options: argparse.Namespace) -> int:
    """One line a model and input: name, source, input, parameters, published figure, protocol."""
    from genre.models import MODELS, count_parameters

    for spec in MODELS.values():
        for kind, input_spec in spec.inputs.items():
            published = spec.published.get(kind)
            parameters = None
            if spec.kind == "network":
                parameters = count_parameters(spec.build(input_spec.shape, 10))
            row = {
                "name": spec.name, "description": spec.description, "source": spec.source,
                "input": kind, "shape": list(input_spec.shape), "parameters": parameters,
                "published": published.figure if published else None,
                "protocol": published.protocol if published else None,
            }
            if options.json:
                print(json.dumps(row))
            else:
                count = f"{parameters:,}" if parameters else "-"
                figures = f"{row['published']} ({row['protocol']})" if published else "-"
                print(f"{spec.name:12} {kind:9} {count:>11}  {spec.source}; {figures}")
    return OK


def train(options: argparse.Namespace) -> int:
    """Train in this process, or go on with a run."""
    return train_here(options, "genre", "genre", _create, _execute, _as_text)


def _create(options: argparse.Namespace) -> Path:
    from genre import runs

    if options.begin:
        return _continue(options)
    if options.telephone is not None:
        raise ValueError("--telephone goes with --begin: name the run to go on from.")
    if not options.model:
        raise ValueError("Name a model to train: `python -m genre models` lists them.")
    asked = settings_from(options)
    given = (options.epochs, options.batch_size, options.learning_rate, options.patience, options.augment)
    if asked.spec.kind != "network" and given != (None,) * 5:
        raise ValueError(f"{asked.model} has no epochs, batches, learning rate, patience or augmentation: "
                         "leave them out.")
    return runs.open_run("genre", asked, asked.model, options.folder, options.cores)


def _continue(options: argparse.Namespace) -> Path:
    from genre import runs
    from genre.dataset import BUILT_IN
    from genre.experiment import continued

    theirs = {"model": None, "data": BUILT_IN, "input": None, "split": "track", "artists": None,
              "windows": "even", "seconds": None, "patience": None, "seed": None, "augment": None,
              "option": []}
    if any(getattr(options, name) != default for name, default in theirs.items()):
        raise ValueError("With --begin the model, its data, split, windows, seed, patience, options and "
                         "augmentation are that run's: leave them out.")
    asked = continued(runs.find(options.begin, "genre"), options.telephone, epochs=options.epochs,
                      batch_size=options.batch_size, learning_rate=options.learning_rate)
    return runs.open_run("genre", asked, asked.model, options.folder, options.cores)


def _execute(worker: "Worker") -> dict:
    from genre.experiment import execute

    return execute(worker)


def _as_text(report: dict) -> str:
    from genre.evaluate import as_text

    return as_text(report)


def evaluate(options: argparse.Namespace) -> int:
    """A run's report, or a shipped model on GTZAN's valid list."""
    from genre import runs
    from genre.evaluate import as_text

    try:
        if options.model:
            from genre.ablation import account_as_text
            from genre.cards import load_card
            from genre.home import WEIGHTS
            from genre.shipped import measure, measured_as_text, over_seeds, record, seeds_as_text

            if options.record:
                load_card(WEIGHTS / options.model)  # whether there is one to write into
            result = measure(options.model, options.robust, options.data)
            text = measured_as_text(result)
            if result["ablation"]:
                text += f"\n\nWhat its parts are worth:\n{account_as_text(result['ablation'])}"
            if options.seeds:
                others = [measure(folder.name, options.robust, options.data, folder.parent)
                          for folder in map(Path.resolve, options.seeds)]
                result["seeds"] = over_seeds([result, *others])
                text += "\n\n" + seeds_as_text(result["seeds"])
            if options.record:
                record(options.model, result)
        elif options.robust or options.record or options.seeds:
            raise ValueError("--robust, --record and --seeds go with a shipped model: name it with --model.")
        elif options.name:
            result = runs.load_report(runs.find(options.name, "genre"))
            try:
                text = as_text(result)
            except (KeyError, TypeError):
                return complain("The report is damaged, or of another version: train it again.", FAILED)
        else:
            raise ValueError("Name a run, or a shipped model with --model.")
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(json.dumps(result) if options.json else text)
    return OK


def calibrate(options: argparse.Namespace) -> int:
    """Set a run's temperature and the line above which its answers are sure."""
    from genre import runs
    from genre.calibration import calibrate as measure

    try:
        account = measure(runs.find(options.name), options.epochs, lambda line: print(line, flush=True))
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    for what, value in account.items():
        print(f"{what.replace('_', ' ')}: {value}")
    return OK


def ablate(options: argparse.Namespace) -> int:
    """Train with one part of the recipe more at a time and print what each gave."""
    from genre import ablation
    from genre.home import data_folder

    data = str(options.data or data_folder() / "gtzan")

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    try:
        if options.baseline:
            told = ablation.baseline(data, say=say)
            parts, text = {"baseline": told}, ablation.baseline_as_text(told)
        else:
            told = ablation.ablate(data, ablation.EPOCHS, say)
            parts = {"epochs": ablation.EPOCHS, "seeds": len(ablation.SEEDS), "rows": told, "note": ""}
            text = ablation.as_text(told)
        if options.record:
            ablation.record("listen-train", **parts)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(json.dumps(told) if options.json else text)
    return OK
