"""What no genre should be named for: silence, noise and held tones.

The network knows ten genres and nothing else, so it names one for a vacuum cleaner too. Before it is
asked, two things are measured on the spectrum: is there anything to hear, and does its colour ever
change? Music changes its colour with every note; hiss, hum and a held tone do not, however their
level moves.
"""

import numpy as np
import torch
from torch import Tensor

SILENCE_DBFS = -60.0  # mean level of the loudest tenth of the frames
AUDIBLE_DB = 30.0  # bands further below the loudest one are not looked at
BLOCK_FRAMES = 6  # frames averaged before comparing: half a second of a picture's columns
WIDE_BANDS = 16
# Change of colour in dB below which a sound is steady. Over the 639 GTZAN pictures the least is 0.96
# in 30 s and 1 % lie below 0.39 in 3 s; white, pink and brown noise measure 0.3 to 0.41.
STEADY_DB = {3.0: 0.42, 15.0: 0.7}


def is_silent(samples: np.ndarray, frame: int = 2048) -> bool:
    """Whether (N,) samples hold nothing above -60 dBFS, a single click aside."""
    count = max(1, len(samples) // frame)
    level = np.sqrt([np.mean(np.square(part)) for part in np.array_split(samples, count)])
    loud = np.sort(level)[-max(1, count // 10):]
    return 20.0 * np.log10(loud.mean() + 1e-12) < SILENCE_DBFS


def colour_change(power: Tensor) -> float:
    """How much the spectrum's shape moves: (bands, frames) mel power -> mean deviation in dB.

    The level is divided out of each half-second block, so that a swelling noise counts as steady.
    """
    blocks = power.shape[1] // BLOCK_FRAMES
    if blocks < 2:
        return float("inf")  # too short to tell: let the network answer
    power = power[:, : blocks * BLOCK_FRAMES].reshape(WIDE_BANDS, -1, blocks, BLOCK_FRAMES)
    level = 10.0 * torch.log10(power.mean(dim=(1, 3)) + power.mean() * 1e-9 + 1e-20)
    level = level[level.amax(dim=1) > level.max() - AUDIBLE_DB]
    if len(level) > 1:
        level = level - level.mean(dim=0, keepdim=True)
    return level.std(dim=1, correction=0).mean().item()


def is_steady(power: Tensor, duration_s: float) -> bool:
    """Whether (bands, frames) mel power of a sound of `duration_s` seconds is hiss, hum or a tone."""
    limit = np.interp(duration_s, list(STEADY_DB), list(STEADY_DB.values()))
    return colour_change(power) < limit
