"""Store what the shipped network makes of the stored clip: `python -m tests.golden.make`.

To be run after the weights or the front end changed on purpose, and its output committed. The clip
itself, six seconds of our own synthesiser, is kept as it is: only the first run makes it.
"""

import sys
from pathlib import Path

import numpy as np
import soundfile as sf
import torch

from genre.audio import Clip, load_clip
from genre.classifier import Classifier
from genre.spectrogram import PICTURE, Spectrogram
from genre.synth import SAMPLE_RATE, render

CLIP = Path(__file__).with_name("clip.flac")
EXPECTED = Path(__file__).with_name("expected.npz")


def log_mel(clip: Clip) -> np.ndarray:
    """-> (128, frames) float32 dB."""
    return Spectrogram(PICTURE)(torch.from_numpy(clip.samples)[None])[0].numpy()


def probabilities(clip: Clip) -> np.ndarray:
    """-> (genres,) of the shipped network."""
    return np.array(list(Classifier.load().classify(clip).probabilities.values()))


def main() -> int:
    if not CLIP.exists():
        sf.write(CLIP, render("pop", seed=0, seconds=6.0), SAMPLE_RATE, subtype="PCM_16")
    clip = load_clip(CLIP)
    np.savez_compressed(
        EXPECTED, log_mel=log_mel(clip).astype(np.float16), probabilities=probabilities(clip)
    )
    print(f"{EXPECTED.name}: {EXPECTED.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
