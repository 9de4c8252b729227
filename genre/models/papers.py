"""The five papers from which the zoo grew: their claims and protocols, and which models repeat them.

What a paper does not state, or what has not come down to us, such as three titles, is left out.
"""

import math
from dataclasses import dataclass

# The table of Aurnob et al. in its order: (epochs, batch size, accuracy). It has the learning rates 0.01 and
# 0.1; which one belongs to which setting is not known to us.
LSTM_SETTINGS = (
    (7, 128, 0.3345),
    (20, 128, 0.4592),
    (40, 128, 0.5751),
    (40, 220, 0.7237),
    (50, 220, 0.7337),
    (90, 220, 0.9151),
    (120, 220, 0.9178),
)
LSTM_RATES = (0.01, 0.1)
LSTM_ROWS = 9_990  # windows of 3 s in Kaggle's table of GTZAN
LSTM_TRAIN_SHARE = 0.8  # of the rows; the paper does not state it


def lstm_steps(epochs: int, batch_size: int) -> int:
    """Count the optimiser steps of so many of the paper's epochs."""
    return epochs * math.ceil(LSTM_TRAIN_SHARE * LSTM_ROWS / batch_size)


@dataclass(frozen=True)
class Paper:
    """A paper as a visitor reads of it: what was claimed, and how it was measured.

    `protocol` is our best reading of it, as in the registry.
    """

    key: str
    authors: str
    title: str  # its own where that is known to us, else its subject
    claim: str
    protocol: str
    headline: tuple[str, str]  # model and input of the figure that is claimed
    systems: tuple[tuple[str, str], ...]  # model and input of all its figures
    has_gan: bool = False


PAPERS = (
    Paper(
        "aurnob",
        "Aurnob et al.",
        "An LSTM on 58 measurements of the sound",
        "A network that reads 58 measurements one after the other names up to 92\u00a0% right.",
        "A table of 9,990 excerpts of 3 s is shuffled and then divided, so that excerpts of the same song "
        "are learnt from and tested.",
        ("lstm", "features"),
        (("lstm", "features"),),
    ),
    Paper(
        "zhang",
        "Zhang, 2023",
        "Music Genre Classification with ResNet and Bi-GRU Using Visual Spectrograms",
        "A network for photographs, joined to one that reads frame by frame, names 90\u00a0% right.",
        "Five random excerpts of 3 s are cut from each song and then divided, so that excerpts of the same "
        "song are learnt from and tested.",
        ("res-bigru", "mel"),
        tuple((model, kind) for model in ("res-bigru", "resnet18", "bigru") for kind in ("mel", "stft"))
        + tuple((model, kind) for model in ("cnn-zhang", "knn", "svm") for kind in ("mel", "stft"))
        + (("knn", "raw"), ("svm", "raw"), ("forest", "features")),
    ),
    Paper(
        "dawra",
        "Dawra et al.",
        "Pattern finders, neighbours, and a GAN that paints new music",
        "Two layers of patterns name 71\u00a0% right; a DCGAN paints spectrograms.",
        "Excerpts of 3 s that overlap by half are cut and then divided, so that halves of the same 3 s are "
        "learnt from and tested.",
        ("cnn-dawra", "mel"),
        (("cnn-dawra", "mel"), ("knn", "features"), ("prcnn", "stft")),
        has_gan=True,
    ),
    Paper(
        "apm",
        "APM 598, a course report",
        "How small can a network be?",
        "A network of 59,114 numbers names 63\u00a0% right.",
        "A part of the songs is kept aside for the test: no song is on both sides.",
        ("cnn-complex", "mel"),
        (("cnn-complex", "mel"), ("cnn-simple", "mel"), ("linear", "mel"), ("svm", "features")),
    ),
    Paper(
        "cao",
        "Cao",
        "Half a minute at once",
        "Patterns along the time of a whole clip reach an F1 of 0.78.",
        "A clip of 28 s is one example: no song is on both sides.",
        ("cnn-cao", "mel"),
        (("cnn-cao", "mel"),),
    ),
)
