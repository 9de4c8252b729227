"""Pretrained features of songs, computed once and cached, by windows of 3 s like those of the classifier.

A recording is used twice, as it is and through a simulated phone. A piece of which there is only a log-mel of
3 s is inverted to audio first.
"""

import zlib
from functools import lru_cache

import numpy as np
import torch

from genre.audio.clip import load_clip
from genre.audio.degrade import simulate_phone
from genre.audio.invert import invert_mel
from genre.audio.spectrogram import SpectrogramParams
from genre.cache import cached_results, key_of, pack, progress_line, unpack
from genre.models.cards import TAGGER, load_card
from genre.models.pretrained.features import PretrainedFeatures, load_tagger
from genre.paths import WEIGHTS
from genre.training.transfer.songs import Song

FEATURES_VERSION = 1  # raise it when the same song gives other features
PHONE, CLEAN = "phone", "clean"


def song_features(
    songs: list[Song], condition: str, seed: int, seconds_per_window: float
) -> list[np.ndarray]:
    """Compute the features of each song's windows: (W, 250) float32. `seed` draws the rooms of the phones."""
    tagger = load_card(WEIGHTS / TAGGER).weights_sha256
    jobs = {}
    for song in songs:
        draw = seed if condition == PHONE else 0
        key = key_of(
            FEATURES_VERSION, song.collection, song.name, condition, draw, seconds_per_window, tagger
        )
        jobs[key] = (song, condition, draw, seconds_per_window)
    results = dict(
        cached_results("tag_features", jobs, _compute, unpack, progress_line(f"Features, {condition}"))
    )
    return [results[key] for key in jobs]


@lru_cache(maxsize=1)
def _extractor(seconds_per_window: float) -> PretrainedFeatures:
    tagger = load_tagger(WEIGHTS / TAGGER, load_card(WEIGHTS / TAGGER).weights_sha256)
    return PretrainedFeatures(tagger, seconds_per_window)


def _compute(job: tuple[Song, str, int, float]) -> bytes:
    song, condition, seed, seconds_per_window = job
    if song.log_mel is not None:
        decibels = np.maximum(song.log_mel - song.log_mel.max(), -SpectrogramParams().range_db)
        samples = invert_mel(decibels, SpectrogramParams())
    else:
        clip = load_clip(song.path)
        if condition == PHONE:
            clip = simulate_phone(clip, zlib.crc32(song.name.encode()) + seed)
        samples = clip.samples
    samples = samples - samples.mean()
    with torch.inference_mode():
        _, features = _extractor(seconds_per_window).windows(samples[None])
        return pack(features.vector().numpy())
