"""Excerpts of a long recording: where they lie, and that nothing else is decoded."""

import pytest

from genre.audio import clip as clips
from genre.audio.clip import SAMPLE_RATE, load_clip, load_excerpts
from tests.support.audio import container_bytes, pitch, soundfile_bytes, staircase

RATE = 22_050


@pytest.fixture(scope="module")
def four_minutes() -> bytes:
    """A tone that rises each half minute."""
    return soundfile_bytes(staircase(240, RATE), RATE, format="MP3")


def test_three_excerpts_lie_evenly_in_the_recording(four_minutes):
    clip = load_excerpts(four_minutes, 3, 10.0)
    assert len(clip.samples) == 3 * 10 * SAMPLE_RATE
    assert clip.starts == pytest.approx((35, 115, 195), abs=0.2)
    assert clip.duration_s == pytest.approx(240, abs=0.5)
    heights = [pitch(piece) for _, piece in clip.pieces()]
    assert heights == pytest.approx([220, 260, 320], abs=3)


def test_only_the_excerpts_are_decoded(four_minutes, monkeypatch):
    monkeypatch.setattr(clips, "_decode_whole", None)
    assert len(load_excerpts(four_minutes, 3, 10.0).samples) == 30 * SAMPLE_RATE


def test_a_short_recording_is_read_whole():
    content = soundfile_bytes(staircase(31, RATE), RATE, format="FLAC")
    excerpts, whole = load_excerpts(content, 3, 10.0), load_clip(content)
    assert (excerpts.samples == whole.samples).all() and excerpts.starts == (0.0,)


@pytest.mark.parametrize("n_kept", [20, 5])
def test_a_recording_that_cannot_be_sought_gives_the_same_excerpts(monkeypatch, n_kept):
    monkeypatch.setattr(clips, "EXCERPTS", n_kept)  # half minutes that are kept of what is decoded
    minutes = 3
    content = container_bytes(staircase(60 * minutes, 8_000), 8_000, "adts", "aac")
    clip = load_excerpts(content, 3, 10.0)
    assert len(clip.samples) == 30 * SAMPLE_RATE
    share = 20 * minutes
    assert clip.starts == pytest.approx([share / 2 - 5, 1.5 * share - 5, 2.5 * share - 5], abs=31)
    for start_s, piece in clip.pieces():
        step = 200 + 20 * ((start_s + 5) // 30)
        assert pitch(piece) == pytest.approx(step, abs=21)
