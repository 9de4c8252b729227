"""A clip reduced to what a screen can show, however long it is.

Waveform and mel picture cover the whole source: where a long recording was not listened to, nothing is
shown.
"""

import numpy as np
import torch

from genre.audio import SAMPLE_RATE, Clip
from genre.spectrogram import Spectrogram, SpectrogramParams, mel_edges

QUIETEST_DB = -120  # below the loudest point; what int8 can hold
FAINT_DB = -20  # a clip with nothing above this is shown as the silence it is


def envelope(clip: Clip, points: int = 800) -> tuple[np.ndarray, np.ndarray]:
    """A clip -> a line that covers the same area: times (T,) s and levels (T,), both float32.

    Between the excerpts of a long recording the line is broken by NaN.
    """
    times, levels = [], []
    for start_s, samples in clip.pieces():
        seconds = len(samples) / SAMPLE_RATE
        share = seconds / max(clip.duration_s, seconds)
        bins = min(len(samples), max(1, round(points * share)))
        edges = np.linspace(0, len(samples), bins, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(samples, edges), np.maximum.reduceat(samples, edges)
        centres = start_s + (edges + 0.5 * len(samples) / bins) / SAMPLE_RATE
        times += [np.repeat(centres, 2), [np.nan]]
        levels += [np.stack([low, high], axis=1).ravel(), [np.nan]]
    return (
        np.concatenate(times[:-1]).astype(np.float32),
        np.concatenate(levels[:-1]).astype(np.float32),
    )


def mel_picture(clip: Clip, columns: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """A clip -> its mel-spectrogram: int8 dB below the loudest point (bands, at most `columns`),
    and the frequencies in Hz of the bands (bands,).

    Columns are single frames, evenly spaced; what was not listened to is as quiet as can be.
    """
    frames = 1 + int(clip.duration_s * SAMPLE_RATE) // SpectrogramParams.hop_length
    params = SpectrogramParams(frame_step=max(1.0, frames / columns))
    pieces = torch.from_numpy(np.stack([samples for _, samples in clip.pieces()]))
    with torch.inference_mode():
        level = _whole_db(Spectrogram(params).power(pieces))
    if clip.excerpted:
        picture = np.full((params.bands, columns), QUIETEST_DB, np.int8)
        for start_s, part in zip(clip.starts, level, strict=True):
            first = round(start_s / clip.duration_s * columns)
            part = part[:, : columns - first]
            picture[:, first : first + part.shape[1]] = part
    else:
        picture = level[0, :, :columns]
    return picture, mel_edges(params)[1:-1]


def stft_picture(clip: Clip, columns: int = 300, rows: int = 205) -> tuple[np.ndarray, np.ndarray]:
    """A clip of one piece -> its STFT: int8 dB below the loudest point (rows, at most `columns`),
    and the frequencies in Hz of the rows (rows,), evenly spaced. A row shows the loudest of its bins.
    """
    frames = 1 + len(clip.samples) // SpectrogramParams.hop_length
    params = SpectrogramParams(kind="stft", frame_step=max(1.0, frames / columns))
    with torch.inference_mode():
        power = Spectrogram(params).power(torch.from_numpy(clip.samples[None]))[0][:, :columns]
        power = torch.nn.functional.adaptive_max_pool2d(power[None], (rows, power.shape[1]))[0]
    centres_hz = (np.arange(rows) + 0.5) * params.sample_rate / 2 / rows
    return _whole_db(power), centres_hz


def _whole_db(power: torch.Tensor) -> np.ndarray:
    """Power -> int8 of whole decibels below the loudest point."""
    level = 10 * torch.log10(power.clamp_min(1e-10))
    return (level - level.max().clamp_min(FAINT_DB)).clamp_min(QUIETEST_DB).round().to(torch.int8).numpy()
