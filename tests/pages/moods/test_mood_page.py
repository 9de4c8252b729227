"""The Mood page, run without a browser: a picture is read, and the mood can be corrected."""

import numpy as np
import pytest

from mood import EMOTIONS
from mood.emotion.faces import Box
from mood.emotion.recognizer import FaceEmotion
from pages.moods import recognizer as recognizer_page
from pages.moods.labels import MOODS, mood_label, score_bars
from pages.shared import models
from pages.shared.models import ModelCache
from tests.support.faces import HOME_OF_DEEPFACE, encoded, portrait
from tests.support.pages.app_visits import healthy, markup, press, words
from tests.support.pages.mood_page import pills, searches, snapshot, song_titles, visit

__all__ = ["searches"]  # a fixture


@pytest.fixture
def face(monkeypatch):
    """face(emotion, certainty=0.8, count=1): what is recognized in every picture from now on."""

    def set_face(emotion: str, certainty: float = 0.8, count: int = 1) -> None:
        rest = (1 - certainty) / (len(EMOTIONS) - 1)
        scores = {name: certainty if name == emotion else rest for name in EMOTIONS}
        faces = [FaceEmotion(Box(10 * n, 10, 60 - n, 60 - n), emotion, scores) for n in range(count)]
        monkeypatch.setattr("mood.emotion.recognizer.recognize_emotions", lambda *args, **options: faces)

    return set_face


def no_models_loaded(monkeypatch) -> None:
    cache = ModelCache()
    monkeypatch.setattr(models, "_cache", lambda: cache)


def test_the_first_visit_searches_nothing(searches):
    app = visit()
    assert not app.camera_input and not app.file_uploader, "the browser is not asked for a camera by itself"
    press(app, "open_camera")
    assert len(app.camera_input) == 1
    text = words(app)
    assert "Show your face, or press a mood" in text and "never saved" in text and "to YouTube" in text
    assert not searches and not app.session_state["mood"]
    healthy(app.run())
    assert not searches


def test_a_photo_becomes_a_mood_and_a_list_in_one_click(searches):
    app = snapshot(visit(), portrait())
    assert app.session_state["mood"] == "happy" and "You look happy" in words(app)
    assert searches == [("happy", "English", "", "match")]
    assert song_titles(app) == [f"happy number {n}" for n in range(4)]
    assert "What Earmark asked YouTube for" in words(app) and "Happy</span>" in markup(app)
    assert not app.camera_input, "the recognized picture stands in its place"
    healthy(app.run())
    assert len(searches) == 1, "a rerun searches nothing"


def test_the_camera_makes_room_for_the_songs_of_a_chosen_mood(searches):
    app = healthy(pills(visit()).set_value("sad").run())
    keys = {button.key for button in app.button}
    assert "open_camera" not in keys and song_titles(app)
    assert 'querySelector(".st-key-mood_songs")' in markup(app), "the page leads to the songs"
    press(app, "show_face")
    assert 'querySelector(".st-key-mood_songs")' not in markup(app), "once"
    assert "open_camera" in {button.key for button in app.button} and song_titles(app)
    healthy(pills(app).set_value("happy").run())
    assert "open_camera" not in {button.key for button in app.button}


def test_a_browser_that_shows_no_mood_yet_does_not_take_the_recognized_one_back(face, searches):
    face("happy")
    app = snapshot(visit(), portrait())
    titles = song_titles(app)
    healthy(pills(app).set_value(None).run())
    assert app.session_state["mood"] == "happy" and song_titles(app) == titles


def test_another_photo_deletes_the_first(face, searches):
    face("sad")
    app = snapshot(visit(), portrait())
    healthy(next(button for button in app.button if button.label == "Another picture").click().run())
    assert not app.session_state["mood_state"].photo and len(app.camera_input) == 1
    assert not app.session_state["mood"] and not pills(app).value, "what was said of it holds for no other"
    face("angry")
    app = snapshot(app, portrait())
    assert [mood for mood, *_ in searches] == ["sad", "angry"]


def test_an_uncertain_mood_is_called_uncertain(face, searches):
    face("fear", 0.3)
    assert "Hard to say: perhaps afraid" in words(snapshot(visit(), portrait()))


def test_of_many_faces_the_largest_leads(face, searches):
    face("happy", count=2)
    assert "another face in the picture" in words(snapshot(visit(), portrait()))
    face("happy", count=4)
    assert "3 other faces" in words(snapshot(visit(), portrait()))


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (np.full((240, 320, 3), 130, np.uint8), "Earmark sees no face"),
        (np.full((240, 320, 3), 3, np.uint8), "too dark"),
        (b"GIF89a nothing", "picture"),
        (b"", "empty"),
    ],
)
def test_a_picture_without_a_face_is_a_kind_sentence(searches, picture, sentence):
    app = snapshot(visit(), picture)
    assert sentence in app.warning[0].value and app.warning[0].value.endswith(".")
    assert len(app.camera_input) == 1 and not searches and not app.session_state["mood"]
    assert not healthy(app.run()).warning, "it is shown once"


def test_a_photo_file_does_as_well(face, searches):
    face("surprise")
    app = visit(way="file")
    assert not app.camera_input
    content = encoded(portrait(), "PNG")
    healthy(app.file_uploader[0].set_value([("me.png", content, "image/png")]).run())
    assert app.session_state["mood"] == "surprise" and len(searches) == 1


def test_a_file_without_a_face_is_shown(searches):
    app = visit(way="file")
    content = encoded(np.full((240, 320, 3), 130, np.uint8), "PNG")
    healthy(app.file_uploader[0].set_value([("wall.png", content, "image/png")]).run())
    assert len(app.get("image")) == 1 and "Earmark sees no face" in app.warning[0].value
    assert pills(app).label == "How do you feel?", "there is nothing that could be wrong"
    healthy(next(button for button in app.button if button.label == "Another picture").click().run())
    assert len(app.file_uploader) == 1 and not app.warning and not searches


def test_beside_a_file_without_a_face_the_songs_say_whose_word_they_follow(searches):
    app = press(visit(mood="sad", way="file"), "show_face")
    content = encoded(np.full((240, 320, 3), 130, np.uint8), "PNG")
    app = healthy(app.file_uploader[0].set_value([("wall.png", content, "image/png")]).run())
    assert "The songs below are for feeling sad." in words(app)
    assert "Songs for when you feel sad" in words(app) and pills(app).value == "sad"


def test_without_its_weights_the_page_says_so_and_moods_can_be_chosen(searches, monkeypatch, tmp_path):
    no_models_loaded(monkeypatch)
    monkeypatch.setattr("mood.emotion.recognizer.WEIGHTS", tmp_path)
    app = snapshot(visit(), portrait())
    assert app.error[0].value.endswith(".") and not searches
    healthy(pills(app).set_value("sad").run())
    assert searches[0][0] == "sad"


def test_deepface_reads_where_its_weights_are(searches, monkeypatch):
    if not HOME_OF_DEEPFACE.exists():
        pytest.skip("DeepFace's weights are not here: set EARMARK_DATA to the folder of real data")
    monkeypatch.setenv("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    app = snapshot(visit(backend="deepface"), portrait())
    assert app.session_state["mood"] in EMOTIONS and not app.error


def test_deepface_without_internet_is_a_sentence(searches, monkeypatch, tmp_path):
    def no_internet(progress):
        progress(1, None)
        progress(2_000_000, 6_000_000)
        raise ValueError("DeepFace's weights could not be downloaded: connect to the internet.")

    no_models_loaded(monkeypatch)
    monkeypatch.setattr(recognizer_page, "_load_deepface", no_internet)
    app = snapshot(visit(backend="deepface"), portrait())
    assert "could not be downloaded" in app.error[0].value and not searches


def test_a_camera_that_the_browser_will_refuse(monkeypatch):
    for module in ("photo", "live"):
        monkeypatch.setattr(f"pages.moods.{module}.is_insecure", lambda: True)
    app = visit()
    assert "HTTPS=1" in app.warning[0].value and app.camera_input[0].disabled
    assert "HTTPS=1" in visit(way="live").warning[0].value


def test_the_mood_is_corrected_with_one_click(face, searches):
    face("angry")
    app = snapshot(visit(), portrait())
    healthy(pills(app).set_value("neutral").run())
    assert [mood for mood, *_ in searches] == ["angry", "neutral"]
    assert "You say neutral" in words(app) and "You look angry" not in words(app)
    assert "Earmark read angry on your face, as the bars show" in words(app)
    assert pills(app).label.startswith("Not right?")
    assert "Songs for when you feel neutral" in words(app)
    assert song_titles(app)[0] == "neutral number 0"


def test_every_face_has_a_pill():
    assert len({symbol for symbol, *_ in MOODS.values()}) == len(MOODS)
    assert set(MOODS) == set(EMOTIONS)
    for mood, option in zip(MOODS, pills(visit()).options, strict=True):
        assert mood_label(mood).endswith(option) and MOODS[mood][1] in option


def test_bars_are_safe_and_keep_their_order():
    html = score_bars({"angry": 0.1, "happy": 0.6, "<b>me</b>": 0.3})
    assert html.index("Happy") < html.index("Angry") < html.index("&lt;b&gt;me")
