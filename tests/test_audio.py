"""genre.audio: what every format decodes to, and what every bad file is told."""

import functools
import io
import os
import resource
import struct
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genre import audio
from genre.audio import EXCERPT_S, SAMPLE_RATE, AudioError, Clip, load_clip
from tests.fixtures_audio import (
    container_bytes,
    picture_bytes,
    silent_video_bytes,
    soundfile_bytes,
    staircase,
    tone,
)

LEVEL = 0.3 / np.sqrt(2)  # RMS of the test tone


@pytest.fixture(autouse=True)
def _nothing_left_behind(tmp_path_factory, monkeypatch):
    """Point the temporary folder at an empty one, which must still be empty afterwards."""
    folder = tmp_path_factory.mktemp("tempdir")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    assert list(folder.iterdir()) == []


def pitch(samples: np.ndarray) -> float:
    """The strongest frequency in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * SAMPLE_RATE / len(samples))


def assert_is_tone(clip: Clip, seconds: float, hz: float = 440.0) -> None:
    middle = clip.samples[len(clip.samples) // 4 : -len(clip.samples) // 4]
    assert clip.samples.dtype == np.float32 and clip.samples.ndim == 1
    assert np.isfinite(clip.samples).all()
    assert clip.duration_s == pytest.approx(seconds, abs=0.2)
    assert len(clip.samples) / SAMPLE_RATE == pytest.approx(seconds, abs=0.2)
    assert clip.starts == (0.0,) and not clip.excerpted
    assert pitch(middle) == pytest.approx(hz, abs=3)
    level = np.sqrt(np.mean(np.square(middle, dtype=np.float64)))
    assert 20 * abs(np.log10(level / LEVEL)) < 1


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


# Every format, rate and width

SOUNDFILE_FORMATS = [
    ("WAV", "PCM_U8"), ("WAV", "PCM_16"), ("WAV", "PCM_24"), ("WAV", "PCM_32"), ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"), ("WAV", "ULAW"), ("WAVEX", "PCM_24"), ("RF64", "PCM_16"), ("W64", "PCM_16"),
    ("FLAC", "PCM_S8"), ("FLAC", "PCM_16"), ("FLAC", "PCM_24"), ("OGG", "VORBIS"), ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_S8"), ("AIFF", "PCM_16"), ("AIFF", "PCM_24"),
    ("AIFF", "PCM_32"), ("AIFF", "FLOAT"), ("AIFF", "DOUBLE"), ("AU", "PCM_16"), ("AU", "FLOAT"),
    ("CAF", "PCM_16"),
]  # fmt: skip
CONTAINERS = [
    ("ipod", "aac"), ("adts", "aac"), ("mp4", "aac"), ("webm", "libopus"), ("asf", "wmav2"),
    ("mp3", "libmp3lame"), ("matroska", "flac"), ("mpegts", "aac"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "subtype"), SOUNDFILE_FORMATS)
def test_formats_of_libsndfile(kind, subtype):
    rate = 48_000 if subtype == "OPUS" else 44_100
    data = soundfile_bytes(tone(2, rate, 2), rate, format=kind, subtype=subtype)
    assert_is_tone(load_clip(data), 2)


@pytest.mark.parametrize(("muxer", "codec"), CONTAINERS)
def test_formats_of_pyav(muxer, codec):
    rate = 48_000 if codec == "libopus" else 44_100
    assert_is_tone(load_clip(container_bytes(tone(2, rate, 2), rate, muxer, codec)), 2)


@pytest.mark.parametrize("rate", [1_000, 8_000, 11_025, 16_000, 22_050, 32_000, 48_000, 96_000])
@pytest.mark.parametrize("kind", ["WAV", "FLAC"])
def test_rates(rate, kind):
    data = soundfile_bytes(tone(2, rate, hz=300), rate, format=kind)
    assert_is_tone(load_clip(data), 2, 300)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 6, 7, 8, 64])
def test_channels_are_averaged(channels):
    samples = tone(1, 22_050, channels) * np.linspace(0, 2, channels + 1, dtype=np.float32)[1:]
    clip = load_clip(soundfile_bytes(samples / 2, 22_050, format="WAV", subtype="FLOAT"))
    np.testing.assert_allclose(clip.samples, (samples / 2).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize(("muxer", "codec"), [("matroska", "libopus"), ("mp4", "aac")])
@pytest.mark.parametrize("channels", [6, 8])
def test_surround_in_containers(muxer, codec, channels):
    """AAC leaves the tone out of the low-frequency channel; more than seven planes are special."""
    clip = load_clip(container_bytes(tone(1, 48_000, channels), 48_000, muxer, codec))
    expected = LEVEL * ((channels - 1) / channels if codec == "aac" else 1)
    assert pitch(clip.samples[2_000:-2_000]) == pytest.approx(440, abs=3)
    assert clip.samples[2_000:-2_000].std() == pytest.approx(expected, rel=0.12)


def test_levels_are_kept_and_not_limited():
    samples = tone(1, 22_050) * 10
    clip = load_clip(soundfile_bytes(samples, 22_050, format="WAV", subtype="FLOAT"))
    np.testing.assert_array_equal(clip.samples, samples[:, 0])
    full = np.full((22_050, 1), -32_768, np.int16)
    assert load_clip(soundfile_bytes(full, 22_050, format="WAV")).samples.min() == -1


def test_resampling_keeps_what_librosa_keeps():
    samples = np.random.default_rng(0).normal(0, 0.1, 44_100 * 3).astype(np.float32)
    clip = load_clip(soundfile_bytes(samples, 44_100, format="WAV", subtype="FLOAT"))
    expected = soxr.resample(samples, 44_100, SAMPLE_RATE, quality="HQ")
    np.testing.assert_allclose(clip.samples, expected, atol=1e-6)


# Where it comes from


@functools.cache
def wav() -> bytes:
    return soundfile_bytes(tone(1, 22_050), 22_050, format="WAV")


def test_sources_agree(tmp_path):
    path = tmp_path / "tone.raw"  # a name that lies about the format
    path.write_bytes(wav())
    file = io.BytesIO(wav())
    file.seek(100)
    with path.open("rb") as handle:
        sources = [wav(), bytearray(wav()), memoryview(wav()), file, path, str(path), handle]
        clips = [load_clip(source) for source in sources]
        assert not handle.closed and not file.closed
    for clip in clips:
        np.testing.assert_array_equal(clip.samples, clips[0].samples)
    assert [clip.name for clip in clips] == [""] * 4 + ["tone.raw"] * 3


def test_a_pipe_can_be_read():
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(wav()[:10_000])
    with open(reading, "rb") as file:
        assert load_clip(file).duration_s == pytest.approx(0.225, abs=0.01)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\music\\a \"b\" 'c'.mp3", "a \"b\" 'c'.mp3"),
        ("two\nlines\x00\x1b[31m\u202e.wav", "twolines[31m.wav"),
        ("🎸👩‍🎤.ogg", "🎸👩‍🎤.ogg"),
        ("x" * 500, "x" * 120),
        ("\udcff.wav", ".wav"),
        ("..", ".."),
        ("", ""),
    ],
)
def test_names_are_only_shown(name, shown):
    assert load_clip(wav(), name=name).name == shown


def test_odd_file_names_can_be_read(tmp_path):
    for name in ("two\nlines.wav", "quote'\".wav", "🎸.wav", "-f lavfi.mp4"):
        (tmp_path / name).write_bytes(wav())
        assert load_clip(tmp_path / name).name == name.replace("\n", "")


# Bad files


def test_empty():
    assert "empty" in sentence_for(b"")


def test_missing_folder_and_device(tmp_path):
    assert "not be found" in sentence_for(tmp_path / "none.wav")
    assert "not be opened" in sentence_for("nul\0.wav")
    assert "folder" in sentence_for(tmp_path)
    assert "not be opened" in sentence_for("/dev/zero")


def test_unusable_file_objects():
    closed = io.BytesIO(wav())
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
    assert "larger than 1 GiB" in sentence_for(wav())


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


def damaged_container(muxer: str, codec: str) -> bytes:
    """A valid beginning, and noise for the rest."""
    data = container_bytes(tone(1, 48_000), 48_000, muxer, codec)
    return data[:64] + np.random.default_rng(0).bytes(5_000)


@pytest.mark.parametrize(
    "make",
    [
        lambda: wav()[:20],
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
        lambda: wav(),
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
        b"RIFF"
        + size
        + b"WAVEfmt "
        + struct.pack("<I", 16)
        + fmt
        + b"data"
        + struct.pack("<I", data_bytes)
    )


@pytest.mark.parametrize(
    ("rate", "channels"), [(0, 1), (8, 1), (2_000_000_000, 1), (44_100, 0), (44_100, 1_000)]
)
def test_impossible_headers(rate, channels):
    sentence = sentence_for(wav_header(rate, channels, 8_000) + bytes(8_000))
    assert "impossible" in sentence or "damaged" in sentence


def test_absurd_lengths_are_not_believed():
    data = wav_header(22_050, 1, 0xFFFFFFF0) + wav()[44:]
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


def test_protected_wma():
    data = container_bytes(tone(1, 44_100), 44_100, "asf", "wmav2")
    guid = bytes.fromhex("fbb31122 23bdd211 b4b700a0 c955fc6e")
    assert "protected" in sentence_for(data[:30] + guid + struct.pack("<Q", 24) + data[30:])


def test_archives():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("song.wav", wav())
    data = bytearray(buffer.getvalue())
    assert "archive" in sentence_for(bytes(data))
    data[6] |= 1  # encrypted
    assert "protected" in sentence_for(bytes(data))


# Anything at all


@functools.cache
def valid_files() -> list[bytes]:
    kinds = [("WAV", "PCM_16"), ("WAV", "DOUBLE"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"),
             ("OGG", "OPUS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_24"), ("AU", "FLOAT"),
             ("CAF", "PCM_16"), ("WAV", "IMA_ADPCM")]  # fmt: skip
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
    deadline=None,
    max_examples=150,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
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


# Long files


def assert_pitch_tells_time(clip: Clip) -> None:
    for start_s, piece in clip.pieces():
        assert len(piece) == EXCERPT_S * SAMPLE_RATE
        for offset_s in (1, 15, 28):
            heard = pitch(piece[offset_s * SAMPLE_RATE :][: SAMPLE_RATE // 2])
            steps = {(start_s + offset_s + within) // 30 for within in (-0.1, 0.6)}
            assert min(abs(heard - (200 + 20 * step)) for step in steps) < 4


@pytest.mark.parametrize(
    "encode",
    [
        lambda x: soundfile_bytes(x, 8_000, format="FLAC"),
        lambda x: soundfile_bytes(x, 8_000, format="WAV", subtype="PCM_U8"),
        lambda x: soundfile_bytes(x, 8_000, format="MP3"),
        lambda x: container_bytes(x, 8_000, "ipod", "aac"),
    ],
    ids=["flac", "wav", "mp3", "m4a"],
)
def test_long_files_become_excerpts_in_the_right_places(encode):
    clip = load_clip(encode(staircase(12 * 60, 8_000)))
    assert clip.excerpted and clip.duration_s == pytest.approx(720, abs=0.2)
    np.testing.assert_allclose(clip.starts, 3 + 36 * np.arange(20), atol=0.01)
    assert_pitch_tells_time(clip)


def test_a_long_recording_of_unknown_length():
    """As a browser records it: no duration, no index."""
    data = container_bytes(staircase(11 * 60, 8_000), 8_000, "webm", "libopus", seekable=False)
    clip = load_clip(data)
    assert clip.duration_s == pytest.approx(660, abs=0.2)
    assert clip.starts == tuple(60.0 * k for k in range(11))
    assert_pitch_tells_time(clip)


def test_ten_minutes_are_kept_whole():
    clip = load_clip(soundfile_bytes(staircase(600, 8_000), 8_000, format="WAV"))
    assert clip.starts == (0.0,) and len(clip.samples) == 600 * SAMPLE_RATE


def test_a_cut_long_file_gives_what_is_there():
    data = soundfile_bytes(staircase(24 * 60, 4_000), 4_000, format="FLAC")
    clip = load_clip(data[: len(data) // 2])
    assert 600 < clip.duration_s < 900
    assert_pitch_tells_time(clip)


def test_listening_ends_where_the_length_is_unknown(monkeypatch):
    monkeypatch.setattr(audio, "MAX_DECODED_HOURS", 1 / 60)
    assert load_clip(soundfile_bytes(tone(150, 4_000), 4_000, format="WAV")).duration_s <= 90


def test_two_hours_stay_bounded(tmp_path):
    path = tmp_path / "long.flac"
    quiet = np.random.default_rng(0).integers(-2, 3, 8_000 * 60).astype(np.int16)
    with sf.SoundFile(path, "w", 8_000, 1, format="FLAC") as file:
        for _ in range(120):
            file.write(quiet)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    tracemalloc.start()
    clip = load_clip(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert time.process_time() - began < 3
    assert clip.duration_s == 7_200 and len(clip.starts) == 20
    assert peak < 2.5 * clip.samples.nbytes
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024 < 200e6


def test_bytes_are_not_copied():
    data = soundfile_bytes(np.zeros((8_000_000, 2), np.int16), 192_000, format="WAV")
    tracemalloc.start()
    clip = load_clip(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * clip.samples.nbytes < len(data)


# Clips


def test_pieces_and_trimming_of_a_whole_clip():
    clip = Clip(np.arange(10 * SAMPLE_RATE, dtype=np.float32), 10.0, name="count")
    assert [start for start, _ in clip.pieces()] == [0.0]
    part = clip.trimmed(2, 5)
    assert part.duration_s == 3 and part.starts == (0.0,) and part.name == "count"
    np.testing.assert_array_equal(part.samples, clip.samples[2 * SAMPLE_RATE : 5 * SAMPLE_RATE])
    assert len(clip.trimmed(-5, 99).samples) == len(clip.samples)


@pytest.mark.parametrize(("start_s", "end_s"), [(5, 5), (6, 5), (20, 30), (-3, -1)])
def test_trimming_to_nothing(start_s, end_s):
    with pytest.raises(AudioError, match="no sound"):
        Clip(np.ones(10 * SAMPLE_RATE, np.float32), 10.0).trimmed(start_s, end_s)


def test_trimming_of_excerpts():
    samples = np.repeat(np.arange(4, dtype=np.float32), SAMPLE_RATE)
    clip = Clip(samples, 40.0, (5.0, 15.0, 25.0, 35.0))
    part = clip.trimmed(10, 30)
    assert part.starts == (5.0, 15.0) and part.duration_s == 20
    assert [piece[0] for _, piece in part.pieces()] == [1, 2]
    inside = clip.trimmed(15.25, 15.75)
    assert inside.starts == (0.0,) and len(inside.samples) == pytest.approx(SAMPLE_RATE / 2, abs=1)
    with pytest.raises(AudioError):
        clip.trimmed(7, 14)


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.floats(-5, 15), st.floats(-5, 15))
def test_a_trimmed_clip_is_never_longer_than_its_part(start_s, end_s):
    clip = Clip(np.ones(10 * SAMPLE_RATE, np.float32), 10.0)
    try:
        part = clip.trimmed(start_s, end_s)
    except AudioError:
        assert min(end_s, 10) - max(start_s, 0) < 1 / SAMPLE_RATE
    else:
        assert len(part.samples) / SAMPLE_RATE == pytest.approx(part.duration_s, abs=1e-4)


def test_to_wav_clips_and_comes_back():
    samples = (tone(1, SAMPLE_RATE)[:, 0] * 5).astype(np.float32)
    data = Clip(samples, 1.0).to_wav()
    info = sf.info(io.BytesIO(data))
    assert (info.samplerate, info.channels, info.subtype) == (SAMPLE_RATE, 1, "PCM_16")
    np.testing.assert_allclose(load_clip(data).samples, samples.clip(-1, 1), atol=1e-4)


def test_a_clip_of_a_path_keeps_no_path():
    assert load_clip(wav(), name=str(Path("/home/me/private/x.wav"))).name == "x.wav"
