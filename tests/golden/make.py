"""Store the log-mel of the stored clip and the shipped model's prediction: `python -m tests.golden.make`.

To be run after the weights or the front end changed on purpose, and its output committed. The clip
itself, six seconds of our own synthesiser, is kept as it is: only the first run makes it.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile as sf
import torch

from genre.audio.clip import Clip, load_clip
from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram
from genre.inference.load import load_classifier
from genre.synth.dataset import SAMPLE_RATE, render

CLIP = Path(__file__).with_name("clip.flac")
EXPECTED = Path(__file__).with_name("expected.npz")


def log_mel(clip: Clip) -> np.ndarray:
    """-> (128, frames) float32 dB."""
    return Spectrogram(FULL_CLIP_MEL)(torch.from_numpy(clip.samples)[None])[0].numpy()


def probabilities(clip: Clip) -> np.ndarray:
    """-> (genres,) of the shipped model."""
    return np.array(list(load_classifier().classify(clip).probabilities.values()))


def main() -> int:
    if not CLIP.exists():
        sf.write(CLIP, render("pop", seed=0, seconds=6.0), SAMPLE_RATE, subtype="PCM_16")
    clip = load_clip(CLIP)
    np.savez_compressed(EXPECTED, log_mel=log_mel(clip).astype(np.float16), probabilities=probabilities(clip))
    print(f"{EXPECTED.name}: {EXPECTED.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
