"""A trained model on disk: its weights in model.safetensors and, beside them, its card.json.

The card names the registry entry and its options, the input and its front end, the genres in the
order of the outputs, data, split, recipe, seed, metrics, and the hash of the weights that it belongs to.
Nothing here is executed: safetensors holds numbers, and the card is plain JSON.
"""

import hashlib
import math
import platform
import subprocess
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from genre.models.cards import ArtefactError, Card, load_card, write_card
from genre.paths import REPOSITORY, write_atomic
from genre.reading import read_regular

WEIGHTS_FILE = "model.safetensors"
MAX_WEIGHTS_BYTES = 2 << 30
LIBRARIES = ("torch", "numpy", "librosa", "scikit-learn")  # libraries whose versions a card names
SCALE, SHAPE = "@scale", "@shape"  # suffixes of the name of a tensor that is stored in fewer bits
PACKED_BITS = 6  # bits of a number in tensors whose numbers take less than a byte


def save_artefact(folder: Path, state: dict[str, Tensor], card: Card) -> Card:
    """Write weights and card, each in one step -> the card with its provenance."""
    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}
    content = save(weights)
    card = replace(
        card,
        weights_sha256=hashlib.sha256(content).hexdigest(),
        versions={"python": platform.python_version()} | {name: version(name) for name in LIBRARIES},
        commit=_commit(),
        date=time.strftime("%Y-%m-%d", time.gmtime()),
    )
    write_atomic(folder / WEIGHTS_FILE, content)
    write_card(folder, card)
    return card


def load_artefact(folder: Path) -> tuple[dict[str, Tensor], Card]:
    """Load a model -> (weights by name in single precision, card).

    Raises ArtefactError for a missing or damaged part, and for weights that are not the card's.
    """
    card = load_card(folder)
    try:
        content = read_regular(folder / WEIGHTS_FILE, MAX_WEIGHTS_BYTES)
        weights = expand(load(content))
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise ArtefactError(
            f"The weights of the model {folder.name!r} are missing or damaged. Train it again."
        ) from error
    if card.weights_sha256 and card.weights_sha256 != hashlib.sha256(content).hexdigest():
        raise ArtefactError(
            f"The weights and the card of the model {folder.name!r} are of two trainings: resume its run, "
            "or train it again."
        )
    return weights, card


def _commit() -> str:
    """Read the commit of the repository; empty where there is none."""
    try:
        command = ["git", "-C", str(REPOSITORY), "rev-parse", "--short=12", "HEAD"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def compact(state: dict[str, Tensor], bits: int = 8) -> dict[str, Tensor]:
    """Compress kernels and matrices to 8 or 6 bits, a quarter of the size or less.

    Each output (a tensor's first axis) has its own scale (Jacob et al. 2018), stored beside it.
    Numbers of 6 bits lie one after the other: (N, bytes). `load_artefact` restores single precision.
    """
    max_level = 2 ** (bits - 1) - 1
    packed = {}
    for name, tensor in state.items():
        if tensor.is_floating_point() and tensor.ndim >= 2:
            scale = tensor.abs().flatten(1).amax(dim=1).clamp(min=1e-12) / max_level
            levels = (tensor / _broadcast(scale, tensor)).round().to(torch.int8)
            packed[name + SCALE] = scale.float()
            if bits == PACKED_BITS:
                packed[name + SHAPE] = torch.tensor(tensor.shape)
                levels = _pack_bits(levels.flatten(1))
            packed[name] = levels
        else:
            packed[name] = tensor
    return packed


def expand(packed: dict[str, Tensor]) -> dict[str, Tensor]:
    """Expand the tensors of `compact`; half precision becomes single precision too."""
    state = {}
    for name, tensor in packed.items():
        if name.endswith((SCALE, SHAPE)):
            continue
        if name + SHAPE in packed:
            shape = packed[name + SHAPE].tolist()
            tensor = _unpack_bits(tensor, math.prod(shape[1:])).reshape(shape)
        if name + SCALE in packed:
            tensor = tensor.float() * _broadcast(packed[name + SCALE], tensor)
        state[name] = tensor.float() if tensor.is_floating_point() else tensor
    return state


def _pack_bits(levels: Tensor) -> Tensor:
    """Pack (N, K) of -31..31 into 6 bits each -> (N, bytes)."""
    bits = np.unpackbits((levels + 32).to(torch.uint8).numpy()[..., None], axis=-1)[..., -PACKED_BITS:]
    return torch.from_numpy(np.packbits(bits.reshape(len(levels), -1), axis=1))


def _unpack_bits(packed: Tensor, count: int) -> Tensor:
    """Unpack (N, bytes) -> (N, count) of -31..31."""
    bits = np.unpackbits(packed.numpy(), axis=1, count=count * PACKED_BITS)
    levels = np.packbits(bits.reshape(len(packed), count, PACKED_BITS), axis=-1)[..., 0] >> (8 - PACKED_BITS)
    return torch.from_numpy(levels.astype(np.int16) - 32)


def _broadcast(scale: Tensor, tensor: Tensor) -> Tensor:
    """Reshape (N,) so that it multiplies (N, ...)."""
    return scale.reshape(-1, *[1] * (tensor.ndim - 1))
