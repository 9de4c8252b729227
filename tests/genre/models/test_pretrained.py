"""genre.models.pretrained: the network is the published one, and its features do not depend on the level."""

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from genre.audio.clip import SAMPLE_RATE
from genre.models.cards import TAGGER, ArtefactError, load_card
from genre.models.pretrained.band_peak import BandPeak
from genre.models.pretrained.features import (
    LEVEL,
    PretrainedFeatures,
    load_tagger,
    normalize_level,
    resample_gain,
    window_centres,
    window_first_frames,
)
from genre.models.pretrained.networks import TAG_MEL, TAGS, WINDOW_FRAMES, Tagger
from genre.paths import WEIGHTS
from genre.training.transfer.import_musicnn import FLOAT32, MAGIC, read_tensorflow_checkpoint
from tests.support.data import FIXTURES


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return load_tagger(WEIGHTS / TAGGER, load_card(WEIGHTS / TAGGER).weights_sha256)


def test_it_computes_what_tensorflow_computes(tagger: Tagger) -> None:
    """With the published checkpoint, on one window of noise."""
    expected = np.load(FIXTURES / "musicnn.npz")
    with torch.inference_mode():
        features = tagger(torch.from_numpy(expected["windows"].astype(np.float32)))
    np.testing.assert_allclose(features.logits, expected["logits"], atol=1e-4)
    np.testing.assert_allclose(features.embedding, expected["embedding"], atol=1e-4)


def test_the_front_end_is_librosas(play) -> None:
    import librosa

    samples = play("pop", 2.0).copy()
    ours = Tagger().mel(torch.from_numpy(samples)[None])[0].numpy()
    power = librosa.feature.melspectrogram(
        y=samples, sr=TAG_MEL.sample_rate, n_fft=512, hop_length=256, n_mels=96, pad_mode="constant"
    )
    np.testing.assert_allclose(ours, np.log10(1 + 10_000 * power).T, atol=1e-3)


@pytest.mark.parametrize("frames_bands", [(7, 38), (7, 67), (32, 1)])
def test_the_peak_over_bands_is_that_of_a_plain_convolution(frames_bands: tuple[int, int]) -> None:
    torch.manual_seed(0)
    part = BandPeak(6, *frames_bands)
    part.norm.scale.copy_(torch.randn(6))  # of either sign
    part.norm.shift.copy_(torch.randn(6))
    x = torch.rand(2, 1, 40, 96)
    padded = F.pad(x, (0, 0, (frames_bands[0] - 1) // 2, frames_bands[0] // 2))
    plain = part.norm(nn.Conv2d.forward(part.conv, padded).relu()).amax(dim=3)
    torch.testing.assert_close(part(x), plain, atol=1e-5, rtol=1e-5)


def test_the_card_and_the_weights_belong_together() -> None:
    assert load_card(WEIGHTS / TAGGER).genres == TAGS and len(set(TAGS)) == 50
    with pytest.raises(ArtefactError, match=r"not the one that this model was trained on: train it again\.$"):
        load_tagger(WEIGHTS / TAGGER, "another")


@given(frames=st.integers(1, 20_000), seconds=st.sampled_from([3.0, 6.0, 10.0]))
def test_windows_lie_inside_and_overlap_by_half_at_most(frames: int, seconds: float) -> None:
    starts = window_first_frames(frames, seconds)
    assert starts[0] == 0 and (starts <= max(0, frames - WINDOW_FRAMES)).all()
    assert len(starts) == 1 or np.diff(starts).min() >= WINDOW_FRAMES // 2
    assert len(starts) <= max(1.0, 1.5 + frames * 0.016 / seconds)


def test_centres_ascend_inside_the_clip() -> None:
    for seconds in (0.5, 3.0, 10.0, 30.0):
        centres = window_centres(round(seconds * SAMPLE_RATE), 3.0)
        assert (np.diff(centres) > 0).all() and 0 < centres[0] <= centres[-1] <= seconds


def test_the_level_does_not_matter(tagger: Tagger, play) -> None:
    features = PretrainedFeatures(tagger, 3.0)
    samples = play("jazz", 6.0)[None]
    with torch.inference_mode():
        plain, quiet = (features.windows(samples * gain)[1].vector() for gain in (1.0, 0.01))
    torch.testing.assert_close(plain, quiet, atol=1e-3, rtol=1e-3)
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(2, SAMPLE_RATE)).astype(np.float32)
    assert np.sqrt(np.square(normalize_level(noise)).mean()) == pytest.approx(LEVEL, rel=0.05)
    silence = np.zeros((1, SAMPLE_RATE), np.float32)
    np.testing.assert_array_equal(normalize_level(silence), silence)


def test_a_gain_reaches_the_same_pitches_and_times() -> None:
    gain = torch.ones(1, 128, 100)
    assert torch.allclose(resample_gain(gain, 150), torch.ones(1, 150, 96))
    gain[:, :40] = 0.0  # the bass
    gain[:, :, 50:] = 0.0  # the second half
    out = resample_gain(gain, 150)
    assert out[0, :70, -10:].min() == 1 and out[0, :70, :10].max() == 0 and out[0, 80:].max() == 0


def test_a_checkpoint_of_tensorflow_is_read() -> None:
    """A table with one block, written here as LevelDB does."""
    array = np.arange(6, dtype="<f4").reshape(2, 3)
    shape = b"".join(_field(2, _varint_field(1, size)) for size in array.shape)
    entry = (
        _varint_field(1, FLOAT32) + _field(2, shape) + _varint_field(4, 8) + _varint_field(5, array.nbytes)
    )
    data = _block([(b"", b"header"), (b"dense/bias", entry), (b"dense/kernel", entry)])
    index = _block([(b"dense/kernel", _varint(0) + _varint(len(data) - 5))])
    handle = _varint(len(data)) + _varint(len(index) - 5)
    footer = (_varint(0) + _varint(0) + handle).ljust(40, b"\0") + struct.pack("<Q", MAGIC)
    variables = read_tensorflow_checkpoint(data + index + footer, b"\0" * 8 + array.tobytes())
    assert set(variables) == {"dense/bias", "dense/kernel"}
    np.testing.assert_array_equal(variables["dense/kernel"], array)
    with pytest.raises(ValueError, match="no index"):
        read_tensorflow_checkpoint(b"x" * 100, b"")


def _varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def _varint_field(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """Entries, each sharing the beginning of the key before it; one restart; type and checksum."""
    out, previous = b"", b""
    for key, value in entries:
        same = [a == b for a, b in zip(key, previous, strict=False)]
        shared = same.index(False) if False in same else len(same)
        out += _varint(shared) + _varint(len(key) - shared) + _varint(len(value)) + key[shared:] + value
        previous = key
    return out + struct.pack("<II", 0, 1) + b"\0" * 5


def test_the_licence_lies_beside_the_weights() -> None:
    assert "Permission to use, copy, modify" in (Path(WEIGHTS) / TAGGER / "LICENSE.md").read_text()
