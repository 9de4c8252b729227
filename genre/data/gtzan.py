"""GTZAN's ready-made arrays: 30 s mel pictures, and log-mels of the first 3 s, z-scored or in decibels.

The 3 s mels were z-scored over the whole track, so their level and range are lost. Both are restored
from the 30 s picture of the same track, which shows true decibels at some of the same frames.
"""

import zlib
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from genre import GENRES
from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.data.dataset import BROKEN_TRACKS, Dataset
from genre.data.examples import DataError, Examples

MAX_ARRAY_BYTES = 1 << 30  # size when unpacked; GTZAN's pictures are 46 MB
DEFAULT_FIT = (15.0, -45.0)  # (dB in a standard deviation, dB at the mean) of a track without a picture


def mel_3s_decibels(dataset: Dataset) -> tuple[Examples, np.ndarray]:
    """Restore the decibels of the 3 s mels.

    Returns the stored mels, and (N, 128, 130) float32 in dB below the peak of each track.
    """
    if dataset.mel_3s_zscored is None:
        raise DataError("There are no ready-made mel spectrograms of 3 s here.")
    mels = read_mel_3s_zscored(dataset.mel_3s_zscored.parent)
    picture_of = {}
    if dataset.mel_30s:
        pictures = read_mel_30s(dataset.mel_30s.parent)
        picture_of = dict(zip(pictures.tracks.tolist(), pictures.values, strict=True))
    zs = mels.values.astype(np.float32) * mels.scale + mels.offset
    fits = [
        fit_decibels(z, picture_of[name]) if name in picture_of else None
        for z, name in zip(zs, mels.tracks.tolist(), strict=True)
    ]
    default = tuple(np.median([fit for fit in fits if fit], axis=0)) if any(fits) else DEFAULT_FIT
    slopes, levels = np.array([fit or default for fit in fits], np.float32).T[:, :, None, None]
    return mels, zs * slopes + levels


def fit_decibels(z: np.ndarray, picture: np.ndarray) -> tuple[float, float] | None:
    """Fit the (slope, level) that turn z-scores into decibels: dB = slope z + level.

    z is (128, 130), the picture (128, 334) uint8 with 255 at 0 dB and 0 at -40 dB or less. The result is None
    where too little of the picture lies above its floor for a fit.
    """
    frames = FULL_CLIP_MEL.frame_indices(z.shape[1] * FULL_CLIP_MEL.hop_length - 1)
    z_at_columns, levels = z[:, frames], picture[:, : len(frames)].astype(np.float32)
    clear = (levels > 10) & (levels < 250) & (z_at_columns > -3.9) & (z_at_columns < 3.9)
    if clear.sum() < 100 or z_at_columns[clear].std() < 0.05:
        return None
    slope, level = np.polyfit(
        z_at_columns[clear], levels[clear] / 255 * FULL_CLIP_MEL.range_db - FULL_CLIP_MEL.range_db, 1
    )
    return (float(slope), float(level)) if 3 < slope < 40 else None


def read_mel_30s(folder: Path) -> Examples:
    """Read GTZAN's 30-second mel pictures: uint8 (N, 128, 334); the loudest point is 1.0 to the network.

    The stored pictures stretch the 128 mel bands to 216 rows; row r shows band (r + 0.5) * 128 / 216.
    """
    names, pictures = _read_npz(folder / "pictures.npz")
    rows = ((np.arange(FULL_CLIP_MEL.n_mels) + 0.5) * pictures.shape[1] / FULL_CLIP_MEL.n_mels).astype(int)
    return _examples(
        names,
        pictures[:, rows],
        scale=1 / 255,
        unit_db=FULL_CLIP_MEL.range_db,
        column_s=FULL_CLIP_MEL.seconds_per_frame,
    )


def read_mel_3s_zscored(folder: Path) -> Examples:
    """Read the mels of the first 3 s of each track: uint8 (N, 128, 130), z-scores to the network."""
    names, values = _read_npz(folder / "mel3s.npz")
    return _examples(names, values, scale=1 / 32, offset=-4.0, unit_db=12.0)  # one sigma is about 12 dB


def _read_npz(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if sum(member.file_size for member in archive.zip.infolist()) > MAX_ARRAY_BYTES:
                raise ValueError("larger than any of GTZAN's")
            return archive["track"], archive["value"]
    except (OSError, ValueError, KeyError, AttributeError, EOFError, BadZipFile, zlib.error) as error:
        raise DataError(f"{path.name} is missing or damaged in the data folder.") from error


def _examples(names: np.ndarray, values: np.ndarray, **scaling: float) -> Examples:
    usable = np.flatnonzero(~np.isin(names, list(BROKEN_TRACKS)))
    genres = [str(name).split(".")[0] for name in names[usable]]
    if unknown := set(genres) - set(GENRES):
        raise DataError(f"{min(unknown)!r} is none of GTZAN's genres: these are other pictures or mels.")
    labels = np.array([GENRES.index(genre) for genre in genres])
    return Examples(values[usable], labels, names[usable].astype(str), GENRES, **scaling)
