"""Benchmark of both emotion recognizers and of face detection.

python -m tests.benchmarks.app.bench_mood
"""

import argparse
import os
import subprocess
import sys

import cv2
import numpy as np
import torch

from mood.emotion.faces import detect_faces
from mood.emotion.recognizer import EVALUATED_NETWORK, load_recognizer
from tests.benchmarks.measure import (
    RECORD,
    Row,
    median_durations_ms,
    memory_mb,
    parse_arguments,
    report_table,
)
from tests.support.faces import FER2013, HOME_OF_DEEPFACE, astronaut, valid_faces

BACKENDS = ("own", "deepface")
BATCH = 64


def recognizer_rows(backend: str) -> list[Row]:
    """In a process of its own, since memory is that of the process."""
    before = memory_mb() or 0.0
    recognizer = load_recognizer(backend, EVALUATED_NETWORK)
    name = "our own network" if backend == "own" else f"DeepFace{_which_weights()}"
    rows = []
    faces = (
        valid_faces(1)[0]
        if FER2013.exists()
        else np.random.default_rng(0).integers(0, 256, (64, 48, 48)).astype(np.uint8)
    )
    (one,) = median_durations_ms(lambda: recognizer.predict(faces[:1]), times=50)
    if FER2013.exists():
        labels = valid_faces(1)[1]
        scores = np.concatenate(
            [recognizer.predict(part) for part in np.array_split(faces, len(faces) // BATCH)]
        )
        right = scores.argmax(axis=1) == labels
        recall = np.mean([right[labels == label].mean() for label in np.unique(labels)])
        rows += [
            (
                f"{name}: accuracy on {len(faces)} valid faces",
                f"{right.mean():.3f}",
                "0.70" if backend == "own" else "",
            ),
            (f"{name}: balanced accuracy", f"{recall:.3f}", ""),
        ]
    rows.append((f"{name}: one face", f"{one:.1f} ms", "5 ms" if backend == "own" else ""))
    rows.append((f"{name}: memory it takes beside torch", f"{(memory_mb() or 0.0) - before:.0f} MB", ""))
    return rows


def detection_rows() -> list[Row]:
    frame = cv2.resize(astronaut(), (640, 480))
    nobody = np.full((480, 640, 3), 128, np.uint8)
    face, none, photo = median_durations_ms(
        lambda: detect_faces(frame), lambda: detect_faces(nobody), lambda: detect_faces(frame, thorough=True)
    )
    return [
        ("finding a face in a frame of 640x480", f"{face:.1f} ms", "15 ms"),
        ("a frame without one", f"{none:.1f} ms", "15 ms"),
        ("the same frame as a photograph, thoroughly", f"{photo:.1f} ms", ""),
    ]


def _which_weights() -> str:
    stands_in = os.environ.get("DEEPFACE_HOME") == str(HOME_OF_DEEPFACE)
    return " (stand-in weights)" if stands_in else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backend", choices=BACKENDS, help=argparse.SUPPRESS)  # of the processes it starts
    options = parse_arguments(parser)
    torch.set_num_threads(1)
    if options.backend:
        report_table(f"Mood, {options.backend}", recognizer_rows(options.backend))
        return
    if HOME_OF_DEEPFACE.exists():
        os.environ.setdefault("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    for backend in BACKENDS:
        if subprocess.run(
            [sys.executable, "-m", __spec__.name, "--backend", backend, *[RECORD] * options.record]
        ).returncode:
            print(f"The recognizer {backend} is not measured.")
    report_table("Mood", detection_rows())


if __name__ == "__main__":
    main()
