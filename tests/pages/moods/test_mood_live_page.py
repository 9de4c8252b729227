"""The Mood page, run without a browser: live video, and the servers that let it through."""

import json
import time
from types import SimpleNamespace

import numpy as np
import pytest

from mood.emotion.live import LiveRecognizer
from pages.moods import live as live_page
from pages.shared.browser.webrtc import rtc_configuration
from tests.support.faces import portrait
from tests.support.pages.app_visits import click_meanwhile, healthy, markup, press, words
from tests.support.pages.mood_page import earmark_recognizer, searches, visit

__all__ = ["searches"]  # a fixture


@pytest.fixture
def video(monkeypatch):
    """A live video that shows the portrait for a while, in streamlit-webrtc's place."""
    live = LiveRecognizer(earmark_recognizer())
    frame = np.ascontiguousarray(portrait()[:384])
    context = SimpleNamespace(
        state=SimpleNamespace(playing=True, signalling=False), video_processor=SimpleNamespace(live=live)
    )
    monkeypatch.setattr(live_page, "webrtc_streamer", lambda *args, **options: context)
    deadline = time.monotonic() + 30
    while not live.history() and time.monotonic() < deadline:
        live.push_frame(frame)
        time.sleep(0.02)
    yield SimpleNamespace(live=live, context=context, frame=frame)
    live.close()


def test_live_video_begins_with_a_word_of_what_to_do(video, searches):
    video.context.state.playing = False
    assert "Start the camera" in words(visit(way="live")) and not searches


def test_live_video_begins_without_the_mood_of_before(video, searches):
    app = press(visit(mood="sad"), "show_face")
    assert "Songs for when you feel sad" in words(app)
    (way,) = [group for group in app.get("button_group") if group.label == "How shall Earmark see you?"]
    app = healthy(way.set_value("live").run())
    assert "Songs for" not in words(app) and "Teach it a mood of your own" in words(app)


def test_live_video_shows_the_mood_and_hands_it_over(video, searches):
    app = visit(way="live")
    assert "You look happy" in words(app) and "Happy</span>" in markup(app)
    assert "pictures a second" in words(app) and not searches
    press(app, "take_live_mood")
    assert searches == [("happy", "English", "", "match")]


def test_teaching_begins_with_live_video(video):
    video.context.state.playing = False
    app = visit(view="teach")
    assert (
        app.session_state["teach_way"] == "live" and app.title[0].value == "Teach Earmark a mood of your own"
    )
    assert app.button(key="record").disabled, "until the camera is started"


def test_live_video_teaches(video, monkeypatch):
    def start_and_click(count, start_capture=video.live.start_capture):
        start_capture(count)
        if not count:
            click_meanwhile()

    monkeypatch.setattr(video.live, "start_capture", start_and_click)
    app = visit(view="teach")
    press(app, "record")
    deadline = time.monotonic() + 60
    while len(video.live.captured_faces()) < 15 and time.monotonic() < deadline:
        video.live.push_frame(video.frame)
        time.sleep(0.02)
    healthy(app.run())
    assert len(app.session_state["mood_state"].training_faces) == 15 and "enough" in str(
        app.get("progress")[0].proto
    )


def test_ice_servers_come_from_one_variable(monkeypatch):
    monkeypatch.delenv("EARMARK_ICE_SERVERS", raising=False)
    assert rtc_configuration() == {"iceServers": []}, "no server by default"
    monkeypatch.setenv("EARMARK_ICE_SERVERS", "stun:a.example:3478, turn:b.example")
    assert rtc_configuration()["iceServers"] == [{"urls": "stun:a.example:3478"}, {"urls": "turn:b.example"}]
    servers = [{"urls": ["turn:b.example"], "username": "me", "credential": "secret"}]
    monkeypatch.setenv("EARMARK_ICE_SERVERS", json.dumps(servers))
    assert rtc_configuration() == {"iceServers": servers}


@pytest.mark.parametrize("text", ["[", "http://a.example", '[{"url": "stun:a"}]', '{"urls": []}', "[3]"])
def test_ice_servers_that_are_none_are_a_sentence(monkeypatch, text):
    monkeypatch.setenv("EARMARK_ICE_SERVERS", text)
    with pytest.raises(ValueError, match="EARMARK_ICE_SERVERS"):
        rtc_configuration()
    assert "EARMARK_ICE_SERVERS" in visit(way="live").error[0].value
