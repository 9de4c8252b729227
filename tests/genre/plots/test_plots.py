"""genre.plots.prediction and genre.audio.overview: small figures that show the values of the prediction."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.overview import MIN_DB, mel_overview, waveform_envelope
from genre.plots import prediction as plots

BACKGROUNDS = ("#FCFBF8", "#14181B")  # of the light and the dark theme


def long_clip(play, excerpts: int = 4, duration_s: float = 3_600.0) -> Clip:
    share = duration_s / excerpts
    starts = tuple((k + 0.5) * share - 3 for k in range(excerpts))
    return Clip(np.tile(play("rock", 6.0), excerpts), duration_s, starts)


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_each_colour_stands_out_in_light_and_dark(genre, background):
    darker, lighter = sorted([luminance(plots.COLOURS[genre]), luminance(background)])
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_there_is_one_colour_for_each_genre():
    assert set(plots.COLOURS) == set(GENRES)
    assert len(set(plots.COLOURS.values())) == len(GENRES)


def test_bars_show_the_most_probable_on_top():
    figure = plots.probability_bars({"jazz": 0.2, "hiphop": 0.796, "rock": 0.004})
    bars = figure.data[0]
    assert list(bars.y) == ["rock", "jazz", "hip-hop"]  # plotly draws upwards
    assert list(bars.text) == ["<1\u00a0%", "20\u00a0%", "80\u00a0%"]


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "100"), (0.999, "99"), (0.5, "50"), (0.001, "<1"), (0.0, "0")]
)
def test_percent(probability, text):
    assert plots.percent(probability) == f"{text}\u00a0%"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (83.9, "1:23"), (3_723, "1:02:03")])
def test_clock(seconds, text):
    assert plots.clock(seconds) == text


def test_the_time_axis_of_a_part_is_that_of_the_whole(play):
    clip = Clip(play("metal", 6.0), 6.0)
    figures = (
        plots.waveform(*waveform_envelope(clip), 6.0, begin_s=62.5),
        plots.spectrogram(*mel_overview(clip), 6.0, begin_s=62.5),
    )
    for figure in figures:
        assert figure.layout.xaxis.range == (62.5, 68.5)
        assert figure.layout.xaxis.ticktext[:2] == ("1:03", "1:04")
        data = figure.data[0]
        times = data.x if data.x is not None else data.x0 + data.dx * np.arange(np.shape(data.z)[1])
        assert np.nanmin(times) == pytest.approx(62.5, abs=0.1)
        assert np.nanmax(times) == pytest.approx(68.5, abs=0.1)


@given(st.integers(1, 3_000), st.integers(1, 900))
def test_the_envelope_touches_every_extreme(count, points):
    samples = np.random.default_rng(count).uniform(-1, 1, count).astype(np.float32)
    times, levels = waveform_envelope(Clip(samples, count / SAMPLE_RATE), points)
    assert levels.min() == samples.min() and levels.max() == samples.max()
    assert len(times) == len(levels) <= 2 * points
    assert (np.diff(times) >= 0).all() and times[-1] <= count / SAMPLE_RATE


def test_the_picture_of_a_clip_is_its_mel_spectrogram(play):
    samples = play("jazz", 6.0)
    picture, centres_hz = mel_overview(Clip(samples, 6.0), columns=600)
    assert picture.dtype == np.int8 and picture.shape == (128, 259)  # fewer frames than columns
    assert picture.max() == 0 and picture.min() >= MIN_DB
    tone = np.sin(2 * np.pi * 2_000 * np.arange(SAMPLE_RATE) / SAMPLE_RATE).astype(np.float32)
    picture, centres_hz = mel_overview(Clip(tone, 1.0))
    assert abs(centres_hz[picture.mean(axis=1).argmax()] - 2_000) < 60


def test_silence_is_dark():
    picture, _ = mel_overview(Clip(np.zeros(SAMPLE_RATE, np.float32), 1.0))
    assert picture.max() < -plots.RANGE_DB


def test_a_long_recording_shows_only_its_excerpts(play):
    clip = long_clip(play)
    times, levels = waveform_envelope(clip)
    assert np.isnan(levels).sum() == 3
    assert np.nanmin(times) > 440 and np.nanmax(times) < 3_160
    picture, _ = mel_overview(clip)
    assert picture.shape == (128, 600)
    is_excerpt = (picture > MIN_DB).any(axis=0)
    assert 4 <= is_excerpt.sum() <= 12 and is_excerpt[[75, 225, 375, 525]].sum() >= 2


def test_the_figures_of_one_prediction_are_small(play):
    clip = Clip(play("metal", 30.0), 30.0)
    figures = (
        plots.probability_bars(dict.fromkeys(GENRES, 0.1)),
        plots.waveform(*waveform_envelope(clip), 30.0),
        plots.spectrogram(*mel_overview(clip), 30.0),
        plots.bars_to_come(GENRES),
    )
    assert len(set(figures[-1].data[0].x)) == 1, "no genre seems to win before there is music"
    assert sum(len(figure.to_json()) for figure in figures) < 300_000
    for figure in figures:
        json.loads(figure.to_json())
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)"
