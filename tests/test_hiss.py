"""genre.hiss: steady noise under music is noticed and can be taken away; noisy music is heard both ways."""

import numpy as np
import pytest
import torch

from genre import GENRES
from genre.audio import SAMPLE_RATE, Clip
from genre.classifier import Classifier
from genre.degrade import phone_microphone
from genre.hiss import KEPT, floor, is_noisy, without_noise
from genre.spectrogram import Spectrogram, SpectrogramParams

FRONT_END = Spectrogram(SpectrogramParams())


def power(samples: np.ndarray) -> torch.Tensor:
    """(N,) -> (1, bands, frames)."""
    return FRONT_END.power(torch.from_numpy(samples.astype(np.float32))[None])


def with_noise(samples: np.ndarray, snr_db: float) -> np.ndarray:
    noise = np.random.default_rng(0).standard_normal(len(samples))
    return samples + noise * np.sqrt(np.mean(np.square(samples))) * 10 ** (-snr_db / 20)


def test_music_is_not_noisy_and_through_a_telephone_it_is(play) -> None:
    plain = [is_noisy(power(play(genre, 12.0))) for genre in GENRES]
    called = [is_noisy(power(phone_microphone(Clip(play(genre, 12.0), 12.0), k).samples))
              for k, genre in enumerate(GENRES)]  # fmt: skip
    assert sum(plain) <= 2 and sum(called) >= 8


def test_each_piece_is_judged_alone(play) -> None:
    music = play("classical", 9.0)
    both = torch.cat([power(music), power(with_noise(music, 10)), power(music)])
    assert is_noisy(both).tolist() == [False, True, False]


def test_silence_and_what_is_cut_out_hide_no_noise(play) -> None:
    noisy = with_noise(play("classical", 9.0), 10)
    padded = power(np.r_[np.zeros(3 * SAMPLE_RATE), noisy])
    assert is_noisy(padded)
    torch.testing.assert_close(floor(padded), floor(power(noisy)), rtol=0.2, atol=0)
    holes = power(noisy) * (torch.rand(1, 128, 1, generator=torch.manual_seed(0)) > 0.2)
    holes[:, :, 100:150] = 0
    assert is_noisy(holes) and (without_noise(holes)[holes == 0] == 0).all()


def test_noise_that_no_network_sees_is_none(play) -> None:
    music = play("classical", 9.0)
    assert not is_noisy(power(with_noise(music, 75)))


@pytest.mark.parametrize("gain", [0.001, 1.0, 100.0])
def test_loudness_does_not_matter(gain: float, play) -> None:
    music = play("classical", 9.0)
    assert not is_noisy(power(gain * music)) and is_noisy(power(gain * with_noise(music, 10)))


def test_noise_goes_and_music_stays(play) -> None:
    music = play("classical", 9.0)
    plain, noisy = power(music), power(with_noise(music, 15))
    cleaned = without_noise(noisy)
    assert (cleaned <= noisy).all() and (cleaned >= KEPT * noisy - 1e-12).all()
    quiet = plain < 0.01 * floor(noisy)
    assert cleaned[quiet].mean() < 0.7 * noisy[quiet].mean(), "noise alone"
    loud = plain > 100 * floor(noisy)
    assert loud.any() and (cleaned[loud] / noisy[loud]).min() > 0.95


def test_of_a_few_seconds_nobody_can_tell(play) -> None:
    noisy = with_noise(play("classical", 9.0), 10)
    assert is_noisy(power(noisy)) and not is_noisy(power(noisy[: 7 * SAMPLE_RATE]))


CLICK = np.r_[np.zeros(100_000), 1, np.zeros(100_000)]


@pytest.mark.parametrize("samples", [np.zeros(len(CLICK)), CLICK])
def test_silence_and_a_click_are_no_noise(samples: np.ndarray) -> None:
    assert not is_noisy(power(samples)) and without_noise(power(samples)).isfinite().all()


def test_noisy_music_is_heard_both_ways(play) -> None:
    ear = Classifier.load()
    samples = with_noise(play("jazz", 12.0), 10)[None].astype(np.float32)
    noisy = power(samples[0])
    times, both, over_time = ear.hear([0.0], samples, noisy)
    ear.second_hearing = False
    once, again = (ear.hear([0.0], samples, p)[1].log() for p in (noisy, without_noise(noisy)))
    assert not torch.allclose(once, again, atol=0.01)
    torch.testing.assert_close(both, ((once + again) / 2).softmax(dim=-1), atol=1e-4, rtol=1e-3)
    with_clean = torch.cat([noisy, power(play("jazz", 12.0))])
    ear.second_hearing = True
    _, _, of_two = ear.hear([0.0, 12.0], samples.repeat(2, 0), with_clean)
    ear.second_hearing = False
    _, _, of_clean = ear.hear([12.0], samples, with_clean[1:])
    torch.testing.assert_close(of_two[: len(times)], over_time, atol=1e-4, rtol=1e-3)
    torch.testing.assert_close(of_two[len(times) :], of_clean, atol=1e-4, rtol=1e-3)
    assert over_time.shape == (len(times), 10)
    torch.testing.assert_close(over_time.sum(dim=1), torch.ones(len(times)), atol=1e-4, rtol=0)
