"""A folder that looks like GTZAN: some tracks of its published lists, each genre with a colour of its own."""

from pathlib import Path

import numpy as np

from genre import GENRES
from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.data.splits import LISTS


def make_gtzan(folder: Path, train: int, valid: int) -> list[str]:
    """Ready-made pictures and mels of `train` and `valid` tracks a genre of these lists -> their names."""
    rng = np.random.default_rng(0)
    names = []
    for part, count in (("train", train), ("valid", valid)):
        listed = sorted((LISTS / f"gtzan-{part}.txt").read_text().split())
        for genre in GENRES:
            of_genre = [name for name in listed if name.startswith(genre) and name != "jazz.00054"]
            names += of_genre[:count]
    tone = {genre: rng.normal(size=(128, 1)) for genre in GENRES}
    z = np.array([tone[name.split(".")[0]] + rng.normal(size=(128, 130)) for name in names]).clip(-3.5, 3.5)
    pictures = np.zeros((len(names), 216, 334), np.uint8)
    frames = FULL_CLIP_MEL.frame_indices(130 * 512 - 512)
    rows = np.arange(216) * 128 // 216
    pictures[:, :, : len(frames)] = (255 * (1 + (8 * z[:, rows][:, :, frames] - 28) / 40)).clip(0, 255)
    pictures[:, :, len(frames) :] = pictures[:, :, [0]]
    np.savez(folder / "pictures.npz", track=np.array(names), value=pictures)
    np.savez(folder / "mel3s.npz", track=np.array(names), value=(32 * (z + 4)).astype(np.uint8))
    return names
