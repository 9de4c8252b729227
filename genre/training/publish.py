"""Models for the Listen page: published with the product, or promoted from a run."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

from genre.inference.load import load_classifier_from
from genre.models.artefacts import WEIGHTS_FILE, compact, load_artefact, save_artefact
from genre.models.cards import Card, load_card
from genre.models.model_card import write_model_card
from genre.paths import PROMOTED, PROMOTED_TITLE, WEIGHTS, home, promoted_models, write_atomic
from genre.training.ensemble import build_ensemble

# The parts of a measured model's card that a model of the same recipe, trained on everything, takes over.
MEASURED_PARTS = (
    "metrics",
    "calibration",
    "temperature",
    "confidence_threshold",
    "confidence_thresholds_by_duration",
    "class_bias",
)
ENSEMBLE_BITS, SINGLE_BITS = 6, 8  # bits of a weight; with 6, an ensemble loses no likelihood on the folds


def require_model_name(name: str) -> None:
    """Check a model's name. Raises ValueError with a sentence for one that is not allowed."""
    if not re.fullmatch(r"\w[\w.-]{0,39}", name):
        raise ValueError(
            f"{name!r} cannot be a model's name: use letters, digits, dots and dashes, 40 at most."
        )


def publish_runs(
    folders: list[Path], target: Path, metrics_from: str | None = None, note: str | None = None
) -> None:
    """Write the model of one run, or the ensemble of several, to the folder `target`, with its cards.

    Raises ValueError with a sentence for runs that cannot be published, or OSError.
    """
    require_model_name(target.name)
    is_ensemble = len(folders) > 1
    weights, card = build_ensemble(folders) if is_ensemble else load_artefact(folders[0])
    if metrics_from:
        card = with_metrics_of(card, metrics_from)
    if note:
        card = replace(card, note=note)
    save_artefact(target, compact(weights, ENSEMBLE_BITS if is_ensemble else SINGLE_BITS), card)
    write_model_card(target)


def with_metrics_of(card: Card, name: str) -> Card:
    """Copy metrics and calibration of the published model `name` to the card. Raises ValueError."""
    measured_card = load_card(WEIGHTS / name)
    if measured_card.branches.keys() != card.branches.keys():
        raise ValueError(f"{name} has other branches: combine the same ones with --with.")
    branches = {
        kind: part | {"weight": measured_card.branches[kind]["weight"]}
        for kind, part in card.branches.items()
    }
    branches = {
        kind: {key: value for key, value in part.items() if key != "calibration"}
        for kind, part in branches.items()
    }
    parts = {part: getattr(measured_card, part) for part in MEASURED_PARTS}
    return replace(card, branches=branches, metrics_from=name, **parts)


def promote_run(folder: Path, name: str) -> Path:
    """Promote a run -> the model's folder. Raises ValueError with a sentence if it cannot be promoted."""
    require_model_name(name)
    if (WEIGHTS / name).exists():
        raise ValueError(f"{name!r} cannot be a model's name: a shipped one has it.")
    load_classifier_from(folder)  # raises for a run without a usable model
    target = home() / PROMOTED / name
    is_replacement = target.exists()
    try:
        for part in (WEIGHTS_FILE, "card.json"):
            write_atomic(target / part, (folder / part).read_bytes())
    except OSError:
        if not is_replacement:
            shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def retitle_model(name: str, title: str) -> None:
    """Set the title of a promoted model to that of its run; its name stays, since visitors may use it."""
    write_atomic(home() / PROMOTED / name / PROMOTED_TITLE, title.strip() or name)


def unpublish_model(name: str) -> None:
    """Delete a promoted model. Raises ValueError with a sentence if there is none, or OSError."""
    if name not in promoted_models():
        raise ValueError(
            f"There is no promoted model {name!r}; there are: {', '.join(promoted_models()) or 'none'}."
        )
    shutil.rmtree(home() / PROMOTED / name)
