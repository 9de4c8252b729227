"""The estimated time of a training, from a few steps on this machine."""

import time

import numpy as np
import torch
from torch.nn import functional as F

from genre.audio.clip import SAMPLE_RATE
from genre.data import splits
from genre.data.input_spec import InputSpec
from genre.data.protocols import FOLDED
from genre.data.windows import window_starts
from genre.models.registry import find_model
from genre.training.experiment import ExperimentSettings

ASSUMED_TRACK_S = 30.0  # assumed length of a recording
PROBE_BATCH = 8  # small, because a step of the largest network with 32 takes seconds
START_S = 6.0  # seconds to load the libraries and read the cache
CLASSICAL_S = 0.004  # rough time per window, in s, of models that have no steps to measure
# Decoding a track and computing its input for the first time, in s on one core.
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


def windows_per_track(spec: InputSpec, windowing: str = "even") -> int:
    """Count the windows cut from a track of 30 s."""
    return len(window_starts(np.ones(round(ASSUMED_TRACK_S * SAMPLE_RATE), np.float32), spec, windowing))


def seconds_per_window(model: str, kind: str, genres: int = 10) -> float:
    """Return the measured training time of one window: forward, backward and an optimiser step, in s."""
    spec = find_model(model)
    if spec.kind != "network":
        return CLASSICAL_S
    shape = spec.input(kind).shape
    network = spec.build(shape, genres).train()
    optimiser = torch.optim.AdamW(network.parameters())
    inputs, targets = torch.rand(PROBE_BATCH, *shape), torch.arange(PROBE_BATCH) % genres
    fastest = float("inf")
    for _ in range(2):  # the first pass is slower
        started = time.perf_counter()
        logits = network(inputs)
        if logits.ndim == 3:  # an ensemble gives three dimensions
            logits, repeated = logits.flatten(0, 1), targets.repeat_interleave(logits.shape[1])
        else:
            repeated = targets
        F.cross_entropy(logits, repeated).backward()
        optimiser.step()
        optimiser.zero_grad()
        fastest = min(fastest, time.perf_counter() - started)
    return fastest / PROBE_BATCH


def training_s(settings: ExperimentSettings, tracks: int, window_s: float) -> float:
    """Return the time of a whole run on `tracks` tracks at `window_s` (see `seconds_per_window`) a window, in s."""
    epochs = settings.recipe.epochs if settings.spec.kind == "network" else 1
    windows = settings.recipe.windows_per_track or windows_per_track(settings.input_spec, settings.windows)
    windows_seen = tracks * windows * _passes_per_epoch(settings.split)
    return START_S + windows_seen * epochs * window_s


def _passes_per_epoch(split: str) -> float:
    """Return the number of times that each window is trained on in an epoch of all parts together."""
    if split == "all":
        return 1.0
    if split in FOLDED:  # each fold trains without its fifth, and a last model on everything
        return splits.FOLDS - 1 + 1.0
    return 1.0 - splits.TEST_SHARE


def preparation_s(kinds: set[str], tracks: int, to_play: int, cores: int) -> float:
    """Return the time before the first training: playing, decoding, computing the inputs, in s."""
    return (to_play * PLAY_S + tracks * sum(PREPARE_S[kind] for kind in kinds)) / cores


def duration_text(seconds: float) -> str:
    """Write a duration as exactly as an estimate can be: 97 -> "2 minutes"."""
    if seconds < 50:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 55 * 60:
        minutes = max(1, round(seconds / 60))
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = seconds / 3600
    if hours < 1.25:
        return "1 hour"
    return f"{hours:.1f} hours" if hours < 10 else f"{round(hours)} hours"
