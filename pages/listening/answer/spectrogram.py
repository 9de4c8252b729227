"""A mel-spectrogram as a small picture, in the colours of all spectrograms."""

import numpy as np
from PIL import Image

from genre.plots import prediction as plots


def spectrogram_image(decibels: np.ndarray) -> Image.Image:
    """Draw int8 dB below the loudest point (bands, columns) in the colours of all spectrograms."""
    values = (decibels[::-1].astype(np.float32) / plots.RANGE_DB + 1).clip(0, 1)
    image = Image.fromarray(np.round(255 * values).astype(np.uint8), "P")
    image.putpalette(_palette())
    return image


def _palette() -> bytes:
    colours = np.array([[int(c[k : k + 2], 16) for k in (1, 3, 5)] for c in plots.LOUDNESS], float)
    places = np.linspace(0, len(colours) - 1, 256)
    channels = [np.interp(places, np.arange(len(colours)), colours[:, k]) for k in range(3)]
    return np.round(np.stack(channels, axis=1)).astype(np.uint8).tobytes()
