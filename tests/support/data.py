"""GTZAN for tests: the folder of real data, without which some are skipped, and one that looks like it."""

from pathlib import Path

import numpy as np

from genre import GENRES
from genre.audio.features import FEATURE_NAMES
from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.data.dataset import open_dataset
from genre.data.splits import LISTS
from genre.data.windows import make_examples
from genre.models.registry import MODELS
from genre.paths import data_folder

SHARED_DATA = data_folder() or Path("/nonexistent")
FIXTURES = Path(__file__).parents[1] / "fixtures"


def gtzan_recordings(part: str) -> list[Path]:
    """The recordings of GTZAN's list `part`, "train" or "valid", that the limits of tests were set on: their
    paths, by name. Later ones may lie beside them and change no verdict.
    """
    names = (FIXTURES / "gtzan-recordings.txt").read_text().split()
    tracks = set((LISTS / f"gtzan-{part}.txt").read_text().split())
    folder = SHARED_DATA / "gtzan" / "audio"
    return [folder / name.split(".")[0] / f"{name}.opus" for name in sorted(tracks.intersection(names))]


def make_gtzan(folder: Path, train: int, valid: int) -> list[str]:
    """Write mels of `train` and `valid` tracks a genre of these lists -> their names.

    Each genre has a spectrum of its own.
    """
    rng = np.random.default_rng(0)
    names = []
    for part, count in (("train", train), ("valid", valid)):
        tracks = sorted((LISTS / f"gtzan-{part}.txt").read_text().split())
        for genre in GENRES:
            of_genre = [name for name in tracks if name.startswith(genre) and name != "jazz.00054"]
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


def write_features_table(folder: Path) -> int:
    """Write our own features of a folder's recordings as Kaggle's table -> the number of tracks."""
    examples, _ = make_examples(open_dataset(folder), MODELS["forest"].input("features"))
    rows = [
        ",".join([f"{track}.wav", *map(str, values), examples.genres[label]])
        for track, values, label in zip(examples.tracks, examples.values, examples.labels, strict=True)
    ]
    head = ",".join(["filename", *FEATURE_NAMES, "label"])
    (folder / "features_30_sec.csv").write_text("\n".join([head, *rows]) + "\n")
    return len(examples)
