"""genre.data.gtzan: GTZAN's ready-made mels get their decibels back, and then look like recordings."""

import numpy as np
import pytest

from genre.audio.clip import load_clip
from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.data.dataset import open_dataset
from genre.data.gtzan import fit_decibels
from genre.data.windows import compute_windows, ready_made_windows
from genre.models.registry import find_model
from tests.support.data import SHARED_DATA

GTZAN = SHARED_DATA / "gtzan"


def test_decibels_come_back_to_the_ready_made_mels() -> None:
    """dB = slope z + level is found again where the picture shows it."""
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1, (128, 130)).clip(-3.8, 3.8)
    frames = FULL_CLIP_MEL.frame_indices(130 * 512 - 512)
    picture = np.zeros((128, 334), np.uint8)
    picture[:, : len(frames)] = (255 * (1 + (10 * z[:, frames] - 20) / 40)).clip(0, 255).round()
    slope, level = fit_decibels(z, picture)
    assert slope == pytest.approx(10, abs=0.2) and level == pytest.approx(-20, abs=0.4)
    assert fit_decibels(z, np.zeros_like(picture)) is None


@pytest.mark.skipif(not (GTZAN / "mel3s.npz").exists(), reason="needs GTZAN in EARMARK_DATA")
def test_a_ready_made_excerpt_looks_like_one_of_the_recording() -> None:
    dataset = open_dataset(GTZAN)
    ready = ready_made_windows(dataset)
    row_of = {name: row for row, name in enumerate(ready.tracks.tolist())}
    spec = find_model("listen").input("mel_3s")
    errors, similarity = [], []
    for track in dataset.files[::40]:
        ours = compute_windows(load_clip(track.path).samples, np.zeros(1, int), spec)[0].astype(float)
        theirs = ready.values[row_of[track.name]].astype(float)
        errors.append(np.abs(ours - theirs).mean() / 255 * 60)
        similarity.append(np.corrcoef(ours.ravel(), theirs.ravel())[0, 1])
    assert len(errors) >= 8
    assert np.median(errors) < 3.0, f"{np.median(errors):.2f} dB apart"
    assert np.median(similarity) > 0.95
