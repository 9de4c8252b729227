"""The picture of a clip over time, as the component gets it, and the words beside it."""

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from genre import GENRES
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.audio.overview import mel_overview
from genre.inference.classifier import LIKE_SPEECH, SHORT_CLIP, Prediction
from genre.inference.description import Description
from genre.inference.live import SmoothedPrediction
from genre.plots import prediction as plots
from genre.text import certainty
from pages.listening.answer.marks import (
    MARKS,
    MAX_GENRES,
    answer_html,
    bars_html,
    genres_over_time,
    moments_html,
)
from pages.listening.answer.share_card import SIZE, share_card
from pages.listening.player.component import player_picture, spectrogram_picture

CLIP = Clip(np.sin(np.arange(6 * SAMPLE_RATE, dtype=np.float32) ** 2 / 4e5).astype(np.float32), 6.0)


def prediction(over_time: np.ndarray, genres=GENRES, **changes) -> Prediction:
    overall = over_time.mean(axis=0)
    best = int(overall.argmax())
    times = (np.arange(len(over_time)) + 0.5) * 6 / len(over_time)
    answer = Prediction(
        status="music",
        genre=genres[best],
        confident=True,
        probabilities=dict(zip(genres, overall.tolist(), strict=True)),
        duration_s=6.0,
        message="",
        window_times_s=times,
        window_probabilities=over_time,
    )
    return replace(answer, **changes)


def test_areas_add_up_to_one():
    over_time = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 7)
    picture = player_picture("a", CLIP, prediction(over_time), 62.5)
    total = np.sum([area["shares"] for area in picture["genres"]], axis=0)
    assert np.allclose(total, 1, atol=1e-3) and len(picture["times"]) == 7
    assert picture["begin_s"] == 62.5 and picture["duration_s"] == 6 and picture["id"] == "a"
    assert all(area["mark"] and area["name"] for area in picture["genres"] if "colour" in area)


def test_a_share_is_never_rounded_to_nothing_or_to_all():
    over_time = np.full((3, 10), 1e-6)
    over_time[:, 4] = 1 - 9e-6
    over_time[0, 3] = 0.2
    for area in player_picture("a", CLIP, prediction(over_time), 0.0)["genres"]:
        assert min(area["shares"]) > 0 and max(area["shares"]) < 1, "<1 %, as everywhere"


def test_improbable_genres_are_one_area():
    over_time = np.full((3, 10), 0.01)
    over_time[:, 4] = 0.91
    areas = player_picture("a", CLIP, prediction(over_time), 0.0)["genres"]
    assert [area["name"] for area in areas] == ["Hip-hop", "The others"]
    assert areas[0]["colour"] == plots.COLOURS["hiphop"] and "mark" not in areas[1]


def test_a_clip_without_a_genre_has_no_areas():
    picture = player_picture("a", CLIP, Prediction("not_music", None, False, {}, 6.0, "Silence."), 0.0)
    assert picture["genres"] == picture["times"] == [] and picture["colour"] == plots.QUIET


def test_the_waveform_touches_the_extremes_and_leaves_gaps_of_excerpts_empty():
    quiet = Clip(0.1 * CLIP.samples, 6.0)
    levels = player_picture("a", quiet, Prediction("not_music", None, False, {}, 6.0, ""), 0.0)["levels"]
    assert max(levels) == 127 and min(levels) <= -126 and len(levels) == 600
    excerpts = Clip(CLIP.samples, 60.0, (0.0, 20.0, 40.0))
    picture = player_picture("a", excerpts, Prediction("not_music", None, False, {}, 60.0, ""), 0.0)
    assert picture["starts"] == [0, 20, 40] and picture["piece_s"] == 2.0
    drawn = [level is not None for level in picture["levels"][::2]]
    assert 0.05 < np.mean(drawn) < 0.2 and drawn[0] and not drawn[50]


def test_the_spectrogram_has_the_low_notes_below_and_the_loud_ones_bright():
    decibels = np.full((4, 5), -120, np.int8)
    decibels[0, 0] = 0  # a loud low note at the beginning
    content = base64.b64decode(spectrogram_picture(decibels).removeprefix("data:image/png;base64,"))
    pixels = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
    assert pixels.shape == (4, 5, 3)
    assert tuple(pixels[3, 0]) == (0xFC, 0xFD, 0xBF) and tuple(pixels[0, 4]) == (0x05, 0x04, 0x0F)


def test_a_picture_of_ten_minutes_is_small(play):
    long = Clip(np.tile(play("metal", 30.0), 20), 600.0)
    over_time = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 280)
    picture = player_picture("a", long, prediction(over_time), 0.0)
    assert len(str(picture)) < 200_000


@pytest.mark.parametrize(
    ("probability", "confident", "familiar", "word"),
    [
        (0.9, True, True, "sure"),
        (0.7, False, True, "fairly sure"),
        (0.7, False, False, "a guess"),
        (0.4, False, True, "a guess"),
    ],
)
def test_certainty_is_a_word(probability, confident, familiar, word):
    assert certainty(probability, confident, familiar) == word


def test_what_can_never_be_sure_is_a_guess_however_probable():
    over_time = np.full((3, 10), 0.01)
    over_time[:, 4] = 0.91
    doubtful = prediction(over_time, confident=False, uncertainty_reason=LIKE_SPEECH)
    assert doubtful.certainty == "a guess", "the reason says that no genre is sure"
    assert SmoothedPrediction().update(doubtful).certainty == "a guess", "nor is it while one listens"
    short = replace(doubtful, uncertainty_reason=SHORT_CLIP)
    assert short.certainty == "a guess", "no probability is enough for so short a clip"
    assert replace(short, confidence_threshold=0.95).certainty == "fairly sure"


def test_a_narrow_lead_is_a_guess():
    assert certainty(0.53, False, True, 0.42) == "a guess"
    assert certainty(0.53, False, True, 0.2) == "fairly sure"
    assert certainty(0.6, True, True, 0.39) == "sure", "that threshold was calibrated"


def test_every_genre_has_a_mark_of_its_own():
    assert set(MARKS) == set(GENRES) and len(set(MARKS.values())) == len(GENRES)


def test_the_answer_names_genre_certainty_and_the_best_three():
    over_time = np.tile(np.array([[0.6, 0.3, 0.05, 0.05, 0, 0, 0, 0, 0, 0]]), (2, 1))
    html = answer_html(prediction(over_time))
    assert "This sounds like" in html and "<span>Blues</span>" in html and "<b>sure</b> 60\u00a0%" in html
    assert bars_html(prediction(over_time)).count("<b>") == 3
    strange = prediction(over_time, confident=False, description=Description(familiar=False))
    assert "Unlike all ten" in answer_html(strange) and "<b>a guess</b>" in answer_html(strange)
    assert "if it has to be one of them" in answer_html(strange), "a high share of the ten is not much"
    assert "if it has" not in html


def test_a_genre_of_the_visitors_own_is_never_markup():
    own = prediction(np.array([[0.9, 0.1]]), genres=("<img src=x>", "b"))
    assert "<img" not in answer_html(own) + bars_html(own)


def test_the_table_tells_the_same_as_the_picture():
    over_time = np.array([[0.8, 0.2] + 8 * [0.0], [0.3, 0.7] + 8 * [0.0]])
    table = genres_over_time(prediction(over_time), 60.0)
    assert list(table.columns) == ["Blues", "Classical"] and list(table.index) == ["1:01", "1:04"]
    assert table.values.tolist() == [["80\u00a0%", "20\u00a0%"], ["30\u00a0%", "70\u00a0%"]]
    html = moments_html(table)
    assert "<th>Blues</th><th>Classical</th>" in html and "<th>1:01</th><td>80\u00a0%</td>" in html
    many = genres_over_time(prediction(np.full((2, 10), 0.1)), 0.0)
    assert len(many.columns) == MAX_GENRES, "as many as fit a phone"
    long = prediction(np.tile(over_time, (100, 1)))
    assert 20 <= len(genres_over_time(long, 0.0)) <= 30


def test_the_share_card_is_a_picture_of_the_answer(play):
    clip = Clip(play("metal", 6.0), 6.0)
    over_time = np.tile(np.array([[0.6, 0.3, 0.05, 0.05, 0, 0, 0, 0, 0, 0]]), (2, 1))
    decibels, _ = mel_overview(clip)
    card = Image.open(io.BytesIO(share_card(prediction(over_time), decibels)))
    assert card.format == "PNG" and card.size == SIZE
    pixels = np.array(card.convert("RGB"))
    blues, classical = (
        (pixels == [int(plots.COLOURS[genre][k : k + 2], 16) for k in (1, 3, 5)]).all(axis=2).sum()
        for genre in ("blues", "classical")
    )
    assert blues > 2 * classical > 0, "the word and the longer bar are in the genre's colour"
    other = Image.open(io.BytesIO(share_card(prediction(over_time), np.full_like(decibels, -120))))
    assert other.tobytes() != card.tobytes(), "the spectrogram is the clip's own"
    long_name = prediction(np.array([[0.9, 0.1]]), genres=("a genre with a very long name of its own", "b"))
    assert share_card(long_name, decibels)
