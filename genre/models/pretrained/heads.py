"""The heads on the pretrained network: one linear layer for genres, one for feelings.

The pretrained features (`genre.models.pretrained.networks`) are the same for every model; only these
layers are trained, by `genre.training.transfer`.
"""

import torch
from torch import Tensor, nn

from genre.models.pretrained.networks import N_FEATURES

MUSIC_EMOTIONS = (
    "amazement",
    "solemnity",
    "tenderness",
    "nostalgia",
    "calmness",
    "power",
    "joyful_activation",
    "tension",
    "sadness",
)  # the Geneva Emotional Music Scales: Zentner, Grandjean and Scherer, 2008


class TransferHeads(nn.Module):
    """The heads: features (B, 250) -> logits of genres and other music (B, G + 1), feelings (B, 9)."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_genres: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(N_FEATURES))
        self.register_buffer("scale", torch.ones(N_FEATURES))
        self.genres = nn.Linear(N_FEATURES, n_genres + 1)
        self.emotions = nn.Linear(N_FEATURES, len(MUSIC_EMOTIONS))

    def standardize(self, features: Tensor) -> Tensor:
        """Scale (B, 250) -> (B, 250), of mean 0 and deviation 1 over the training music."""
        return (features - self.mean) / self.scale

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Apply both heads. Feelings are shares of listeners, which may lie slightly outside 0 to 1."""
        values = self.standardize(features)
        return self.genres(values), self.emotions(values)
