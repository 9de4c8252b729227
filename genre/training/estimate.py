"""The estimated time of a training, from a few steps on this machine."""

import time

import numpy as np
import torch
from torch.nn import functional as F

from genre.audio.clip import SAMPLE_RATE
from genre.data import splits
from genre.data.input_spec import InputSpec
from genre.data.protocols import FOLD_PROTOCOLS
from genre.data.windows import window_starts
from genre.models.registry import find_model
from genre.training.experiment import ExperimentSettings

ASSUMED_TRACK_S = 30.0  # assumed length of a recording
PROBE_BATCH = 8  # windows of a step; with 32, the largest network takes seconds
START_S = 6.0  # seconds to load the libraries and read the cache
CLASSICAL_S = 0.004  # rough time per window, in s, of models that have no steps to measure
# Seconds for decoding a track and computing its input for the first time, on one core.
PREPARE_S = {
    "features": 0.5,
    "raw": 0.05,
    "stft": 0.15,
    "mel": 0.12,
    "mel_30s": 0.12,
    "mel_3s_zscored": 0.12,
    "mel_3s": 0.12,
}
PLAY_S = 0.7  # seconds to play a piece of the built-in set


def count_track_windows(spec: InputSpec, windowing: str = "even") -> int:
    """Count the windows cut from a track of 30 s."""
    return len(window_starts(np.ones(round(ASSUMED_TRACK_S * SAMPLE_RATE), np.float32), spec, windowing))


def measure_window_s(model: str, kind: str, genres: int = 10) -> float:
    """Measure the training time of one window in s: forward, backward and an optimiser step."""
    spec = find_model(model)
    if spec.kind != "network":
        return CLASSICAL_S
    shape = spec.input(kind).shape
    network = spec.build(shape, genres).train()
    optimiser = torch.optim.AdamW(network.parameters())
    inputs, targets = torch.rand(PROBE_BATCH, *shape), torch.arange(PROBE_BATCH) % genres
    fastest = float("inf")
    for _ in range(2):  # the first pass is slower
        start_s = time.perf_counter()
        logits = network(inputs)
        if logits.ndim == 3:  # an ensemble gives three dimensions
            logits, repeated_targets = logits.flatten(0, 1), targets.repeat_interleave(logits.shape[1])
        else:
            repeated_targets = targets
        F.cross_entropy(logits, repeated_targets).backward()
        optimiser.step()
        optimiser.zero_grad()
        fastest = min(fastest, time.perf_counter() - start_s)
    return fastest / PROBE_BATCH


def training_time_s(settings: ExperimentSettings, tracks: int, window_s: float) -> float:
    """Estimate the time in s of a run on `tracks` tracks, with `window_s` from `measure_window_s`."""
    epochs = settings.recipe.epochs if settings.spec.kind == "network" else 1
    windows = settings.recipe.windows_per_track or count_track_windows(settings.input_spec, settings.windows)
    windows_seen = tracks * windows * _passes_per_epoch(settings.split)
    return START_S + windows_seen * epochs * window_s


def _passes_per_epoch(split: str) -> float:
    """Count the trainings on each window in an epoch of all parts together."""
    if split == "all":
        return 1.0
    if split in FOLD_PROTOCOLS:  # each fold trains without its fifth, and a last model on everything
        return splits.FOLDS - 1 + 1.0
    return 1.0 - splits.TEST_SHARE


def preparation_time_s(kinds: set[str], tracks: int, to_play: int, cores: int) -> float:
    """Estimate the time in s before the first training: playing, decoding, computing the inputs."""
    return (to_play * PLAY_S + tracks * sum(PREPARE_S[kind] for kind in kinds)) / cores


def duration_text(seconds: float) -> str:
    """Write a duration with the precision of an estimate: 97 -> "2 minutes"."""
    if seconds < 50:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 55 * 60:
        minutes = max(1, round(seconds / 60))
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = seconds / 3600
    if hours < 1.25:
        return "1 hour"
    return f"{hours:.1f} hours" if hours < 10 else f"{round(hours)} hours"
