"""FER2013 (Goodfellow et al. 2013) as arrays, without the train faces that are also in valid."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import torch
from torch.nn import functional as F

from genre.data.examples import DataError, Examples
from genre.paths import data_folder
from mood import EMOTIONS
from mood.emotion.network import SIZE

DUPLICATE_CORRELATION = 0.95  # correlation above which two faces are one photograph
FER2013_COLUMNS = {"number", "usage", "emotion", "image"}


def default_faces() -> Path:
    """Find FER2013 in the folder of real data. Raises DataError if EARMARK_DATA is not set."""
    folder = data_folder()
    if folder is None:
        raise DataError("Name FER2013's parquet file with --data, or the folder of faces/ with EARMARK_DATA.")
    return folder / "faces" / "fer2013.parquet"


def load_faces(path: Path) -> tuple[Examples, Examples, int]:
    """Load a parquet file of (number, usage, emotion, encoded image) -> train, valid, number dropped.

    Train faces whose correlation with a face of valid, or with its mirror image, is above
    DUPLICATE_CORRELATION are dropped. Raises DataError for a file that is not one of faces.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name} cannot be read: give FER2013 as a parquet file.") from error
    if not set(table.columns) >= FER2013_COLUMNS or not set(table["emotion"]) <= set(EMOTIONS):
        raise DataError(
            f"{path.name} is not a table of faces: it needs {', '.join(sorted(FER2013_COLUMNS))}."
        )
    train, valid = (_make_examples(table[table["usage"] == usage]) for usage in ("train", "valid"))
    if not len(train) or not len(valid):
        raise DataError(f"{path.name} has no faces marked train, or none marked valid.")
    is_duplicate = near_duplicates(train.values[:, 0], valid.values[:, 0])
    return train.take(np.flatnonzero(~is_duplicate)), valid, int(is_duplicate.sum())


def near_duplicates(faces: np.ndarray, references: np.ndarray) -> np.ndarray:
    """Find faces that are nearly the same as a reference face: (N, 48, 48), (M, 48, 48) -> (N,) bool."""
    normalized = _normalize(faces)
    is_duplicate = torch.zeros(len(faces), dtype=torch.bool)
    for images in (references, references[:, :, ::-1]):
        for rows in torch.arange(len(faces)).split(2048):
            correlations = normalized[rows] @ _normalize(images).T
            is_duplicate[rows] |= (correlations > DUPLICATE_CORRELATION).any(dim=1)
    return is_duplicate.numpy()


def _normalize(faces: np.ndarray) -> torch.Tensor:
    """Scale (N, H, W) -> (N, H * W), mean 0 and length 1, so that products are correlations."""
    flat = torch.from_numpy(np.ascontiguousarray(faces)).flatten(1).float()
    return F.normalize(flat - flat.mean(dim=1, keepdim=True), dim=1)


def _make_examples(table: pd.DataFrame) -> Examples:
    """Decode the images of some rows: values (N, 1, 48, 48) uint8. Raises DataError."""
    values = np.zeros((len(table), 1, SIZE, SIZE), dtype=np.uint8)
    for row, image in enumerate(table["image"]):
        face = cv2.imdecode(np.frombuffer(image, dtype=np.uint8), cv2.IMREAD_GRAYSCALE)
        if face is None or face.shape != (SIZE, SIZE):
            raise DataError(f"Face {table['number'].iloc[row]} is not an image of {SIZE}x{SIZE} pixels.")
        values[row, 0] = face
    labels = table["emotion"].map(EMOTIONS.index).to_numpy()
    return Examples(values, labels, table["number"].astype(str).to_numpy(), EMOTIONS, scale=1 / 255)
