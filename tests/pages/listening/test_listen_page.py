"""Every state of the Listen page, run without a browser."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from html import escape
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from genre import GENRES
from genre.audio import clip
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.inference.classifier import SHORT_CLIP, UNFAMILIAR, Classifier
from genre.inference.load import load_classifier
from genre.models.cards import ArtefactError
from genre.paths import REPOSITORY
from genre.text import genre_name, percent, shorten
from pages.listening import examples
from pages.listening.prediction import MAX_PLAYED
from pages.listening.recorder.panel import PLAIN
from pages.shared.models import default_classifier
from tests.support.audio import picture_bytes, soundfile_bytes
from tests.support.hostile import NAMES
from tests.support.pages.app_visits import (
    APP,
    button,
    component_data,
    healthy,
    markup,
    predicted_genre,
    press,
    words,
)
from tests.support.pages.listen_page import CHARTS_OF_A_PREDICTION, answer, charts


@pytest.fixture
def app() -> AppTest:
    return healthy(AppTest.from_file(APP, default_timeout=60).run())


def record(app: AppTest, content: bytes) -> AppTest:
    """Record with the plain recorder, as where our own cannot run."""
    app.session_state[PLAIN] = True
    app.run()
    return healthy(app.audio_input[0].upload("take.wav", content).run())


def upload(app: AppTest, *files: tuple[str, bytes]) -> AppTest:
    uploads = [(name, content, "application/octet-stream") for name, content in files]
    return healthy(app.file_uploader[0].set_value(uploads).run())


def table(app: AppTest):
    return app.dataframe[0].value


def wav_bytes(samples: np.ndarray) -> bytes:
    return soundfile_bytes(samples.astype(np.float32), SAMPLE_RATE, format="WAV")


def test_the_first_visit_shows_what_will_appear(app):
    text = words(app)
    assert "ten genres and no more" in text and all(genre_name(genre) in text for genre in GENRES)
    assert "Your answer appears here" in text
    assert component_data(app)["max_s"] == 30 and not app.audio_input
    assert charts(app) == 1 and not predicted_genre(app) and not app.dataframe
    labels = [b.label for b in app.button]
    first = labels.index("Blues")
    assert labels[first : first + len(GENRES)] == [genre_name(genre).capitalize() for genre in GENRES]
    assert labels[:3] == ["Hungarian Dance No. 5", "Mutilated Mime", "Let's Go Fishin'"], (
        "real songs come first"
    )


def test_the_first_visit_does_not_wait_for_torch():
    paint = (
        "import sys, threading; threading.Timer.start = lambda timer: None\n"
        "from tests.support.pages.app_visits import APP, AppTest\n"
        "app = AppTest.from_file(APP, default_timeout=60).run()\n"
        "assert app.expander and not app.exception\n"
        "print(*{'torch', 'scipy', 'sklearn', 'librosa', 'av', 'cv2'} & set(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", paint], cwd=REPOSITORY, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    assert not process.stdout.split()


@pytest.mark.parametrize("genre", ["classical", "metal"])
def test_a_recording_gets_the_classifiers_prediction(app, wav, genre):
    content = wav(genre, 9.0)
    record(app, content)
    prediction = load_classifier().classify(load_clip(content))
    assert predicted_genre(app) == genre_name(prediction.genre).capitalize()
    assert app.text[0].value == "Recording 1" and "</i>Your recording</p>" in markup(app)
    assert charts(app) == CHARTS_OF_A_PREDICTION


def test_an_upload_is_predicted(app, wav):
    upload(app, ("song.wav", wav("jazz")))
    assert app.text[0].value == "song.wav" and charts(app) == CHARTS_OF_A_PREDICTION
    assert "</i>song.wav</p>" in markup(app), "a room reads it above the answer"
    assert not app.dataframe and len(app.get("download_button")) == 3


def test_one_bad_file_does_not_stop_the_rest(app, wav):
    upload(
        app,
        ("a.wav", wav("jazz")),
        ("notes.wav", b"once upon a time"),
        ("b.wav", wav("metal")),
        ("cover.png", picture_bytes("png")),
        ("empty.wav", b""),
    )
    rows = table(app).set_index("Clip")
    assert list(rows.index) == ["a.wav", "notes.wav", "b.wav", "cover.png", "empty.wav"]
    for name in ("notes.wav", "cover.png", "empty.wav"):
        assert rows.loc[name, "Genre"] == "" and rows.loc[name, "Remark"].endswith(".")
    for name in ("a.wav", "b.wav"):
        assert rows.loc[name, "Genre"] and rows.loc[name, "Probability"] > 10
    assert len(app.get("download_button")) == 3
    assert charts(app) == CHARTS_OF_A_PREDICTION
    assert any("3 of them could not be read" in caption.value for caption in app.caption)


def test_nothing_but_bad_files(app):
    upload(app, ("notes.wav", b"once upon a time"))
    assert app.error[0].value.endswith(".") and charts(app) == 0 and not app.dataframe
    upload(app, ("notes.wav", b"once upon a time"), ("empty.mp3", b""))
    assert len(table(app)) == 2


def test_a_row_opens_its_prediction(app, wav):
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    assert app.text[0].value == "a.wav"
    key = f"table_{app.session_state['table_count']}"
    app.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    healthy(app.run())
    assert app.text[0].value == "b.wav"


def test_the_same_content_is_one_prediction(app, wav):
    upload(app, ("a.wav", wav("jazz")), ("a.wav", wav("jazz")), ("copy.wav", wav("jazz")))
    assert list(table(app)["Clip"]) == ["a.wav", "copy.wav"]
    assert len(set(table(app)["Probability"])) == 1


def test_a_correction_stays_and_is_exported(app, wav):
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    healthy(app.selectbox[0].select("blues").run())
    assert list(table(app)["You say"]) == ["Blues", ""]
    assert app.text[0].value == "a.wav", "the same row stays open"
    records = json.loads(app.session_state["listen"].session.to_json())
    assert [record["correction"] for record in records] == ["blues", None]
    healthy(app.selectbox[0].select("other").run())
    assert list(table(app)["You say"]) == ["None of these", ""]


def test_a_recording_can_be_trimmed(app, play):
    content = wav_bytes(np.concatenate([play("classical", 6.0), play("metal", 6.0)]))
    record(app, content)
    whole = answer(app)
    healthy(app.slider[0].set_range(0.0, 6.0).run())
    part = load_classifier().classify(load_clip(content).trimmed(0.0, 6.0))
    expected = [genre_name(part.genre).capitalize(), percent(part.probabilities[part.genre])]
    assert answer(app) == expected
    assert any("judged from 0:00 to 0:06" in caption.value for caption in app.caption)
    healthy(app.slider[0].set_range(3.0, 3.0).run())
    assert "further apart" in app.warning[0].value
    assert answer(app) == expected
    healthy(app.slider[0].set_range(0.0, 12.0).run())
    assert answer(app) == whole


def test_a_folder_can_be_chosen(app, wav):
    healthy(app.toggle(key="whole_folder").set_value(True).run())
    assert app.file_uploader[0].accept_directory
    upload(app, ("Album/01.wav", wav("jazz")), ("Album/02.wav", wav("metal")))
    assert list(table(app)["Clip"]) == ["01.wav", "02.wav"]


def test_a_clip_can_be_deleted(app, wav):
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    healthy(button(app, "Delete").click().run())
    assert app.text[0].value == "b.wav" and not app.dataframe
    healthy(button(app, "Delete").click().run())
    assert not predicted_genre(app) and charts(app) == 1, "the first visit's page again"


def test_everything_can_be_forgotten(app, wav):
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    healthy(button(app, "Forget all clips").click().run())
    assert not predicted_genre(app) and not app.dataframe
    upload(app, ("a.wav", wav("jazz")))
    assert app.text[0].value == "a.wav"


def test_silence_and_a_short_clip_get_a_sentence(app, play):
    record(app, wav_bytes(np.zeros(5 * SAMPLE_RATE)))
    assert "silence. Is the microphone on" in app.info[0].value and not predicted_genre(app)
    assert not app.get("audio"), "there is nothing to hear"
    record(app, wav_bytes(play("jazz")[: SAMPLE_RATE // 2]))
    assert "shorter than one second" in app.info[0].value
    assert list(table(app)["Genre"]) == ["", ""]
    record(app, wav_bytes(play("jazz")[: 2 * SAMPLE_RATE]))
    assert any(SHORT_CLIP in caption.value for caption in app.caption)


def test_speech_is_no_music_and_may_be_rap(app):
    upload(app, ("talk.opus", (REPOSITORY / "tests" / "fixtures" / "speech" / "english.opus").read_bytes()))
    assert "someone speaking" in app.info[0].value and "some rap" in app.info[0].value


def test_a_guess_is_called_a_guess(app, wav, monkeypatch):
    real = Classifier.classify

    def guess(self, clip):
        prediction = real(self, clip)
        return replace(prediction, status="unsure", confident=False, message="We are not sure.")

    monkeypatch.setattr(Classifier, "classify", guess)
    upload(app, ("a.wav", wav("jazz", 5.0)), ("b.wav", wav("jazz", 4.0)))
    assert "This sounds most like" in markup(app) and "<b>sure</b>" not in markup(app)
    assert table(app)["Remark"].str.startswith("We are not sure").all()


@pytest.mark.parametrize("name", [name for name in NAMES if "\ud800" not in name])  # no Unicode
def test_names_are_shown_and_never_interpreted(app, wav, name):
    upload(app, (name, wav("jazz")), ("b" + name, b"no music"))
    name_on_page = app.text[0].value
    assert name_on_page == table(app)["Clip"].iloc[0]
    for kind in ("markdown", "caption", "header", "subheader", "info", "error", "warning"):
        assert not any(name_on_page in element.value for element in app.get(kind))
    assert f"</i>{escape(shorten(name_on_page, MAX_PLAYED))}</p>" in markup(app)


def test_a_long_recording_says_what_was_listened_to(app, play, monkeypatch):
    monkeypatch.setattr(clip, "_decode", partial(clip._decode, count=3))  # of 20, which take a while
    minutes = np.tile(play("rock", 30.0)[::5], 23)
    content = soundfile_bytes(minutes, SAMPLE_RATE // 5, format="WAV", subtype="PCM_U8")
    upload(app, ("concert.wav", content))
    assert any(
        "11:30 long, so Earmark listened to 3 excerpts of 30 s" in caption.value for caption in app.caption
    )
    assert not app.slider and len(component_data(app, "earmark_player")["starts"]) == 3


def test_a_clip_without_its_sound_is_explained(app, wav):
    upload(app, ("a.wav", wav("jazz")))
    next(iter(app.session_state["listen"].session)).sound = None
    healthy(app.run())
    assert any("Upload it again" in caption.value for caption in app.caption)
    assert charts(app) == CHARTS_OF_A_PREDICTION and not app.get("audio")


def test_music_unlike_all_genres_is_said_to_be_so(app, monkeypatch):
    monkeypatch.setattr(default_classifier(), "max_other", -1.0)
    examples.answer_example.clear()  # of answers before that
    monkeypatch.setattr(examples, "answer_example", examples.answer_example.__wrapped__)
    press(app, "song_classical_hungarian-dance.opus")
    assert "Unlike all ten. The nearest is" in markup(app) and predicted_genre(app) == "Classical"
    assert any(UNFAMILIAR in caption.value for caption in app.caption)


def test_results_stay_while_another_page_is_visited(wav, tmp_path):
    listen = Path(APP).parent / "pages" / "listen.py"
    (tmp_path / "other.py").write_text("import streamlit as st\nst.title('Elsewhere')\n")
    script = tmp_path / "two_pages.py"
    script.write_text(
        f"import streamlit as st\nst.navigation([st.Page({str(listen)!r}), 'other.py']).run()\n"
    )
    app = healthy(AppTest.from_file(str(script), default_timeout=60).run())
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    healthy(app.selectbox[0].select("blues").run())
    healthy(app.switch_page("other.py").run())
    assert app.title[0].value == "Elsewhere" and not predicted_genre(app)
    healthy(app.switch_page(str(listen)).run())
    assert list(table(app)["You say"]) == ["Blues", ""]
    assert app.selectbox[0].value == "blues"


@pytest.mark.parametrize(
    ("url", "is_blocked"),
    [
        ("http://192.0.2.7:8501", True),
        ("http://earmark.example/", True),
        ("https://192.0.2.7:8501", False),
        ("http://localhost:8501", False),
        ("http://127.0.0.1:8501", False),
        ("http://[::1]:8501", False),
        (None, False),
    ],
)
def test_a_blocked_microphone_is_explained(url, is_blocked):
    app = AppTest.from_file(APP, default_timeout=60)
    app.context = {"url": url}
    healthy(app.run())
    assert component_data(app)["blocked"] == is_blocked
    assert bool(app.warning) == is_blocked
    if is_blocked:
        assert "make run HTTPS=1" in app.warning[0].value


def test_missing_weights_are_a_sentence(wav, monkeypatch):
    def load_classifier(*_):
        raise ArtefactError("The weights of 'listen' are missing or damaged. Train it again.")

    st.cache_resource.clear()
    monkeypatch.setattr("genre.inference.load.load_classifier", load_classifier)
    app = AppTest.from_file(APP, default_timeout=60).run()
    upload(app, ("a.wav", wav("jazz")))
    assert app.error[0].value.startswith("The weights of")
    st.cache_resource.clear()


@pytest.mark.parametrize("pressed", ["Rock", "Delete", "Forget all clips"])
def test_no_click_is_lost_while_files_are_predicted(app, wav, pressed):
    """The files that are left come first, and the page is run again after them."""
    upload(app, ("a.wav", wav("jazz")), ("b.wav", wav("metal")))
    more = [(f"{n}.wav", wav("pop", 3.0, n), "audio/wav") for n in range(2)]
    app.file_uploader[0].set_value(more)
    healthy(button(app, pressed).click().run())
    names = [result.name for result in app.session_state["listen"].session or ()]
    assert (
        names
        == {
            "Rock": ["a.wav", "b.wav", "0.wav", "1.wav", "Rock, synthesised"],
            "Delete": ["b.wav", "0.wav", "1.wav"],
            "Forget all clips": [],
        }[pressed]
    )


def test_a_slip_of_correction_can_be_taken_back(app):
    press(app, "example_jazz")
    (box,) = [box for box in app.selectbox if box.label == "Did Earmark get it wrong?"]
    healthy(box.set_value("rock").run())
    assert next(iter(app.session_state["listen"].session)).correction == "rock"
    assert not app.selectbox(key=box.key).proto.HasField("default"), "only a box without one has a cross"
    healthy(app.selectbox(key=box.key).set_value(None).run())
    assert next(iter(app.session_state["listen"].session)).correction is None


def test_the_model_is_loaded_once(app, monkeypatch):
    """By the warm-up; the first prediction finds it."""
    st.cache_resource.clear()
    default_classifier()
    monkeypatch.setattr("genre.inference.load.load_classifier", lambda *_: pytest.fail("loaded again"))
    press(app, "example_jazz")
    assert predicted_genre(app)


def test_nothing_is_written(app, wav, earmark_home):
    upload(app, ("../../a.wav", wav("jazz")))
    assert not earmark_home.exists()
