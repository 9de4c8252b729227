"""GTZAN's ready-made mels of the first 3 s of each track, in decibels again.

They were z-scored over the whole track and have lost their level and range. Both come back from the
30 s picture of the same track, which shows true decibels at some of the same frames.
"""

import numpy as np

from genre.dataset import Dataset, Examples, read_mel3s, read_pictures
from genre.spectrogram import PICTURE

USUAL = (15.0, -45.0)  # dB a standard deviation, and dB at the mean, where no picture tells


def restored_mel3s(dataset: Dataset) -> tuple[Examples, np.ndarray]:
    """-> (the mels as they lie there, (N, 128, 130) float32 in dB below the loudest of their track)."""
    mels = read_mel3s(dataset.mel3s.parent)
    shown = {}
    if dataset.pictures:
        pictures = read_pictures(dataset.pictures.parent)
        shown = dict(zip(pictures.tracks.tolist(), pictures.values, strict=True))
    zs = mels.values.astype(np.float32) * mels.scale + mels.offset
    lines = [restoring_line(z, shown[name]) if name in shown else None
             for z, name in zip(zs, mels.tracks.tolist(), strict=True)]
    usual = tuple(np.median([line for line in lines if line], axis=0)) if any(lines) else USUAL
    slopes, levels = np.array([line or usual for line in lines], np.float32).T[:, :, None, None]
    return mels, zs * slopes + levels


def restoring_line(z: np.ndarray, picture: np.ndarray) -> tuple[float, float] | None:
    """The (slope, level) that make decibels of z-scores: dB = slope z + level.

    z is (128, 130), the picture (128, 334) uint8 with 255 at 0 dB and 0 at -40 dB or less. None where
    too little of the picture lies above its floor to tell.
    """
    frames = PICTURE.frame_indices(z.shape[1] * PICTURE.hop_length - 1)
    there, seen = z[:, frames], picture[:, : len(frames)].astype(np.float32)
    clear = (seen > 10) & (seen < 250) & (there > -3.9) & (there < 3.9)
    if clear.sum() < 100 or there[clear].std() < 0.05:
        return None
    slope, level = np.polyfit(there[clear], seen[clear] / 255 * PICTURE.range_db - PICTURE.range_db, 1)
    return (float(slope), float(level)) if 3 < slope < 40 else None
