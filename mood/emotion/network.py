"""The emotion network: a small residual VGG on grey faces of 48x48 pixels."""

import torch
from torch import Tensor, nn

from mood import EMOTIONS

SIZE = 48  # pixels of FER2013's faces; mood/emotion/faces.py crops to the same
MIN_SPREAD = 0.02  # standard deviation of grey (0 to 1) below which there is only noise to amplify


def convolution(inputs: int, outputs: int) -> nn.Sequential:
    """Make a convolution of 3x3, batch norm and ReLU: (B, inputs, H, W) -> (B, outputs, H, W)."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class Residual(nn.Module):
    """A residual block: x + convolution(x) (He et al. 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = convolution(width, width)

    def forward(self, x: Tensor) -> Tensor:  # maps (B, C, H, W) to the same shape
        return x + self.body(x)


class EmotionNet(nn.Module):
    """Four stages, each at half the resolution of the last, then the mean over the face.

    Brightness and contrast of every face are normalized first. Any input size from 8 pixels on will do, so
    that training can begin on small faces.
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (32, 64, 160, 320),
        depths: tuple[int, ...] = (1, 2, 3, 3),
        dropout: float = 0.3,
        n_classes: int = len(EMOTIONS),
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, width, depth in zip((1, *widths), widths, depths, strict=False):
            layers += [nn.MaxPool2d(2)] if layers else []
            layers += [convolution(before, width), *(Residual(width) for _ in range(depth - 1))]
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(widths[-1], n_classes))

    def embed(self, faces: Tensor) -> Tensor:
        """Embed faces (B, 1, H, W) grey, any scale -> (B, widths[-1])."""
        mean = faces.mean(dim=(2, 3), keepdim=True)
        spread = faces.std(dim=(2, 3), keepdim=True)
        normalized = (faces - mean) / (spread + MIN_SPREAD)
        return self.body(normalized.to(next(self.body.parameters()).dtype)).float().mean(dim=(2, 3))

    def forward(self, faces: Tensor) -> Tensor:  # maps (B, 1, H, W), 0 to 1, to logits (B, classes)
        return self.head(self.embed(faces))


@torch.inference_mode()
def predict_mirrored(network: EmotionNet, faces: Tensor) -> Tensor:
    """Average over each face (B, 1, H, W) and its mirror image -> logits (B, classes)."""
    mirrored = torch.cat([faces, faces.flip(3)])
    return network(mirrored).reshape(2, len(faces), -1).mean(dim=0)
