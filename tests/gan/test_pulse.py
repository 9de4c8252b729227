"""The pulse of a spectrogram: on clicks, on noise, and on synthesised music whose tempo is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.mel import GAN_MEL
from gan.sampling.pulse import FRAMES_PER_MINUTE, autocorrelation, find_beat, onset_envelope, track_beats
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


@settings(max_examples=15, deadline=None)
@given(st.floats(70, 170))
def test_clicks_have_their_tempo(bpm: float) -> None:
    envelope = onset_envelope(mel_of(clicks(bpm)))
    beat = find_beat(envelope, (0.7 * bpm, 1.4 * bpm))
    assert beat.bpm == pytest.approx(bpm, rel=0.02) and beat.clarity > 0.5


@pytest.mark.parametrize("bpm", [80, 100, 125, 150])
def test_of_many_possible_tempos_the_usual_one_wins(bpm: float) -> None:
    assert find_beat(onset_envelope(mel_of(clicks(bpm)))).bpm == pytest.approx(bpm, rel=0.02)


def test_noise_has_no_clear_beat() -> None:
    for seed in range(3):
        noise = np.random.default_rng(seed).normal(0, 0.1, SECONDS * SAMPLE_RATE).astype(np.float32)
        assert find_beat(onset_envelope(mel_of(noise))).clarity < 0.25


@pytest.mark.parametrize("genre", ["disco", "rock", "pop", "hiphop"])
def test_synthesised_music_has_the_tempo_it_was_played_at(
    genre: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = 0
    for seed, bpm in enumerate((96, 108, 120, 132)):
        monkeypatch.setitem(synth.STYLES, genre, replace(synth.STYLES[genre], tempo=(bpm, bpm)))
        heard = find_beat(onset_envelope(mel_of(synth.render(genre, seed, SECONDS)))).bpm
        right += abs(heard / bpm - 1) < 0.03
    assert right >= 3


def test_beats_are_tracked_through_a_change_of_tempo() -> None:
    times = np.cumsum(60 / np.linspace(95, 115, 17))
    samples = np.random.default_rng(0).normal(0, 0.01, 11 * SAMPLE_RATE)
    for time in times:
        start = round(time * SAMPLE_RATE)
        samples[start : start + 400] += np.random.default_rng(1).normal(0, 0.3, 400)
    envelope = onset_envelope(mel_of(samples.astype(np.float32)))
    beats = track_beats(envelope, FRAMES_PER_MINUTE / 105)
    heard = beats * GAN_MEL.seconds_per_frame
    distances = np.abs(times[:, None] - heard).min(axis=1)
    assert (distances < 0.07).mean() > 0.9 and (np.diff(beats) > 0).all()


def test_silence_and_short_pieces_are_no_error() -> None:
    silence = onset_envelope(np.full((128, 300), -80.0))
    assert find_beat(silence).clarity == 0 and len(track_beats(silence, 25.0)) >= 1
    assert np.isfinite(find_beat(onset_envelope(mel_of(clicks(120, seconds=3)))).period)
    assert autocorrelation(np.ones(5), 100).shape == (5,)
