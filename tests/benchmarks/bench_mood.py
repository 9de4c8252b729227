"""Both readers on the same faces, and what a video frame costs: `python -m tests.benchmarks.bench_mood`."""

import os
import subprocess
import sys

import cv2
import numpy as np
import torch

from mood.faces import find_faces
from mood.reader import MEASURED, EmotionReader, Reader
from tests.benchmarks.measure import Row, medians_ms, memory_mb, print_table
from tests.faces_at_hand import FER2013, HOME_OF_DEEPFACE, astronaut, valid_faces

BACKENDS = ("own", "deepface")
BATCH = 64


def load(backend: str) -> Reader:
    if backend == "own":
        return EmotionReader.load(MEASURED)
    from mood.deepface_reader import DeepFaceReader

    return DeepFaceReader.load()


def reader_rows(backend: str) -> list[Row]:
    """In a process of its own, since memory is that of the process."""
    before = memory_mb() or 0.0
    reader = load(backend)
    name = "our own network" if backend == "own" else f"DeepFace{_which_weights()}"
    rows = []
    faces = valid_faces(1)[0] if FER2013.exists() else np.random.default_rng(0).integers(
        0, 256, (64, 48, 48)).astype(np.uint8)  # fmt: skip
    (one,) = medians_ms(lambda: reader.read(faces[:1]), times=50)
    if FER2013.exists():
        labels = valid_faces(1)[1]
        scores = np.concatenate([reader.read(part) for part in np.array_split(faces, len(faces) // BATCH)])
        right = scores.argmax(axis=1) == labels
        recall = np.mean([right[labels == label].mean() for label in np.unique(labels)])
        rows += [
            (f"{name}: accuracy on {len(faces)} valid faces", f"{right.mean():.3f}",
             "0.70" if backend == "own" else ""),
            (f"{name}: macro recall", f"{recall:.3f}", ""),
        ]  # fmt: skip
    rows.append((f"{name}: one face", f"{one:.1f} ms", "5 ms" if backend == "own" else ""))
    rows.append((f"{name}: memory it takes beside torch", f"{(memory_mb() or 0.0) - before:.0f} MB", ""))
    return rows


def finder_rows() -> list[Row]:
    frame = cv2.resize(astronaut(), (640, 480))
    nobody = np.full((480, 640, 3), 128, np.uint8)
    face, none, photo = medians_ms(
        lambda: find_faces(frame), lambda: find_faces(nobody), lambda: find_faces(frame, thorough=True)
    )
    return [
        ("finding a face in a frame of 640x480", f"{face:.1f} ms", "15 ms"),
        ("a frame without one", f"{none:.1f} ms", "15 ms"),
        ("the same frame as a photograph, thoroughly", f"{photo:.1f} ms", ""),
    ]


def _which_weights() -> str:
    stands_in = os.environ.get("DEEPFACE_HOME") == str(HOME_OF_DEEPFACE)
    return " (stand-in weights)" if stands_in else ""


def main(arguments: list[str]) -> None:
    torch.set_num_threads(1)
    if arguments:
        print_table(arguments[0], reader_rows(arguments[0]))
        return
    if HOME_OF_DEEPFACE.exists():
        os.environ.setdefault("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    for backend in BACKENDS:
        if subprocess.run([sys.executable, "-m", __spec__.name, backend]).returncode:
            print(f"The reader {backend} is not measured.")
    print_table("Mood", finder_rows())


if __name__ == "__main__":
    main(sys.argv[1:])
