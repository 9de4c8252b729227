"""Log-mel spectrograms made audible.

A mel-spectrogram has lost two things: the phase, and how each band's power lies on its bins. Both are
looked for together (the idea of Masuyama et al., "Mel-Spectrogram Inversion via Alternating Direction
Method of Multipliers", 2023): the fast Griffin-Lim algorithm (Perraudin, Balazs and Søndergaard,
"A fast Griffin-Lim algorithm", 2013) with each step's magnitudes free to be what they like as long as
the mel bands come out right. That is nearer to the picture than fixing the bins first, and quicker.
It begins from phases that are the sum of the frequency each bin shows (Průša, Balazs and
Søndergaard, "A Noniterative Method for Reconstruction of Phase from STFT Magnitude", 2017), along time.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from genre.spectrogram import SpectrogramParams, mel_bank

ITERATIONS = 24  # more bring little that can be heard
SPREADING = 8  # multiplicative steps that give each bin its share before there is any phase
MOMENTUM = 0.99
CORRECTION = 0.5  # exponent that makes a ratio of powers one of amplitudes
MAX_CORRECTION = 1e4  # of a band's power in one iteration
HANN_GAMMA = 0.25645  # of a Hann window of length 1: the Gaussian that is most like it (Průša)
MIN_FRAMES, MAX_FRAMES = 2, 6_000
MAX_SAMPLES = 140 * 22_050  # 140 s, in half a gigabyte
TINY = 1e-12


def invert(
    mel_db: np.ndarray | Tensor, params: SpectrogramParams, iterations: int = ITERATIONS, seed: int = 0
) -> np.ndarray:
    """Decibels (bands, T) -> a waveform ((T - 1) * hop_length,) float32 with that mel-spectrogram.

    0 dB is a mel power of 1, so the waveform is quiet; the floor, -range_db and below, is silence. The
    same seed gives the same samples. Raises ValueError for what is no log-mel of `params`.
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
        return _Inversion(params, power).run(iterations, seed).numpy()


class _Inversion:
    """One spectrogram on its way: `power` (bands, T) is what the waveform shall show."""

    def __init__(self, params: SpectrogramParams, power: Tensor) -> None:
        self.params, self.power = params, power
        self.bank, self.shares, self.window = _constants(params)
        self.length = (power.shape[1] - 1) * params.hop_length

    def run(self, iterations: int, seed: int) -> Tensor:
        bins = self.spread()
        spectrum = torch.polar(bins.sqrt(), self.first_phase(bins, seed))
        previous = None
        for _ in range(iterations):
            consistent = self.spectrum_of(self.waveform_of(spectrum))
            ahead = consistent
            if previous is not None:
                ahead = torch.lerp(previous, consistent, 1 + MOMENTUM)
            previous = consistent
            found = self.bank @ (ahead.real.square() + ahead.imag.square())
            spectrum = ahead * self.correction(found).pow_(CORRECTION)
        return self.waveform_of(spectrum)

    def spread(self) -> Tensor:
        """The power of each bin (bins, T), so that the bands are as they should be."""
        bins = self.shares @ (self.power / self.bank.sum(dim=1, keepdim=True))
        for _ in range(SPREADING):
            bins = bins * self.correction(self.bank @ bins)
        return bins

    def correction(self, found: Tensor) -> Tensor:
        """What to multiply each bin's power by (bins, T), of bands that have the power `found`."""
        return self.shares @ (self.power / found.clamp_min(TINY)).clamp_max(MAX_CORRECTION)

    def first_phase(self, bins: Tensor, seed: int) -> Tensor:
        """Radians (bins, T): each bin turns at the frequency that the slope of the level around it
        shows; where it begins is drawn."""
        size, hop = self.params.n_fft, self.params.hop_length
        level = bins.clamp_min(TINY).log_().mul_(0.5)
        slope = torch.zeros(level.shape, dtype=torch.float64)  # sums of thousands of turns need doubles
        slope[1:-1] = (level[2:] - level[:-2]) / 2
        centre = torch.arange(len(bins), dtype=torch.float64)[:, None] * (2 * np.pi * hop / size)
        turn = centre + slope * (hop / (HANN_GAMMA * size))
        start = torch.rand(len(bins), 1, generator=torch.Generator().manual_seed(seed)) * 2 * np.pi
        turn[:, 1:] = (turn[:, 1:] + turn[:, :-1]) / 2  # on the way from frame to frame
        turn[:, 0] = start[:, 0]
        return turn.cumsum(dim=1).remainder(2 * np.pi).float()

    def waveform_of(self, spectrum: Tensor) -> Tensor:
        """(bins, T) complex -> (N,): the waveform whose spectrum is nearest."""
        p = self.params
        return torch.istft(spectrum, p.n_fft, p.hop_length, window=self.window, length=self.length)

    def spectrum_of(self, waveform: Tensor) -> Tensor:
        """(N,) -> (bins, T) complex, frames as in genre.spectrogram."""
        p = self.params
        return torch.stft(waveform, p.n_fft, p.hop_length, window=self.window, pad_mode="constant",
                          return_complex=True)


@lru_cache(maxsize=4)
def _constants(params: SpectrogramParams) -> tuple[Tensor, Tensor, Tensor]:
    """The mel bank (bands, bins), each band's share in a bin (bins, bands), the window."""
    bank = torch.from_numpy(mel_bank(params))
    shares = (bank / bank.sum(dim=0).clamp_min(TINY)).T.contiguous()
    return bank, shares, torch.hann_window(params.n_fft)
