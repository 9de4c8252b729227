"""The pretrained network musicnn, which its authors trained on 50 tags of 200,000 songs.

`MusicnnNet` (Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging",
2019) has filters of many bands and few frames for timbre, and of one band and many frames for rhythm. It
learnt the 50 most frequent Last.fm tags of the Million Song Dataset. It sees windows of 3 s of a
mel-spectrogram, and gives the probability of each tag and the features before it.
`genre.training.transfer.import_musicnn` converts the published weights. The same release has a plain
network, vgg, on which the heads were no better and took twice as long.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genre.audio.spectrogram import Spectrogram, SpectrogramParams
from genre.models.pretrained.band_peak import BandPeak, Norm

TAG_MEL = SpectrogramParams(sample_rate=16_000, n_fft=512, hop_length=256, n_mels=96)
WINDOW_FRAMES = 187  # 3 s
COMPRESSION = 10_000.0  # the network sees log10(1 + COMPRESSION * mel power)
TAGS = (
    "rock",
    "pop",
    "alternative",
    "indie",
    "electronic",
    "female vocalists",
    "dance",
    "00s",
    "alternative rock",
    "jazz",
    "beautiful",
    "metal",
    "chillout",
    "male vocalists",
    "classic rock",
    "soul",
    "indie rock",
    "mellow",
    "electronica",
    "80s",
    "folk",
    "90s",
    "chill",
    "instrumental",
    "punk",
    "oldies",
    "blues",
    "hard rock",
    "ambient",
    "acoustic",
    "experimental",
    "female vocalist",
    "guitar",
    "hip-hop",
    "70s",
    "party",
    "country",
    "easy listening",
    "sexy",
    "catchy",
    "funk",
    "electro",
    "heavy metal",
    "progressive rock",
    "60s",
    "rnb",
    "indie pop",
    "sad",
    "house",
    "happy",
)
N_EMBEDDING = 200  # units in the layer before musicnn's tags
N_FEATURES = N_EMBEDDING + len(TAGS)


class TagMel(nn.Module):
    """The front end: waveform at 16 kHz (B, N) -> input of the network (B, frames, 96)."""

    def __init__(self) -> None:
        super().__init__()
        self.spectrogram = Spectrogram(TAG_MEL)

    def power(self, waveform: Tensor) -> Tensor:
        """Compute the mel power: (B, N) -> (B, frames, 96)."""
        return self.spectrogram.power(waveform).transpose(1, 2)

    def compress(self, power: Tensor) -> Tensor:
        """Compress mel power, of any shape, to the network's scale."""
        return torch.log10(1.0 + COMPRESSION * power)

    def forward(self, waveform: Tensor) -> Tensor:
        return self.compress(self.power(waveform))


class MusicnnNet(nn.Module):
    """The network: (B, 187, 96) -> (tag logits (B, 50), embedding (B, 200), pooled maps (B, 1506))."""

    TIMBRE = ((204, 7, 38), (204, 7, 67))  # channels, frames, bands
    RHYTHM = ((51, 128, 1), (51, 64, 1), (51, 32, 1))

    def __init__(self, n_tags: int = len(TAGS), width: int = 64, n_embedding: int = N_EMBEDDING) -> None:
        super().__init__()
        self.norm = Norm(1)
        self.front = nn.ModuleList(BandPeak(*shape) for shape in self.TIMBRE + self.RHYTHM)
        n_front = sum(channels for channels, _, _ in self.TIMBRE + self.RHYTHM)
        self.layers = nn.ModuleList(nn.Conv1d(n, width, 7, padding=3) for n in (n_front, width, width))
        self.norms = nn.ModuleList(Norm(width) for _ in self.layers)
        n_pooled = 2 * (n_front + len(self.layers) * width)
        self.pooled_norm = Norm(n_pooled)
        self.dense = nn.Linear(n_pooled, n_embedding)
        self.dense_norm = Norm(n_embedding)
        self.tags = nn.Linear(n_embedding, n_tags)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x = self.norm(x[:, None])
        maps = [torch.cat([part(x) for part in self.front], dim=1)]
        for layer, norm in zip(self.layers, self.norms, strict=True):
            y = norm(layer(maps[-1]).relu())
            maps.append(y if len(maps) == 1 else y + maps[-1])
        stacked = torch.cat(maps, dim=1)
        pooled = torch.stack((stacked.amax(dim=2), stacked.mean(dim=2)), dim=2).flatten(1)  # interleaved
        embedding = self.dense_norm(self.dense(self.pooled_norm(pooled)).relu())
        return self.tags(embedding), embedding, pooled


class TagFeatures(NamedTuple):
    """The output of the network for windows."""

    embedding: Tensor  # (B, 200): the last units before the tags
    logits: Tensor  # (B, 50) logits of the tags

    def vector(self) -> Tensor:
        """Join the embedding and the logarithm of each tag's probability: (B, 250).

        These late features generalize to other collections than the heads' training songs; heads on the maps
        before them learn to recognise the collection.
        """
        return torch.cat([self.embedding, F.logsigmoid(self.logits)], dim=1)


class Tagger(nn.Module):
    """The front end and the network: windows of a waveform at 16 kHz -> TagFeatures."""

    def __init__(self) -> None:
        super().__init__()
        self.mel = TagMel()
        self.musicnn = MusicnnNet()

    def forward(self, windows: Tensor) -> TagFeatures:
        """Run the network on (B, 187, 96), the windows of `genre.models.pretrained.features.cut_windows`."""
        logits, embedding, _ = self.musicnn(windows)
        return TagFeatures(embedding, logits)
