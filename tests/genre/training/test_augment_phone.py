"""genre.training.augment_phone does to mel-spectrograms what genre.audio.degrade does to samples."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.audio import degrade
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.spectrogram import Spectrogram, SpectrogramParams, relative_db
from genre.training import augment_phone as phone

RANGE_DB, COLUMN_S = 60.0, 512 / SAMPLE_RATE
ROOMS = 24


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def to_mel(samples: np.ndarray) -> torch.Tensor:
    """(N,) -> (1, bands, columns) in [0, 1]."""
    power = Spectrogram(SpectrogramParams()).power(torch.from_numpy(samples.astype(np.float32))[None])
    return 1.0 + relative_db(power, RANGE_DB) / RANGE_DB


@pytest.fixture
def simulated_microphone(monkeypatch) -> None:
    """No chance but the room's and the noise's: the one case that genre.audio.degrade measures."""
    values = {
        "LOWEST_HZ": degrade.MIN_HZ,
        "HIGHEST_HZ": degrade.MAX_HZ,
        "SNR_RANGE_DB": degrade.SNR_DB,
        "SLOPE_BELOW_DB": 24.0,
        "SLOPE_ABOVE_DB": 65.0,  # a digital filter of 24 dB an octave is steeper as it nears its end
    }
    for name, value in values.items():
        monkeypatch.setattr(phone, name, (value, value))
    monkeypatch.setattr(phone, "DECAY_RANGE_S", degrade.DECAY_S)
    monkeypatch.setattr(phone, "DIRECT_RANGE_DB", degrade.DIRECT_DB)


@pytest.mark.parametrize("genre", ["rock", "classical", "pop"])
def test_both_simulations_of_a_phone_agree(simulated_microphone, play, genre):
    """Over many rooms, both agree on how loud each band is, how it moves, and how far rooms differ."""
    samples = play(genre)[: 6 * SAMPLE_RATE]
    clip = Clip(samples.astype(np.float32), 6.0, (0.0,), "a piece")
    real = torch.cat([to_mel(degrade.simulate_phone(clip, seed).samples) for seed in range(ROOMS)])
    ours = phone.augment_by_phone(to_mel(samples).repeat(ROOMS, 1, 1), RANGE_DB, COLUMN_S, generator())
    difference = (real.mean(dim=(0, 2)) - ours.mean(dim=(0, 2))).abs() * RANGE_DB
    difference_before = (real.mean(dim=(0, 2)) - to_mel(samples).mean(dim=(0, 2))).abs() * RANGE_DB
    assert (
        difference[:118].mean() < 2.5 < difference_before[:118].mean()
    )  # the last bands lie in the filter's end
    for bands in (slice(4, 30), slice(30, 70), slice(70, 110)):
        motion, our_motion = (float(one[:, bands].diff(dim=2).abs().mean()) for one in (real, ours))
        assert our_motion == pytest.approx(motion, rel=0.2)
        spread, our_spread = (float(one[:, bands].mean(dim=2).std(dim=0).mean()) for one in (real, ours))
        assert our_spread == pytest.approx(spread, rel=0.45)


@settings(max_examples=20)
@given(st.integers(1, 4), st.integers(1, 60), st.integers(0, 99), st.sampled_from([0.0232, 0.0897]))
def test_the_result_is_a_spectrogram_of_the_same_shape(count: int, columns: int, seed: int, column_s: float):
    batch = torch.rand(count, 128, columns, generator=generator(seed))
    augmented = phone.augment_by_phone(batch, 40.0, column_s, generator(seed))
    assert augmented.shape == batch.shape and augmented.isfinite().all()
    assert augmented.min() >= 0 and torch.allclose(augmented.amax(dim=(1, 2)), torch.ones(count))
    assert torch.equal(augmented, phone.augment_by_phone(batch, 40.0, column_s, generator(seed)))


def test_the_examples_of_a_batch_are_independent():
    batch = torch.rand(3, 128, 40, generator=generator(1))
    other = batch.clone()
    other[1] = 0.5
    first, second = (phone.augment_by_phone(one, 60.0, COLUMN_S, generator(2)) for one in (batch, other))
    assert torch.allclose(first[0], second[0]) and torch.allclose(first[2], second[2])
    assert not torch.allclose(first[1], second[1])
