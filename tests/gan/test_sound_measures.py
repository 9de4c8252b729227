"""The measures of pulse, notes, seams and development, on sounds whose answer is known."""

import numpy as np
import pytest

from gan.evaluation.sound_measures import measure_development, measure_notes, measure_pulse, measure_seams
from genre.audio.clip import SAMPLE_RATE

SECONDS = 10
TIMES = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.1, len(TIMES)).astype(np.float32)


def clicks(times_s: np.ndarray) -> np.ndarray:
    samples = 0.02 * noise(1)
    for time in times_s:
        start = round(time * SAMPLE_RATE)
        samples[start : start + 200] += np.random.default_rng(start).normal(0, 0.5, 200)
    return samples


def chord(hertz: tuple[float, ...] = (220.0, 277.2, 329.6)) -> np.ndarray:
    return sum(0.1 * np.sin(2 * np.pi * tone * TIMES) for tone in hertz).astype(np.float32)


def test_clicks_at_120_bpm_have_a_strong_and_steady_pulse() -> None:
    pulse = measure_pulse(clicks(np.arange(0.1, 9.9, 0.5)))
    assert pulse["strength"] > 0.8 and pulse["steadiness"] > 0.95
    assert measure_pulse(3 * clicks(np.arange(0.1, 9.9, 0.5))) == pytest.approx(pulse, abs=0.02)


def test_noise_and_clicks_at_random_have_none() -> None:
    for seed in range(3):
        pulse = measure_pulse(noise(seed))
        assert pulse["strength"] < 0.3 and pulse["steadiness"] < 0.5
    gaps = np.random.default_rng(0).uniform(0.2, 0.9, 30).cumsum()
    pulse = measure_pulse(clicks(gaps[gaps < 9.9]))
    assert pulse["strength"] < 0.35 and pulse["steadiness"] < 0.5


def test_a_tempo_that_changes_is_less_steady() -> None:
    changing = np.concatenate([np.arange(0.1, 5, 0.5), np.arange(5, 9.9, 0.37)])
    pulse, steady = measure_pulse(clicks(changing)), measure_pulse(clicks(np.arange(0.1, 9.9, 0.5)))
    assert pulse["steadiness"] < 0.8 * steady["steadiness"]


def test_a_chord_has_notes_and_noise_has_none() -> None:
    notes, nothing, beat = (measure_notes(x) for x in (chord(), noise(), clicks(np.arange(0.1, 9.9, 0.5))))
    assert notes["harmonic_db"] > 10 and notes["pitched"] > 0.95
    assert nothing["harmonic_db"] < -8 and nothing["pitched"] < 0.05
    assert beat["harmonic_db"] < -8 and beat["pitched"] < 0.05
    both = measure_notes(chord() + noise())
    assert nothing["harmonic_db"] < both["harmonic_db"] < notes["harmonic_db"]


def test_seams_are_found_where_they_are() -> None:
    parts = [chord((220.0,)), chord((880.0, 1318.5))]
    joins = np.arange(2.0, 10.0, 2.0)
    samples = np.where((TIMES // 2) % 2 == 0, *parts) + 0.1 * noise()
    at_joins, elsewhere = measure_seams(samples, joins), measure_seams(samples, joins - 1)
    assert at_joins["spectrum"] > 3 and elsewhere["spectrum"] < 0.9
    louder = noise() * np.where((TIMES // 2) % 2 == 0, 1.0, 0.3)
    assert measure_seams(louder, joins)["level"] > 5
    steady = measure_seams(noise(), joins)
    assert steady == pytest.approx({"level": 1.0, "spectrum": 1.0}, abs=0.5)
    assert np.isnan(measure_seams(noise(), [])["level"])


def test_development_is_change_that_lasts() -> None:
    moving = chord((220.0,)) * np.linspace(1, 0.05, len(TIMES)) + chord((900.0, 1500.0)) * np.linspace(
        0.05, 1, len(TIMES)
    )
    swapping = np.where((TIMES // 1.5) % 2 == 0, chord((220.0,)), chord((900.0, 1500.0))) + 0.01 * noise()
    assert measure_development(moving + 0.01 * noise()) > 1.5 > measure_development(noise()) > 0.7
    assert measure_development(swapping) < 1
    with pytest.raises(ValueError, match="longer piece"):
        measure_development(noise()[: 5 * SAMPLE_RATE])


def test_silence_has_nothing() -> None:
    silence = np.zeros(len(TIMES), np.float32)
    assert measure_pulse(silence)["steadiness"] == 0 and measure_notes(silence)["pitched"] == 0
    assert measure_seams(silence, [5.0])["level"] == 0
