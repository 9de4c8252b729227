"""Run directories as trainings leave them, written in a moment: for tests and benchmarks."""

import json
from pathlib import Path

import numpy as np

from genre import GENRES
from genre.evaluation.report import split_metrics
from genre.paths import write_atomic
from genre.runs import directory as runs
from genre.runs.report import Report, write_report
from genre.training.experiment import experiment_settings

TRACKS, WINDOWS = 40, 5  # of the test


def make_run(
    state: str = "done",
    model: str = "cnn-simple",
    split: str = "track",
    epochs: int = 4,
    skill: float = 2.0,
    title: str = "",
    seed: int = 0,
    data: str = "builtin",
    **status: object,
) -> Path:
    """A run of `epochs` epochs, done or half done, whose predictions are the better the more `skill`."""
    settings = experiment_settings(model, data, "mel", split, epochs=8, seed=seed)
    folder = runs.create_run_folder("genre", settings.to_dict(), title or model, cores=1)
    lines = (
        [
            {
                "epoch": epoch,
                "loss": 2.3 / epoch,
                "accuracy": 1 - 0.8 / epoch,
                "valid_loss": 2.4 / epoch,
                "valid_accuracy": 1 - 0.9 / epoch,
                "part": 1,
                "seconds": 1.5,
            }
            for epoch in range(1, epochs + 1)
        ]
        if settings.spec.kind == "network"
        else [{"epoch": 1, "part": 1, "seconds": 0.2}]
    )
    write_atomic(folder / "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    if state == "done":
        write_report(folder, make_report(model, split, skill, seed))
    values = {"message": f"It is {state}.", "progress": epochs / 8, "last": lines[-1], "eta_s": 65.0}
    runs.write_status(folder, state=state, **{**values, **status})
    return folder


def one_more_epoch(folder: Path, epoch: int) -> None:
    """Let a run of `make_run` go on by an epoch, as its process would."""
    line = {"epoch": epoch, "loss": 2.3 / epoch, "accuracy": 1 - 0.8 / epoch, "part": 1, "seconds": 1}
    with open(folder / "metrics.jsonl", "a") as file:
        file.write(json.dumps(line) + "\n")
    runs.write_status(folder, state="running", progress=epoch / 1000, message="", last=line)


def make_report(model: str, split: str, skill: float, seed: int = 0) -> Report:
    """A report of random predictions, the better the more `skill`."""
    rng = np.random.default_rng([seed, *model.encode()])
    labels = np.repeat(np.arange(TRACKS) % len(GENRES), WINDOWS)
    tracks = np.repeat([f"{GENRES[n % len(GENRES)]}.{n // len(GENRES):05d}" for n in range(TRACKS)], WINDOWS)
    scores = rng.normal(size=(len(labels), len(GENRES))) + skill * np.eye(len(GENRES))[labels]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return Report(
        model,
        "mel",
        seed,
        data={"name": "builtin", "source": "recordings", "tracks": 200, "windows": 1000, "skipped": []},
        split={
            "name": split,
            "leaky": split == "segment",
            "note": "",
            "train_tracks": 160,
            "test_tracks": TRACKS,
        },
        training_s=6.0,
        parameters=15_610,
        inference_ms=1.2,
        **split_metrics(probabilities, labels, tracks, GENRES),
    )
