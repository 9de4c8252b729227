"""genre.data.windows: where windows begin, and the arrays made of them."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from genre.audio.clip import SAMPLE_RATE
from genre.data import windows as inputs
from genre.data.input_spec import InputSpec
from genre.data.windows import compute_windows, front_end, resize_to, window_samples, window_starts
from genre.models.registry import MODELS

MEL = InputSpec("mel", (64, 100), 3.0, 2048, 667, 64)


def test_windows_are_even_random_or_overlapping():
    spec = InputSpec("raw", (66_150,), 3.0)
    noise = np.random.default_rng(0).standard_normal(30 * SAMPLE_RATE).astype(np.float32)
    even = window_starts(noise, spec, "even")
    assert len(even) == 10 and (np.diff(even) == 66_150).all()
    overlap = window_starts(noise, spec, "overlap")
    assert len(overlap) == 19 and (np.diff(overlap) == 33_075).all()
    random = window_starts(noise, spec, "random", seed=1)
    assert len(random) == 5 and random.max() + 66_150 <= len(noise)
    assert (random == window_starts(noise, spec, "random", seed=1)).all()
    assert (random != window_starts(noise, spec, "random", seed=2)).any()
    assert window_starts(noise[:1000], spec, "even").tolist() == [0]
    assert len(window_starts(np.tile(noise, 20), spec, "even")) == 10  # ten minutes


@given(st.floats(2.0, 300.0), st.sampled_from(["even", "overlap"]))
def test_little_lies_between_windows(seconds, windowing):
    """Music after half a minute of talk is in a window."""
    spec = InputSpec("raw", (661_500,), 30.0)
    starts = window_starts(np.ones(int(seconds * SAMPLE_RATE), np.float32), spec, windowing)
    covered_s = min(len(starts) * 30.0, seconds)
    assert covered_s >= 5 / 6 * seconds and (np.diff(starts) > 0).all()
    assert starts[-1] + window_samples(spec) == max(int(seconds * SAMPLE_RATE), 661_500) or len(starts) == 1


def test_silent_windows_are_skipped():
    spec = InputSpec("raw", (66_150,), 3.0)
    noise = np.random.default_rng(0).standard_normal(12 * SAMPLE_RATE).astype(np.float32)
    noise[: 3 * SAMPLE_RATE] *= 1e-4
    assert window_starts(noise, spec, "even").tolist() == [66_150, 132_300, 198_450]


def test_a_short_recording_is_repeated(play):
    samples = play("metal", 3.5, 0)[:30_000]
    raw = compute_windows(samples, np.array([0]), InputSpec("raw", (66_150,), 3.0))[0]
    assert (raw[:30_000] == raw[30_000:60_000]).all()


def test_stored_integers_are_the_spectrogram(play):
    samples = play("metal", 3.5, 0)
    stored = compute_windows(samples, np.array([0]), MEL)
    with torch.inference_mode():
        exact = inputs.Spectrogram(front_end(MEL))(torch.from_numpy(samples[None, :66_150].copy()))
    assert np.abs(stored / 255 * 80 - 80 - exact.numpy()[:, :, :100]).max() <= 80 / 255 / 2 + 1e-3


def test_30_s_mels_are_as_long_as_gtzans():
    spec = MODELS["listen"].input("mel_30s")
    assert compute_windows(np.ones(100_000, np.float32), np.array([0]), spec).shape == (1, 128, 334)
    assert 661_500 <= window_samples(spec) < 663_000  # 30 s, and the last column's frame


def test_resizing():
    values = np.zeros((3, 128, 334), np.uint8)
    values[:, 64:] = 200
    examples = resize_to(inputs.Examples(values, np.zeros(3, int), np.array(["a"] * 3), ("x",)), (64, 100))
    assert examples.values.shape == (3, 64, 100) and examples.values.dtype == np.uint8
    assert (examples.values[:, :31] == 0).all() and (examples.values[:, 33:] == 200).all()
