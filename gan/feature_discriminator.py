"""A discriminator that hears, by a frozen pretrained network (Sauer et al., "Projected GANs", 2021).

The network, vgg of the musicnn release, has learnt from 200,000 songs what matters in music; only small heads
on four of its maps learn here, so some hundred songs suffice. `TagInput` plays a log-mel as sound and gives
what the network takes of it. A direct way from mel to mel would lose what is shorter than a frame: by it, the
network's tags of a real clip correlate by 0.35 with those of the recording, through sound by 0.93.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from gan.controls import CONTROLS
from gan.mel import CLIP_FRAMES, GAN_MEL, to_db
from genre.audio.invert import MelInversion, random_phase
from genre.audio.spectrogram import SpectrogramParams, mel_bank
from genre.models.pretrained.networks import COMPRESSION, TAG_MEL, WINDOW_FRAMES
from genre.models.pretrained.vgg import WIDTH, VggNet

TAG_WINDOW_FRAMES = CLIP_FRAMES + 2  # frames of our spectrogram in a window of the pretrained network
ITERATIONS, NNLS_STEPS = 3, 1  # of the inversion; twice as many correlate by 0.94 instead of 0.93
N_MAPS = 4  # maps that are judged; the fifth has two cells
HEAD_WIDTH = 64
MEAN_POWER = 0.146  # mean over bands and frames of the network's mel power, for recordings at its level
# The network's mel-spectrogram at our sample rate: windows of 32 ms every 16 ms, 96 bands to 8 kHz.
TAG_MEL_AT_OUR_RATE = SpectrogramParams(
    n_fft=1024,
    hop_length=round(TAG_MEL.hop_length / TAG_MEL.sample_rate * GAN_MEL.sample_rate),
    n_mels=TAG_MEL.n_mels,
    f_max=TAG_MEL.sample_rate / 2,
)
TAG_FFT_WINDOW = round(TAG_MEL.n_fft / TAG_MEL.sample_rate * GAN_MEL.sample_rate)  # samples


class TagInput(nn.Module):
    """Log-mels of 3 s in -1 to 1 (B, 128, 130) -> input of the pretrained network (B, 187, 96).

    All clips are brought to one level. The gradient goes through the magnitudes; the phase is a constant.
    """

    bank: Tensor
    window: Tensor
    start: Tensor  # phase of each bin in the first frame

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bank", torch.from_numpy(mel_bank(TAG_MEL_AT_OUR_RATE)), persistent=False)
        self.register_buffer("window", torch.hann_window(TAG_FFT_WINDOW), persistent=False)
        self.register_buffer("start", random_phase((GAN_MEL.n_fft // 2 + 1,), seed=0), persistent=False)

    def forward(self, mels: Tensor) -> Tensor:
        with torch.autocast(mels.device.type, enabled=False):
            return self._resynthesize(mels)

    def _resynthesize(self, mels: Tensor) -> Tensor:
        power = 10 ** (to_db(mels.float()) / 10)
        inversion = MelInversion(GAN_MEL, power.detach())
        with torch.no_grad():
            spectrum = inversion.estimate_spectrum(ITERATIONS, self.start, NNLS_STEPS)
        ratio = inversion.band_weights @ (power / power.detach())  # 1, or 0 in a bin of no band
        waveform = inversion.waveform_of(spectrum * (0.5 + 0.5 * ratio))  # the slope at 1 of a square root
        spectrum_16k = torch.stft(
            waveform,
            TAG_MEL_AT_OUR_RATE.n_fft,
            TAG_MEL_AT_OUR_RATE.hop_length,
            TAG_FFT_WINDOW,
            self.window,
            pad_mode="constant",
            return_complex=True,
        )
        mel = self.bank @ (spectrum_16k.real.square() + spectrum_16k.imag.square())[..., :WINDOW_FRAMES]
        mel = mel * (MEAN_POWER / mel.mean(dim=(1, 2), keepdim=True).clamp_min(1e-12))
        return torch.log10(1.0 + COMPRESSION * mel).transpose(1, 2)


class MapHead(nn.Module):
    """A small convolutional network on one map, with the condition as a projection."""

    def __init__(self, n_conditions: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            spectral_norm(nn.Conv2d(WIDTH, HEAD_WIDTH, 3, stride=2, padding=1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(HEAD_WIDTH, HEAD_WIDTH, 3, padding=1)),
            nn.LeakyReLU(0.2),
        )
        self.output = spectral_norm(nn.Conv2d(HEAD_WIDTH, 1, 1))
        self.projection = nn.Linear(n_conditions, HEAD_WIDTH)

    def forward(self, maps: Tensor, conditions: Tensor) -> Tensor:
        """Compute a logit a place: (B, 128, frames, bands) -> (B, places)."""
        x = self.body(maps)
        projected = (x * self.projection(conditions)[:, :, None, None]).mean(dim=1, keepdim=True)
        return (self.output(x) + projected).flatten(1)


class FeatureDiscriminator(nn.Module):
    """The discriminator: log-mels of 3 s (B, 128, 130), genres, controls -> logits (B, places) a map."""

    def __init__(self, n_genres: int, network: VggNet) -> None:
        super().__init__()
        self.tag_input = TagInput()
        self.network = network.eval().requires_grad_(False)
        self.heads = nn.ModuleList(MapHead(n_genres + len(CONTROLS)) for _ in range(N_MAPS))

    def forward(self, mels: Tensor, genres: Tensor, controls: Tensor) -> list[Tensor]:
        """Compute the logits on each map."""
        conditions = torch.cat([genres, controls], dim=1)
        maps = self.network.maps(self.tag_input(mels))
        return [head(x, conditions) for head, x in zip(self.heads, maps[:N_MAPS], strict=True)]


def hinge_losses(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Compute the discriminator's hinge loss, the mean over the maps."""
    losses = [F.relu(1 - a).mean() + F.relu(1 + b).mean() for a, b in zip(real, fake, strict=True)]
    return torch.stack(losses).mean()
