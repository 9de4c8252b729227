"""The commands `ship`, `promote` and `withdraw`: where the Listen page finds its models."""

import argparse
import shutil
from pathlib import Path

from genre.run_command import OK, USAGE, complain, require_nameable

MEASURED = ("figures", "calibration", "temperature", "sure_above", "sure_above_by_length",
            "genre_weights")  # what `ship --as-measured` takes over


def add_commands(commands: "argparse._SubParsersAction") -> None:
    parser = commands.add_parser("ship", help="put a run into assets/weights")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("as_name", metavar="NAME", help="what the model shall be called")
    parser.add_argument("--with", metavar="RUN", action="append", default=[], dest="others",
                        help="another run of listen, on another input or from another seed, to vote with it")
    parser.add_argument("--as-measured", metavar="NAME",
                        help="the shipped model of the same recipe that its figures and its calibration "
                        "come from, where the run learnt from everything")
    parser.add_argument("--into", type=Path, metavar="DIR", help="by default assets/weights")
    parser.add_argument("--note", help="a sentence for the card: the command, what was tried and read")
    parser.set_defaults(run=ship)

    parser = commands.add_parser("promote", help="offer a trained run on the Listen page")
    parser.add_argument("name", metavar="RUN", help="a run's folder or name")
    parser.add_argument("as_name", metavar="NAME", help="what the model shall be called")
    parser.set_defaults(run=promote)

    parser = commands.add_parser("withdraw", help="offer a promoted model no longer; its run stays")
    parser.add_argument("name", metavar="NAME", help="as it was promoted")
    parser.set_defaults(run=withdraw)


def ship(options: argparse.Namespace) -> int:
    """Copy a run's weights and card to assets/weights, where the product finds them."""
    from genre import runs
    from genre.artefacts import compact, load_artefact, save_artefact
    from genre.cards import load_card
    from genre.home import WEIGHTS
    from genre.unite import unite

    try:
        require_nameable(options.as_name)
        folders = [runs.find(name) for name in (options.name, *options.others)]
        weights, card = unite(folders) if options.others else load_artefact(folders[0])
        if options.as_measured:
            measured = load_card(WEIGHTS / options.as_measured)
            if measured.get("views", {}).keys() != card.get("views", {}).keys():
                raise ValueError(f"{options.as_measured} has other views: unite the same with --with.")
            card = {key: value for key, value in card.items() if key not in MEASURED}
            card |= {key: measured[key] for key in MEASURED if key in measured}
            for kind, view in measured.get("views", {}).items():
                card["views"][kind]["weight"] = view["weight"]
            card["measured_on"] = options.as_measured
        if options.note:
            card["note"] = options.note
        folder = (options.into or WEIGHTS) / options.as_name
        bits = 6 if options.others else 8  # many networks forgive more: likelihood on folds stays as it was
        save_artefact(folder, compact(weights, bits), card)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"Shipped as {folder}.")
    return OK


def promote(options: argparse.Namespace) -> int:
    """Copy a run's model to EARMARK_HOME/models, where the Listen page finds it."""
    from genre import runs

    try:
        target = promote_run(runs.find(options.name), options.as_name)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"The Listen page offers {target.name} now.")
    return OK


def promote_run(folder: Path, name: str) -> Path:
    """-> the folder of the promoted model. Raises ValueError with a sentence when it cannot be."""
    from genre.classifier import Classifier
    from genre.home import PROMOTED, WEIGHTS, home, write_atomic

    require_nameable(name)
    if (WEIGHTS / name).exists():
        raise ValueError(f"{name!r} cannot be a model's name: a shipped one has it.")
    Classifier.of(folder)  # whether it can be used at all
    target = home() / PROMOTED / name
    before = target.exists()
    try:
        for part in ("model.safetensors", "card.json"):
            write_atomic(target / part, (folder / part).read_bytes())
    except OSError:
        if not before:
            shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def withdraw(options: argparse.Namespace) -> int:
    """Take a model out of EARMARK_HOME/models."""
    try:
        withdraw_model(options.name)
    except (ValueError, OSError) as error:
        return complain(error, USAGE)
    print(f"{options.name} is no longer offered on the Listen page.")
    return OK


def withdraw_model(name: str) -> None:
    """Offer a promoted model no longer. Raises ValueError with a sentence where there is none, or OSError."""
    from genre.home import PROMOTED, home, promoted_models

    if name not in promoted_models():
        raise ValueError(f"There is no promoted model {name!r}; there are: "
                         f"{', '.join(promoted_models()) or 'none'}.")
    shutil.rmtree(home() / PROMOTED / name)
