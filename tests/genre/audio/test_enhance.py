"""genre.audio.enhance: less noise, a rounder tone, a good loudness, and music that is still the music."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import butter, sosfiltfilt

from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.enhance import (
    MAX_GAIN_DB,
    PEAK_DB,
    TARGET_LUFS,
    TARGET_TONE_DB,
    LoudnessMeasures,
    enhance,
    equalise,
    floor_db,
    noise_power,
    octave_spectrum,
    reduce_noise,
    tone_gains,
)

SECONDS = 8.0


def clip_of(samples: np.ndarray) -> Clip:
    samples = samples.astype(np.float32)
    return Clip(samples, len(samples) / SAMPLE_RATE, name="take.wav")


def white_noise(level_db: float, count: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(count)
    return (10 ** (level_db / 20) * noise).astype(np.float32)


def noisy(music: np.ndarray, below_db: float) -> np.ndarray:
    return music + white_noise(20 * np.log10(np.std(music)) - below_db, len(music))


def likeness_db(original: np.ndarray, other: np.ndarray) -> float:
    """Ratio of what is shared with the original to what is not, whatever the level, dB (SI-SDR)."""
    shared = original * (other @ original) / (original @ original)
    return float(10 * np.log10(np.sum(shared**2) / np.sum((other - shared) ** 2)))


@pytest.mark.parametrize("genre", ["jazz", "metal", "classical", "hiphop"])
@pytest.mark.parametrize(("gain", "offset"), [(0.05, 0.0), (3.0, 0.0), (0.05, 0.3)])
def test_what_is_promised_holds(play, genre, gain, offset):
    better = enhance(clip_of(gain * noisy(play(genre, SECONDS), 25) + offset))
    assert abs(better.clip.samples.mean()) < 0.01
    assert better.after.loudness == pytest.approx(TARGET_LUFS, abs=0.2)
    assert better.after.peak_db <= PEAK_DB + 1e-3
    assert np.abs(better.clip.samples).max() < 1
    assert better.after.noise_db < better.before.noise_db
    assert better.after == LoudnessMeasures.of(better.clip.samples)
    assert (better.clip.duration_s, better.clip.name) == (SECONDS, "take.wav")
    assert better.clip.samples.shape == (round(SECONDS * SAMPLE_RATE),)


@pytest.mark.parametrize(("below_db", "nearer_db"), [(10, 1.5), (15, 1.0), (20, 0.0)])
@pytest.mark.parametrize("genre", ["jazz", "classical", "pop"])
def test_noise_goes_and_the_music_stays(play, genre, below_db, nearer_db):
    """The floor falls by several dB, and what is left is nearer to the clean music than before."""
    music = play(genre, SECONDS)
    before = noisy(music, below_db)
    after = reduce_noise(before)
    assert floor_db(after) < floor_db(before) - 4
    assert likeness_db(music, after) > likeness_db(music, before) + nearer_db


@pytest.mark.parametrize(("genre", "least_db"), [("metal", 17), ("classical", 25), ("pop", 20)])
def test_clean_music_is_left_alone(play, genre, least_db):
    music = play(genre, SECONDS)
    assert likeness_db(music, reduce_noise(music)) > least_db


def test_the_noise_is_measured_rightly():
    noise = white_noise(-30, 10 * SAMPLE_RATE)
    frames = np.lib.stride_tricks.sliding_window_view(noise, 1024)[::256] * np.hanning(1024)
    power = np.square(np.abs(np.fft.rfft(frames))).astype(np.float32)
    playing = np.arange(len(power)) % 60 < 40  # 0.5 s of music, then 0.2 s without
    loud = power + 1_000 * power * playing[:, None]
    ratio = noise_power(loud).mean() / power.mean()
    assert 10 * np.log10(ratio) == pytest.approx(0, abs=3)


def test_dull_and_shrill_are_both_led_to_the_middle(play):
    music = play("rock", SECONDS)
    for tilt in (-1, 1):
        spectrum = np.fft.rfft(music)
        octaves = np.log2(np.maximum(np.fft.rfftfreq(len(music), 1 / SAMPLE_RATE), 40) / 700)
        tilted = np.fft.irfft(spectrum * 10 ** (tilt * 3 * octaves / 20), len(music)).astype(np.float32)
        before, after = (octave_spectrum(s) - TARGET_TONE_DB for s in (tilted, equalise(tilted)))
        assert np.std(after) < np.std(before)


@given(st.lists(st.floats(-120, 40), min_size=8, max_size=8))
def test_the_equaliser_is_gentle(octaves):
    gains = tone_gains(np.array(octaves))
    assert np.abs(gains).max() <= MAX_GAIN_DB
    assert np.allclose(tone_gains(np.array(octaves) + 7), gains, atol=1e-9), "level does not matter"


def test_typical_music_is_not_equalised():
    assert not tone_gains(TARGET_TONE_DB - 20).any()


def test_the_filter_does_what_the_gains_say():
    click = np.zeros(SAMPLE_RATE, np.float32)
    click[SAMPLE_RATE // 2] = 1.0
    shaped = equalise(click)
    assert np.argmax(np.abs(shaped)) == SAMPLE_RATE // 2, "nothing is delayed"
    change = 20 * np.log10(np.abs(np.fft.rfft(shaped)) + 1e-9)
    hertz = np.fft.rfftfreq(len(click), 1 / SAMPLE_RATE)
    for centre, gain in zip((250, 1_000, 4_000), tone_gains(octave_spectrum(click))[[2, 4, 6]], strict=True):
        assert np.interp(centre, hertz, change) == pytest.approx(gain, abs=0.3)


@pytest.mark.parametrize("count", [0, 1, 500, 1_500, SAMPLE_RATE])
def test_silence_and_scraps(count):
    for samples in (np.zeros(count), white_noise(-20, count)):
        better = enhance(clip_of(samples))
        assert better.clip.samples.shape == (count,) and np.isfinite(better.clip.samples).all()


def test_silence_is_no_noise_that_was_removed(play):
    samples = 0.05 * play("jazz", 20.0)
    plain = enhance(clip_of(samples))
    led_in = enhance(clip_of(np.concatenate([np.zeros(3 * SAMPLE_RATE, np.float32), samples])))
    quieter = [result.before.noise_db - result.after.noise_db for result in (plain, led_in)]
    assert quieter[1] == pytest.approx(quieter[0], abs=2.0)


@pytest.mark.parametrize("seconds", [60.9, 61.3, 63.0])
def test_noise_goes_up_to_the_end(play, seconds):
    """A last block of a second or two would tell too little of the noise in it."""
    count = round(seconds * SAMPLE_RATE)
    music = sosfiltfilt(butter(8, 3_000, fs=SAMPLE_RATE, output="sos"), np.resize(play("jazz", 10.0), count))
    cleaned = reduce_noise((music + white_noise(-40, count)).astype(np.float32))
    above = sosfiltfilt(butter(8, 6_000, "highpass", fs=SAMPLE_RATE, output="sos"), cleaned)
    before_the_end, end = (
        np.mean(np.square(above[round(-first * SAMPLE_RATE) :][: SAMPLE_RATE // 2])) for first in (5.0, 0.5)
    )
    assert abs(10 * np.log10(end / before_the_end)) < 2


def test_minutes_are_joined_without_a_seam(play, monkeypatch):
    """Cut into short blocks the result is that of one block, but for what noise each block sees."""
    music = noisy(play("reggae", SECONDS), 40)
    whole = reduce_noise(music)
    monkeypatch.setattr("genre.audio.enhance.BLOCK_S", 2.6)
    cut = reduce_noise(music)
    assert cut.shape == whole.shape and likeness_db(whole, cut) > 20
    steps = np.abs(np.diff(cut))
    assert steps.max() < 1.5 * np.abs(np.diff(music)).max()


def test_excerpts_keep_their_places(play):
    clip = Clip(np.tile(play("rock", 4.0), 3), 3_600.0, (600.0, 1_800.0, 3_000.0), "concert.wav")
    better = enhance(clip)
    properties = (better.clip.starts, better.clip.duration_s, better.clip.name, len(better.clip.samples))
    assert properties == (clip.starts, clip.duration_s, clip.name, len(clip.samples))
