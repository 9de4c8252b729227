"""A trained network on disk: model.safetensors and, beside it, card.json that says how to use it.

The card names the registry entry and its options, the input and its front end, the genres in the
order of the outputs, and everything a reader wants to know: data, split, recipe, seed, figures.
Nothing here is executed: safetensors holds numbers, the card is plain JSON.
"""

import json
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from genre.home import write_atomic


class ArtefactError(ValueError):
    """A folder that should hold a trained network does not; the text says what to do."""


def save_artefact(folder: Path, state: dict[str, Tensor], card: dict) -> None:
    """Write weights and card; each replaces its older version in one step."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    write_atomic(folder / "model.safetensors", save(weights))
    write_atomic(folder / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def halved(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights with half the digits, and half the size: what a small network can spare."""
    return {name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def load_card(folder: Path) -> dict:
    """Raises ArtefactError when there is none or it is damaged."""
    try:
        card = json.loads((folder / "card.json").read_text())
    except (OSError, ValueError) as error:
        raise ArtefactError(
            f"The model {folder.name!r} has no readable card.json. Choose another model or train it again."
        ) from error
    if not isinstance(card, dict) or not {"model", "genres"} <= set(card):
        raise ArtefactError(f"The card of the model {folder.name!r} is not one of ours.")
    return card


def load_artefact(folder: Path) -> tuple[dict[str, Tensor], dict]:
    """-> (weights by name, card). Raises ArtefactError for a missing or damaged part."""
    card = load_card(folder)
    try:
        return load_file(folder / "model.safetensors"), card
    except (OSError, SafetensorError) as error:
        raise ArtefactError(
            f"The weights of the model {folder.name!r} are missing or damaged. Train it again."
        ) from error
