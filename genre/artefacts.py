"""A trained network on disk: model.safetensors and, beside it, card.json that says how to use it.

The card names the registry entry and its options, the input and its front end, the genres in the
order of the outputs, and everything a reader wants to know: data, split, recipe, seed, figures.
Nothing here is executed: safetensors holds numbers, the card is plain JSON.
"""

import json
import math
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from genre.cards import ArtefactError, load_card
from genre.home import write_atomic

SCALE, SHAPE = "@scale", "@shape"  # after the name of a tensor in fewer bits
PACKED = 6  # bits of numbers that do not lie in a byte each


def save_artefact(folder: Path, state: dict[str, Tensor], card: dict) -> None:
    """Write weights and card; each replaces its older version in one step."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    write_atomic(folder / "model.safetensors", save(weights))
    write_atomic(folder / "card.json", json.dumps(card, indent=1, ensure_ascii=False) + "\n")


def compact(state: dict[str, Tensor], bits: int = 8) -> dict[str, Tensor]:
    """Kernels and matrices in 8 or 6 bits, a quarter of the size and less: what a small network can spare.

    Each of a tensor's first axis (an output) has a scale of its own (Jacob et al. 2018), kept beside
    it. Numbers of 6 bits lie one after the other: (N, bytes). `load_artefact` gives back ordinary numbers.
    """
    most = 2 ** (bits - 1) - 1
    kept = {}
    for name, tensor in state.items():
        if tensor.is_floating_point() and tensor.ndim >= 2:
            scale = tensor.abs().flatten(1).amax(dim=1).clamp(min=1e-12) / most
            levels = (tensor / _along(scale, tensor)).round().to(torch.int8)
            kept[name + SCALE] = scale.float()
            if bits == PACKED:
                kept[name + SHAPE] = torch.tensor(tensor.shape)
                levels = _packed(levels.flatten(1))
            kept[name] = levels
        else:
            kept[name] = tensor
    return kept


def expanded(kept: dict[str, Tensor]) -> dict[str, Tensor]:
    """What `compact` made small, and what was kept in half precision, as ordinary numbers."""
    state = {}
    for name, tensor in kept.items():
        if name.endswith((SCALE, SHAPE)):
            continue
        if name + SHAPE in kept:
            shape = kept[name + SHAPE].tolist()
            tensor = _unpacked(tensor, math.prod(shape[1:])).reshape(shape)
        if name + SCALE in kept:
            tensor = tensor.float() * _along(kept[name + SCALE], tensor)
        state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state


def _packed(levels: Tensor) -> Tensor:
    """(N, K) of -31..31 -> (N, bytes), 6 bits each."""
    bits = np.unpackbits((levels + 32).to(torch.uint8).numpy()[..., None], axis=-1)[..., -PACKED:]
    return torch.from_numpy(np.packbits(bits.reshape(len(levels), -1), axis=1))


def _unpacked(packed: Tensor, count: int) -> Tensor:
    """(N, bytes) -> (N, count) of -31..31."""
    bits = np.unpackbits(packed.numpy(), axis=1, count=count * PACKED).reshape(len(packed), count, PACKED)
    levels = np.packbits(bits, axis=-1)[..., 0] >> (8 - PACKED)
    return torch.from_numpy(levels.astype(np.int16) - 32)


def _along(scale: Tensor, tensor: Tensor) -> Tensor:
    """(N,) in the shape that multiplies (N, ...)."""
    return scale.reshape(-1, *[1] * (tensor.ndim - 1))


def load_artefact(folder: Path) -> tuple[dict[str, Tensor], dict]:
    """-> (weights by name in single precision, card). Raises ArtefactError for a missing or damaged part."""
    card = load_card(folder)
    try:
        return expanded(load_file(folder / "model.safetensors")), card
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise ArtefactError(
            f"The weights of the model {folder.name!r} are missing or damaged. Train it again."
        ) from error
