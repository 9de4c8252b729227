"""Presentable sound: loudness, true peak, no DC, no clicks at the ends, for any signal; and its files."""

import io

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from gan.mel import GAN_MEL
from gan.sampling.audio import AUDIO_FORMATS, LOUDNESS_LUFS, encode_audio, master_audio, synthesize_audio
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.audio.loudness import integrated_loudness, true_peak_db

KINDS = ("noise", "tone", "square", "impulse", "silence", "dc", "crackle")


def signal(kind: str, length: int, gain: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(length) / SAMPLE_RATE
    match kind:
        case "noise":
            samples = rng.standard_normal(length)
        case "tone":
            samples = np.sin(2 * np.pi * rng.uniform(60, 9_000) * time) + rng.uniform(-1, 1)
        case "square":
            samples = np.sign(np.sin(2 * np.pi * rng.uniform(60, 2_000) * time))
        case "impulse":
            samples = np.eye(1, length, rng.integers(length))[0] if length else np.zeros(0)
        case "silence":
            samples = np.zeros(length)
        case "dc":
            samples = np.ones(length)
        case "crackle":
            samples = rng.standard_normal(length) * (rng.random(length) < 0.001)
    return (gain * samples).astype(np.float32)


@settings(max_examples=40)
@given(
    kind=st.sampled_from(KINDS),
    length=st.integers(0, 30_000),
    gain=st.floats(1e-3, 100),
    seed=st.integers(0, 1_000),
)
def test_any_signal_is_presentable(kind, length, gain, seed):
    samples = master_audio(signal(kind, length, gain, seed))
    assert samples.dtype == np.float32 and samples.shape == (length,)
    assert np.isfinite(samples).all()
    assert true_peak_db(samples) <= -1.0
    assert integrated_loudness(samples, SAMPLE_RATE) <= LOUDNESS_LUFS + 0.5
    if length >= 4:
        assert abs(samples[0]) < 1e-6 and abs(samples[-1]) < 1e-6
    if kind in ("silence", "dc"):
        assert not samples.any()


@pytest.mark.parametrize("gain", [1e-3, 1.0, 30.0])
@pytest.mark.parametrize("genre", ["classical", "hiphop", "metal"])
def test_music_is_equally_loud_whatever_it_came_as(play, genre, gain):
    samples = master_audio(play(genre, 4.0) * np.float32(gain))
    assert integrated_loudness(samples, SAMPLE_RATE) == pytest.approx(LOUDNESS_LUFS, abs=0.5)
    assert true_peak_db(samples) <= -1.0


def test_dc_goes_and_music_stays(play):
    music = play("jazz", 4.0)
    plain, shifted = master_audio(music), master_audio(music + np.float32(0.5))
    assert abs(shifted.mean()) < 1e-4
    np.testing.assert_allclose(shifted, plain, atol=0.02)


def test_a_spectrogram_becomes_sound(play):
    rng = np.random.default_rng(0)
    samples = synthesize_audio(rng.uniform(-70, 0, (128, 60)).astype(np.float32), GAN_MEL)
    assert samples.shape == (59 * GAN_MEL.hop_length,)
    assert integrated_loudness(samples, SAMPLE_RATE) == pytest.approx(LOUDNESS_LUFS, abs=0.5)


@pytest.mark.parametrize("kind", AUDIO_FORMATS)
def test_files_hold_the_sound(play, kind):
    samples = master_audio(play("country", 4.0))
    content = encode_audio(samples, kind)
    assert sf.info(io.BytesIO(content)).format == kind.upper()
    clip = load_clip(content)
    assert abs(len(clip.samples) - len(samples)) < 2_500  # MP3 adds a frame or two
    if kind == "wav":
        np.testing.assert_allclose(clip.samples, samples, atol=1 / 32_000)
        assert true_peak_db(clip.samples) < -1.0
    else:
        assert len(content) < 2 * len(samples) / 2.5  # of what WAV takes
        lag = np.argmax(np.correlate(clip.samples[:30_000], samples[2_000:20_000], "valid")) - 2_000
        near = clip.samples[lag + 2_000 : lag + 20_000]
        assert np.corrcoef(near, samples[2_000:20_000])[0, 1] > 0.95


def test_minutes_of_ogg():
    samples = master_audio(signal("noise", 60 * SAMPLE_RATE, 0.1, 0))
    assert sf.info(io.BytesIO(encode_audio(samples, "ogg"))).frames == len(samples)


def test_another_format_is_refused():
    with pytest.raises(ValueError, match=r"wav, ogg, mp3.+\.$"):
        encode_audio(np.zeros(10, np.float32), "exe")
