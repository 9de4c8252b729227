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
LOWEST_BAND = 2  # mel bands below about 50 Hz hold rumble, which wanders in any noise
WIDE_BANDS = 14
# Change of colour in dB below which a sound is steady, by its length in s. Over the 639 GTZAN pictures
# the least is 0.87 in 30 s, and 0.5 % of 3 s excerpts lie below 0.47; white, pink and brown noise,
# swelling or not, measure at most 0.42 in 30 s and 0.48 in 3 s.
STEADY_DB = {1.0: 0.3, 3.0: 0.5, 15.0: 0.7}


def is_silent(samples: np.ndarray, frame: int = 2048) -> bool:
    """Whether (N,) samples hold nothing above -60 dBFS, a single click aside."""
    count = max(1, len(samples) // frame)
    level = np.sqrt([np.mean(np.square(part)) for part in np.array_split(samples, count)])
    loud = np.sort(level)[-max(1, count // 10):]
    return 20.0 * np.log10(loud.mean() + 1e-12) < SILENCE_DBFS


def colour_change(power: Tensor) -> float:
    """How much the spectrum's shape moves: (bands, frames) mel power -> mean deviation in dB.

    The level is divided out of each frame, so that a swelling noise counts as steady.
    """
    blocks = power.shape[1] // BLOCK_FRAMES
    if blocks < 2:
        return float("inf")  # too short to tell: let the network answer
    power = power[LOWEST_BAND:, : blocks * BLOCK_FRAMES]
    level = power.sum(dim=0)
    colour = power / (level + 1e-3 * level.mean() + 1e-20)
    wide = colour.reshape(WIDE_BANDS, -1, blocks, BLOCK_FRAMES).mean(dim=(1, 3))
    decibels = 10.0 * torch.log10(wide + 1e-9 * wide.mean() + 1e-20)
    decibels = decibels[decibels.amax(dim=1) > decibels.max() - AUDIBLE_DB]
    if len(decibels) > 1:
        decibels = decibels - decibels.mean(dim=0, keepdim=True)
    return decibels.std(dim=1, correction=0).mean().item()


def is_steady(power: Tensor, duration_s: float) -> bool:
    """Whether (bands, frames) mel power of a sound of `duration_s` seconds is hiss, hum or a tone."""
    limit = np.interp(duration_s, list(STEADY_DB), list(STEADY_DB.values()))
    return colour_change(power) < limit
