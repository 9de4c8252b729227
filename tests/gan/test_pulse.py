"""The pulse of a spectrogram: on clicks, on noise, and on synthesised music whose tempo is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.mel import FRAMES_PER_MINUTE, GAN_MEL
from gan.sampling.beat import beat_margin
from gan.sampling.pulse import USUAL_BPM, autocorrelation, clarity_at, onset_envelope, tapping_weight
from genre.audio.clip import SAMPLE_RATE
from genre.audio.spectrogram import Spectrogram
from genre.synth import dataset as synth

SECONDS = 10


def mel_of(samples: np.ndarray) -> np.ndarray:
    return Spectrogram(GAN_MEL)(torch.from_numpy(samples)[None])[0].numpy()


def clicks(bpm: float, accents: tuple[float, ...] = (1.0,), seconds: float = SECONDS) -> np.ndarray:
    """Bursts of noise over soft noise, of these amplitudes in turn."""
    rng = np.random.default_rng(0)
    samples = rng.normal(0, 0.01, int(seconds * SAMPLE_RATE))
    for k, time in enumerate(np.arange(0.1, seconds - 0.1, 60 / bpm)):
        start = round(time * SAMPLE_RATE)
        samples[start : start + 400] += accents[k % len(accents)] * rng.normal(0, 0.3, 400)
    return samples.astype(np.float32)


def margin(mel: np.ndarray, bpm: float) -> float:
    return beat_margin(onset_envelope(mel), FRAMES_PER_MINUTE / bpm)


@settings(max_examples=15, deadline=None)
@given(st.floats(80, 150), st.floats(0, 0.3))
def test_clicks_have_their_tempo_and_no_other(bpm: float, softer: float) -> None:
    """The margin is above 0 at one tempo at most."""
    mel = mel_of(clicks(bpm, (1.0, 1.0 - softer)))
    assert margin(mel, bpm) > 0.1
    for other in (0.5, 0.67, 0.75, 0.9, 1.1, 1.33, 1.5, 2.0):
        assert margin(mel, other * bpm) < 0


@settings(max_examples=20, deadline=None)
@given(st.floats(60, 180))
def test_the_clarity_is_that_of_the_period(bpm: float) -> None:
    correlation = autocorrelation(onset_envelope(mel_of(clicks(bpm))), 400)
    period = FRAMES_PER_MINUTE / bpm
    right, beside = clarity_at(correlation, np.array([period, 1.2 * period]))
    assert right > 0.5 > 0.2 > beside and correlation[0] == pytest.approx(1)


def test_noise_has_no_clear_beat() -> None:
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(0, 0.1, SECONDS * SAMPLE_RATE).astype(np.float32)
        correlation = autocorrelation(onset_envelope(mel_of(noise)), 400)
        assert clarity_at(correlation, np.linspace(13, 52, 200)).max() < 0.25


@pytest.mark.parametrize("genre", ["disco", "rock", "pop", "hiphop"])
def test_synthesised_music_has_its_tempo(genre: str, monkeypatch: pytest.MonkeyPatch) -> None:
    right = 0
    for seed, bpm in enumerate((96, 108, 120, 132)):
        monkeypatch.setitem(synth.STYLES, genre, replace(synth.STYLES[genre], tempo=(bpm, bpm)))
        mel = mel_of(synth.render(genre, seed, SECONDS))
        tempos = np.arange(60, 200, 2.0)
        heard = tempos[int(np.argmax([margin(mel, tempo) for tempo in tempos]))]
        right += abs(heard / bpm - 1) < 0.03
    assert right >= 3


def test_people_tap_near_the_usual_tempo() -> None:
    assert tapping_weight(USUAL_BPM) == 1
    slow, fast = tapping_weight(USUAL_BPM / 2), tapping_weight(USUAL_BPM * 2)
    assert slow == pytest.approx(fast) and slow < 0.5


def test_silence_and_short_pieces_are_no_error() -> None:
    silence = onset_envelope(np.full((128, 300), -80.0))
    assert not silence.any() and clarity_at(autocorrelation(silence, 100), np.array([25.0])) == 0
    assert np.isfinite(beat_margin(onset_envelope(mel_of(clicks(120, seconds=3))), 22.0))
    assert autocorrelation(np.ones(5), 100).shape == (5,)
