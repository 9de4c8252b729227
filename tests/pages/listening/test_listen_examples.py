"""The Listen page: its examples, predicted with one click."""

import pytest
from streamlit.testing.v1 import AppTest

from genre.audio.clip import load_clip
from genre.data.recordings import recordings
from genre.inference.classifier import Classifier
from genre.inference.load import load_classifier
from genre.text import percent
from pages.listening import examples
from pages.shared.models import default_classifier
from tests.support.pages.app_visits import APP, healthy, markup, predicted_genre, press
from tests.support.pages.listen_page import CHARTS_OF_A_PREDICTION, charts


@pytest.fixture
def app() -> AppTest:
    return healthy(AppTest.from_file(APP, default_timeout=60).run())


def test_an_example_is_predicted_with_one_click(app):
    press(app, "example_hiphop")
    assert app.text[0].value == "Hip-hop, synthesised"
    assert charts(app) == CHARTS_OF_A_PREDICTION and len(app.get("audio")) == 1
    press(app, "example_hiphop")
    assert not app.dataframe, "the same example is the same clip"


def test_an_example_is_predicted_once_for_all_visitors(app, monkeypatch):
    press(app, "song_classical_hungarian-dance.opus")
    clips = []
    with monkeypatch.context() as patch:
        patch.setattr(Classifier, "classify", lambda _, clip: clips.append(clip))
        visit = healthy(AppTest.from_file(APP, default_timeout=60).run())
        other = press(visit, "song_classical_hungarian-dance.opus")
    (known,), (clip,) = (list(visit.session_state["listen"].session) for visit in (app, other))
    assert not clips and clip is not known and clip.full_prediction is known.full_prediction
    expected = load_classifier().classify(load_clip(recordings()[0].path))
    assert clip.full_prediction.probabilities == pytest.approx(expected.probabilities, abs=1e-5)
    clip.correction = "rock"
    assert known.correction is None, "what a visitor says stays theirs"


def test_the_songs_stand_from_easy_to_hard():
    predictions = [load_classifier().classify(load_clip(song.path)) for song in recordings()]
    are_sure = [prediction.confident for prediction in predictions]
    assert are_sure == sorted(are_sure, reverse=True) and len(set(are_sure)) == 2, "the hard ones come last"
    for prediction, song in zip(predictions, recordings(), strict=True):
        assert prediction.genre == song.genre or not prediction.confident, "what it is sure of is right"


@pytest.mark.parametrize("genre", examples.GENRES[::2])
def test_a_synthesised_example_is_answered_with_its_genre(genre):
    answer = examples.answer_example(genre, (None, 0), default_classifier())
    assert answer.clip.full_prediction.genre == genre


def test_a_real_song_is_predicted_with_one_click(app):
    press(app, "song_classical_hungarian-dance.opus")
    assert predicted_genre(app) == "Classical"
    name = "Hungarian Dance No. 5, Johannes Brahms, US Army Strings (Public Domain Mark 1.0)"
    assert name in [text.value for text in app.text], "with its artist and licence"
    words = " ".join(element.value for element in app.markdown)
    assert "What listeners call songs like this" in words and "What it feels like" in words
    assert "Those who published it call it classical, too." in markup(app)
    assert "More solemn classical songs" in words, "and not cheerful ones"
    assert "</i>Hungarian Dance No. 5</p>" in markup(app), "for a room, the title alone"
    assert "[How good is this model?](#how-good)" in words, "and how far to trust it"


def test_a_song_that_is_taken_for_another_genre_is_called_a_hard_one(app):
    """As long as the model that came with Earmark does so; nothing of it is written down."""
    for song in recordings():
        press(app, f"song_{song.file}")
        is_hard = predicted_genre(app).casefold() != song.genre or "Unlike all ten" in markup(app)
        assert (f"A hard one: those who published it call it {song.genre}" in markup(app)) == is_hard
        assert (f"call it {song.genre}, too." in markup(app)) != is_hard
    press(app, "example_jazz")
    assert "published it" not in markup(app), "the synthesiser's pieces have no publisher"


def test_the_card_shows_what_the_visitor_says_and_what_we_heard(app):
    press(app, "example_jazz")
    prediction = next(iter(app.session_state["listen"].session)).prediction
    box = next(selectbox for selectbox in app.selectbox if selectbox.label == "Did Earmark get it wrong?")
    healthy(box.select("rock").run())
    assert "You say: rock." in markup(app) and "<span>Jazz</span>" in markup(app)
    assert percent(prediction.probabilities["jazz"]) in markup(app)
    healthy(box.select("jazz").run())
    assert "You say the same." in markup(app)


def test_quick_clicks_on_examples_are_all_answered(app):
    """Each of them ends the run that serves the one before."""
    app.session_state["listen"].requested_examples += ["jazz", "rock"]
    press(app, "example_metal")
    names = ["Jazz, synthesised", "Rock, synthesised", "Metal, synthesised"]
    assert list(app.dataframe[0].value["Clip"]) == names
    state = app.session_state["listen"]
    assert state.session.get(state.open_id).name == names[-1], "the last one is open"
    assert not state.requested_examples
