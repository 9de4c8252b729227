"""The commands `models` and `train`."""

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genre.commands.shared.program import add_folder_options, train_here, whole_number
from genre.errors import OK
from genre.reading import parse_json

if TYPE_CHECKING:
    from genre.runs.report import Report
    from genre.runs.worker import Worker
    from genre.training.experiment import ExperimentSettings


def add_commands(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("models", help="list the models that can be trained")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(run=models)

    parser = commands.add_parser("train", help="train a model and test it")
    parser.add_argument("model", nargs="?", metavar="MODEL", help="see `python -m genre models`")
    add_experiment_options(parser)
    add_recipe_options(parser)
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the model, such as k=15 for knn",
    )
    parser.add_argument(
        "--begin",
        metavar="RUN",
        help="go on from this run's weights, on its data, with the epochs, batch size, "
        "learning rate and phone probability given here",
    )
    parser.add_argument(
        "--phone",
        type=float,
        metavar="PROBABILITY",
        help="with --begin: probability of a simulated phone recording in training",
    )
    parser.add_argument("--telephone", dest="phone", type=float, help=argparse.SUPPRESS)  # old name
    add_folder_options(parser)
    parser.set_defaults(run=train)


def add_experiment_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of data, input and split."""
    parser.add_argument(
        "--data",
        default="builtin",
        metavar="DIR",
        help="a folder of genres, GTZAN's or Kaggle's layout, or builtin (default)",
    )
    parser.add_argument(
        "--input", metavar="KIND", help="raw, stft, mel, features, mel_30s, mel_3s_zscored or mel_3s"
    )
    parser.add_argument(
        "--split",
        default="track",
        metavar="NAME|FILE",
        help="filtered, track (default), kfold, blocks, artist, all, segment (leaky), "
        "or a file of the tracks to test on",
    )
    parser.add_argument("--artists", metavar="FILE", help="lines `track,artist` for --split artist")
    parser.add_argument("--windows", default="even", metavar="HOW", help="even, random or overlap")
    parser.add_argument("--seconds", type=float, help="of audio that features are taken of")
    parser.add_argument("--cores", type=whole_number, help="cores to use; by default all")


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that change the model's own recipe."""
    parser.add_argument("--epochs", type=whole_number)
    parser.add_argument("--batch-size", type=whole_number)
    parser.add_argument("--lr", type=float, dest="learning_rate", help="the highest learning rate")
    parser.add_argument("--patience", type=int, help="epochs to wait for a better one; 0 never stops")
    parser.add_argument("--seed", type=int)
    parser.add_argument(
        "--augment",
        metavar="LIST",
        help="none, or some of mask,mixup,noise,gain,stretch,pitch,equaliser separated by commas",
    )


def settings_from(options: argparse.Namespace, model: str | None = None) -> "ExperimentSettings":
    """Build the settings from the options. Raises ValueError with a sentence for a bad combination."""
    from genre.training.experiment import experiment_settings, parse_augmentation

    recipe = {
        name: getattr(options, name, None)
        for name in ("epochs", "batch_size", "learning_rate", "patience", "seed")
    }
    if getattr(options, "augment", None):
        recipe["augmentation"] = parse_augmentation(options.augment)
    return experiment_settings(
        options.model if model is None else model,
        options.data,
        options.input,
        options.split,
        options.windows,
        options.seconds,
        options.artists,
        _model_options(getattr(options, "option", [])),
        **recipe,
    )


def _model_options(pairs: list[str]) -> dict[str, Any]:
    options = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            options[name] = parse_json(value)
        except ValueError as error:
            raise ValueError(f"An option is given as NAME=NUMBER, not {pair!r}.") from error
    return options


def models(options: argparse.Namespace) -> int:
    """Print a line for each model and input: name, source, input, parameters, published metric, protocol."""
    from genre.models.registry import MODELS, count_parameters

    for spec in MODELS.values():
        for kind, input_spec in spec.inputs.items():
            published_metric = spec.published.get(kind)
            parameters = None
            if spec.kind == "network":
                parameters = count_parameters(spec.build(input_spec.shape, 10))
            row = {
                "name": spec.name,
                "description": spec.description,
                "source": spec.source,
                "input": kind,
                "shape": list(input_spec.shape),
                "parameters": parameters,
                "published": published_metric.figure if published_metric else None,
                "protocol": published_metric.protocol if published_metric else None,
            }
            if options.json:
                print(json.dumps(row))
            else:
                count = f"{parameters:,}" if parameters else "-"
                metrics = f"{row['published']} ({row['protocol']})" if published_metric else "-"
                print(f"{spec.name:12} {kind:9} {count:>11}  {spec.source}; {metrics}")
    return OK


def train(options: argparse.Namespace) -> int:
    """Train in this process, or resume a run."""
    return train_here(options, "genre", "genre", _create, _execute, _report_text)


def _create(options: argparse.Namespace) -> Path:
    from genre.runs import directory as runs

    if options.begin:
        return _continue(options)
    if options.phone is not None:
        raise ValueError("--phone goes with --begin: name the run to go on from.")
    if not options.model:
        raise ValueError("Name a model to train: `python -m genre models` lists them.")
    settings = settings_from(options)
    recipe = (options.epochs, options.batch_size, options.learning_rate, options.patience, options.augment)
    if settings.spec.kind != "network" and recipe != (None,) * 5:
        raise ValueError(
            f"{settings.model} has no epochs, batches, learning rate, patience or augmentation: leave them "
            "out."
        )
    return runs.open_or_create_run("genre", settings, settings.model, options.folder, options.cores)


def _continue(options: argparse.Namespace) -> Path:
    from genre.data.dataset import BUILT_IN
    from genre.runs import directory as runs
    from genre.training.experiment import continued_settings

    defaults: dict[str, object] = {
        "model": None,
        "data": BUILT_IN,
        "input": None,
        "split": "track",
        "artists": None,
        "windows": "even",
        "seconds": None,
        "patience": None,
        "seed": None,
        "augment": None,
        "option": [],
    }
    if any(getattr(options, name) != default for name, default in defaults.items()):
        raise ValueError(
            "With --begin the model, its data, split, windows, seed, patience, options and "
            "augmentation are that run's: leave them out."
        )
    settings = continued_settings(
        runs.find_run(options.begin, "genre"),
        options.phone,
        epochs=options.epochs,
        batch_size=options.batch_size,
        learning_rate=options.learning_rate,
    )
    return runs.open_or_create_run("genre", settings, settings.model, options.folder, options.cores)


def _execute(worker: "Worker") -> "Report":
    if address := worker.config.get("cluster"):
        from genre.cluster.training import train_on_cluster

        return train_on_cluster(worker, address)
    from genre.training.experiment import run_experiment

    return run_experiment(worker)


def _report_text(report: "Report") -> str:
    from genre.evaluation.report import report_table

    return report_table(report)
