"""Generators that learnt nothing, for tests of what is around them: random weights and a short history."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch

from gan.history import SAMPLED
from gan.mel import BANDS, CONTROLS, FRAMES, GAN_MEL
from gan.network import Generator
from gan.sample import Dreamer
from genre import GENRES
from genre.artefacts import save_artefact
from genre.home import write_atomic

EPOCHS = (1, 2, 4, 8)  # after which there are samples


def card(genres: tuple[str, ...] = GENRES) -> dict:
    """What `gan.train` writes, as far as it is needed to dream."""
    calm = [[0.1 * k, -0.1 * k, 0.0] for k in range(len(genres))]
    return {
        "model": "gan", "network": "earmark", "genres": list(genres), "front_end": GAN_MEL.to_dict(),
        "size": [BANDS, FRAMES], "controls": list(CONTROLS),
        "typical": {"mean": calm, "spread": [[0.5] * len(CONTROLS) for _ in genres]},
    }  # fmt: skip


def save_untaught(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Weights and card in `folder`."""
    torch.manual_seed(seed)
    generator = Generator(len(genres))
    torch.nn.init.normal_(generator.paint.weight, std=0.3)  # else it paints one level of grey
    save_artefact(folder, generator.state_dict(), card(genres))
    return folder


def untaught(folder: Path) -> Dreamer:
    return Dreamer.load(save_untaught(folder / "gan").name, folder)


def make_painter(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Weights and card in `folder`, and in its `training` what lessons leave."""
    save_untaught(folder, genres, seed)
    make_history(folder / "training", genres, seed)
    return folder


def make_history(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Samples and figures of a training of eight epochs."""
    write_atomic(folder / SAMPLED, json.dumps(genres))
    rng = np.random.default_rng(seed)
    for epoch in EPOCHS:
        picture = rng.integers(0, 256, (BANDS, FRAMES * len(genres)), np.uint8)
        write_atomic(folder / "samples" / f"{epoch:04d}.webp", cv2.imencode(".webp", picture)[1].tobytes())
    lines = [{"epoch": epoch, "d_real": 0.5 + 0.4 / epoch, "d_painted": 0.5 - 0.4 / epoch, "seconds": 60.0}
             for epoch in range(1, EPOCHS[-1] + 1)]  # fmt: skip
    write_atomic(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return folder
