"""The tempo of a recording from the log-mel that its classifier computes anyway: no beat tracker, no numba.

The definitions are those of `librosa.feature.tempo` (librosa 0.11): the onset envelope is the rise of each
mel band from one frame to the next, averaged over the bands; its autocorrelation in windows of 8 s, averaged
over time, is weighted with a log-normal prior around 120 beats a minute (Ellis, "Beat tracking by dynamic
programming", 2007), and the largest lag is the tempo. Of the windows every eighth is computed, since they
overlap by all but one frame: that takes 2 ms for 30 s, and the same lag nearly always wins.
"""

import numpy as np
import torch
from torch import Tensor

from genre.audio.constants import FRAME_S, HOP_LENGTH, N_FFT
from genre.audio.spectrogram import relative_db

WINDOW_FRAMES = 344  # 8 s
STEP_FRAMES = 8
START_BPM, PRIOR_OCTAVES, MAX_BPM = 120.0, 1.0, 320.0
RANGE_DB = 80.0  # depth of the spectrogram whose rises count
LAG_SHIFT = N_FFT // (2 * HOP_LENGTH)  # frames by which librosa centres the envelope


def onset_envelope(power: Tensor) -> Tensor:
    """Compute the onset envelope of mel power: (P, bands, frames) -> (P, frames)."""
    rise = relative_db(power, RANGE_DB).diff(dim=-1).clamp_min(0.0).mean(dim=-2)
    return torch.nn.functional.pad(rise, (1 + LAG_SHIFT, 0))[:, : power.shape[-1]]


def estimate_tempo(power: Tensor) -> float | None:
    """Estimate the tempo of mel power (P, bands, frames), its segments together -> beats a minute.

    The result is None where nothing begins anew: silence, or a sustained tone.
    """
    envelope = onset_envelope(power)
    if not bool((envelope > 0).any()):
        return None
    lags = _mean_autocorrelation(envelope).numpy()
    with np.errstate(divide="ignore"):
        bpm = 60.0 / (np.arange(WINDOW_FRAMES) * FRAME_S)
        prior = -0.5 * ((np.log2(bpm) - np.log2(START_BPM)) / PRIOR_OCTAVES) ** 2
    prior[bpm >= MAX_BPM] = -np.inf
    return float(bpm[(np.log1p(1e6 * lags) + prior).argmax()])


def _mean_autocorrelation(envelope: Tensor) -> Tensor:
    """Average the normalised autocorrelation of windows of envelopes (P, frames): (WINDOW_FRAMES,)."""
    frames = envelope.shape[-1]
    half = WINDOW_FRAMES // 2
    ramp = torch.linspace(0.0, 1.0, half + 1)[:-1]  # the ends of the envelope fade out
    padded = torch.cat([envelope[:, :1] * ramp, envelope, envelope[:, -1:] * ramp.flip(0)], dim=-1)
    windows = padded.unfold(-1, WINDOW_FRAMES, 1)[:, :frames:STEP_FRAMES]
    windows = windows * torch.hann_window(WINDOW_FRAMES)
    spectrum = torch.fft.rfft(windows, n=2 * WINDOW_FRAMES)
    lags = torch.fft.irfft(spectrum.abs().square(), n=2 * WINDOW_FRAMES)[..., :WINDOW_FRAMES]
    lags = lags.clamp_min(0.0) / lags.amax(dim=-1, keepdim=True).clamp_min(1e-12)
    return lags.flatten(0, 1).mean(dim=0)
