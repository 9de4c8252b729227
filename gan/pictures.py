"""Spectrograms as people like to see them: coloured by loudness, low notes below, in strips that wrap."""

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from genre.plots import LOUDNESS

_STRIP = """<style>
    .earmark-strip { display: grid; gap: .5rem;
                     grid-template-columns: repeat(auto-fit, minmax(3.6rem, 1fr)); }
    .earmark-strip figure { margin: 0; }
    .earmark-strip img { width: 100%; display: block; border-radius: .4rem; }
    .earmark-strip figcaption { font-size: .75rem; opacity: .7; text-align: center; padding-top: .15rem; }
</style>"""


def coloured(values: np.ndarray) -> np.ndarray:
    """(rows, columns) uint8, 255 the loudest -> (rows, columns, 3) uint8 RGB. Nothing is turned."""
    return _colours()[values]


def _colours() -> np.ndarray:
    """(256, 3) uint8 RGB."""
    stops = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in LOUDNESS], float)
    places = np.linspace(0, 255, len(stops))
    table = np.stack([np.interp(np.arange(256), places, stops[:, k]) for k in range(3)], axis=1)
    return table.round().astype(np.uint8)


def encoded(values: np.ndarray) -> bytes:
    """The same as WebP, which is small and good enough to look at."""
    return cv2.imencode(".webp", coloured(values)[:, :, ::-1], [cv2.IMWRITE_WEBP_QUALITY, 80])[1].tobytes()


def strip(tiles: Sequence[tuple[np.ndarray, str]]) -> str:
    """Pictures (rows, columns) uint8 with a word each -> HTML that fits any width."""
    figures = "".join(
        f'<figure><img alt="{escape(words)}" src="{_inline(tile)}">'
        f"<figcaption>{escape(words)}</figcaption></figure>"
        for tile, words in tiles
    )
    return f'{_STRIP}<div class="earmark-strip">{figures}</div>'


def _inline(values: np.ndarray) -> str:
    return f"data:image/webp;base64,{base64.b64encode(encoded(values)).decode()}"


def thumbnail(mel_db: np.ndarray, words: str, height: int = 96) -> str:
    """A whole piece (128, frames) in dB as a small picture in HTML, as wide as there is room."""
    pixels = cv2.resize(levels(mel_db), (3 * height, height), interpolation=cv2.INTER_AREA)
    return (f'<img alt="{escape(words)}" src="{_inline(pixels)}" '
            f'style="width:100%;height:{height}px;object-fit:fill;border-radius:.4rem;display:block">')


def levels(mel_db: np.ndarray, range_db: float = 70.0) -> np.ndarray:
    """(bands, frames) in dB below the loudest, low bands first -> uint8, low bands last."""
    return (255 * np.clip(1 + mel_db[::-1] / range_db, 0, 1)).round().astype(np.uint8)


def plotted(mel_db: np.ndarray, columns: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """(128, frames) in dB -> what genre.plots.spectrogram wants: int8 (128, at most `columns`), and
    the bands' centres in Hz (128,).
    """
    # It brings torch, which the first paint can do without.
    from genre.spectrogram import SpectrogramParams, mel_edges

    picked = np.linspace(0, mel_db.shape[1] - 1, min(columns, mel_db.shape[1])).round().astype(int)
    centres_hz = mel_edges(SpectrogramParams(n_mels=mel_db.shape[0]))[1:-1]
    return mel_db[:, picked].round().astype(np.int8), centres_hz
