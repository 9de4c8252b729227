"""Checkpoints of a training: tensors in named groups and numbers, in one safetensors file."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from genre.models.cards import ArtefactError
from genre.paths import write_atomic

CHECKPOINT = "checkpoint.safetensors"

Groups = dict[str, dict[str, Tensor]]


def write_checkpoint(path: Path, groups: Mapping[str, Mapping[str, Tensor]], numbers: dict[str, Any]) -> None:
    """Replace the file in one step. `numbers` are plain JSON values."""
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().clone().contiguous()  # tensors must not share memory
        for group, values in groups.items()
        for name, tensor in values.items()
    }
    write_atomic(path, save(tensors, {"state": json.dumps(numbers)}))


def read_checkpoint(path: Path) -> tuple[Groups, dict[str, Any]]:
    """Read a checkpoint -> (groups, numbers). Raises ArtefactError with a sentence for a damaged file."""
    groups: Groups = {}
    try:
        with safe_open(path, framework="pt") as file:
            for key in file.keys():  # noqa: SIM118
                group, name = key.split("/", 1)
                groups.setdefault(group, {})[name] = file.get_tensor(key)
            metadata = file.metadata()
        # Older versions of the generator's training stored the epoch alone.
        numbers = json.loads(metadata["state"]) if "state" in metadata else {"epoch": int(metadata["epoch"])}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        raise damaged_checkpoint(path) from error
    if not isinstance(numbers, dict):
        raise damaged_checkpoint(path)
    return groups, numbers


def damaged_checkpoint(path: Path) -> ArtefactError:
    """Make the error for a checkpoint that is damaged, or that of another network."""
    return ArtefactError(
        f"The checkpoint in {path.parent} is damaged: begin this training anew, or delete it."
    )


def optimiser_groups(name: str, optimiser: torch.optim.Optimizer) -> Groups:
    """Collect the optimiser's moments as groups `name-0`, `name-1`, ..., one for each parameter."""
    return {f"{name}-{index}": values for index, values in optimiser.state_dict()["state"].items()}


def restore_optimiser(name: str, optimiser: torch.optim.Optimizer, groups: Groups) -> None:
    """Restore the moments of `optimiser_groups`. Raises ValueError for moments that do not fit."""
    prefix = f"{name}-"
    moments = {int(key.removeprefix(prefix)): part for key, part in groups.items() if key.startswith(prefix)}
    optimiser.load_state_dict(optimiser.state_dict() | {"state": moments})
