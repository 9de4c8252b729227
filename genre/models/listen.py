"""The network of the from-scratch model: an ensemble of small convolutional networks, of our own design.

Each member has five 3x3 convolutions with batch norm, max pooling and ReLU over the 30-second
mel pictures of GTZAN (128 bands, one column every 90 ms), then mean and maximum over time and one
linear layer. It is small on purpose, since 443 tracks are too few for a larger one. The members see the same
data and differ in their starting weights; their probabilities are averaged.
"""

import torch
from torch import Tensor, nn

CHANNELS = (16, 32, 64, 128, 256)
POOL_SIZES = ((2, 2), (2, 2), (2, 2), (2, 2), (2, 1))  # (bands, columns) of each max pooling
COLUMNS_PER_CELL = 16  # input columns to one cell of the last feature map
WINDOW_CELLS = 8  # cells pooled into one prediction: 128 columns, 11.5 s, as in training
MIN_COLUMNS = 2 * COLUMNS_PER_CELL


class ListenMember(nn.Module):
    """A member of the ensemble: (B, bands, columns) in [0, 1] -> features (B, channels, columns / 16)."""

    def __init__(self, n_bands: int, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.equalise = nn.BatchNorm1d(n_bands)  # scales all bands alike
        layers, previous = [], 1
        for channels, pool in zip(CHANNELS, POOL_SIZES, strict=True):
            layers += [
                nn.Conv2d(previous, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.MaxPool2d(pool),
                nn.ReLU(),  # after the pooling: the same result, and faster
            ]
            previous = channels
        self.trunk = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(2 * previous, n_classes)

    def features(self, pictures: Tensor) -> Tensor:
        """Compute the features: (B, bands, columns) -> (B, channels, cells)."""
        image = self.equalise(pictures)[:, None].contiguous(memory_format=torch.channels_last)
        return self.trunk(image).mean(dim=2)

    def windows(self, pictures: Tensor) -> Tensor:
        """Predict (B, bands, columns) -> logits (B, windows, classes), one window a cell of 1.4 s.

        The convolutions run once over all columns; only the pooling slides. An excerpt of the length in
        training is one window.
        """
        cells = self.features(pictures)
        size = min(WINDOW_CELLS, cells.shape[2])
        mean = nn.functional.avg_pool1d(cells, size, stride=1)
        peak = nn.functional.max_pool1d(cells, size, stride=1)
        return self.head(self.dropout(torch.cat([mean, peak], dim=1).transpose(1, 2)))


class ListenNet(nn.Module):
    """The ensemble: (B, bands, columns) pictures in [0, 1] -> logits (B, members, classes)."""

    def __init__(
        self, shape: tuple[int, int], n_classes: int, members: int = 3, dropout: float = 0.4
    ) -> None:
        super().__init__()
        self.members = nn.ModuleList(ListenMember(shape[0], n_classes, dropout) for _ in range(members))

    def windows(self, pictures: Tensor) -> Tensor:
        """Predict (B, bands, columns) -> logits (B, members, windows, classes)."""
        members = [member.windows(pictures) for member in self.members]  # type: ignore[operator]
        return torch.stack(members, dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.windows(pictures).mean(dim=2)
