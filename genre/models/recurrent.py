"""Recurrent networks of the literature, from a sequence of features or frames to logits."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genre.models.convolutional import input_norm

ACTIVATIONS = ("tanh", "relu")  # of the candidate and of the output of an LSTM; its gates stay sigmoids
VARIES = 1e-10  # variance relative to the squared mean, below which it is only the rounding of sums


class Standardised(nn.BatchNorm1d):
    """A layer that scales (B, features, 1) to zero mean and unit variance by the training data's statistics.

    A feature that is the same for all examples, such as the length of windows, becomes 0; batch norm alone
    would amplify the rounding of its mean.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, n_features: int) -> None:
        super().__init__(n_features, eps=1e-12, affine=False, momentum=None)

    def forward(self, features: Tensor) -> Tensor:
        normed = super().forward(features)
        return normed * (self.running_var > VARIES * self.running_mean**2)[:, None]


class ReluLSTM(nn.LSTM):
    """An LSTM layer with ReLU instead of tanh, as Keras makes of `LSTM(units, activation="relu")`.

    Nothing bounds its cell, so that a high learning rate soon ends in infinite numbers.
    """

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def forward(  # type: ignore[override]  # no packed sequences, and no state to begin with
        self, sequence: Tensor, state: None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Compute the states of (B, steps, n_in) -> (B, steps, units), and the last hidden state and cell."""
        projections = F.linear(sequence, self.weight_ih_l0, self.bias_ih_l0)
        hidden = cell = sequence.new_zeros(len(sequence), self.hidden_size)
        states = []
        for projection in projections.unbind(1):
            gates = projection + F.linear(hidden, self.weight_hh_l0, self.bias_hh_l0)
            write, keep, candidate, read = gates.chunk(4, dim=1)
            cell = keep.sigmoid() * cell + write.sigmoid() * candidate.relu()
            hidden = read.sigmoid() * cell.relu()
            states.append(hidden)
        return torch.stack(states, dim=1), (hidden, cell)


class LSTM(nn.Module):
    """Three LSTM layers (256, 128, 64) that read the 58 features one after the other.

    It is the network of Aurnob et al., with 511,370 trainable parameters. This number implies one bias a
    gate, as in Keras, so torch's second one (`bias_hh`) is frozen at zero. The starting weights are Keras's
    too (Glorot for the input, orthogonal for the recurrence, 1 for the forget gate). The paper does not state
    the amount of dropout (ours: 0.2 after each layer) and the scaling of the features (ours: zero mean and
    unit variance by the statistics of the training data, saved with the weights). It writes ReLU for the
    hidden layers; ours is tanh, which trains, and `activation` has both.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        n_classes: int,
        hidden: tuple[int, ...] = (256, 128, 64),
        dropout: float = 0.2,
        activation: str = "tanh",
    ) -> None:
        super().__init__()
        if activation not in ACTIVATIONS:
            raise ValueError(f"The activation of lstm is {' or '.join(ACTIVATIONS)}, not {activation!r}.")
        kind = ReluLSTM if activation == "relu" else nn.LSTM
        n_steps, previous = shape
        self.norm = Standardised(n_steps)
        self.layers = nn.ModuleList()
        for units in hidden:
            self.layers.append(_with_keras_weights(kind(previous, units, batch_first=True)))
            previous = units
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(previous, n_classes)

    def forward(self, features: Tensor) -> Tensor:
        """Compute the logits of (B, features, 1) -> (B, classes)."""
        sequence = self.norm(features)
        for layer in self.layers:
            sequence = self.dropout(layer(sequence)[0])
        return self.head(sequence[:, -1])


def _with_keras_weights(layer: nn.LSTM) -> nn.LSTM:
    units = layer.hidden_size
    weights = dict(layer.named_parameters())
    nn.init.xavier_uniform_(weights["weight_ih_l0"])
    nn.init.orthogonal_(weights["weight_hh_l0"])
    nn.init.zeros_(weights["bias_ih_l0"])
    weights["bias_ih_l0"].data[units : 2 * units] = 1.0  # gates lie in the order i, f, g, o
    nn.init.zeros_(weights["bias_hh_l0"])
    weights["bias_hh_l0"].requires_grad = False
    return layer


class BiGRU(nn.Module):
    """Two bidirectional GRU layers that read the spectrogram frame by frame.

    It is a network of Zhang (arXiv:2307.10773, 2023), who does not state its sizes and how frames become one
    prediction. Ours has 128 units a direction, the mean over all frames, dropout and one linear layer.
    """

    def __init__(
        self, shape: tuple[int, int], n_classes: int, hidden: int = 128, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.norm = input_norm()
        self.n_features = 2 * hidden
        self.gru = nn.GRU(
            shape[0], hidden, num_layers=2, batch_first=True, bidirectional=True, dropout=dropout
        )
        self.head: nn.Module = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.n_features, n_classes))

    def features(self, spectrogram: Tensor) -> Tensor:
        """Average the states over the frames: (B, bands, frames) -> (B, 2 hidden)."""
        frames = self.norm(spectrogram[:, None])[:, 0].transpose(1, 2)
        return torch.mean(self.gru(frames)[0], dim=1)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """Compute the logits of (B, bands, frames) -> (B, classes)."""
        return self.head(self.features(spectrogram))
