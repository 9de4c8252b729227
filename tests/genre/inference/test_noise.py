"""genre.inference.screening.noise: stationary noise under music is detected and can be removed."""

import numpy as np
import pytest
import torch

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.degrade import simulate_phone
from genre.audio.spectrogram import Spectrogram, SpectrogramParams
from genre.inference.ensemble_classifier import EnsembleClassifier
from genre.inference.load import load_classifier
from genre.inference.screening.noise import MIN_GAIN, denoise, is_noisy, noise_floor

FRONT_END = Spectrogram(SpectrogramParams())


def power(samples: np.ndarray) -> torch.Tensor:
    """(N,) -> (1, bands, frames)."""
    return FRONT_END.power(torch.from_numpy(samples.astype(np.float32))[None])


def with_noise(samples: np.ndarray, snr_db: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return samples + noise * np.sqrt(np.mean(np.square(samples))) * 10 ** (-snr_db / 20)


def test_music_is_not_noisy_and_through_a_phone_it_is(play) -> None:
    plain = [is_noisy(power(play(genre, 12.0))) for genre in GENRES]
    recorded = [
        is_noisy(power(simulate_phone(Clip(play(genre, 12.0), 12.0), k).samples))
        for k, genre in enumerate(GENRES)
    ]
    assert sum(plain) <= 2 and sum(recorded) >= 8


def test_each_segment_is_tested_alone(play) -> None:
    music = play("classical", 9.0)
    both = torch.cat([power(music), power(with_noise(music, 10)), power(music)])
    assert is_noisy(both).tolist() == [False, True, False]


def test_silence_and_removed_points_hide_no_noise(play) -> None:
    noisy = with_noise(play("classical", 9.0), 10)
    padded = power(np.r_[np.zeros(3 * SAMPLE_RATE), noisy])
    assert is_noisy(padded)
    torch.testing.assert_close(noise_floor(padded), noise_floor(power(noisy)), rtol=0.2, atol=0)
    holes = power(noisy) * (torch.rand(1, 128, 1, generator=torch.manual_seed(0)) > 0.2)
    holes[:, :, 100:150] = 0
    assert is_noisy(holes) and (denoise(holes)[holes == 0] == 0).all()


def test_noise_below_the_depth_of_the_input_is_none(play) -> None:
    music = play("classical", 9.0)
    assert not is_noisy(power(with_noise(music, 75)))


@pytest.mark.parametrize("gain", [0.001, 1.0, 100.0])
def test_loudness_does_not_matter(gain: float, play) -> None:
    music = play("classical", 9.0)
    assert not is_noisy(power(gain * music)) and is_noisy(power(gain * with_noise(music, 10)))


def test_denoise_removes_noise_and_keeps_music(play) -> None:
    music = play("classical", 9.0)
    plain, noisy = power(music), power(with_noise(music, 15))
    cleaned = denoise(noisy)
    assert (cleaned <= noisy).all() and (cleaned >= MIN_GAIN * noisy - 1e-12).all()
    quiet = plain < 0.01 * noise_floor(noisy)
    assert cleaned[quiet].mean() < 0.7 * noisy[quiet].mean(), "noise alone"
    loud = plain > 100 * noise_floor(noisy)
    assert loud.any() and (cleaned[loud] / noisy[loud]).min() > 0.95


def test_a_few_seconds_are_never_noisy(play) -> None:
    noisy = with_noise(play("classical", 9.0), 10)
    assert is_noisy(power(noisy)) and not is_noisy(power(noisy[: 7 * SAMPLE_RATE]))


CLICK = np.r_[np.zeros(100_000), 1, np.zeros(100_000)]


@pytest.mark.parametrize("samples", [np.zeros(len(CLICK)), CLICK])
def test_silence_and_a_click_are_no_noise(samples: np.ndarray) -> None:
    assert not is_noisy(power(samples)) and denoise(power(samples)).isfinite().all()


def test_noisy_music_is_predicted_with_and_without_its_noise(play) -> None:
    classifier = load_classifier("listen-scratch")
    plain = EnsembleClassifier(classifier.branches, classifier.card, denoise_noisy=False)
    samples = with_noise(play("jazz", 12.0), 10)[None].astype(np.float32)
    noisy = power(samples[0])
    windows = classifier.predict_windows([0.0], samples, noisy)
    times_s, both, by_window = windows.times_s, windows.overall, windows.by_window
    once, again = (plain.predict_windows([0.0], samples, p).overall.log() for p in (noisy, denoise(noisy)))
    assert not torch.allclose(once, again, atol=0.01)
    torch.testing.assert_close(both, ((once + again) / 2).softmax(dim=-1), atol=1e-4, rtol=1e-3)
    with_clean = torch.cat([noisy, power(play("jazz", 12.0))])
    of_two = classifier.predict_windows([0.0, 12.0], samples.repeat(2, 0), with_clean).by_window
    of_clean = plain.predict_windows([12.0], samples, with_clean[1:]).by_window
    torch.testing.assert_close(of_two[: len(times_s)], by_window, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(of_two[len(times_s) :], of_clean, atol=1e-4, rtol=1e-3)
    assert by_window.shape == (len(times_s), 10)
    torch.testing.assert_close(by_window.sum(dim=1), torch.ones(len(times_s)), atol=1e-4, rtol=0)
