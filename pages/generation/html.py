"""Spectrograms as HTML: strips that wrap, and thumbnails."""

import base64
import functools
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from gan.sampling.pictures import encode_webp, to_pixels
from pages.shared.style import PICTURE_STRIP


def render_strip(tiles: Sequence[tuple[np.ndarray, str]]) -> str:
    """Render pictures (rows, columns) uint8 with a caption each as HTML that fits any width."""
    figures = "".join(
        f'<figure><img alt="{escape(caption)}" src="{data_url(tile)}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for tile, caption in tiles
    )
    return f'{PICTURE_STRIP}<div class="earmark-strip">{figures}</div>'


def render_thumbnail(mel_db: np.ndarray, caption: str, height: int = 96) -> str:
    """Render a whole spectrogram (128, frames) in dB as a small picture, as wide as there is room."""
    pixels = cv2.resize(to_pixels(mel_db), (3 * height, height), interpolation=cv2.INTER_AREA)
    return (
        f'<img alt="{escape(caption)}" src="{data_url(pixels)}" '
        f'style="width:100%;height:{height}px;object-fit:fill;border-radius:.4rem;display:block">'
    )


def data_url(values: np.ndarray) -> str:
    """Encode a picture (rows, columns) uint8 as a data URL of a WebP."""
    return _encode(values.tobytes(), values.shape)


@functools.lru_cache(maxsize=256)  # a page shows the same ones at each of its runs
def _encode(content: bytes, shape: tuple[int, ...]) -> str:
    values = np.frombuffer(content, np.uint8).reshape(shape)
    return f"data:image/webp;base64,{base64.b64encode(encode_webp(values)).decode()}"
