"""genre.audio.clip: what every format decodes to, wherever it comes from and however long it is."""

import io
import os
import resource
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import soxr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genre.audio import clip as audio
from genre.audio.clip import EXCERPT_S, SAMPLE_RATE, AudioError, Clip, load_clip
from tests.support.audio import container_bytes, pitch, second_of_wav, soundfile_bytes, staircase, tone

pytestmark = pytest.mark.usefixtures("empty_temporary_folder")

LEVEL = 0.3 / np.sqrt(2)  # RMS of the test tone


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


# Every format, rate and width

SOUNDFILE_FORMATS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("WAVEX", "PCM_24"),
    ("RF64", "PCM_16"),
    ("W64", "PCM_16"),
    ("FLAC", "PCM_S8"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("MP3", "MPEG_LAYER_III"),
    ("AIFF", "PCM_S8"),
    ("AIFF", "PCM_16"),
    ("AIFF", "PCM_24"),
    ("AIFF", "PCM_32"),
    ("AIFF", "FLOAT"),
    ("AIFF", "DOUBLE"),
    ("AU", "PCM_16"),
    ("AU", "FLOAT"),
    ("CAF", "PCM_16"),
]
CONTAINERS = [
    ("ipod", "aac"),
    ("adts", "aac"),
    ("mp4", "aac"),
    ("webm", "libopus"),
    ("asf", "wmav2"),
    ("mp3", "libmp3lame"),
    ("matroska", "flac"),
    ("mpegts", "aac"),
]


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


def test_sources_agree(tmp_path):
    path = tmp_path / "tone.raw"  # a name that lies about the format
    path.write_bytes(second_of_wav())
    file = io.BytesIO(second_of_wav())
    file.seek(100)
    with path.open("rb") as handle:
        content = second_of_wav()
        sources = [content, bytearray(content), memoryview(content), file, path, str(path), handle]
        clips = [load_clip(source) for source in sources]
        assert not handle.closed and not file.closed
    for clip in clips:
        np.testing.assert_array_equal(clip.samples, clips[0].samples)
    assert [clip.name for clip in clips] == [""] * 4 + ["tone.raw"] * 3


def test_a_pipe_can_be_read():
    reading, writing = os.pipe()
    with open(writing, "wb") as file:
        file.write(second_of_wav()[:10_000])
    with open(reading, "rb") as file:
        assert load_clip(file).duration_s == pytest.approx(0.225, abs=0.01)


@pytest.mark.parametrize(
    ("name", "label"),
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
def test_names_are_only_shown(name, label):
    assert load_clip(second_of_wav(), name=name).name == label


def test_odd_file_names_can_be_read(tmp_path):
    for name in ("two\nlines.wav", "quote'\".wav", "🎸.wav", "-f lavfi.mp4"):
        (tmp_path / name).write_bytes(second_of_wav())
        assert load_clip(tmp_path / name).name == name.replace("\n", "")


# Long files


def assert_pitch_tells_time(clip: Clip) -> None:
    for start_s, piece in clip.pieces():
        assert len(piece) == EXCERPT_S * SAMPLE_RATE
        for offset_s in (1, 15, 28):
            hertz = pitch(piece[offset_s * SAMPLE_RATE :][: SAMPLE_RATE // 2])
            steps = {(start_s + offset_s + within) // 30 for within in (-0.1, 0.6)}
            assert min(abs(hertz - (200 + 20 * step)) for step in steps) < 4


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
    tracemalloc.start()
    clip = load_clip(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
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


@settings(max_examples=50, suppress_health_check=list(HealthCheck))
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
    assert load_clip(second_of_wav(), name=str(Path("/home/me/private/x.wav"))).name == "x.wav"
