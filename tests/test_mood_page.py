"""The Mood page, run without a browser: a picture is read, and what it said can be corrected."""

import numpy as np
import pytest

from mood import EMOTIONS
from mood.faces import Box
from mood.reader import Reading
from pages import _mood_reader
from pages._mood_words import MOODS, label, score_bars
from tests.app_visits import healthy, markup, words
from tests.faces_at_hand import HOME_OF_DEEPFACE, astronaut, encoded
from tests.mood_page import asked, pills, shown, snapshot, visit

__all__ = ["asked"]  # a fixture


@pytest.fixture
def face(monkeypatch):
    """face(emotion, certainty=0.8, count=1): what is read in every picture from now on."""

    def reads(emotion: str, certainty: float = 0.8, count: int = 1) -> None:
        rest = (1 - certainty) / (len(EMOTIONS) - 1)
        scores = {name: certainty if name == emotion else rest for name in EMOTIONS}
        faces = [Reading(Box(10 * n, 10, 60 - n, 60 - n), emotion, scores) for n in range(count)]
        monkeypatch.setattr("mood.reader.read_image", lambda *args, **options: faces)

    return reads


def test_the_first_visit_asks_nothing_of_anybody(asked):
    app = visit()
    assert len(app.camera_input) == 1 and not app.file_uploader
    said = words(app)
    assert "Your songs appear here" in said and "never saved" in said and "contact YouTube" in said
    assert not asked and not app.session_state["mood"]
    healthy(app.run())
    assert not asked


def test_a_photo_becomes_a_mood_and_a_list_in_one_click(asked):
    app = snapshot(visit(), astronaut())
    assert app.session_state["mood"] == "happy" and "You look happy" in words(app)
    assert asked == [("happy", "English", "", "match")]
    assert shown(app) == [f"happy number {n}" for n in range(4)]
    assert "What we asked YouTube for" in words(app) and "Happy</span>" in markup(app)
    assert not app.camera_input, "the picture that was read stands in its place"
    healthy(app.run())
    assert len(asked) == 1, "drawing the page again asks nobody"


def test_another_photo_deletes_the_first(face, asked):
    face("sad")
    app = snapshot(visit(), astronaut())
    healthy(next(button for button in app.button if button.label == "Another picture").click().run())
    assert "look" not in app.session_state and len(app.camera_input) == 1
    assert app.session_state["mood"] == "sad" and len(asked) == 1, "its songs stay meanwhile"
    face("angry")
    app = snapshot(app, astronaut())
    assert [question[0] for question in asked] == ["sad", "angry"]


def test_what_is_uncertain_is_said_so(face, asked):
    face("fear", 0.3)
    assert "Hard to say: perhaps afraid" in words(snapshot(visit(), astronaut()))


def test_of_many_faces_the_largest_leads(face, asked):
    face("happy", count=2)
    assert "another face in the picture" in words(snapshot(visit(), astronaut()))
    face("happy", count=4)
    assert "3 other faces" in words(snapshot(visit(), astronaut()))


@pytest.mark.parametrize(
    ("picture", "sentence"),
    [
        (np.full((240, 320, 3), 130, np.uint8), "We see no face"),
        (np.full((240, 320, 3), 3, np.uint8), "too dark"),
        (b"GIF89a nothing", "picture"),
        (b"", "empty"),
    ],
)
def test_a_picture_without_a_face_is_a_kind_sentence(asked, picture, sentence):
    app = snapshot(visit(), picture)
    assert sentence in app.warning[0].value and app.warning[0].value.endswith(".")
    assert len(app.camera_input) == 1 and not asked and not app.session_state["mood"]
    assert not healthy(app.run()).warning, "it is said once"


def test_a_photo_file_does_as_well(face, asked):
    face("surprise")
    app = visit(way="file")
    assert not app.camera_input
    content = encoded(astronaut(), "PNG")
    healthy(app.file_uploader[0].set_value([("me.png", content, "image/png")]).run())
    assert app.session_state["mood"] == "surprise" and len(asked) == 1


def test_without_its_weights_the_page_says_so_and_moods_can_be_chosen(asked, monkeypatch, tmp_path):
    monkeypatch.setattr(_mood_reader, "_loaded", {})
    monkeypatch.setattr("mood.reader.WEIGHTS", tmp_path)
    app = snapshot(visit(), astronaut())
    assert app.error[0].value.endswith(".") and not asked
    healthy(pills(app).set_value("sad").run())
    assert asked[0][0] == "sad"


def test_deepface_reads_where_its_weights_are(asked, monkeypatch):
    if not HOME_OF_DEEPFACE.exists():
        pytest.skip("DeepFace's weights are not here: set EARMARK_DATA to the folder of real data")
    monkeypatch.setenv("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    app = snapshot(visit(reader="deepface"), astronaut())
    assert app.session_state["mood"] in EMOTIONS and not app.error


def test_deepface_without_internet_is_a_sentence(asked, monkeypatch, tmp_path):
    def no_internet(progress):
        progress(1, None)
        progress(2_000_000, 6_000_000)
        raise ValueError("DeepFace's weights could not be downloaded: connect to the internet.")

    monkeypatch.setattr(_mood_reader, "_loaded", {})
    monkeypatch.setattr(_mood_reader, "_load_deepface", no_internet)
    app = snapshot(visit(reader="deepface"), astronaut())
    assert "could not be downloaded" in app.error[0].value and not asked


def test_a_camera_that_the_browser_will_refuse(monkeypatch):
    for module in ("_mood_photo", "_mood_live"):
        monkeypatch.setattr(f"pages.{module}.devices_refused", lambda: True)
    app = visit()
    assert "HTTPS=1" in app.warning[0].value and app.camera_input[0].disabled
    assert "HTTPS=1" in visit(way="live").warning[0].value


def test_the_mood_is_corrected_with_one_click(face, asked):
    face("angry")
    app = snapshot(visit(), astronaut())
    healthy(pills(app).set_value("neutral").run())
    assert [question[0] for question in asked] == ["angry", "neutral"]
    assert shown(app)[0] == "neutral number 0"


def test_every_face_has_a_pill():
    assert set(MOODS) == set(EMOTIONS)
    for mood, option in zip(MOODS, pills(visit()).options, strict=True):
        assert label(mood).endswith(option) and MOODS[mood][1] in option


def test_bars_are_safe_and_keep_their_order():
    html = score_bars({"angry": 0.1, "happy": 0.6, "<b>me</b>": 0.3})
    assert html.index("Happy") < html.index("Angry") < html.index("&lt;b&gt;me")
