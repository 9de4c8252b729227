"""Mel to sound and back: near to the picture, the same by seed, without clicks, nearer than librosa."""

from dataclasses import replace

import librosa
import numpy as np
import pytest
import torch

from gan.mel import GAN_MEL
from genre.audio.invert import MAX_FRAMES, invert_mel
from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram, SpectrogramParams

pytestmark = pytest.mark.usefixtures("compiled_librosa")
HOP = GAN_MEL.hop_length


@pytest.fixture(scope="module")
def music(play) -> np.ndarray:
    """(N,) whose loudest mel power is 1, a whole number of hops long."""
    samples = play("pop", 4.0, 3)
    samples = torch.from_numpy(samples[: len(samples) // HOP * HOP].copy())
    return (samples / Spectrogram(GAN_MEL).power(samples[None]).amax().sqrt()).numpy()


@pytest.fixture(scope="module")
def mel_db(music) -> np.ndarray:
    return decibels(music)


@pytest.fixture(scope="module")
def ours(mel_db) -> np.ndarray:
    return invert_mel(mel_db, GAN_MEL)


def decibels(samples: np.ndarray) -> np.ndarray:
    """(N,) -> (128, T) dB of a mel power of 1, cut at the floor."""
    power = Spectrogram(GAN_MEL).power(torch.from_numpy(samples)[None])[0]
    return (10 * torch.log10(power.clamp_min(1e-10))).clamp_min(-GAN_MEL.range_db).numpy()


def spectral_convergence(expected: np.ndarray, result: np.ndarray) -> float:
    a, b = (np.abs(librosa.stft(samples)) for samples in (expected, result))
    return float(np.linalg.norm(a - b) / np.linalg.norm(a))


def test_the_sound_shows_the_picture_it_came_from(music, mel_db, ours):
    assert ours.dtype == np.float32 and ours.shape == music.shape
    assert np.abs(decibels(ours) - mel_db).mean() < 1.0
    assert np.abs(decibels(ours) - mel_db)[mel_db > -30].mean() < 0.7


def test_nearer_than_librosa_on_both_distances(music, mel_db, ours):
    theirs = librosa.feature.inverse.mel_to_audio(
        librosa.db_to_power(mel_db), sr=GAN_MEL.sample_rate, n_iter=32, pad_mode="constant"
    )
    assert spectral_convergence(music, ours) < spectral_convergence(music, theirs)
    assert np.abs(decibels(ours) - mel_db).mean() < np.abs(decibels(theirs) - mel_db).mean()


def test_a_seed_fixes_every_sample_and_another_gives_other_phases(mel_db):
    short = mel_db[:, :40]
    first, again, other = (invert_mel(short, GAN_MEL, 4, seed) for seed in (5, 5, 6))
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 0.1 * np.abs(first).max()


def test_no_click_where_two_clips_meet(play):
    """Energy above 6 kHz jumps at a click; two clips without treble side by side have none."""
    dark = Spectrogram(GAN_MEL)(torch.from_numpy(np.stack([tone(220), tone(330)]))).numpy()
    samples = invert_mel(np.concatenate(list(dark), axis=1), GAN_MEL)
    seam = dark.shape[2] * HOP
    spectrum = np.abs(librosa.stft(samples, n_fft=256, hop_length=64)) ** 2
    treble = spectrum[int(256 * 6_000 / GAN_MEL.sample_rate) :].sum(axis=0)
    around = slice((seam - HOP) // 64, (seam + HOP) // 64)
    assert treble[around].max() < 1e-4 * spectrum.sum(axis=0).max()


def tone(hz: float) -> np.ndarray:
    """A second of a tone that swells and fades, so that it has no click itself."""
    time = np.arange(43 * HOP) / GAN_MEL.sample_rate
    swell = np.sin(np.pi * time / time[-1]) ** 0.5
    return (0.3 * swell * np.sin(2 * np.pi * hz * time)).astype(np.float32)


def test_the_floor_is_silence(mel_db):
    assert not invert_mel(np.full((128, 20), -GAN_MEL.range_db), GAN_MEL, 3).any()
    half = mel_db[:, :80].copy()
    half[:, 40:] = -GAN_MEL.range_db
    samples = invert_mel(half, GAN_MEL)
    assert np.abs(samples[46 * HOP :]).max() < 1e-3 * np.abs(samples).max()


@pytest.mark.parametrize(
    "params",
    [
        SpectrogramParams(n_fft=1024, hop_length=256, n_mels=64),
        SpectrogramParams(n_fft=2048, hop_length=1024, n_mels=96, f_max=8_000.0),
    ],
    ids=["narrow", "wide"],
)
def test_other_parameters(params, music):
    expected = Spectrogram(params)(torch.from_numpy(music)[None])[0].numpy()
    result = Spectrogram(params)(torch.from_numpy(invert_mel(expected, params))[None])[0].numpy()
    frames = min(expected.shape[1], result.shape[1])
    assert np.abs(expected[:, :frames] - result[:, :frames]).mean() < 2.5


@pytest.mark.parametrize("frames", [2, 3, 5])
def test_the_shortest_spectrograms(frames):
    samples = invert_mel(np.full((128, frames), -10.0), GAN_MEL)
    assert samples.shape == ((frames - 1) * HOP,) and np.isfinite(samples).all()


@pytest.mark.parametrize(
    "shape, params, value",
    [
        ((128, 1), GAN_MEL, 0.0),
        ((128, MAX_FRAMES + 1), GAN_MEL, 0.0),
        ((64, 20), GAN_MEL, 0.0),
        ((128,), GAN_MEL, 0.0),
        ((128, 20), GAN_MEL, np.nan),
        ((128, 20), GAN_MEL, np.inf),
        ((128, 20), FULL_CLIP_MEL, 0.0),
        ((1025, 20), replace(GAN_MEL, kind="stft"), 0.0),
    ],
    ids=str,
)
def test_what_cannot_be_inverted_is_refused(shape, params, value):
    with pytest.raises(ValueError, match=r"^[A-Z].+\.$"):
        invert_mel(np.full(shape, value, np.float32), params)
