"""The front end equals librosa's, keeps the frames it says, and holds for any sound."""

from dataclasses import replace

import librosa
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from genre.audio.spectrogram import FULL_CLIP_MEL, Spectrogram, SpectrogramParams
from genre.synth.dataset import render

pytestmark = pytest.mark.usefixtures("compiled_librosa")
MEL_PARAMS = {
    "librosa's own": SpectrogramParams(),
    "GTZAN's pictures": FULL_CLIP_MEL,
    "narrow": SpectrogramParams(n_fft=1024, hop_length=256, n_mels=64, f_min=30.0, f_max=8_000.0),
    "wide": SpectrogramParams(n_fft=4096, hop_length=1024, n_mels=96, range_db=60.0),
    "another rate": SpectrogramParams(sample_rate=16_000, n_fft=400, hop_length=160, n_mels=40),
}


@pytest.fixture(scope="module")
def music() -> np.ndarray:
    return render("rock", seed=3, seconds=6.0)


def front_end(params: SpectrogramParams, samples: np.ndarray) -> np.ndarray:
    """(N,) samples -> (bands, frames) dB."""
    return Spectrogram(params)(torch.from_numpy(samples)[None])[0].numpy()


def with_librosa(params: SpectrogramParams, samples: np.ndarray) -> np.ndarray:
    """The same by librosa: every frame first, then those that are kept."""
    sizes = {"n_fft": params.n_fft, "hop_length": params.hop_length}
    if params.kind == "mel":
        power = librosa.feature.melspectrogram(
            y=samples,
            sr=params.sample_rate,
            **sizes,
            n_mels=params.n_mels,
            fmin=params.f_min,
            fmax=params.f_max,
        )
    else:
        power = np.abs(librosa.stft(samples, **sizes)) ** 2
    power = power[:, params.frame_indices(len(samples))]
    return librosa.power_to_db(power, ref=np.max, top_db=params.range_db)


@pytest.mark.parametrize("params", MEL_PARAMS.values(), ids=MEL_PARAMS)
def test_mel_equals_librosa(params: SpectrogramParams, music: np.ndarray) -> None:
    np.testing.assert_allclose(front_end(params, music), with_librosa(params, music), atol=1e-3)


@pytest.mark.parametrize("n_fft, hop_length", [(2048, 512), (1024, 300)])
def test_stft_equals_librosa(n_fft: int, hop_length: int, music: np.ndarray) -> None:
    # A bin further than 60 dB below the loudest one holds float32's rounding in both.
    params = SpectrogramParams("stft", n_fft=n_fft, hop_length=hop_length, range_db=60.0)
    ours = front_end(params, music)
    assert ours.shape[0] == params.bands == n_fft // 2 + 1
    np.testing.assert_allclose(ours, with_librosa(params, music), atol=1e-3)


def test_pictures_keep_the_frames_of_gtzan() -> None:
    indices = FULL_CLIP_MEL.frame_indices(661_794)  # the length of most of its tracks, 30.01 s
    assert indices[:8].tolist() == [7, 11, 15, 19, 23, 27, 30, 34]  # read off the pictures themselves
    assert indices.tolist() == [int(np.floor(7.22 + 3.862 * k + 0.5)) for k in range(333)]


def test_a_batch_equals_its_clips(music: np.ndarray) -> None:
    clips = np.stack([music[:44_100], music[44_100:88_200]])
    together = Spectrogram(FULL_CLIP_MEL)(torch.from_numpy(clips)).numpy()
    for row, clip in zip(together, clips, strict=True):
        np.testing.assert_allclose(row, front_end(FULL_CLIP_MEL, clip), atol=1e-4)


@settings(max_examples=40)
@given(n_samples=st.integers(1, 20_000), step=st.floats(1, 8), first=st.floats(0, 20))
def test_any_length_gives_at_least_one_frame(n_samples: int, step: float, first: float) -> None:
    params = replace(FULL_CLIP_MEL, frame_step=step, first_frame=first)
    indices = params.frame_indices(n_samples)
    available = 1 + n_samples // params.hop_length
    assert len(indices) >= 1 and indices[0] >= 0 and indices[-1] < available
    assert (np.diff(indices) >= 1).all()
    if n_samples < 3_000:
        noise = np.random.default_rng(n_samples).standard_normal(n_samples).astype(np.float32)
        level = front_end(params, noise)
        assert level.shape == (params.bands, len(indices))
        assert np.isfinite(level).all()


@settings(max_examples=25)
@given(gain=st.floats(0.02, 50.0), seed=st.integers(0, 1000))
def test_gain_changes_nothing(gain: float, seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(8_192).astype(np.float32)
    louder = front_end(FULL_CLIP_MEL, noise * np.float32(gain))
    np.testing.assert_allclose(louder, front_end(FULL_CLIP_MEL, noise), atol=1e-3)


@pytest.mark.parametrize("value", [0.0, 1e-30, 1.0])
def test_silence_and_a_constant_are_finite(value: float) -> None:
    level = front_end(FULL_CLIP_MEL, np.full(30_000, value, np.float32))
    assert np.isfinite(level).all()
    assert level.max() == 0.0 and level.min() >= -FULL_CLIP_MEL.range_db


@pytest.mark.parametrize(
    "wrong", [{"kind": "mfcc"}, {"hop_length": 0}, {"frame_step": 0.5}, {"range_db": 0.0}], ids=str
)
def test_impossible_parameters_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"\w+ .*\.$"):
        SpectrogramParams(**wrong)


def test_parameters_travel_as_a_dict() -> None:
    assert SpectrogramParams.from_dict(FULL_CLIP_MEL.to_dict()) == FULL_CLIP_MEL
    with pytest.raises(ValueError, match="colour"):
        SpectrogramParams.from_dict({**FULL_CLIP_MEL.to_dict(), "colour": "red"})
