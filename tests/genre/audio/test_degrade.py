"""genre.audio.degrade: what a simulated phone and MP3 compression do to music, measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.degrade import (
    CLIPPED_FRACTION,
    DECAY_S,
    MAX_HZ,
    MIN_HZ,
    SNR_DB,
    impulse_response,
    mp3,
    simulate_phone,
)


def clip_of(samples: np.ndarray, starts: tuple[float, ...] = (0.0,)) -> Clip:
    return Clip(samples.astype(np.float32), len(samples) / SAMPLE_RATE, starts, "a name")


@pytest.fixture(scope="module")
def rock(play) -> Clip:
    return clip_of(play("rock"))


def band_db(samples: np.ndarray, low: float, high: float) -> float:
    """Mean power a Hz between two frequencies, dB."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    hertz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE)
    return 10 * np.log10(power[(hertz >= low) & (hertz < high)].mean())


@pytest.mark.parametrize("degrade", [lambda clip: simulate_phone(clip, 3), mp3], ids=["phone", "mp3"])
def test_length_times_and_name_stay(degrade, rock: Clip) -> None:
    changed = degrade(rock)
    assert changed.samples.shape == rock.samples.shape and changed.samples.dtype == np.float32
    assert (changed.duration_s, changed.starts, changed.name) == (rock.duration_s, rock.starts, rock.name)
    assert np.isfinite(changed.samples).all()
    assert not np.allclose(changed.samples, rock.samples, atol=1e-3)
    np.testing.assert_array_equal(degrade(rock).samples, changed.samples)  # the same each time


@settings(max_examples=12)
@given(st.integers(0, 5_000), st.integers(1, 3), st.integers(0, 2**32 - 1))
def test_any_length_comes_back_as_long(count: int, pieces: int, seed: int) -> None:
    samples = np.random.default_rng(seed).standard_normal(count * pieces)
    clip = clip_of(samples, tuple(float(k) for k in range(pieces)))
    for changed in (simulate_phone(clip, seed), mp3(clip)):
        assert len(changed.samples) == len(samples) and np.isfinite(changed.samples).all()


def test_silence_stays_silence() -> None:
    silence = clip_of(np.zeros(SAMPLE_RATE))
    assert not simulate_phone(silence, 1).samples.any()
    assert np.abs(mp3(silence).samples).max() < 1e-4


def test_each_seed_is_another_room(rock: Clip) -> None:
    assert not np.allclose(simulate_phone(rock, 1).samples, simulate_phone(rock, 2).samples, atol=0.01)


def test_a_phone_records_neither_bass_nor_treble() -> None:
    """White noise, soft enough at its peaks that clipping adds next to nothing outside the band."""
    noise = clip_of(np.random.default_rng(0).standard_normal(10 * SAMPLE_RATE))
    recorded = simulate_phone(noise, 1).samples
    middle = band_db(recorded, 500, 5_000)
    assert band_db(recorded, 600, 1_000) == pytest.approx(band_db(recorded, 4_000, 6_000), abs=1.5)
    assert band_db(recorded, MIN_HZ - 20, MIN_HZ + 20) == pytest.approx(middle - 3, abs=1.5)
    assert band_db(recorded, MAX_HZ - 200, MAX_HZ + 200) == pytest.approx(middle - 3, abs=1.5)
    assert band_db(recorded, 20, 120) < middle - 25 and band_db(recorded, 9_500, 11_000) < middle - 15


@pytest.mark.parametrize("gain", [0.003, 1.0, 50.0])
def test_it_is_clipped_a_little_whatever_the_level(gain: float, rock: Clip) -> None:
    recorded = simulate_phone(clip_of(gain * rock.samples), 1).samples
    assert np.abs(recorded).max() == 1.0
    assert np.mean(np.abs(recorded) == 1.0) == pytest.approx(CLIPPED_FRACTION, abs=0.001)


def test_the_noise_is_15_db_below() -> None:
    """In the pause after a long sound only noise is left, once the room has died away."""
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(5 * SAMPLE_RATE)
    samples = np.concatenate([sound, np.zeros(5 * SAMPLE_RATE)])
    recorded = simulate_phone(clip_of(samples), 4).samples
    mean_power = np.mean(np.square(recorded))  # of sound and noise together
    noise = np.mean(np.square(recorded[-4 * SAMPLE_RATE :]))
    assert 10 * np.log10((mean_power - noise) / noise) == pytest.approx(SNR_DB, abs=0.7)


def test_the_room_dies_away() -> None:
    for seed in range(20):
        response = impulse_response(np.random.default_rng(seed))
        assert DECAY_S[0] <= len(response) / SAMPLE_RATE <= DECAY_S[1] + 0.001
        assert response[0] == 1.0 and not response[1:60].any()
        echoes = np.square(response[1:])
        assert 0.25 <= echoes.sum() <= 1.001  # 0 to 6 dB weaker than the direct sound
        first, last = echoes[60:].reshape(-1)[:1_000].mean(), echoes[-500:].mean()
        assert 10 * np.log10(first / last) > 35


def test_mp3_sounds_nearly_the_same(rock: Clip) -> None:
    """Nothing moves in time, and fewer bits cost more."""

    def error_db(kbit: int) -> float:
        difference = mp3(rock, kbit).samples - rock.samples
        return 10 * np.log10(np.mean(np.square(difference)) / np.mean(np.square(rock.samples)))

    assert error_db(16) > error_db(64) + 3 and -45 < error_db(64) < -12


def test_an_impossible_bit_rate_is_a_sentence(rock: Clip) -> None:
    with pytest.raises(ValueError, match="MP3 has no 320 kbit/s"):
        mp3(rock, 320)


def test_excerpts_do_not_ring_into_each_other(play) -> None:
    """Pieces of a long recording are recorded each on its own."""
    loud, silent = play("metal", 2.0), np.zeros(2 * SAMPLE_RATE)
    recorded = mp3(clip_of(np.concatenate([loud, silent]), (0.0, 60.0))).samples
    assert np.abs(recorded[len(loud) :]).max() < 1e-4
