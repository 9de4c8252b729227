"""Faces for tests: scikit-image's astronaut, and FER2013's valid faces where they are at hand."""

import functools
import io
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mood import EMOTIONS
from tests.support.data import SHARED_DATA

FER2013 = SHARED_DATA / "faces" / "fer2013.parquet"
HOME_OF_DEEPFACE = SHARED_DATA / "deepface_home"


@functools.cache
def astronaut() -> np.ndarray:
    """(512, 512, 3) RGB uint8: Eileen Collins, her face at about (174, 66), 100 pixels wide."""
    return photograph("astronaut")


def portrait() -> np.ndarray:
    """(256, 256, 3) RGB uint8: the same face at about (78, 66), in a quarter of the picture to search."""
    return astronaut()[:256, 96:352]


def photograph(name: str) -> np.ndarray:
    """One of scikit-image's own pictures, (H, W, 3) RGB uint8."""
    skimage = pytest.importorskip("skimage", reason="scikit-image is not installed")
    (path,) = (Path(skimage.__file__).parent / "data").glob(f"{name}.[jp][pn]g")
    with Image.open(path) as picture:
        image = np.array(picture.convert("RGB"))
    image.setflags(write=False)
    return image


@functools.cache
def valid_faces(every: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """Each twelfth valid face of FER2013: (N, 48, 48) uint8, labels (N,)."""
    if not FER2013.exists():
        pytest.skip("FER2013 is not here: set EARMARK_DATA to the folder of real data")
    table = pd.read_parquet(FER2013, filters=[("usage", "==", "valid")]).iloc[::every]
    faces = [cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE) for image in table["image"]]
    return np.stack(faces), table["emotion"].map(EMOTIONS.index).to_numpy()


def drawn_face(seed: int = 0) -> np.ndarray:
    """(48, 48) uint8: nobody's face, but with light and dark in it."""
    rough = np.random.default_rng(seed).integers(30, 220, (6, 6)).astype(np.uint8)
    return cv2.resize(rough, (48, 48), interpolation=cv2.INTER_CUBIC)


def encoded(image: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, kind, **options)
    return buffer.getvalue()
