"""Hybrid networks: a convolutional and a recurrent part side by side."""

import torch
from torch import Tensor, nn

from genre.models.convolutional import ResNet18, as_image, flat_size, input_norm
from genre.models.recurrent import BiGRU


class PRCNN(nn.Module):
    """The paralleling recurrent convolutional network on a 513 x 128 STFT (3 s, FFT 1024, hop 512).

    It is the network of Feng, Liu and Yao, "Music genre classification with paralleling recurrent
    convolutional neural network" (arXiv:1712.08370, 2017), and the baseline of Dawra et al. Five convolutions
    of 16, 32, 64, 128 and 64 maps, pooled by 2, 2, 2, 4 and 4, leave 256 values. Beside them the picture is
    pooled by 2 in frequency, and each frame is embedded in 128 values and read by a bidirectional GRU of 128
    units a direction, whose last states are another 256 values. Both go into one linear layer. What we do not
    know from the paper is our choice: kernels of 3 bands by 1 frame, batch norm, and dropout of 0.1 in the
    convolutions and before the linear layer.
    """

    def __init__(
        self, shape: tuple[int, int], n_classes: int, hidden: int = 128, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.norm = input_norm()
        layers, previous = [], 1
        for channels, pool in ((16, 2), (32, 2), (64, 2), (128, 4), (64, 4)):
            layers += [
                nn.Conv2d(previous, channels, (3, 1), padding=(1, 0), bias=False),
                nn.BatchNorm2d(channels),
                nn.MaxPool2d(pool),
                nn.ReLU(),
                nn.Dropout(dropout),
            ]
            previous = channels
        self.convolutional = nn.Sequential(*layers, nn.Flatten())
        self.pool = nn.MaxPool2d((2, 1))
        self.embed = nn.Linear(shape[0] // 2, 128)
        self.gru = nn.GRU(128, hidden, batch_first=True, bidirectional=True)
        self.head = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(flat_size(self.convolutional, shape) + 2 * hidden, n_classes)
        )

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bins, frames) -> (B, classes)."""
        image = self.norm(as_image(spectrogram))
        frames = self.embed(self.pool(image)[:, 0].transpose(1, 2))
        last = self.gru(frames)[1]  # (2 directions, B, hidden)
        both = [self.convolutional(image), last.transpose(0, 1).flatten(1)]
        return self.head(torch.cat(both, dim=1))


class ResBiGRU(nn.Module):
    """ResNet-18 and a Bi-GRU side by side, with one last layer.

    It is the proposal of Zhang (arXiv:2307.10773, 2023), who does not state how the two are joined. We
    concatenate the features of both, with dropout and one linear layer after them. The parts are `ResNet18`
    and `BiGRU` without their last layers.
    """

    def __init__(
        self, shape: tuple[int, int], n_classes: int, width: int = 64, hidden: int = 128, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.resnet = ResNet18(shape, n_classes, width)
        self.gru = BiGRU(shape, n_classes, hidden, dropout)
        self.resnet.head = self.gru.head = nn.Identity()
        n_features = self.resnet.n_features + self.gru.n_features
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(n_features, n_classes))

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        both = [self.resnet.features(spectrogram), self.gru.features(spectrogram)]
        return self.head(torch.cat(both, dim=1))
