"""genre.audio.loudness: the standard's own test signals, and levelling that keeps its promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.audio import loudness
from genre.audio.clip import SAMPLE_RATE
from genre.audio.loudness import (
    MAX_LIMITING_DB,
    _k_weighting,
    integrated_loudness,
    limit,
    normalize_loudness,
    true_peak_db,
)

# The table of BS.1770 for 48 kHz: shelf, then high pass.
STANDARD = np.array(
    [
        [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585],
        [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621],
    ]
)


def sine(dbfs: float, seconds: float, rate: int = 48_000, hz: float = 1_000.0) -> np.ndarray:
    return 10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def stereo(mono: np.ndarray) -> np.ndarray:
    return np.stack([mono, mono], axis=1)


def test_the_filters_are_the_standards():
    assert np.allclose(_k_weighting(48_000), STANDARD, atol=1e-8)


@pytest.mark.parametrize("rate", [SAMPLE_RATE, 44_100, 48_000])
def test_a_full_scale_tone_in_one_channel_is_3_below(rate):
    assert integrated_loudness(sine(0, 3, rate, 997), rate) == pytest.approx(-3.01, abs=0.1)


# EBU Tech 3341, table 1: stereo sines of 1 kHz, (dBFS, s) one after the other, all to within 0.1 LU.
@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_the_broadcasters_signals(parts, lufs):
    signal = stereo(np.concatenate([sine(*part) for part in parts]))
    assert integrated_loudness(signal, 48_000) == pytest.approx(lufs, abs=0.1)


# EBU Tech 3341, table 1, signals 15 to 18: sines of a quarter of the rate, sampled off their peaks.
@pytest.mark.parametrize(("phase", "peak"), [(0, -6.0), (45, -6.0), (60, -6.0), (67.5, -6.0)])
def test_the_peak_between_the_samples_is_found(phase, peak):
    n = np.arange(4_800)
    between = (
        0.5
        * np.sin(2 * np.pi * n / 4 + np.radians(phase))
        * np.minimum(1, n / 500)
        * np.minimum(1, n[::-1] / 500)
    )
    assert true_peak_db(between) == pytest.approx(peak, abs=0.4)


def test_silence_and_next_to_nothing():
    assert integrated_loudness(np.zeros(SAMPLE_RATE), SAMPLE_RATE) == -np.inf
    assert integrated_loudness(np.zeros(0), SAMPLE_RATE) == -np.inf == true_peak_db(np.zeros(0))
    assert np.isfinite(integrated_loudness(sine(-20, 0.05, SAMPLE_RATE), SAMPLE_RATE))
    for nothing in (np.zeros(0), np.zeros(500), np.full(SAMPLE_RATE, 1e-6)):
        assert np.array_equal(normalize_loudness(nothing, SAMPLE_RATE), nothing.astype(np.float32))


@pytest.mark.parametrize("genre", ["classical", "metal", "reggae"])
@pytest.mark.parametrize("gain", [0.02, 1.0, 4.0])
def test_music_comes_to_the_target_without_clipping(play, genre, gain):
    levelled = normalize_loudness(play(genre, 9.0) * gain, SAMPLE_RATE)
    assert levelled.dtype == np.float32
    assert integrated_loudness(levelled, SAMPLE_RATE) == pytest.approx(-16, abs=0.1)
    assert true_peak_db(levelled) <= -1 + 1e-3


def test_without_peaks_it_is_nothing_but_a_gain(play):
    music = play("rock")
    levelled = normalize_loudness(music, SAMPLE_RATE, target_lufs=-35)
    ratio = np.linalg.norm(levelled) / np.linalg.norm(music)
    assert np.allclose(levelled, music * ratio, atol=1e-6)


def test_a_click_is_turned_down_and_the_rest_is_left_alone(play):
    music = play("jazz") * 0.1
    music[3 * SAMPLE_RATE] = 1.0
    limited = limit(music, SAMPLE_RATE, -6.0)
    assert true_peak_db(limited) == pytest.approx(-6.0, abs=0.05)
    far = slice(0, 2 * SAMPLE_RATE)
    assert np.abs(limited[far] - music[far]).max() < 1e-3


def test_stretches_leave_no_seam(monkeypatch):
    samples = np.random.default_rng(0).normal(size=(10_000, 2))
    whole = loudness.true_peak_db(samples), loudness.limit(samples, 22_050, -1.0)
    monkeypatch.setattr(loudness, "_STRETCH", 777)
    assert loudness.true_peak_db(samples) == pytest.approx(whole[0], abs=1e-9)
    np.testing.assert_allclose(loudness.limit(samples, 22_050, -1.0), whole[1], atol=1e-9)


def test_a_limit_to_limiting():
    """Sparse clicks cannot be loud without being mangled: they stay quieter than requested."""
    clicks = np.zeros(3 * SAMPLE_RATE)
    clicks[::4_000] = 0.5
    levelled = normalize_loudness(clicks, SAMPLE_RATE)
    assert integrated_loudness(levelled, SAMPLE_RATE) < -20
    assert np.abs(levelled).max() >= 10 ** ((-1 - 1) / 20)
    assert np.abs(clicks).max() * 10 ** (MAX_LIMITING_DB / 20) > 1, "more gain was to be had, and not taken"


def test_a_knock_keeps_no_take_quiet():
    music = 0.01 * np.random.default_rng(0).normal(size=4 * SAMPLE_RATE)
    music[SAMPLE_RATE] = 0.9
    assert integrated_loudness(music, SAMPLE_RATE) < -35
    assert integrated_loudness(normalize_loudness(music, SAMPLE_RATE), SAMPLE_RATE) > -17.5


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(-40, 30), st.integers(1, 2), st.integers(1, 30_000))
def test_whatever_comes_in_does_not_clip(seed, gain_db, channels, count):
    rng = np.random.default_rng(seed)
    noise = 10 ** (gain_db / 20) * rng.standard_t(2, (count, channels))
    levelled = normalize_loudness(noise[:, 0] if channels == 1 else noise, SAMPLE_RATE)
    assert np.isfinite(levelled).all() and true_peak_db(levelled) <= -1 + 1e-3
