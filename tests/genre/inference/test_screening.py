"""Silence, noise and held tones get no genre; music of every style does."""

import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip, load_clip
from genre.audio.loudness import is_silent
from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram
from genre.inference.classifier import Classifier
from genre.inference.load import load_classifier
from genre.inference.screening.music import is_flat, is_gliding_tone, spectral_change
from genre.synth.dataset import render
from tests.support.data import SHARED_DATA

Rng = np.random.Generator


def coloured(count: int, rng: Rng, slope: float) -> np.ndarray:
    """Noise whose power falls with frequency to the power of `slope`, from 20 Hz up."""
    hertz = np.fft.rfftfreq(count, 1 / SAMPLE_RATE)
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum *= np.maximum(hertz, 20.0) ** (-slope / 2) * (hertz > 20.0)
    samples = np.fft.irfft(spectrum, count)
    return 0.2 * samples / np.abs(samples).max()


def brown(count: int, rng: Rng) -> np.ndarray:
    """The textbook's: a random walk, most of it below what can be heard."""
    walk = np.cumsum(rng.standard_normal(count))
    walk -= walk.mean()
    return 0.5 * walk / np.abs(walk).max()


def swell(count: int, hertz: float, depth: float = 0.4) -> np.ndarray:
    """An amplitude that rises and falls."""
    return 1 - depth + depth * np.sin(2 * np.pi * hertz * np.arange(count) / SAMPLE_RATE)


def tone(count: int, *hertz: float) -> np.ndarray:
    time = np.arange(count) / SAMPLE_RATE
    return 0.2 * sum(np.sin(2 * np.pi * f * time) / (k + 1) for k, f in enumerate(hertz))


def clicks(count: int, rng: Rng) -> np.ndarray:
    samples = np.zeros(count)
    samples[rng.integers(0, count, 2 * count // SAMPLE_RATE)] = 0.8
    return samples


def glide(count: int, start_hz: float, end_hz: float) -> np.ndarray:
    """A tone whose pitch rises or falls evenly, octave after octave."""
    hertz = start_hz * (end_hz / start_hz) ** np.linspace(0, 1, count)
    return 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)


def siren(count: int) -> np.ndarray:
    hertz = 600 + 300 * np.sin(2 * np.pi * np.arange(count) / SAMPLE_RATE / 2)
    return 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / SAMPLE_RATE)


def machine_code(count: int, rng: Rng, bits: str) -> np.ndarray:
    """A part of OpenCV's library, as samples."""
    content = np.memmap(CODE, np.uint8, "r")
    first = int(rng.uniform(0.1, 0.4) * len(content))
    samples = np.frombuffer(content[first : first + count * np.dtype(bits).itemsize].tobytes(), bits)
    return samples / 32_768 if bits == "<i2" else (samples.astype(float) - 128) / 128


CODE = next(Path(cv2.__file__).parent.glob("cv2*.so"), Path(sys.executable).resolve())

NOT_MUSIC: dict[str, Callable[[int, Rng], np.ndarray]] = {
    "silence": lambda count, rng: np.zeros(count),
    "the last bit's noise": lambda count, rng: 1e-5 * rng.standard_normal(count),
    "an offset": lambda count, rng: np.full(count, 0.3),
    "a single click": lambda count, rng: np.eye(1, count, count // 2)[0],
    "clicks": clicks,
    "white noise": lambda count, rng: coloured(count, rng, 0.0),
    "pink noise": lambda count, rng: coloured(count, rng, 1.0),
    "brown noise": brown,
    "swelling noise": lambda count, rng: coloured(count, rng, 0.5) * swell(count, 0.7),
    "hum": lambda count, rng: tone(count, 50, 100, 150, 250) + 1e-3 * rng.standard_normal(count),
    "a tone": lambda count, rng: tone(count, 440),
    "a noisy tone": lambda count, rng: tone(count, 440) + 2e-3 * rng.standard_normal(count),
    "tremolo": lambda count, rng: tone(count, 440) * swell(count, 5.0),
    "a rising chirp": lambda count, rng: glide(count, rng.uniform(50, 300), 8_000),
    "a falling chirp": lambda count, rng: glide(count, 4_000, rng.uniform(50, 300)),
    "a siren": lambda count, rng: siren(count),
    "machine code": lambda count, rng: machine_code(count, rng, "<i2"),
    "machine code of 8 bits": lambda count, rng: machine_code(count, rng, "u1"),
}


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_classifier()


@pytest.mark.parametrize("seconds", [3, 10, 30])
@pytest.mark.parametrize("kind", NOT_MUSIC)
def test_no_genre_for(kind: str, seconds: int, classifier: Classifier) -> None:
    for seed in range(2):
        samples = NOT_MUSIC[kind](seconds * SAMPLE_RATE, np.random.default_rng(seed))
        prediction = classifier.classify(Clip(samples.astype(np.float32), float(seconds)))
        assert prediction.status == "not_music", f"seed {seed}: {prediction.message}"
        assert prediction.genre is None and not prediction.confident and prediction.probabilities == {}


@pytest.mark.parametrize("seconds", [3, 12])
@pytest.mark.parametrize("genre", GENRES)
def test_music_is_let_through(genre: str, seconds: int, classifier: Classifier) -> None:
    prediction = classifier.classify(Clip(render(genre, seconds, seconds), float(seconds)))
    assert prediction.status in ("music", "unsure"), prediction.message


def test_no_real_music_is_taken_for_a_tone_or_for_noise() -> None:
    recordings = sorted([*SHARED_DATA.glob("gtzan/audio/*/*.opus"), *SHARED_DATA.glob("wild/*/*.opus")])
    if not recordings:
        pytest.skip("the real recordings are not here: set EARMARK_DATA to the folder of real data")
    front_end = Spectrogram(FULL_CLIP_MEL)
    for path in recordings[::40]:
        samples = load_clip(path).samples
        for part in (samples, samples[len(samples) // 2 :][: 3 * SAMPLE_RATE]):
            power = front_end.power(torch.from_numpy(part[None]))[0]
            assert not is_gliding_tone(power) and not is_flat(power), path


@pytest.mark.parametrize("gain", [0.01, 0.05, 1.0])
def test_quiet_music_is_music(gain: float, classifier: Classifier) -> None:
    samples = render("rock", 1, 5.0) * np.float32(gain / 0.9)
    assert classifier.classify(Clip(samples, 5.0)).genre is not None


def test_silence_is_measured_in_dbfs() -> None:
    noise = np.random.default_rng(0).standard_normal(5 * SAMPLE_RATE)
    assert is_silent(noise * 10 ** (-70 / 20))
    assert not is_silent(noise * 10 ** (-50 / 20))
    half = np.concatenate([np.zeros_like(noise), noise * 0.1])
    assert not is_silent(half)  # a late start is not silence
    assert is_silent(noise * 10 ** (-70 / 20) + 0.01)  # nor is an offset a sound


def test_level_does_not_count_as_spectral_change() -> None:
    """Half a second loud, half a second quiet, of the same sound: its spectrum does not change."""
    noise = coloured(10 * SAMPLE_RATE, np.random.default_rng(1), 1.0)
    steps = np.where(np.arange(len(noise)) // (SAMPLE_RATE // 2) % 2, 1.0, 0.3)
    plain, stepped = (
        spectral_change(Spectrogram(FULL_CLIP_MEL).power(torch.from_numpy(s.astype(np.float32))[None])[0])
        for s in (noise, noise * steps)
    )
    assert stepped < plain + 0.15
