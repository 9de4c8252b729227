"""genre.telephone does to mel-spectrograms what genre.degrade does to samples."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genre import degrade, telephone
from genre.audio import SAMPLE_RATE, Clip
from genre.spectrogram import Spectrogram, SpectrogramParams, relative_db

RANGE_DB, COLUMN_S = 60.0, 512 / SAMPLE_RATE
ROOMS = 24


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def seen(samples: np.ndarray) -> torch.Tensor:
    """(N,) -> (1, bands, columns) in [0, 1]."""
    power = Spectrogram(SpectrogramParams()).power(torch.from_numpy(samples.astype(np.float32))[None])
    return 1.0 + relative_db(power, RANGE_DB) / RANGE_DB


@pytest.fixture
def the_microphone(monkeypatch) -> None:
    """No chance but the room's and the noise's: the one case that genre.degrade measures."""
    exactly = {
        "LOWEST_HZ": degrade.LOWEST_HZ, "HIGHEST_HZ": degrade.HIGHEST_HZ, "SNR_DB": degrade.SNR_DB,
        "SLOPE_BELOW_DB": 24.0,
        "SLOPE_ABOVE_DB": 65.0,  # a digital filter of 24 dB an octave is steeper as it nears its end
    }
    for name, value in exactly.items():
        monkeypatch.setattr(telephone, name, (value, value))
    monkeypatch.setattr(telephone, "DECAY_S", degrade.DECAY_S)
    monkeypatch.setattr(telephone, "DIRECT_DB", degrade.DIRECT_DB)


@pytest.mark.parametrize("genre", ["rock", "classical", "pop"])
def test_it_leaves_what_the_simulated_microphone_leaves(the_microphone, play, genre):
    """Over many rooms, both agree on how loud each band is, how it moves, and how far rooms differ."""
    samples = play(genre)[: 6 * SAMPLE_RATE]
    clip = Clip(samples.astype(np.float32), 6.0, (0.0,), "a piece")
    real = torch.cat([seen(degrade.phone_microphone(clip, seed).samples) for seed in range(ROOMS)])
    ours = telephone.telephone(seen(samples).repeat(ROOMS, 1, 1), RANGE_DB, COLUMN_S, generator())
    apart = (real.mean(dim=(0, 2)) - ours.mean(dim=(0, 2))).abs() * RANGE_DB
    untouched = (real.mean(dim=(0, 2)) - seen(samples).mean(dim=(0, 2))).abs() * RANGE_DB
    assert apart[:118].mean() < 2.5 < untouched[:118].mean()  # the last bands lie in the filter's end
    for bands in (slice(4, 30), slice(30, 70), slice(70, 110)):
        moves, ours_move = (float(one[:, bands].diff(dim=2).abs().mean()) for one in (real, ours))
        assert ours_move == pytest.approx(moves, rel=0.2)
        differ, ours_differ = (float(one[:, bands].mean(dim=2).std(dim=0).mean()) for one in (real, ours))
        assert ours_differ == pytest.approx(differ, rel=0.45)


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 4), st.integers(1, 60), st.integers(0, 99), st.sampled_from([0.0232, 0.0897]))
def test_it_stays_a_picture(count: int, columns: int, seed: int, column_s: float):
    batch = torch.rand(count, 128, columns, generator=generator(seed))
    heard = telephone.telephone(batch, 40.0, column_s, generator(seed))
    assert heard.shape == batch.shape and heard.isfinite().all()
    assert heard.min() >= 0 and torch.allclose(heard.amax(dim=(1, 2)), torch.ones(count))
    assert torch.equal(heard, telephone.telephone(batch, 40.0, column_s, generator(seed)))


def test_pieces_do_not_hear_each_other():
    batch = torch.rand(3, 128, 40, generator=generator(1))
    other = batch.clone()
    other[1] = 0.5
    first, second = (telephone.telephone(one, 60.0, COLUMN_S, generator(2)) for one in (batch, other))
    assert torch.allclose(first[0], second[0]) and torch.allclose(first[2], second[2])
    assert not torch.allclose(first[1], second[1])
