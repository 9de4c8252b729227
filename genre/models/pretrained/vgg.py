"""The pretrained network vgg, of the same release and tags as musicnn: five plain convolutions.

For the heads of the classifier its features were no better than musicnn's and took twice as long. The
generator is trained against them, so that musicnn, which took no part, can judge it.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genre.models.artefacts import load_artefact
from genre.models.cards import VGG
from genre.models.pretrained.band_peak import Norm
from genre.models.pretrained.networks import TAGS
from genre.paths import WEIGHTS

WIDTH = 128
POOLS = (((4, 1), 2), ((2, 2), 2), ((2, 2), 2), ((2, 2), 2), ((4, 4), 4))  # (size, step) after each layer
# (frames, bands) of the maps that the layers make of a window of 187 frames.
MAP_SIZES = ((92, 48), (46, 24), (23, 12), (11, 6), (2, 1))


class VggNet(nn.Module):
    """The network: (B, 187, 96), compressed like musicnn's input -> logits of the tags (B, 50)."""

    def __init__(self, n_tags: int = len(TAGS), width: int = WIDTH) -> None:
        super().__init__()
        self.norm = Norm(1)
        self.layers = nn.ModuleList(nn.Conv2d(n, width, 3, padding=1) for n in (1,) + (width,) * 4)
        self.norms = nn.ModuleList(Norm(width) for _ in self.layers)
        self.tags = nn.Linear(2 * width, n_tags)

    def maps(self, x: Tensor) -> list[Tensor]:
        """Compute the maps after each layer: (B, 187, 96) -> (B, 128, frames, bands) of MAP_SIZES."""
        x = self.norm(x[:, None]).contiguous(memory_format=torch.channels_last)
        maps = []
        for layer, norm, (size, step) in zip(self.layers, self.norms, POOLS, strict=True):
            x = F.max_pool2d(norm(layer(x).relu()), size, step)
            maps.append(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        return self.tags(self.maps(x)[-1].permute(0, 2, 3, 1).flatten(1))  # TensorFlow: time, band, channel


def load_vgg() -> VggNet:
    """Load the published weights. Raises ArtefactError."""
    network = VggNet()
    network.load_state_dict(load_artefact(WEIGHTS / VGG)[0])
    return network.eval()
