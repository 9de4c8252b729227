"""The front end, which turns a waveform into decibels over frequency and time, as a part of the network.

`SpectrogramParams` is the one place with every constant. It is saved beside the weights of each
network, so that training and serving cannot drift apart. The definitions are librosa's
(`librosa.feature.melspectrogram` with Slaney's mel scale, then `power_to_db`), computed in torch
for the selected frames only.
"""

from dataclasses import asdict, dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from genre.audio.constants import HOP_LENGTH, N_FFT, N_MELS, SAMPLE_RATE

AMIN = 1e-10  # librosa.power_to_db's floor: -100 dB of a full-scale square


@dataclass(frozen=True)
class SpectrogramParams:
    """The constants of a front end.

    `frame_step` and `first_frame` select librosa's frames round(first_frame + frame_step * k), with
    k = 0, 1, ... The defaults select all frames.
    """

    kind: str = "mel"  # "mel", or "stft" for linear frequency
    sample_rate: int = SAMPLE_RATE  # Hz
    n_fft: int = N_FFT  # samples in a window
    hop_length: int = HOP_LENGTH  # samples between librosa's frames
    n_mels: int = N_MELS  # ignored for "stft", which has n_fft / 2 + 1 bins
    f_min: float = 0.0  # Hz
    f_max: float | None = None  # Hz; None is half the sample rate
    first_frame: float = 0.0
    frame_step: float = 1.0
    range_db: float = 80.0  # decibels below the loudest point of the clip, at which values are cut

    def __post_init__(self) -> None:
        if self.kind not in ("mel", "stft"):
            raise ValueError(f"A spectrogram is of kind 'mel' or 'stft', not {self.kind!r}.")
        if min(self.sample_rate, self.n_fft, self.hop_length, self.n_mels) < 1:
            raise ValueError("Sample rate, window, hop and mel bands must all be at least 1.")
        if self.frame_step < 1 or self.range_db <= 0:
            raise ValueError("frame_step must be at least 1 and range_db above 0.")

    @property
    def bands(self) -> int:
        return self.n_mels if self.kind == "mel" else self.n_fft // 2 + 1

    @property
    def seconds_per_frame(self) -> float:
        return self.frame_step * self.hop_length / self.sample_rate

    def frame_indices(self, n_samples: int) -> np.ndarray:
        """Select librosa's frames of a clip of `n_samples`: at least one, ascending."""
        available = 1 + n_samples // self.hop_length
        count = int(max(0.0, available - self.first_frame) / self.frame_step) + 2
        # librosa and the pictures of GTZAN round half up; np.round would round half to even.
        indices = np.floor(self.first_frame + self.frame_step * np.arange(count) + 0.5).astype(int)
        indices = indices[indices < available]
        return indices if len(indices) else np.array([available - 1])

    def to_dict(self) -> dict:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> "SpectrogramParams":
        """Build the parameters from the fields of a card. Raises ValueError for those of another version."""
        unknown = set(values) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"Unknown spectrogram parameters: {', '.join(sorted(unknown))}.")
        return cls(**values)


# GTZAN's mel-spectrogram pictures show 334 of the 1,293 frames of 30 s, 40 dB deep. Column k shows the single
# frame round(7.22 + 3.862 k): of all such rules this one matches the recordings best, at 333 of 334 columns.
# Averaging frames instead costs most of the accuracy.
FULL_CLIP_MEL = SpectrogramParams(first_frame=7.22, frame_step=3.862, range_db=40.0)

# These are excerpts of 3 s with every frame. More than 60 dB below the loudest point there are only traces of
# a recording's compression, which are no music.
WINDOW_MEL = SpectrogramParams(range_db=60.0)


class Spectrogram(nn.Module):
    """The module from waveform to decibels below the loudest point: (B, N) float -> (B, bands, frames), <= 0.

    It equals `librosa.power_to_db(librosa.feature.melspectrogram(...), ref=np.max, top_db=range_db)` at the
    selected frames, with the loudest point of the selected frames as reference.
    """

    window: Tensor
    mel_bank: Tensor

    def __init__(self, params: SpectrogramParams) -> None:
        super().__init__()
        self.params = params
        self.register_buffer("window", torch.hann_window(params.n_fft), persistent=False)
        if params.kind == "mel":
            self.register_buffer("mel_bank", torch.from_numpy(mel_bank(params)), persistent=False)

    def power(self, waveform: Tensor) -> Tensor:
        """Compute the power, not yet in decibels: (B, N) -> (B, bands, frames)."""
        p = self.params
        padded = nn.functional.pad(waveform, (p.n_fft // 2, p.n_fft // 2))
        frames = padded.unfold(-1, p.n_fft, p.hop_length)  # a view: nothing is copied yet
        indices = torch.from_numpy(p.frame_indices(waveform.shape[-1])).to(waveform.device)
        spectrum = torch.fft.rfft(frames.index_select(-2, indices) * self.window)
        power = spectrum.real.square() + spectrum.imag.square()
        return (power @ self.mel_bank.T if p.kind == "mel" else power).transpose(-1, -2)

    def forward(self, waveform: Tensor) -> Tensor:
        return relative_db(self.power(waveform), self.params.range_db)


def relative_db(power: Tensor, range_db: float) -> Tensor:
    """Convert power (B, bands, frames) to dB below each item's own maximum, cut at -range_db."""
    level = 10.0 * torch.log10(power.clamp_min(AMIN))
    return (level - level.amax(dim=(-2, -1), keepdim=True)).clamp_min(-range_db)


# Slaney's mel scale (Auditory Toolbox, 1998): linear up to 1 kHz, then logarithmic.
LINEAR_HZ = 200 / 3  # Hz per mel below the corner
CORNER_HZ = 1000.0
LOG_STEP = np.log(6.4) / 27  # step of the natural logarithm of frequency per mel above the corner


def hz_to_mel(hz: np.ndarray | float) -> np.ndarray:
    """Convert frequencies in Hz, of any shape, to mels."""
    hz = np.asarray(hz, dtype=float)
    logarithmic = np.log(np.maximum(hz, CORNER_HZ) / CORNER_HZ) / LOG_STEP
    return np.where(hz < CORNER_HZ, hz / LINEAR_HZ, CORNER_HZ / LINEAR_HZ + logarithmic)


def mel_to_hz(mel: np.ndarray | float) -> np.ndarray:
    """Convert mels, of any shape, to Hz."""
    mel = np.asarray(mel, dtype=float)
    above = np.maximum(mel - CORNER_HZ / LINEAR_HZ, 0.0)
    return np.where(above > 0, CORNER_HZ * np.exp(LOG_STEP * above), mel * LINEAR_HZ)


def mel_edges(params: SpectrogramParams) -> np.ndarray:
    """Compute band edges (n_mels + 2,) in Hz: band k lies between edges k and k + 2, its peak at k + 1."""
    top = params.f_max or params.sample_rate / 2
    return mel_to_hz(np.linspace(hz_to_mel(params.f_min), hz_to_mel(top), params.n_mels + 2))


def mel_bank(params: SpectrogramParams) -> np.ndarray:
    """Compute the triangles that turn n_fft / 2 + 1 bins into mel bands: (n_mels, bins) float32.

    They equal `librosa.filters.mel` to the last digit of float32; importing librosa would take a second.
    """
    bins = np.fft.rfftfreq(params.n_fft, 1 / params.sample_rate)
    edges = mel_edges(params)
    low, centre, high = (edges[k : k + params.n_mels, None] for k in range(3))
    rising, falling = (bins - low) / (centre - low), (high - bins) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)  # every triangle has the same area
