"""How long a training will take, from a few steps on this machine: an estimate, not a promise."""

import time

import numpy as np
import torch
from torch.nn import functional as F

from genre import splits
from genre.audio import SAMPLE_RATE
from genre.experiment import Settings
from genre.inputs import window_starts
from genre.models import InputSpec, find
from genre.protocols import FOLDED

TRACK_S = 30.0  # what we take a recording to last
PROBE_BATCH = 8  # small: a step of the largest network with 32 takes seconds
START_S = 6.0  # loading the libraries and reading the cache
CLASSICAL_S = 0.004  # a window, roughly, of the models that have no steps to measure
# The first time a track is heard: decoding it and computing what the model hears, s on one core.
PREPARE_S = {"features": 0.5, "raw": 0.05, "stft": 0.15, "mel": 0.12, "pictures": 0.12, "mel3s": 0.12,
             "excerpts": 0.12}
PLAY_S = 0.7  # playing a piece of the built-in set


def windows_of(spec: InputSpec, cutting: str = "even") -> int:
    """Windows cut from a track of 30 s."""
    return len(window_starts(np.ones(round(TRACK_S * SAMPLE_RATE), np.float32), spec, cutting))


def seconds_a_window(model: str, kind: str, genres: int = 10) -> float:
    """Learning from one window once, measured: forwards, backwards and a step of the optimiser."""
    spec = find(model)
    if spec.kind != "network":
        return CLASSICAL_S
    shape = spec.input(kind).shape
    network = spec.build(shape, genres).train()
    optimiser = torch.optim.AdamW(network.parameters())
    inputs, targets = torch.rand(PROBE_BATCH, *shape), torch.arange(PROBE_BATCH) % genres
    best = float("inf")
    for _ in range(2):  # the first is slower
        began = time.perf_counter()
        logits = network(inputs)
        if logits.ndim == 3:  # a committee
            logits, answers = logits.flatten(0, 1), targets.repeat_interleave(logits.shape[1])
        else:
            answers = targets
        F.cross_entropy(logits, answers).backward()
        optimiser.step()
        optimiser.zero_grad()
        best = min(best, time.perf_counter() - began)
    return best / PROBE_BATCH


def training_s(asked: Settings, tracks: int, window_s: float) -> float:
    """A whole run on `tracks` tracks that takes `window_s` (see `seconds_a_window`) a window."""
    epochs = asked.recipe.epochs if asked.spec.kind == "network" else 1
    windows = asked.recipe.windows_per_track or windows_of(asked.input_spec, asked.windows)
    learnt = tracks * windows * _times_learnt(asked.split)
    return START_S + learnt * epochs * window_s


def _times_learnt(split: str) -> float:
    """How often each window is learnt from in an epoch of all parts together."""
    if split == "all":
        return 1.0
    if split in FOLDED:  # each fold without its fifth, and once everything
        return splits.FOLDS - 1 + 1.0
    return 1.0 - splits.TEST_SHARE


def preparation_s(kinds: set[str], tracks: int, to_play: int, cores: int) -> float:
    """What is done once before the first training: playing, decoding, computing the inputs."""
    return (to_play * PLAY_S + tracks * sum(PREPARE_S[kind] for kind in kinds)) / cores


def in_words(seconds: float) -> str:
    """97 -> "2 minutes": as exact as an estimate can be."""
    if seconds < 50:
        return f"{max(5, 5 * round(seconds / 5))} seconds"
    if seconds < 55 * 60:
        minutes = max(1, round(seconds / 60))
        return "1 minute" if minutes == 1 else f"{minutes} minutes"
    hours = seconds / 3600
    if hours < 1.25:
        return "1 hour"
    return f"{hours:.1f} hours" if hours < 10 else f"{round(hours)} hours"
