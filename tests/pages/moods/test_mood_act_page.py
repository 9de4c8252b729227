"""The view Act this mood, without a browser: a card, a picture, two guesses, a score."""

import numpy as np
from streamlit.testing.v1 import AppTest

from pages.moods.act import KEY, N_ROUNDS, ActState, Scene
from pages.moods.labels import MOODS, look_word
from tests.support.faces import encoded, portrait
from tests.support.pages.app_visits import healthy, markup, press, words
from tests.support.pages.mood_page import visit


def act(app: AppTest, image: np.ndarray) -> AppTest:
    """Take the picture of the one who acts."""
    if not app.camera_input:
        press(app, "open_act_camera")
    return healthy(app.camera_input[0].upload("act.jpg", encoded(image, "JPEG")).run())


def test_the_card_is_face_down_until_it_is_turned():
    app = press(visit(view="act"), "start_act")
    mood = app.session_state[KEY].scene.mood
    assert f"Act: {look_word(mood)}" not in words(app)
    assert f"Act: {look_word(mood)}" in words(press(app, "turn_card"))
    assert f"Act: {look_word(mood)}" not in words(press(app, "turn_card"))


def test_people_guess_before_the_machine_tells():
    app = visit(view="act", **{KEY: ActState([Scene("happy"), Scene("sad")])})
    act(app, portrait())
    scene = app.session_state[KEY].scene
    assert scene.machine_guess == "happy" and "The card said" not in words(app)
    assert not app.session_state[KEY].is_open
    healthy(app.pills(key="act_guess_0").set_value("sad").run())
    assert "The card said: happy" in words(app)
    assert "<b>You</b> said sad<b>wrong</b>" in markup(app) and "said happy<b>right, +1</b>" in markup(app)
    assert [metric.value for metric in app.metric] == ["0", "1"]
    press(app, "next_mood")
    assert app.session_state[KEY].scenes[0].picture is None, "no face is kept"
    healthy(act(app, portrait()).pills(key="act_guess_1").set_value("sad").run())
    assert [metric.value for metric in app.metric] == ["1", "1"]
    press(app, "next_mood")
    assert "level, 1 each" in words(app)
    press(app, "act_again")
    scenes = app.session_state[KEY].scenes
    assert len({scene.mood for scene in scenes}) == N_ROUNDS and {s.mood for s in scenes} < set(MOODS)


def test_a_picture_without_a_face_is_taken_again():
    app = press(visit(view="act"), "start_act")
    act(app, np.full((480, 640, 3), 90, np.uint8))
    assert app.warning[0].value and not app.session_state[KEY].scene.scores and app.camera_input


def test_the_way_of_before_is_there_again():
    app = visit(view="act", way="file")
    assert not [group for group in app.get("button_group") if group.label == "How shall Earmark see you?"]
    app.session_state["view"] = "songs"
    healthy(app.run())
    assert app.session_state["way"] == "file"


def test_people_who_read_faces_better_get_balloons_once():
    scene = Scene("happy", scores={"sad": 1.0}, guess="happy")
    app = visit(view="act", **{KEY: ActState([scene], number=1)})
    assert "You have won, 1 to 0" in words(app) and len(app.get("balloons")) == 1
    assert not healthy(app.run()).get("balloons")
