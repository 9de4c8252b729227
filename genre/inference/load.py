"""The loading of classifiers from disk: shipped, promoted and newly trained models."""

import re
from collections.abc import Callable
from pathlib import Path

from genre.inference.classifier import Classifier
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.models.cards import TRANSFER, ArtefactError, load_card
from genre.paths import PROMOTED, WEIGHTS, home, promoted_models

SHIPPED_MODEL = "listen"  # the model of the Listen page
MEASURED_MODEL = "listen-train"  # the same recipe, trained on the train lists alone, for all metrics
MEASURED_SCRATCH_MODEL = "listen-scratch-train"  # the from-scratch ensemble, trained on the train list alone


def load_classifier(name: str = SHIPPED_MODEL, folder: Path | None = None) -> Classifier:
    """Load the model `name` from `folder`, by default a shipped or else a promoted one.

    Raises ArtefactError with a sentence when it cannot be loaded.
    """
    if not re.fullmatch(r"\w[\w .-]*", name):  # a run's folder may have spaces in its name
        raise ArtefactError(f"{name!r} is not a model's name.")
    if folder is None:
        promoted_folder = home() / PROMOTED
        folder = (
            promoted_folder
            if (promoted_folder / name).is_dir() and not (WEIGHTS / name).is_dir()
            else WEIGHTS
        )
    if not (folder / name).is_dir():
        names = [path.name for path in WEIGHTS.glob(f"{SHIPPED_MODEL}*")] + promoted_models()
        raise ArtefactError(f"There is no model {name!r}; there are: {', '.join(sorted(names))}.")
    return load_classifier_from(folder / name)


def load_classifier_from(folder: Path) -> Classifier:
    """Load the model in `folder`. Raises ArtefactError with a sentence when there is none that classifies."""
    card = load_card(folder)
    if card.model == TRANSFER:
        from genre.inference.pretrained_classifier import PretrainedClassifier

        load: Callable[[Path], Classifier] = PretrainedClassifier.from_folder
    elif card.is_ensemble:
        load = EnsembleClassifier.from_folder
    else:
        from genre.inference.zoo_classifier import ZooClassifier  # imports the whole registry

        load = ZooClassifier
    try:
        return load(folder)
    except ArtefactError:
        raise
    except (KeyError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ArtefactError(
            f"The card and the weights of {folder.name!r} do not fit this version of Earmark."
        ) from error
