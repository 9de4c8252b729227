"""Mel inversion: log-mel spectrogram to waveform.

A mel-spectrogram lacks the phase, and the distribution of each band's power over its bins. Both are estimated
together (the idea of Masuyama et al., "Mel-Spectrogram Inversion via Alternating Direction Method of
Multipliers", 2023) by the fast Griffin-Lim algorithm (Perraudin, Balazs and Søndergaard, "A fast Griffin-Lim
algorithm", 2013), in which the magnitudes of each step are free as long as the mel bands match. This is more
accurate and faster than fixing the bins first. The initial phase integrates the instantaneous frequency of
each bin along time (Průša, Balazs and Søndergaard, "A Noniterative Method for Reconstruction of Phase from
STFT Magnitude", 2017).
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from genre.audio.constants import SAMPLE_RATE
from genre.audio.spectrogram import SpectrogramParams, mel_bank

ITERATIONS = 24  # more iterations give little audible improvement
NNLS_STEPS = 8  # multiplicative NNLS steps for the bins, before the phase is estimated
MOMENTUM = 0.99
CORRECTION = 0.5  # exponent that turns a ratio of powers into one of amplitudes
MAX_CORRECTION = 1e4  # largest factor on a band's power in one iteration
HANN_GAMMA = 0.25645  # gamma of the Gaussian nearest to a Hann window of length 1 (Průša)
MIN_FRAMES, MAX_FRAMES = 2, 6_000
MAX_SAMPLES = 140 * SAMPLE_RATE  # 140 s, which take half a gigabyte
EPSILON = 1e-12


def invert_mel(
    mel_db: np.ndarray | Tensor, params: SpectrogramParams, iterations: int = ITERATIONS, seed: int = 0
) -> np.ndarray:
    """Invert decibels (bands, T) to a waveform ((T - 1) * hop_length,) float32.

    0 dB is a mel power of 1, so the waveform is quiet; the floor, -range_db and below, is silence. The
    same seed gives the same samples. Raises ValueError for anything but a log-mel of `params`.
    """
    mel_db = torch.as_tensor(mel_db, dtype=torch.float32)
    if params.kind != "mel" or params.frame_step != 1 or params.first_frame != 0:
        raise ValueError("Only mel-spectrograms that keep every frame can be made audible.")
    if mel_db.ndim != 2 or mel_db.shape[0] != params.n_mels or not torch.isfinite(mel_db).all():
        raise ValueError(f"A log-mel of {params.n_mels} bands and finite values is needed.")
    if not MIN_FRAMES <= mel_db.shape[1] <= MAX_FRAMES:
        raise ValueError(f"A spectrogram of {MIN_FRAMES} to {MAX_FRAMES} frames can be made audible.")
    if mel_db.shape[1] * params.hop_length > MAX_SAMPLES:
        raise ValueError("At most 140 s of sound can be made of a spectrogram.")
    if iterations < 1:
        raise ValueError("At least one iteration is needed.")
    with torch.inference_mode():
        power = torch.where(mel_db > -params.range_db, 10 ** (mel_db / 10), 0.0)
        start = random_phase((params.n_fft // 2 + 1,), seed)
        inversion = MelInversion(params, power)
        return inversion.waveform_of(inversion.estimate_spectrum(iterations, start)).numpy()


def random_phase(shape: tuple[int, ...], seed: int) -> Tensor:
    """Draw phases in radians, always the same ones for the same seed."""
    return torch.rand(*shape, 1, generator=torch.Generator().manual_seed(seed))[..., 0] * 2 * np.pi


class MelInversion:
    """The inversion of one spectrogram or of a batch: `power` (..., bands, T) is the target mel power."""

    def __init__(self, params: SpectrogramParams, power: Tensor) -> None:
        self.params, self.power = params, power
        self.bank, self.band_weights, self.window = _mel_constants(params, power.device)
        self.length = (power.shape[-1] - 1) * params.hop_length

    def estimate_spectrum(self, iterations: int, start: Tensor, nnls_steps: int = NNLS_STEPS) -> Tensor:
        """Estimate the STFT (..., bins, T) complex whose bands have the power.

        Iterates fast Griffin-Lim with mel correction; `start` (bins,) holds the phases of the first frame.
        """
        bins = self.bin_power(nnls_steps)
        spectrum = torch.polar(bins.sqrt(), self.initial_phase(bins, start))
        previous = None
        for _ in range(iterations):
            consistent = self.spectrum_of(self.waveform_of(spectrum))
            accelerated = consistent
            if previous is not None:
                accelerated = torch.lerp(previous, consistent, 1 + MOMENTUM)
            previous = consistent
            estimate = self.bank @ (accelerated.real.square() + accelerated.imag.square())
            spectrum = accelerated * self.correction(estimate).pow_(CORRECTION)
        return spectrum

    def bin_power(self, steps: int) -> Tensor:
        """Estimate the power of each bin (..., bins, T) so that the bands match."""
        bins = self.band_weights @ (self.power / self.bank.sum(dim=1, keepdim=True))
        for _ in range(steps):
            bins = bins * self.correction(self.bank @ bins)
        return bins

    def correction(self, estimate: Tensor) -> Tensor:
        """Compute the factor for each bin's power (..., bins, T) when the bands have the power `estimate`."""
        return self.band_weights @ (self.power / estimate.clamp_min(EPSILON)).clamp_max(MAX_CORRECTION)

    def initial_phase(self, bins: Tensor, start: Tensor) -> Tensor:
        """Compute the initial phase (..., bins, T) in radians, from those of the first frame (bins,).

        Each bin advances at the frequency given by the slope of the level around it.
        """
        size, hop = self.params.n_fft, self.params.hop_length
        level = bins.clamp_min(EPSILON).log_().mul_(0.5)
        # Sums of thousands of phases need doubles.
        slope = torch.zeros(level.shape, dtype=torch.float64, device=level.device)
        slope[..., 1:-1, :] = (level[..., 2:, :] - level[..., :-2, :]) / 2
        index = torch.arange(level.shape[-2], dtype=torch.float64, device=level.device)[:, None]
        centre = index * (2 * np.pi * hop / size)
        advance = centre + slope * (hop / (HANN_GAMMA * size))
        advance[..., 1:] = (advance[..., 1:] + advance[..., :-1]) / 2  # trapezoidal rule between frames
        advance[..., 0] = start
        return advance.cumsum(dim=-1).remainder(2 * np.pi).float()

    def waveform_of(self, spectrum: Tensor) -> Tensor:
        """Compute the waveform with the nearest spectrum: (..., bins, T) complex -> (..., N)."""
        p = self.params
        return torch.istft(spectrum, p.n_fft, p.hop_length, window=self.window, length=self.length)

    def spectrum_of(self, waveform: Tensor) -> Tensor:
        """Compute the STFT (..., N) -> (..., bins, T) complex, framed as in genre.audio.spectrogram."""
        p = self.params
        return torch.stft(
            waveform, p.n_fft, p.hop_length, window=self.window, pad_mode="constant", return_complex=True
        )


@lru_cache(maxsize=4)
def _mel_constants(params: SpectrogramParams, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Compute mel bank (bands, bins), weight of each band in a bin (bins, bands), and window.

    They are kept, and a training may use what a conversion made: so they are no tensors of inference mode.
    """
    with torch.inference_mode(False):
        return _make_mel_constants(params, device)


def _make_mel_constants(params: SpectrogramParams, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    bank = torch.from_numpy(mel_bank(params))
    band_weights = (bank / bank.sum(dim=0).clamp_min(EPSILON)).T.contiguous()
    return bank.to(device), band_weights.to(device), torch.hann_window(params.n_fft, device=device)
