"""The augmentation of mel-spectrograms by a simulated phone in a room.

A network that was also trained on such windows recognises the genre of recordings by a small microphone.
`genre.audio.degrade` does the same to samples, for the measurement of the accuracy. Here every strength is
drawn from a wide range, in which that microphone is one case among many. No recording is needed, so that
tracks with a picture alone are treated like all others.
"""

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from genre.audio.constants import N_FFT, SAMPLE_RATE
from genre.audio.spectrogram import SpectrogramParams, mel_edges

# All ranges are drawn from evenly; corners and the slope above on a logarithmic scale.
DECAY_RANGE_S = 0.1, 0.7  # time in which the room grows 60 dB quieter
DIRECT_RANGE_DB = -1.0, 9.0  # level of the direct sound above all echoes together
ECHO_S = 0.5  # length of the echoes; the rest is too soft to matter
LOWEST_HZ = 60.0, 450.0
HIGHEST_HZ = 3_500.0, 10_000.0
SLOPE_BELOW_DB = 12.0, 30.0  # dB an octave, beyond the lower corner
SLOPE_ABOVE_DB = 12.0, 150.0  # dB an octave; 150 is a wall, as at a sample rate of 16,000 Hz
SNR_RANGE_DB = 10.0, 40.0
BIN_HZ = SAMPLE_RATE / N_FFT  # width of a bin of the transform under the mel bands
INDEPENDENT = 0.7  # independent bins per bin of an FFT under a Hann window: neighbours overlap
STFT_WINDOW_S = N_FFT / SAMPLE_RATE
NOTE_S = 0.2  # length of a note
OCTAVE_DB = 3.01  # decibels in a power of two
BELOW = 0.1  # fraction of the range's lowest power that is assumed below it, where the power is unknown


def augment_by_phone(batch: Tensor, range_db: float, column_s: float, rng: Generator) -> Tensor:
    """Simulate a phone: (B, bands, columns) in [0, 1] -> the same with echoes, no bass, no treble, and noise.

    1 is the loudest point of a piece and 0 lies `range_db` below; bands are mel bands up to 11,025 Hz,
    columns are `column_s` apart. The room is Polack's model, as in `genre.audio.degrade`.
    """
    count = len(batch)
    edges = torch.from_numpy(mel_edges(SpectrogramParams(n_mels=batch.shape[1]))).float()[None, :, None]
    centres, widths = edges[:, 1:-1], (edges[:, 2:] - edges[:, :-2]) / 2

    def between(low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(count, 1, 1, generator=rng)

    def logarithmically(low: float, high: float) -> Tensor:
        return low * (high / low) ** torch.rand(count, 1, 1, generator=rng)

    power = _power(range_db * (batch - 1.0))
    power = torch.where(batch > 0, power, BELOW * power)

    decay_s = between(*DECAY_RANGE_S)
    fading = _power(-60.0 * column_s / decay_s) ** torch.arange(max(1, round(ECHO_S / column_s)))
    strength = _power(-between(*DIRECT_RANGE_DB))
    echoes = fading / fading.sum(dim=2, keepdim=True) * strength
    before = F.pad(power, (echoes.shape[2] - 1, 0)).transpose(0, 1)  # each piece is a channel
    echo = F.conv1d(before, echoes.flip(2), groups=count).transpose(0, 1)

    # Echoes and direct sound add up at some frequencies and cancel at others, about every 2.2 / decay Hz (M.
    # R. Schroeder, "Frequency-correlation functions of frequency responses in rooms", 1962). This is the
    # colour of the room. A tone is narrower than that, so that a band with few tones changes its colour with
    # every note.
    wavering = (2.0 * strength + strength**2) / (1.0 + strength) ** 2
    lasting = wavering / (widths * decay_s / 2.2).clamp(min=1.0)
    passing = wavering / (widths / (2.0 * BIN_HZ)).clamp(min=1.0) - lasting
    notes = torch.randn(*batch.shape[:2], 2 + round(batch.shape[2] * column_s / NOTE_S), generator=rng)
    notes = 1.5**0.5 * F.interpolate(notes, batch.shape[2], mode="linear", align_corners=True)
    colour = 1.0 + lasting.sqrt() * torch.randn(count, len(centres[0]), 1, generator=rng)
    colour = (colour + passing.relu().sqrt() * notes).clamp(min=0.1)

    below = 1.0 + (logarithmically(*LOWEST_HZ) / centres) ** (between(*SLOPE_BELOW_DB) / OCTAVE_DB)
    above = 1.0 + (centres / logarithmically(*HIGHEST_HZ)) ** (logarithmically(*SLOPE_ABOVE_DB) / OCTAVE_DB)
    response = 1.0 / (below * above)  # power response, after Butterworth's filters
    direct, echo = power * colour * response, echo * colour * response

    # White noise has the same power in each band of these mels.
    music = ((direct + echo) * widths).sum(dim=1, keepdim=True).mean(dim=2, keepdim=True)
    noise = music / (response * widths).sum(dim=1, keepdim=True) * _power(-between(*SNR_RANGE_DB)) * response

    # The power of noise, whose phase is random, varies, and so does the sum of noise and music (Rice,
    # "Mathematical analysis of random noise", 1944).
    variance = noise**2 + 2.0 * (direct + echo) * noise
    spread = (variance / (INDEPENDENT * widths / BIN_HZ).clamp(min=1.0)).sqrt()
    power = direct + echo + noise
    power = (power + spread * _neighbouring(batch.shape, column_s, rng)).clamp(min=0.05 * power)

    decibels = 10.0 * torch.log10(power / power.amax(dim=(1, 2), keepdim=True) + 1e-12)
    return (1.0 + decibels / range_db).clamp(min=0.0)


def _neighbouring(shape: torch.Size, column_s: float, rng: Generator) -> Tensor:
    """Draw standard normal numbers (B, bands, columns), correlated in columns whose windows overlap.

    For Hann windows, the correlation of neighbours is 0.66 and of the next but one 0.17.
    """
    numbers = torch.randn(*shape[:2], shape[2] + 2, generator=rng)
    if column_s > STFT_WINDOW_S / 2:
        return numbers[:, :, 2:]
    return (numbers[:, :, 1:-1] + 0.5 * (numbers[:, :, 2:] + numbers[:, :, :-2])) / 1.5**0.5


def _power(decibels: Tensor) -> Tensor:
    return 10.0 ** (decibels / 10.0)
