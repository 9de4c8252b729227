"""The training loop of a GAN on a music dataset, into a run directory with weights and card.

An interrupted run resumes from its last whole epoch.
"""

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gan.controls import CONTROLS
from gan.mel import CLIP_FRAMES, GAN_MEL, N_BANDS
from gan.training.dataset import MusicDataset, load_music_dataset
from gan.training.history import save_samples
from gan.training.projected import ProjectedTrainer
from gan.training.settings import RECIPES, GanSettings
from gan.training.trainer import GanTrainer
from genre.compute import device
from genre.data.dataset import named_folder
from genre.models.artefacts import compact, save_artefact
from genre.models.cards import Card
from genre.runs.directory import open_or_create_run
from genre.runs.report import Report
from genre.runs.worker import Worker
from genre.training.checkpoint import CHECKPOINT, damaged_checkpoint, read_checkpoint, write_checkpoint


def create_gan_run(
    data: str,
    split: str = "all",
    network: str = "earmark",
    folder: Path | None = None,
    cores: int | None = None,
    **values: Any,
) -> Path:
    """Create a run directory, or open the one of the same settings. Raises ValueError with a sentence."""
    if data != "builtin":
        data = str(named_folder(data))  # absolute, as the run may be resumed from elsewhere
    settings = RECIPES.get(network, GanSettings)(data, split)
    return open_or_create_run("gan", replace(settings, **values), network, folder, cores)


def make_trainer(dataset: MusicDataset, settings: GanSettings) -> GanTrainer:
    """Make the networks of the settings. Raises ArtefactError where the pretrained network is missing."""
    if settings.network == "beat":
        return ProjectedTrainer(dataset, settings, device())
    return GanTrainer(dataset, settings)


def train_gan(worker: Worker) -> Report:
    """Train by the settings of a run; write weights, card, samples and report into its folder.

    Raises DataError, ArtefactError, FloatingPointError or OSError with a sentence.
    """
    settings = GanSettings.from_dict(worker.settings)
    worker.set_status("Reading the music.")
    trainer = make_trainer(load_music_dataset(settings.data, settings.split), settings)
    checkpoint = worker.folder / CHECKPOINT
    first_epoch = _load_checkpoint(checkpoint, trainer) if checkpoint.exists() else 0
    for epoch in range(first_epoch, settings.epochs):
        start = time.monotonic()
        rng = trainer.rng(settings.seed * 100_003 + epoch)
        steps = []
        for _ in range(settings.steps_per_epoch):
            steps.append(trainer.step(rng))
        metrics = {name: float(np.mean([step[name] for step in steps])) for name in steps[0]}
        if not all(map(math.isfinite, metrics.values())):
            raise FloatingPointError(
                "The loss became infinite. Start a new training with more or other "
                "music, or with another seed."
            )
        save_samples(worker.folder, epoch + 1, trainer.samples(), trainer.dataset.genres)
        seconds = round(time.monotonic() - start, 3)
        worker.record_epoch(
            {"epoch": epoch + 1, **metrics, "seconds": seconds}, (epoch + 1) / settings.epochs
        )
        write_checkpoint(checkpoint, trainer.state(), {"epoch": epoch + 1})
    means, stds = trainer.control_stats_by_genre
    card = Card(
        "gan",
        tuple(trainer.dataset.genres),
        network=settings.network,
        front_end=GAN_MEL.to_dict(),
        size=[N_BANDS, CLIP_FRAMES],
        controls=tuple(CONTROLS),
        control_mean=tuple(trainer.control_mean.tolist()),
        control_std=tuple(trainer.control_std.tolist()),
        control_stats_by_genre={"mean": means.tolist(), "std": stds.tolist()},
        tempo_stats_by_genre=trainer.tempo_stats_by_genre,
        recipe=settings.to_dict() | {"data": Path(settings.data).name},
        data={"name": Path(settings.data).name, "split": settings.split, **trainer.dataset.counts},
    )
    save_artefact(worker.folder, compact(trainer.averaged_generator.state_dict()), card)
    metrics_of_run = {"steps": settings.epochs * settings.steps_per_epoch}
    report = Report("gan", seed=settings.seed, data=trainer.dataset.counts, metrics=metrics_of_run)
    worker.finish(report)
    checkpoint.unlink(missing_ok=True)  # deleted last: an unfinished run without it would start over
    return report


def _load_checkpoint(path: Path, trainer: GanTrainer) -> int:
    """Restore a checkpoint and return its epoch. Raises ArtefactError for one that does not fit."""
    groups, numbers = read_checkpoint(path)
    try:
        epoch = int(numbers["epoch"])
        trainer.restore(groups)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise damaged_checkpoint(path) from error
    trainer.steps_done = epoch * trainer.settings.steps_per_epoch
    return epoch
