"""Linear and convolutional networks of the literature, from spectrograms to logits.

Every network takes (B, bands, frames), of any scale, and returns logits (B, classes); the softmax
is a part of the loss. The first layer scales the input to zero mean and unit variance by the
statistics of the training data, which are saved with the weights; it has no trainable parameters.
Max-pooling comes before ReLU, which gives the same outputs as the usual order and takes less time.
"""

import math

import torch
from torch import Tensor, nn


def input_norm() -> nn.BatchNorm2d:
    """Make a layer with one mean and one variance for the whole picture, averaged evenly over all batches."""
    return nn.BatchNorm2d(1, affine=False, momentum=None)


def as_image(spectrogram: Tensor) -> Tensor:
    """Reshape (B, bands, frames) -> (B, 1, bands, frames), in the fastest layout on a CPU."""
    return spectrogram[:, None].contiguous(memory_format=torch.channels_last)


def flat_size(trunk: nn.Module, shape: tuple[int, ...]) -> int:
    """Count the outputs of a trunk for one picture of `shape`. Raises ValueError if it is too small."""
    # In evaluation mode, running statistics and the random numbers stay as they are.
    training = trunk.training
    try:
        with torch.no_grad():
            return trunk.eval()(torch.zeros(1, 1, *shape)).flatten(1).shape[1]
    except RuntimeError as error:
        raise ValueError(
            f"A picture of {shape[0]} x {shape[1]} is too small for this network: use more bands"
            " or a longer window."
        ) from error
    finally:
        trunk.train(training)


class Linear(nn.Module):
    """One linear layer over all values of the picture: the baseline of all networks.

    The APM 598 course report has it on 64 x 100 log-mel, with 64,010 parameters. It does not state the
    scaling of the input; ours is `input_norm`.
    """

    def __init__(self, shape: tuple[int, int], n_classes: int) -> None:
        super().__init__()
        self.norm = input_norm()
        self.head = nn.Linear(math.prod(shape), n_classes)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.norm(as_image(spectrogram)).flatten(1))


class SmallCNN(nn.Module):
    """Three 3x3 convolutions without padding, each with batch norm, ReLU and max-pooling by 3.

    In the APM 598 course report, on 64 x 100 log-mel, "simple" has `channels` 8 (15,610 parameters),
    "complex" 16 (59,114). The 1 x 2 cells that remain feed one hidden layer of 16 `channels`
    units. The report does not state the amount of dropout; ours is 0.3, before the hidden layer.
    """

    def __init__(
        self, shape: tuple[int, int], n_classes: int, channels: int = 8, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.norm = input_norm()
        layers, previous = [], 1
        for width in (channels, 2 * channels, 4 * channels):
            layers += [nn.Conv2d(previous, width, 3), nn.BatchNorm2d(width), nn.MaxPool2d(3), nn.ReLU()]
            previous = width
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(dropout),
            nn.Linear(flat_size(self.trunk, shape), 16 * channels),
            nn.ReLU(),
            nn.Linear(16 * channels, n_classes),
        )

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.trunk(self.norm(as_image(spectrogram))))


class DawraCNN(nn.Module):
    """Two convolutions and three hidden layers, in the manner of LeNet-5.

    In the network of Dawra et al., a 3x3 convolution (same), pooling by 2, a 5x5 convolution (valid) and
    pooling by 2 make a 16 x 23 x 35 map of a 100 x 150 log-mel. They do not state the maps of the first
    convolution (ours: 6, as LeNet-5), the sizes of the hidden layers (ours: 240, 120, 84), the kind of
    pooling (ours: maximum) and dropout (ours: 0.3 before each hidden layer).
    """

    def __init__(
        self,
        shape: tuple[int, int],
        n_classes: int,
        hidden: tuple[int, ...] = (240, 120, 84),
        dropout: float = 0.3,
    ) -> None:
        super().__init__()
        self.norm = input_norm()
        self.trunk = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding="same"),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Conv2d(6, 16, 5),
            nn.MaxPool2d(2),
            nn.ReLU(),
        )
        layers: list[nn.Module] = [nn.Flatten()]
        previous = flat_size(self.trunk, shape)
        for units in hidden:
            layers += [nn.Dropout(dropout), nn.Linear(previous, units), nn.ReLU()]
            previous = units
        self.head = nn.Sequential(*layers, nn.Linear(previous, n_classes))

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.trunk(self.norm(as_image(spectrogram))))


class ZhangCNN(nn.Module):
    """The plain CNN that Zhang (arXiv:2307.10773, 2023) compares with ResNet and Bi-GRU.

    The paper does not state its layers. Ours are four 3x3 convolutions of 32, 64, 128 and 256 maps, each
    with batch norm, ReLU and max-pooling by 2, then the mean over the map, dropout and one linear layer, so
    that mel (128 x 130) and STFT (1,025 x 130) have the same parameters.
    """

    def __init__(self, shape: tuple[int, int], n_classes: int, width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.norm = input_norm()
        layers, previous = [], 1
        for channels in (width, 2 * width, 4 * width, 8 * width):
            layers += [
                nn.Conv2d(previous, channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.MaxPool2d(2),
                nn.ReLU(),
            ]
            previous = channels
        self.trunk = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(previous, n_classes))

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.trunk(self.norm(as_image(spectrogram))))


class CaoCNN(nn.Module):
    """Three convolutions along time over 599 frames of 128 mel bands, max-pooling, one dense layer.

    Cao does not state the sizes. Ours are those of the best-known network on 599 x 128 mels (van den
    Oord, Dieleman and Schrauwen, "Deep content-based music recommendation", 2013, and Dieleman's
    sequel of 2014): kernels of 4 frames with the bands as channels, pooling by 4, 2 and 2, then
    mean and maximum over time. Batch norm and dropout are ours too.
    """

    def __init__(
        self, shape: tuple[int, int], n_classes: int, width: int = 256, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.norm = input_norm()
        layers, previous = [], shape[0]
        for channels, pool in ((width, 4), (width, 2), (2 * width, 2)):
            layers += [
                nn.Conv1d(previous, channels, 4, bias=False),
                nn.BatchNorm1d(channels),
                nn.MaxPool1d(pool),
                nn.ReLU(),
            ]
            previous = channels
        self.trunk = nn.Sequential(*layers)
        self.head = nn.Sequential(
            nn.Dropout(dropout),
            nn.Linear(2 * previous, 2 * width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * width, n_classes),
        )

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        frames = self.trunk(self.norm(spectrogram[:, None])[:, 0])
        return self.head(torch.cat([frames.mean(dim=2), frames.amax(dim=2)], dim=1))


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: (B, n_in, H, W) -> (B, n_out, H / s, W / s)."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(n_in, n_out, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
            nn.ReLU(),
            nn.Conv2d(n_out, n_out, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_out),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride != 1 or n_in != n_out:
            self.shortcut = nn.Sequential(
                nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out)
            )

    def forward(self, image: Tensor) -> Tensor:
        return torch.relu(self.body(image) + self.shortcut(image))


class ResNet18(nn.Module):
    """ResNet-18 on a spectrogram as a grey picture.

    It is the network of He et al., "Deep residual learning for image recognition" (arXiv:1512.03385, 2015),
    as used by Zhang (arXiv:2307.10773, 2023), who does not state how one channel fits a network for three,
    nor the pre-training; ours has a stem of one channel and starts from random weights. `width` is the number
    of maps of the first stage (64 in the papers); 16 trains ten times as fast.
    """

    def __init__(self, shape: tuple[int, int], n_classes: int, width: int = 64, dropout: float = 0.0) -> None:
        super().__init__()
        self.norm = input_norm()
        self.n_features = 8 * width
        stages, previous = [], width
        for stage, channels in enumerate((width, 2 * width, 4 * width, 8 * width)):
            stages += [
                ResidualBlock(previous, channels, stride=1 if stage == 0 else 2),
                ResidualBlock(channels, channels, stride=1),
            ]
            previous = channels
        self.trunk = nn.Sequential(
            nn.Conv2d(1, width, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2, padding=1),
            *stages,
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )
        self.head: nn.Module = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.n_features, n_classes))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, spectrogram: Tensor) -> Tensor:
        """Compute the features of the last stage: (B, bands, frames) -> (B, 8 width)."""
        return self.trunk(self.norm(as_image(spectrogram)))

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.features(spectrogram))
