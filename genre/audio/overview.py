"""Overviews of a clip for the screen: waveform, mel-spectrogram and STFT, however long it is.

They cover the whole source; parts of a long recording that were not decoded stay empty.
"""

import numpy as np
import torch

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.spectrogram import Spectrogram, SpectrogramParams, mel_edges

MIN_DB = -120  # dB relative to the loudest point; int8 cannot hold less than -128
FAINT_DB = -20  # dB; a clip with nothing above this is displayed as silence


def waveform_envelope(clip: Clip, points: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """Draw a clip as a line that covers the same area: times (T,) s and levels (T,), both float32.

    Between the excerpts of a long recording the line is broken by NaN.
    """
    times: list[np.ndarray] = []
    levels: list[np.ndarray] = []
    for start_s, samples in clip.pieces():
        seconds = len(samples) / SAMPLE_RATE
        fraction = seconds / max(clip.duration_s, seconds)
        bins = min(len(samples), max(1, round(points * fraction)))
        edges = np.linspace(0, len(samples), bins, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
        centres = start_s + (edges + 0.5 * len(samples) / bins) / SAMPLE_RATE
        times += [np.repeat(centres, 2), np.array([np.nan])]
        levels += [np.stack([low, high], axis=1).ravel(), np.array([np.nan])]
    return (np.concatenate(times[:-1]).astype(np.float32), np.concatenate(levels[:-1]).astype(np.float32))


def mel_overview(clip: Clip, columns: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Compute the mel-spectrogram of a clip for display.

    Returns int8 dB below the loudest point (bands, at most `columns`), and the bands' frequencies in Hz
    (bands,). Columns are single frames, evenly spaced; parts that were not decoded are at MIN_DB.
    """
    frames = 1 + int(clip.duration_s * SAMPLE_RATE) // SpectrogramParams.hop_length
    params = SpectrogramParams(frame_step=max(1.0, frames / columns))
    pieces = torch.from_numpy(np.stack([samples for _, samples in clip.pieces()]))
    with torch.inference_mode():
        decibels = _to_int8_db(Spectrogram(params).power(pieces))
    if clip.excerpted:
        image = np.full((params.bands, columns), MIN_DB, np.int8)
        for start_s, part in zip(clip.starts, decibels, strict=True):
            first = round(start_s / clip.duration_s * columns)
            part = part[:, : columns - first]
            image[:, first : first + part.shape[1]] = part
    else:
        image = decibels[0, :, :columns]
    return image, mel_edges(params)[1:-1]


def stft_overview(clip: Clip, columns: int = 300, rows: int = 205) -> tuple[np.ndarray, np.ndarray]:
    """Compute the STFT of a clip of one piece for display.

    Returns int8 dB below the loudest point (rows, at most `columns`), and the rows' frequencies in Hz
    (rows,), evenly spaced. A row shows the loudest of its bins.
    """
    frames = 1 + len(clip.samples) // SpectrogramParams.hop_length
    params = SpectrogramParams(kind="stft", frame_step=max(1.0, frames / columns))
    with torch.inference_mode():
        power = Spectrogram(params).power(torch.from_numpy(clip.samples[None]))[0][:, :columns]
        power = torch.nn.functional.adaptive_max_pool2d(power[None], (rows, power.shape[1]))[0]
    centres_hz = (np.arange(rows) + 0.5) * params.sample_rate / 2 / rows
    return _to_int8_db(power), centres_hz


def _to_int8_db(power: torch.Tensor) -> np.ndarray:
    """Convert power to int8, in whole decibels below the loudest point."""
    decibels = 10 * torch.log10(power.clamp_min(1e-10))
    return (decibels - decibels.max().clamp_min(FAINT_DB)).clamp_min(MIN_DB).round().to(torch.int8).numpy()
