"""The card beside a trained network's weights: plain JSON that says how to use it and how good it is.

Read without torch, so that a page can tell of a network before any is loaded.
"""

import json
from pathlib import Path


class ArtefactError(ValueError):
    """A folder that should hold a trained network does not; the text says what to do."""


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
