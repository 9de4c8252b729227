"""Generators that learnt nothing, for tests of what is around them."""

from pathlib import Path

import torch

from gan.mel import CONTROLS, GAN_MEL
from gan.network import Generator
from gan.sample import Dreamer
from genre import GENRES
from genre.artefacts import save_artefact


def card() -> dict:
    """What `gan.train` writes, as far as it is needed to dream."""
    calm = [[0.1 * k, -0.1 * k, 0.0] for k in range(len(GENRES))]
    return {
        "model": "gan", "network": "earmark", "genres": list(GENRES), "front_end": GAN_MEL.to_dict(),
        "controls": list(CONTROLS),
        "typical": {"mean": calm, "spread": [[0.5] * len(CONTROLS) for _ in GENRES]},
    }


def save_untaught(folder: Path) -> Path:
    """Weights and card of a generator that learnt nothing -> the folder they are in, named gan."""
    torch.manual_seed(0)
    generator = Generator(len(GENRES))
    torch.nn.init.normal_(generator.paint.weight, std=0.3)  # else it paints one level of grey
    save_artefact(folder / "gan", generator.state_dict(), card())
    return folder / "gan"


def untaught(folder: Path) -> Dreamer:
    return Dreamer.load(save_untaught(folder).name, folder)
