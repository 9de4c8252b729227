"""Untrained generators for tests: random weights and a short training history."""

import json
from pathlib import Path

import cv2
import numpy as np
import torch

from gan.controls import CONTROLS
from gan.mel import CLIP_FRAMES, GAN_MEL, N_BANDS
from gan.networks import Generator
from gan.sampling.sampler import Sampler
from gan.training.history import GENRES_FILE
from genre import GENRES
from genre.models.artefacts import save_artefact
from genre.models.cards import Card
from genre.paths import write_atomic

EPOCHS = (1, 2, 4, 8)  # after which there are samples


def card(genres: tuple[str, ...] = GENRES) -> Card:
    """What `gan.training.loop` writes, as far as a Sampler needs it."""
    calm = [[0.1 * k, -0.1 * k, 0.0] for k in range(len(genres))]
    return Card(
        "gan",
        genres,
        network="earmark",
        front_end=GAN_MEL.to_dict(),
        size=[N_BANDS, CLIP_FRAMES],
        controls=tuple(CONTROLS),
        control_stats_by_genre={"mean": calm, "std": [[0.5] * len(CONTROLS) for _ in genres]},
    )


def save_untrained(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Weights and card in `folder`."""
    torch.manual_seed(seed)
    generator = Generator(len(genres))
    torch.nn.init.normal_(generator.to_mel.weight, std=0.3)  # else the spectrogram is constant
    save_artefact(folder, generator.state_dict(), card(genres))
    return folder


def load_untrained(folder: Path) -> Sampler:
    return Sampler.load(save_untrained(folder / "gan").name, folder)


def make_model(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Weights and card in `folder`, and in its `training` a history."""
    save_untrained(folder, genres, seed)
    make_history(folder / "training", genres, seed)
    return folder


def make_history(folder: Path, genres: tuple[str, ...] = GENRES, seed: int = 0) -> Path:
    """Samples and metrics of a training of eight epochs."""
    write_atomic(folder / GENRES_FILE, json.dumps(genres))
    rng = np.random.default_rng(seed)
    for epoch in EPOCHS:
        picture = rng.integers(0, 256, (N_BANDS, CLIP_FRAMES * len(genres)), np.uint8)
        write_atomic(folder / "samples" / f"{epoch:04d}.webp", cv2.imencode(".webp", picture)[1].tobytes())
    lines = [
        {"epoch": epoch, "d_real": 0.5 + 0.4 / epoch, "d_fake": 0.5 - 0.4 / epoch, "seconds": 60.0}
        for epoch in range(1, EPOCHS[-1] + 1)
    ]
    write_atomic(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return folder
