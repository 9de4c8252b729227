"""The first layer of the pretrained network: convolutions of which only the maximum over all bands is used.

`BandPeak` gives the numbers of a convolution, ReLU, batch norm and maximum over the bands, in a third of the
time. Half of the gain comes from taking the maximum first, and half from multiplying spectra instead of
sliding wide filters along the bands.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

NORM_EPS = 1e-3  # TensorFlow's epsilon
ROWS_AT_ONCE = (
    48  # frames whose products fit a processor's cache: 8 to 48 are equally fast, 187 take 1.5 times as long
)


class Norm(nn.Module):
    """The batch normalisation of a trained network: a scale and a shift of each channel (dim 1)."""

    scale: Tensor
    shift: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.register_buffer("scale", torch.ones(channels))
        self.register_buffer("shift", torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        shape = (1, -1) + (1,) * (x.ndim - 2)
        return x * self.scale.to(x.dtype).view(shape) + self.shift.to(x.dtype).view(shape)


class BandPeak(nn.Module):
    """A convolution, ReLU, batch norm and the maximum over all bands: (B, 1, T, 96) -> (B, channels, T).

    The maximum is taken first, with the kernel's sign set by the sign of its scale. This gives the same
    numbers with half the work.
    """

    def __init__(self, channels: int, frames: int, bands: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, channels, (frames, bands))
        self.norm = Norm(channels)
        self.size = (frames, bands)
        self.padding = (0, 0, (frames - 1) // 2, frames // 2)  # over time, as TensorFlow's "same"

    def forward(self, x: Tensor) -> Tensor:
        sign = torch.where(self.norm.scale < 0, -1.0, 1.0)
        kernel = self.conv.weight[:, 0] * sign.view(-1, 1, 1)
        padded = F.pad(x, self.padding)[:, 0]
        peaks = _wide_peaks(padded, kernel) if self.size[1] > 1 else _narrow_peaks(padded, kernel[:, :, 0])
        bias = self.conv.bias
        assert bias is not None
        peak = peaks * sign.view(1, -1, 1) + bias.view(1, -1, 1)
        return self.norm(peak.relu())


def _narrow_peaks(x: Tensor, kernel: Tensor) -> Tensor:
    """Correlate (B, T + frames - 1, bands) with (C, frames), and take the maximum over bands: (B, C, T).

    It is a matrix product over patches, item by item, which with one input channel is faster than a
    convolution.
    """
    peaks = []
    for patches in x.unfold(1, kernel.shape[1], 1):  # (T, bands, frames)
        rows, size = patches.flatten(0, 1), patches.shape[:2]
        peaks.append((kernel @ rows.T).unflatten(1, size).amax(dim=2))
    return torch.stack(peaks)


def _wide_peaks(x: Tensor, kernel: Tensor) -> Tensor:
    """Correlate (B, T + frames - 1, bands) with (C, frames, width), and take the maximum: (B, C, T).

    The maximum is taken over the positions at which the kernel lies inside the bands. Along the bands, each
    spectrum is multiplied by those of the kernels, and a matrix gives the inverse transform at these
    positions alone. All numbers are real.
    """
    (batch, padded_frames, bands), (channels, frames, width) = x.shape, kernel.shape
    n_frames = padded_frames - frames + 1
    inverse = torch.from_numpy(_inverse_transform(bands, bands - width + 1)).to(x.dtype)  # (positions, 2 F)
    spectrum = torch.fft.rfft(kernel, n=bands, dim=2).permute(2, 1, 0)  # (F, frames, C)
    real, imaginary = spectrum.real, -spectrum.imag  # the conjugate, for a correlation
    weights = torch.stack(
        [torch.cat([real, -imaginary], dim=1), torch.cat([imaginary, real], dim=1)], dim=1
    ).flatten(0, 1)  # (2 F, 2 frames, C): to the real parts, to the imaginary parts
    spectra = torch.view_as_real(torch.fft.rfft(x, dim=2)).permute(2, 0, 1, 3)  # (F, B, T, 2)
    rows = spectra.unfold(2, frames, 1).reshape(-1, 1, batch * n_frames, 2 * frames)
    rows = rows.expand(-1, 2, -1, -1).flatten(0, 1)  # (2 F, B T, 2 frames)
    peaks = []
    for part in rows.split(ROWS_AT_ONCE, dim=1):
        products = torch.bmm(part, weights)
        peaks.append((inverse @ products.flatten(1)).amax(dim=0).view(-1, channels))
    return torch.cat(peaks).view(batch, n_frames, channels).transpose(1, 2)


def _inverse_transform(size: int, positions: int) -> np.ndarray:
    """Compute the inverse of a real Fourier transform of `size`, at the first positions: (positions, 2 F).

    Its inputs are the real and the imaginary part of each frequency, one after the other.
    """
    frequencies = np.arange(size // 2 + 1)
    angle = 2 * np.pi * np.outer(np.arange(positions), frequencies) / size
    weight = np.where((frequencies == 0) | (2 * frequencies == size), 1.0, 2.0) / size
    return np.stack([weight * np.cos(angle), -weight * np.sin(angle)], axis=2).reshape(positions, -1)
