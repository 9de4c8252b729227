"""genre.audio.clip: what every bad file is told, and that no file whatever does harm."""

import functools
import io
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genre.audio import clip as audio
from genre.audio.clip import MAX_BYTES, AudioError, load_clip
from genre.audio.decoders import check_readable
from tests.support.audio import (
    container_bytes,
    picture_bytes,
    pitch,
    second_of_wav,
    silent_video_bytes,
    soundfile_bytes,
    tone,
)

pytestmark = pytest.mark.usefixtures("empty_temporary_folder")


def sentence_for(source, **options) -> str:
    """The one plain sentence with which load_clip refuses source."""
    with pytest.raises(AudioError) as caught:
        load_clip(source, **options)
    assert type(caught.value) is AudioError
    sentence = str(caught.value)
    assert sentence[0].isupper() and sentence.endswith(".") and sentence.count(".") == 1
    assert ":" in sentence, "it must say what to do next"
    assert not any(sign in sentence for sign in ("\n", "/", "\\", "Error", "_"))
    return sentence


def test_empty():
    assert "empty" in sentence_for(b"")


def test_missing_folder_and_device(tmp_path):
    assert "not be found" in sentence_for(tmp_path / "none.wav")
    assert "not be opened" in sentence_for("nul\0.wav")
    assert "folder" in sentence_for(tmp_path)
    assert "not be opened" in sentence_for("/dev/zero")


def test_unusable_file_objects():
    closed = io.BytesIO(second_of_wav())
    closed.close()
    assert "not be opened" in sentence_for(closed)
    assert "not be opened" in sentence_for(io.StringIO("text"))


def test_too_big(tmp_path, monkeypatch):
    path = tmp_path / "sparse.wav"
    with path.open("wb") as file:
        file.truncate(audio.MAX_BYTES + 1)
    assert "larger than 1 GiB" in sentence_for(path)
    with path.open("rb") as file:
        assert "larger than 1 GiB" in sentence_for(file)
    monkeypatch.setattr(audio, "MAX_BYTES", 1_000)
    assert "larger than 1 GiB" in sentence_for(second_of_wav())


@pytest.mark.parametrize(
    "data",
    [
        b"These are the words of a song, not its sound.\n" * 100,
        b"#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"%PDF-1.7\n" + bytes(1_000),
        b"\x00",
        bytes(100_000),
    ],
    ids=["text", "playlist", "list", "pdf", "byte", "zeros"],
)
def test_not_audio(data):
    assert "not an audio file" in sentence_for(data, name="song.mp3")


@pytest.mark.parametrize("codec", ["png", "mjpeg"])
def test_pictures(codec):
    assert "not an audio file" in sentence_for(picture_bytes(codec), name="song.mp3")


@pytest.mark.parametrize(("muxer", "codec"), [("mp4", "mpeg4"), ("matroska", "mpeg4")])
def test_video_without_sound(muxer, codec):
    assert "video contains no sound" in sentence_for(silent_video_bytes(muxer, codec))


@pytest.mark.parametrize("kind", ["WAV", "CAF", "AIFF", "AU"])
def test_header_without_frames(kind):
    data = soundfile_bytes(np.zeros((0, 1), np.float32), 22_050, format=kind)
    assert "contains no sound" in sentence_for(data)


@pytest.mark.parametrize("riff", [0, 36, None])
def test_a_recorder_that_lost_its_power_never_wrote_how_much_there_is(riff):
    data = bytearray(second_of_wav())
    place = data.index(b"data") + 4
    data[place : place + 4] = bytes(4)
    if riff is not None:
        data[4:8] = riff.to_bytes(4, "little")
    assert load_clip(bytes(data)).duration_s == pytest.approx(1, abs=0.01)


def damaged_container(muxer: str, codec: str) -> bytes:
    """A valid beginning, and noise for the rest."""
    data = container_bytes(tone(1, 48_000), 48_000, muxer, codec)
    return data[:64] + np.random.default_rng(0).bytes(5_000)


@pytest.mark.parametrize(
    "make",
    [
        lambda: second_of_wav()[:20],
        lambda: b"fLaC" + bytes(200),
        lambda: b"OggS" + bytes(200),
        lambda: b"ID3\x04" + bytes(200),
        lambda: damaged_container("ipod", "aac"),
        lambda: damaged_container("webm", "libopus"),
        lambda: damaged_container("asf", "wmav2"),
    ],
    ids=["wav", "flac", "ogg", "mp3", "m4a", "webm", "wma"],
)
def test_damaged(make):
    assert "damaged" in sentence_for(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: second_of_wav(),
        lambda: soundfile_bytes(tone(2, 22_050), 22_050, format="FLAC"),
        lambda: soundfile_bytes(tone(2, 44_100), 44_100, format="MP3"),
        lambda: soundfile_bytes(tone(2, 48_000), 48_000, format="OGG", subtype="OPUS"),
        lambda: container_bytes(tone(2, 44_100), 44_100, "adts", "aac"),
        lambda: container_bytes(tone(2, 48_000), 48_000, "webm", "libopus"),
        lambda: container_bytes(tone(2, 44_100), 44_100, "asf", "wmav2"),
    ],
    ids=["wav", "flac", "mp3", "opus", "aac", "webm", "wma"],
)
def test_truncated_files_give_what_is_there(make):
    data = make()
    clip, part = load_clip(data), load_clip(data[: len(data) * 2 // 3])
    assert 0.4 * clip.duration_s < part.duration_s < 0.9 * clip.duration_s
    assert pitch(part.samples[2_000:-2_000]) == pytest.approx(440, abs=5)


def wav_header(rate: int, channels: int, data_bytes: int) -> bytes:
    width = 2 * channels
    fmt = struct.pack("<HHIIHH", 1, channels, rate, rate * width & 0xFFFFFFFF, width & 0xFFFF, 16)
    size = struct.pack("<I", min(36 + data_bytes, 0xFFFFFFFF))
    return (
        b"RIFF" + size + b"WAVEfmt " + struct.pack("<I", 16) + fmt + b"data" + struct.pack("<I", data_bytes)
    )


@pytest.mark.parametrize(
    ("rate", "channels"), [(0, 1), (8, 1), (2_000_000_000, 1), (44_100, 0), (44_100, 1_000)]
)
def test_impossible_headers(rate, channels):
    sentence = sentence_for(wav_header(rate, channels, 8_000) + bytes(8_000))
    assert "impossible" in sentence or "damaged" in sentence


class CountedFile(io.FileIO):
    """A file that counts the requested bytes."""

    count = 0

    def read(self, size: int = -1) -> bytes:
        content = super().read(size)
        self.count += len(content)
        return content


@pytest.mark.parametrize(("muxer", "codec"), [("mp3", "libmp3lame"), ("ac3", "ac3")])
def test_a_tail_of_a_gigabyte_of_zeros_is_not_collected(muxer, codec, tmp_path):
    """FFmpeg would hold it in memory, twice."""
    path = tmp_path / "tail"
    path.write_bytes(container_bytes(tone(3, 44_100), 44_100, muxer, codec))
    os.truncate(path, MAX_BYTES)
    with CountedFile(path) as file:
        assert load_clip(file).duration_s == pytest.approx(3, abs=0.1)
        assert file.count < 64 << 20


def test_absurd_lengths_are_not_believed():
    data = wav_header(22_050, 1, 0xFFFFFFF0) + second_of_wav()[44:]
    assert load_clip(data).duration_s == pytest.approx(1, abs=0.01)
    flac = bytearray(soundfile_bytes(tone(2, 22_050), 22_050, format="FLAC"))
    flac[21] |= 0x0F  # the highest four bits of 36 that count the samples: 36 days
    tracemalloc.start()
    clip = load_clip(bytes(flac))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert clip.duration_s == pytest.approx(2, abs=0.01) and peak < 100e6


def test_nan_and_infinity():
    samples = tone(1, 22_050, 2)
    samples[100:200, 0], samples[300, 1] = np.nan, np.inf
    clip = load_clip(soundfile_bytes(samples, 22_050, format="WAV", subtype="FLOAT"))
    expected = np.where(np.isfinite(samples), samples, 0).mean(axis=1)
    np.testing.assert_allclose(clip.samples, expected, atol=1e-6)
    samples[:] = np.nan
    data = soundfile_bytes(samples, 44_100, format="WAV", subtype="DOUBLE")
    assert "no valid sound values" in sentence_for(data)


def test_absurdly_large_values_stay_finite():
    samples = tone(1, 44_100, 2).astype(np.float64) * 1e300
    clip = load_clip(soundfile_bytes(samples, 44_100, format="WAV", subtype="DOUBLE"))
    assert np.isfinite(clip.samples).all() and np.isfinite(np.square(clip.samples)).all()


@pytest.mark.parametrize("kind", [b"drms", b"enca"])
def test_protected_mp4(kind):
    data = container_bytes(tone(1, 44_100), 44_100, "ipod", "aac")
    assert data.count(b"mp4a") >= 1
    assert "protected" in sentence_for(data.replace(b"mp4a", kind, 1))


def test_an_mp4_of_countless_boxes_is_looked_at_a_little():
    data = struct.pack(">I4s4s4x", 16, b"ftyp", b"isom") + struct.pack(">I4s", 8, b"free") * 500_000
    file = io.BytesIO(data)
    reads = []
    file.read = lambda size=-1: reads.append(size) or io.BytesIO.read(file, size)
    check_readable(file)
    assert len(reads) < 2_000
    assert sentence_for(data)


def test_protected_wma():
    data = container_bytes(tone(1, 44_100), 44_100, "asf", "wmav2")
    guid = bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e")
    assert "protected" in sentence_for(data[:30] + guid + struct.pack("<Q", 24) + data[30:])


def test_archives():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.wav", second_of_wav())
    data = bytearray(buffer.getvalue())
    assert "archive" in sentence_for(bytes(data))
    data[6] |= 1  # encrypted
    assert "protected" in sentence_for(bytes(data))


# Anything at all


@functools.cache
def valid_files() -> list[bytes]:
    kinds = [
        ("WAV", "PCM_16"),
        ("WAV", "DOUBLE"),
        ("FLAC", "PCM_16"),
        ("OGG", "VORBIS"),
        ("OGG", "OPUS"),
        ("MP3", "MPEG_LAYER_III"),
        ("AIFF", "PCM_24"),
        ("AU", "FLOAT"),
        ("CAF", "PCM_16"),
        ("WAV", "IMA_ADPCM"),
    ]
    samples = tone(0.5, 16_000)
    files = [soundfile_bytes(samples, 16_000, format=k, subtype=s) for k, s in kinds]
    muxers = [("ipod", "aac"), ("adts", "aac"), ("webm", "libopus"), ("asf", "wmav2")]
    return files + [container_bytes(tone(0.5, 48_000), 48_000, m, c) for m, c in muxers]


def assert_clip_or_sentence(data: bytes) -> None:
    try:
        clip = load_clip(data)
    except AudioError:
        return
    assert clip.samples.dtype == np.float32 and len(clip.samples) > 0
    assert np.isfinite(clip.samples).all() and np.isfinite(clip.duration_s)
    assert len(clip.samples) % len(clip.starts) == 0


ANYTHING = settings(
    max_examples=150, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@ANYTHING
@given(st.binary(max_size=2_000), st.sampled_from([b"", b"RIFF", b"fLaC", b"OggS", b"ID3\x04\0\0"]))
def test_random_bytes(data, magic):
    assert_clip_or_sentence(magic + data)


@ANYTHING
@given(st.data())
def test_corrupted_files(capfd, data):
    valid = bytearray(data.draw(st.sampled_from(valid_files()), label="file"))
    reach = data.draw(st.sampled_from([64, 300, len(valid)]), label="reach")
    places = st.integers(0, min(reach, len(valid)) - 1)
    changes = data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=40))
    for place, value in changes:
        valid[place] = value
    assert_clip_or_sentence(bytes(valid[: data.draw(st.integers(1, len(valid)), label="length")]))
    assert capfd.readouterr() == ("", ""), "a decoder spoke to the terminal"


def test_more_than_seven_planes_where_one_was_announced():
    """An AAC stream that switches to 46 channels half-way made PyAV read wild memory."""
    data = bytearray(container_bytes(tone(0.5, 48_000, 8), 48_000, "adts", "aac"))
    assert_clip_or_sentence(bytes(data))
    for place in range(0, len(data), 97):
        data[place] ^= 0x5A
    assert_clip_or_sentence(bytes(data))
