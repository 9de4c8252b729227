"""What the Listen page offers besides the answer: nothing until it is asked for, then all of it."""

import json
import time
from types import SimpleNamespace

import av
import numpy as np
import pytest
import streamlit as st
import streamlit_webrtc

from genre.audio import SAMPLE_RATE
from genre.cards import ArtefactError
from genre.classifier import Classifier
from genre.home import WEIGHTS
from pages._closer import ALIKE, BEAUTIFUL, WHY
from pages._model_card import card_in_words
from tests.test_app import CHARTS_OF_AN_ANSWER, app, charts, healthy, upload, wav_bytes

__all__ = ["app"]  # a fixture


def choose(page, what: str):
    return healthy(page.segmented_control[0].set_value(what).run())


def text(page) -> str:
    return " ".join(element.value for kind in ("markdown", "caption", "info") for element in page.get(kind))


def test_nothing_is_worked_out_before_it_is_asked_for(app, wav, monkeypatch):
    for work in ("genre.explain.explain", "genre.beautify.beautify", "genre.neighbours.embedding"):
        monkeypatch.setattr(work, lambda *_: pytest.fail("nobody asked"))
    upload(app, ("a.wav", wav("jazz")))
    offered = app.segmented_control[0].options
    assert len(offered) == 3 and app.segmented_control[0].value is None
    for name, option in zip((WHY, BEAUTIFUL, ALIKE), offered, strict=True):
        assert option.endswith(name)
    assert charts(app) == CHARTS_OF_AN_ANSWER and len(app.get("audio")) == 1


def test_why_shows_the_places_and_plays_the_part(app, wav):
    upload(app, ("a.wav", wav("jazz", 9.0)))
    choose(app, WHY)
    assert charts(app) == CHARTS_OF_AN_ANSWER + 1 and len(app.get("audio")) == 2
    assert "The part that sounded most like" in text(app) and "What is bright spoke for" in text(app)
    other = next(option for option in app.selectbox[0].options if option.startswith("rock"))
    healthy(app.selectbox[0].select_index(app.selectbox[0].options.index(other)).run())
    assert "most like rock" in text(app)


def test_a_more_beautiful_version_stands_beside_the_recording(app, play):
    quiet = 0.05 * play("pop", 6.0) + 0.001 * np.random.default_rng(0).standard_normal(6 * SAMPLE_RATE)
    upload(app, ("a.wav", wav_bytes(quiet)))
    choose(app, BEAUTIFUL)
    assert len(app.get("audio")) == 3 and len(app.get("download_button")) == 3
    assert " dB louder, and nothing is clipped" in text(app)


def test_sounds_like_needs_two_clips_and_names_the_nearest(app, wav):
    upload(app, ("a.wav", wav("jazz")))
    choose(app, ALIKE)
    assert "Play us a second clip" in text(app)
    upload(app, ("b.wav", wav("metal")), ("c.wav", wav("jazz", seed=2)), ("d.txt", b"no music"))
    choose(app, ALIKE)
    shown = [element.value for element in app.text]
    assert shown[0] == "b.wav" and sorted(shown[1:]) == ["a.wav", "c.wav"]
    assert app.session_state["neighbourhood"][1].places.keys() == {
        answer.id for answer in app.session_state["answers"] if answer.whole
    }


def test_silence_can_only_be_made_more_beautiful(app):
    upload(app, ("a.wav", wav_bytes(np.zeros(3 * SAMPLE_RATE))))
    assert len(app.segmented_control[0].options) == 1
    choose(app, BEAUTIFUL)
    assert "only silence here" in text(app) and len(app.get("audio")) == 1


def test_with_the_clip_goes_what_was_made_of_it(app, wav):
    upload(app, ("a.wav", wav("jazz", 4.0)))
    choose(app, BEAUTIFUL)
    choose(app, WHY)
    assert "why" in app.session_state and "beautiful" in app.session_state
    healthy(next(button for button in app.button if button.label == "Delete").click().run())
    assert not any(what in app.session_state for what in ("why", "beautiful", "neighbourhood"))


def test_a_listening_that_was_cut_short_leaves_a_page_that_works(app, wav):
    """The first answer was there, and the visitor had gone to another page before it was opened."""
    upload(app, ("a.wav", wav("jazz", 4.0)))
    del app.session_state["opened"]
    healthy(app.run())
    assert len(app.metric) >= 1


class Streamer:
    """streamlit-webrtc without a browser: plays what a test gives it."""

    def __init__(self):
        self.playing = False
        self.options: dict = {}

    def __call__(self, key, mode, **options):
        self.options = options
        return SimpleNamespace(state=SimpleNamespace(playing=self.playing, signalling=False))

    def play(self, samples: np.ndarray) -> None:
        """(n,) at SAMPLE_RATE as the packed stereo of 16 bits that browsers send."""
        packed = np.repeat((samples * 32_767).astype(np.int16), 2)[None]
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout="stereo")
        frame.sample_rate = SAMPLE_RATE
        assert self.options["audio_frame_callback"](frame) is frame


@pytest.fixture
def streamer(monkeypatch):
    monkeypatch.delenv("EARMARK_ICE_SERVERS", raising=False)
    streamer = Streamer()
    monkeypatch.setattr(streamlit_webrtc, "webrtc_streamer", streamer)
    return streamer


def live_metrics(page) -> list[str]:
    return [metric.value for metric in page.metric]


def test_live_is_off_until_it_is_wanted(app, streamer):
    assert not streamer.options and "live_ear" not in app.session_state
    healthy(app.toggle(key="live").set_value(True).run())
    assert streamer.options["rtc_configuration"] == {"iceServers": []}, "no server elsewhere is asked"
    assert streamer.options["media_stream_constraints"]["video"] is False
    assert "Start listening" in text(app) and not app.metric


def test_live_names_the_music_and_stops_cleanly(app, streamer, play):
    streamer.playing = True
    healthy(app.toggle(key="live").set_value(True).run())
    assert "first answer" in text(app)
    ear = app.session_state["live_ear"][1]
    streamer.play(play("metal", 6.0))
    deadline = time.monotonic() + 20
    while not ear.heard().verdicts and time.monotonic() < deadline:
        time.sleep(0.01)
    healthy(app.run())
    assert live_metrics(app)[0] and charts(app) == 2
    streamer.options["on_audio_ended"]()
    assert not ear.running
    streamer.play(play("metal", 6.0))
    healthy(app.toggle(key="live").set_value(False).run())
    assert not ear.running and "live_ear" not in app.session_state and not app.metric


def test_live_says_what_is_wrong_with_the_servers(app, streamer, monkeypatch):
    monkeypatch.setenv("EARMARK_ICE_SERVERS", "nonsense")
    healthy(app.toggle(key="live").set_value(True).run())
    assert "EARMARK_ICE_SERVERS" in app.error[0].value


def test_a_damaged_ear_is_a_sentence_wherever_it_is_asked(app, wav, monkeypatch):
    upload(app, ("a.wav", wav("jazz", 4.0)))

    def load(*_):
        raise ArtefactError("The weights are damaged.")

    st.cache_resource.clear()
    monkeypatch.setattr(Classifier, "load", load)
    choose(app, WHY)
    assert [error.value for error in app.error] == ["The weights are damaged."]
    healthy(app.slider[0].set_range(0.0, 2.0).run())
    assert "The weights are damaged." in [warning.value for warning in app.warning]
    healthy(app.toggle(key="live").set_value(True).run())
    assert {error.value for error in app.error} == {"The weights are damaged."}
    st.cache_resource.clear()


def test_of_a_leaky_test_the_card_says_nothing(tmp_path):
    card = json.loads((WEIGHTS / "listen-train" / "card.json").read_text())
    card["split"]["leaky"] = True
    (tmp_path / "card.json").write_text(json.dumps(card))
    words = card_in_words(tmp_path)
    assert "nobody knows" in words and "never heard" not in words and "|" not in words


def test_the_card_is_told_in_plain_words(app):
    words = next(element.value for element in app.markdown if "It learnt from" in element.value)
    assert "never heard" in words and "| Classical |" in words and "| Hip-hop |" in words
    assert "of half a minute it tells a genre as sure from 60 % on, of 3 seconds from 81 %" in words
    for jargon in ("recall", "precision", "macro", "calibration", "logit"):
        assert jargon not in words


def test_confusions_are_named_where_they_are_counted(tmp_path):
    card = json.loads((WEIGHTS / "listen-train" / "card.json").read_text())
    confusion = np.diag([20] * 10)
    confusion[2, 9] = 8  # country for rock
    card["figures"]["by_track"]["confusion"] = confusion.tolist()
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert "It most often takes country for rock (29 of 100)." in card_in_words(tmp_path)
    assert "The less it hears" in card_in_words(tmp_path)
    for lines in ([[30.0, 0.6]], [[3.0, 0.6], [30.0, 0.6]], [[3.0, 1.0], [30.0, 0.6]]):
        (tmp_path / "card.json").write_text(json.dumps(card | {"sure_above_by_length": lines}))
        words = card_in_words(tmp_path)
        assert "calls itself sure" in words and "The less it hears" not in words
    (tmp_path / "card.json").write_text(json.dumps({"model": "x", "genres": []}))
    assert card_in_words(tmp_path) == card_in_words(tmp_path / "none") == ""
