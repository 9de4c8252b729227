"""FER2013 (Goodfellow et al. 2013) as arrays, without the train faces that valid holds too."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from genre.dataset import DataError, Examples
from mood import EMOTIONS
from mood.network import SIZE

TWINS = 0.95  # two faces that correlate more are one photograph
COLUMNS = {"number", "usage", "emotion", "image"}


def load_faces(path: Path) -> tuple[Examples, Examples, int]:
    """A parquet file of (number, usage, emotion, encoded image) -> train, valid, twins dropped.

    Train faces whose correlation with a face of valid, or with its mirror image, is above TWINS are
    dropped. Raises DataError for a file that is not one of faces.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} cannot be read: give FER2013 as a parquet file.") from error
    if not set(table.columns) >= COLUMNS or not set(table["emotion"]) <= set(EMOTIONS):
        raise DataError(f"{path.name} is not a table of faces: it needs {', '.join(sorted(COLUMNS))}.")
    train, valid = (_examples(table[table["usage"] == usage]) for usage in ("train", "valid"))
    if not len(train) or not len(valid):
        raise DataError(f"{path.name} has no faces marked train, or none marked valid.")
    alone = ~twins(train.values[:, 0], valid.values[:, 0])
    return train.take(np.flatnonzero(alone)), valid, int((~alone).sum())


def twins(faces: np.ndarray, others: np.ndarray) -> np.ndarray:
    """(N, 48, 48), (M, 48, 48) -> (N,) bool: whether a face is nearly the same as one of the others."""
    ours = _normal(faces)
    found = torch.zeros(len(faces), dtype=torch.bool)
    for theirs in (others, others[:, :, ::-1]):
        for rows in torch.arange(len(faces)).split(2048):
            found[rows] |= ((ours[rows] @ _normal(theirs).T) > TWINS).any(dim=1)
    return found.numpy()


def _normal(faces: np.ndarray) -> torch.Tensor:
    """(N, H, W) -> (N, H * W), mean 0 and length 1, so that products are correlations."""
    flat = torch.from_numpy(np.ascontiguousarray(faces)).flatten(1).float()
    return F.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)


def _examples(table: pd.DataFrame) -> Examples:
    values = np.zeros((len(table), 1, SIZE, SIZE), dtype=np.uint8)
    for row, image in enumerate(table["image"]):
        face = cv2.imdecode(np.frombuffer(image, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        if face is None or face.shape != (SIZE, SIZE):
            raise DataError(f"Face {table['number'].iloc[row]} is not an image of {SIZE}x{SIZE} pixels.")
        values[row, 0] = face
    labels = table["emotion"].map(EMOTIONS.index).to_numpy()
    return Examples(values, labels, table["number"].astype(str).to_numpy(), EMOTIONS, scale=1 / 255)
