"""genre.restoration: GTZAN's ready-made mels get their decibels back, and then look like recordings."""

import numpy as np
import pytest

from genre.audio import load_clip
from genre.dataset import open_dataset
from genre.home import data_folder
from genre.inputs import ready_excerpts, represent
from genre.models import find
from genre.restoration import restoring_line
from genre.spectrogram import PICTURE

GTZAN = data_folder() / "gtzan"


def test_decibels_come_back_to_the_ready_made_mels() -> None:
    """dB = slope z + level is found again where the picture shows it."""
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1, (128, 130)).clip(-3.8, 3.8)
    frames = PICTURE.frame_indices(130 * 512 - 512)
    picture = np.zeros((128, 334), np.uint8)
    picture[:, : len(frames)] = (255 * (1 + (10 * z[:, frames] - 20) / 40)).clip(0, 255).round()
    slope, level = restoring_line(z, picture)
    assert slope == pytest.approx(10, abs=0.2) and level == pytest.approx(-20, abs=0.4)
    assert restoring_line(z, np.zeros_like(picture)) is None


@pytest.mark.skipif(not (GTZAN / "mel3s.npz").exists(), reason="needs GTZAN in EARMARK_DATA")
def test_a_ready_made_excerpt_looks_like_one_of_the_recording() -> None:
    dataset = open_dataset(GTZAN)
    ready = ready_excerpts(dataset)
    row_of = {name: row for row, name in enumerate(ready.tracks.tolist())}
    spec = find("listen").input("excerpts")
    errors, likeness = [], []
    for track in dataset.files[::40]:
        ours = represent(load_clip(track.path).samples, np.zeros(1, int), spec)[0].astype(float)
        theirs = ready.values[row_of[track.name]].astype(float)
        errors.append(np.abs(ours - theirs).mean() / 255 * 60)
        likeness.append(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    assert len(errors) >= 8
    assert np.median(errors) < 3.0, f"{np.median(errors):.2f} dB apart"
    assert np.median(likeness) > 0.95
