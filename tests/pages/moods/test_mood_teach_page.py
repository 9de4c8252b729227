"""The Mood page, run without a browser: custom moods are taught, recognised, saved and deleted."""

import numpy as np

from mood import EMOTIONS
from mood.emotion.custom_moods.learning import MAX_MOOD_FRAMES, CustomMood, embed_variants
from mood.emotion.custom_moods.storage import list_moods, save_mood
from pages.moods import teach as teach_page
from pages.moods.labels import change_label, mood_label
from pages.moods.state import MoodState
from tests.support.faces import drawn_face, encoded, portrait
from tests.support.pages.app_visits import as_read, click_meanwhile, healthy, press, words
from tests.support.pages.mood_page import earmark_recognizer, pills, searches, snapshot, visit

__all__ = ["searches"]  # a fixture


def saved_mood(name: str, seed: int) -> CustomMood:
    recognizer = earmark_recognizer()
    faces = [drawn_face(seed + n) for n in range(10)]
    return save_mood(CustomMood(name, embed_variants(recognizer, faces), recognizer.fingerprint))


def test_a_custom_mood_is_learnt_from_files(searches):
    app = press(visit(teach_way="file"), "to_teach")  # the first page offers it
    assert "None yet" in words(app) and not [b for b in app.button if b.key == "teach"]
    picture = encoded(portrait(), "PNG")
    files = [(f"{n}.png", picture, "image/png") for n in range(4)]
    healthy(app.file_uploader[0].set_value([*files, ("wall.png", b"nothing", "image/png")]).run())
    assert "1 of 5 pictures were left out" in app.warning[0].value
    assert app.button(key="teach").disabled
    assert "So small and grey Earmark sees them" in words(app), "they are shown"
    healthy(app.file_uploader[0].set_value([*files, *files]).run())
    assert "Everybody who uses this Earmark will see this mood" in words(app), "said before it is made"
    app.text_input(key="teach_name_0").input("punk *rock*")
    healthy(app.run())
    press(app, "teach")
    assert [mood.name for mood in list_moods()] == ["punk *rock*"]
    assert not app.session_state["mood_state"].training_faces and "12 pictures" in words(app)
    assert "Earmark has learnt **punk *rock***" in words(app)
    press(app, "try_mood")
    assert app.session_state["view"] == "songs" and app.session_state["mood_state"].is_face_wanted
    assert mood_label("punk *rock*").endswith(pills(app).options[-1])
    healthy(pills(app).set_value("punk *rock*").run())
    assert searches[-1][0] == "punk *rock*"


def test_too_many_pictures_are_counted(searches):
    app = visit(
        view="teach",
        teach_way="file",
        mood_state=MoodState(training_faces=[drawn_face(n) for n in range(MAX_MOOD_FRAMES - 1)]),
    )
    picture = encoded(portrait(), "PNG")
    healthy(app.file_uploader[0].set_value([(f"{n}.png", picture, "image/png") for n in range(4)]).run())
    assert f"3 of 4 pictures were left out. {MAX_MOOD_FRAMES} faces are the most" in words(app)
    assert len(app.session_state["mood_state"].training_faces) == MAX_MOOD_FRAMES


def test_a_click_while_it_works_teaches_no_picture_twice(monkeypatch):
    def crop_and_click(image, box, crop=teach_page.crop_face):
        click_meanwhile()
        return crop(image, box)

    monkeypatch.setattr(teach_page, "crop_face", crop_and_click)
    app = visit(view="teach", teach_way="file")
    picture = encoded(portrait(), "PNG")
    files = [(f"{n}.png", picture, "image/png") for n in range(3)]
    healthy(app.file_uploader[0].set_value([*files, ("wall.png", b"nothing", "image/png")]).run())
    assert len(
        app.session_state["mood_state"].training_faces
    ) == 3 and "1 of 4 pictures were left out" in words(app)
    app = snapshot(visit(view="teach", teach_way="camera"), portrait())
    assert len(app.session_state["mood_state"].training_faces) == 1


def test_a_click_while_it_learns_does_not_hide_that_it_has_learnt(monkeypatch):
    def save_and_click(mood):
        click_meanwhile()
        return save_mood(mood)

    monkeypatch.setattr(teach_page, "keep_mood", save_and_click)
    app = visit(
        view="teach",
        teach_way="file",
        mood_state=MoodState(training_faces=[drawn_face(n) for n in range(10)]),
    )
    app.text_input(key="teach_name_0").input("punk")
    press(app, "teach")
    assert [mood.name for mood in list_moods()] == ["punk"] and not app.session_state[
        "mood_state"
    ].training_faces
    assert "punk" in app.toast[0].value and not app.error


def test_snapshots_add_up_and_can_be_dropped():
    app = visit(view="teach", teach_way="camera")
    assert not app.camera_input, "the browser is not asked for a camera by itself"
    for _ in range(2):
        app = snapshot(app, portrait())
    assert len(app.session_state["mood_state"].training_faces) == 2
    app = snapshot(app, np.full((240, 320, 3), 130, np.uint8))
    assert (
        "Earmark sees no face" in app.warning[0].value
        and len(app.session_state["mood_state"].training_faces) == 2
    )
    press(app, "teach_over")
    assert not app.session_state["mood_state"].training_faces


def test_custom_moods_are_renamed_exported_disabled_and_deleted():
    punk, dreamy = saved_mood("punk", 0), saved_mood("dreamy", 50)
    app = visit(view="teach", teach_way="camera")
    assert "told apart" in words(app) and len(app.get("download_button")) == 2
    healthy(app.text_input(key=f"name_{punk.key}").input("Dreamy").run())
    press(app, f"rename_{punk.key}")
    assert "already" in app.error[0].value
    healthy(app.text_input(key=f"name_{punk.key}").input("loud").run())
    press(app, f"rename_{punk.key}")
    assert [mood.name for mood in list_moods()] == ["dreamy", "loud"] and not app.error
    healthy(app.toggle(key=f"use_{punk.key}").set_value(False).run())
    assert app.session_state["mood_state"].disabled_moods == {punk.key}
    press(app, f"delete_{dreamy.key}")
    assert f"Delete **{dreamy.name}**?" in words(app) and dreamy.name in [mood.name for mood in list_moods()]
    press(app, f"delete_now_{dreamy.key}")
    assert [mood.name for mood in list_moods()] == ["loud"]
    assert "Teach a second one" in words(app)


def test_an_emotion_in_capitals_is_no_custom_name():
    mood = saved_mood("angry", 0)
    app = visit(view="teach", teach_way="camera")
    healthy(app.text_input(key=f"name_{mood.key}").input("Angry").run())
    press(app, f"rename_{mood.key}")
    assert "emotion called 'angry'" in as_read(app.error[0].value)
    assert change_label("Angry") == change_label("angry"), "one that was saved before it was refused"


def test_a_mood_of_another_network_is_named_and_not_used(searches):
    save_mood(
        CustomMood("old", embed_variants(earmark_recognizer(), [drawn_face(n) for n in range(8)]), "0" * 16)
    )
    app = visit(view="teach", teach_way="camera")
    assert "another version of Earmark" in words(app)
    app = snapshot(visit(), portrait())
    assert app.session_state["mood"] in EMOTIONS


def test_a_custom_mood_is_recognised(searches):
    app = visit(view="teach", teach_way="file")
    views = [
        np.roll((portrait() * light).astype(np.uint8), 7 * n, axis=1)
        for n, light in enumerate(np.linspace(0.6, 1.0, 12))
    ]
    files = [(f"{n}.png", encoded(view, "PNG"), "image/png") for n, view in enumerate(views)]
    healthy(app.file_uploader[0].set_value(files).run())
    app.text_input(key="teach_name_0").input("space")
    press(healthy(app.run()), "teach")
    app = snapshot(visit(), views[6])
    assert app.session_state["mood"] == "space" and "Your “space”" in words(app)
    assert searches[-1][0] == "space"
    (space,) = list_moods()
    app = snapshot(visit(mood_state=MoodState(disabled_moods={space.key})), views[6])
    assert app.session_state["mood"] in EMOTIONS, "a disabled one is not recognised"


def test_an_imported_file_is_checked():
    app = visit(view="teach", teach_way="camera")
    healthy(app.file_uploader[0].set_value([("m.safetensors", b"\x00" * 64, "application/x")]).run())
    assert "not a custom mood" in app.error[0].value and not list_moods()
