"""Spectrograms as images: pixels, colours, WebP, and the decimation of a plot."""

import cv2
import numpy as np

from genre.plots.prediction import LOUDNESS

DISPLAY_RANGE_DB = 70.0  # dB below the maximum; quieter points are black


def apply_colour_map(values: np.ndarray) -> np.ndarray:
    """Colour (rows, columns) uint8, 255 the loudest -> (rows, columns, 3) uint8 RGB."""
    return _colour_table()[values]


def encode_webp(values: np.ndarray) -> bytes:
    """Colour (rows, columns) uint8 and encode it as WebP, which is small and looks good enough."""
    pixels = apply_colour_map(values)[:, :, ::-1]
    return cv2.imencode(".webp", pixels, [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes()


def to_pixels(mel_db: np.ndarray, range_db: float = DISPLAY_RANGE_DB) -> np.ndarray:
    """Convert (bands, frames) in dB below the maximum, low bands first -> uint8, low bands last."""
    return (255 * np.clip(1 + mel_db[::-1] / range_db, 0, 1)).round().astype(np.uint8)


def decimate_for_plot(mel_db: np.ndarray, columns: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Prepare (128, frames) in dB for genre.plots.prediction.spectrogram.

    Returns int8 (128, at most `columns`), and the centres of the bands in Hz (128,).
    """
    # It is imported here, since it loads torch, which the first paint does not need.
    from genre.audio.spectrogram import SpectrogramParams, mel_edges

    frames = np.linspace(0, mel_db.shape[1] - 1, min(columns, mel_db.shape[1])).round().astype(int)
    centres_hz = mel_edges(SpectrogramParams(n_mels=mel_db.shape[0]))[1:-1]
    return mel_db[:, frames].round().astype(np.int8), centres_hz


def _colour_table() -> np.ndarray:
    """Interpolate the colour map of the spectrogram plots: (256, 3) uint8 RGB."""
    stops = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in LOUDNESS], float)
    positions = np.linspace(0, 255, len(stops))
    table = np.stack([np.interp(np.arange(256), positions, stops[:, k]) for k in range(3)], axis=1)
    return table.round().astype(np.uint8)
