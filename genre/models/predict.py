"""Trained models of any kind: their loading from disk, and their probabilities for examples."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from genre.data.examples import Examples
from genre.models import classical
from genre.models.artefacts import load_artefact
from genre.models.cards import ArtefactError, Card
from genre.models.registry import MODELS, find_model


@torch.inference_mode()
def predict(
    network: nn.Module, examples: Examples, batch_size: int = 64, bfloat16: bool = False
) -> np.ndarray:
    """Predict examples with a network -> probabilities, the mean over its members: (N, classes)."""
    device = next(network.parameters()).device
    network.eval()
    parts = []
    for start in range(0, len(examples), batch_size):
        rows = np.arange(start, min(start + batch_size, len(examples)))
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            logits = with_members(network(examples.batch(rows).to(device))).float()
        parts.append(logits.softmax(dim=-1).mean(dim=1).cpu().numpy())
    return np.concatenate(parts)


def with_members(logits: Tensor) -> Tensor:
    """Give logits a dimension of members: (B, classes) or (B, members, classes) -> (B, members, classes)."""
    return logits if logits.ndim == 3 else logits[:, None]


def predict_examples(model: Any, examples: Examples) -> np.ndarray:
    """Predict with a network, a fitted pipeline or a loaded predictor -> probabilities (N, genres)."""
    if isinstance(model, nn.Module):
        return predict(model, examples)
    return classical.class_probabilities(model, summaries(examples), len(examples.genres))


def summaries(examples: Examples) -> np.ndarray:
    """Compute the inputs of classical models from examples: (N, values), in blocks."""
    blocks = np.array_split(np.arange(len(examples)), -(-len(examples) // 64))
    return np.concatenate([classical.summarise(examples.batch(rows).numpy()) for rows in blocks])


def load_model(folder: Path) -> tuple[Any, Card]:
    """Load a saved model of any kind, ready for `predict_examples`, and its card. Raises ArtefactError."""
    weights, card = load_artefact(folder)
    if card.model not in tuple(MODELS):
        raise ArtefactError(f"{folder.name!r} is no model that hears music.")
    try:
        if card.classical is not None:
            arrays = {name: tensor.numpy() for name, tensor in weights.items()}
            return classical.load(arrays, card.classical), card
        network = find_model(card.model).build(card.shape, len(card.genres), **card.options)
        network.load_state_dict(weights)
        return network.eval(), card
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise ArtefactError(
            f"The weights of the model {folder.name!r} do not fit its card. Train it again."
        ) from error
