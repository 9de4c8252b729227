"""From my own music, on the Mood page: offered, first where there is no network, and played right there."""

from dataclasses import replace
from pathlib import Path

import pytest

from genre.library.playlists.mood_path import DIRECTIONS
from genre.library.search import load_library
from mood.emotion.drawing import EMOTION_COLOURS
from mood.playlist.own_songs import BEGINNINGS, own_playlist
from mood.playlist.playlist import Playlist
from mood.playlist.query import TARGET_MOODS
from mood.playlist.youtube import OFFLINE
from pages.access.tokens import Role
from pages.library.mood_list import COUNT, TITLE
from pages.moods import choices, own_music
from pages.moods.choices import CHANGE, MATCH
from tests.support.pages.app_visits import healthy, words
from tests.support.pages.mood_page import searches, visit
from tests.support.pages.open_house import visiting_as
from tests.support.stand_ins.library import make_songs, scan

__all__ = ["searches"]  # a fixture


@pytest.fixture
def music(tmp_path, wav) -> Path:
    """A scanned folder of 30 songs."""
    make_songs(tmp_path / "music", 29)
    (tmp_path / "music" / "real.wav").write_bytes(wav("rock"))
    scan([tmp_path / "music"])
    return tmp_path / "music"


@pytest.fixture
def offline(monkeypatch) -> None:
    """YouTube cannot be reached, and our own generator plays short pieces."""
    monkeypatch.setattr(
        choices,
        "find_playlist",
        lambda *words: Playlist(" ".join(words), "https://youtube.test", error=OFFLINE),
    )
    monkeypatch.setattr(own_music, "SECONDS", 3.0)


def plays(app) -> list:
    return [button for button in app.button if (button.key or "").startswith("icon_own_play_")]


def test_it_is_offered_beside_youtube_and_opened_on_request(searches, music):
    app = visit(mood="sad")
    assert not plays(app)
    app = healthy(app.toggle(key="own_songs_open").set_value(True).run())
    assert plays(app)
    assert "Near how you feel" in words(app)
    assert len(searches) == 1
    app = healthy(app.segmented_control(key="direction").set_value(CHANGE).run())
    assert "Ends bright" in words(app) or "Ends as bright as these songs get" in words(app)
    assert words(app).count("Lift me up") <= 1, "one control leads both lists"


@pytest.mark.parametrize(("n_near", "is_offline"), [(3, False), (3, True), (0, False), (0, True)])
def test_only_songs_near_the_mood_are_recommended(searches, music, monkeypatch, request, n_near, is_offline):
    if is_offline:
        request.getfixturevalue("offline")
    monkeypatch.setattr(own_music, "_make", lambda request: b"RIFF")
    path = own_playlist(load_library(), "sad", MATCH, COUNT)
    path = [replace(item, is_near=number < n_near) for number, item in enumerate(path)]
    monkeypatch.setattr("mood.playlist.own_songs.own_playlist", lambda *words: path)
    app = visit(mood="sad", own_songs_open=True)
    (further,) = [box for box in app.expander if box.label == "More songs, further from this mood"]
    assert [button.key for button in further.button] == [f"icon_own_play_{i.song.id}" for i in path[n_near:]]
    assert len(plays(app)) == COUNT
    assert ("None of your songs is near this mood" in words(app)) == (not n_near)
    assert len(app.get("audio")) == (not n_near and is_offline), "then the generator plays"


def test_each_wish_leads_somewhere_in_the_library():
    assert choices.LIBRARY_DIRECTIONS.keys() >= set(TARGET_MOODS.values())
    assert {MATCH, *choices.LIBRARY_DIRECTIONS.values()} <= set(DIRECTIONS)


def test_without_a_network_it_is_the_first_choice(offline, music):
    app = visit(mood="angry")
    assert TITLE in words(app) and len(plays(app)) == COUNT
    assert "Here are songs of My music instead." in words(app) and "makes up a piece" not in words(app)
    assert not app.get("audio")  # our generator waits until it is asked
    assert words(app).count(OFFLINE) == 1
    first = plays(app)[0]
    app = healthy(first.click().run())
    assert plays(app)[0].label.startswith("Stop")


@pytest.mark.parametrize("is_empty", [False, True])
def test_without_a_library_or_songs_the_generator_plays_as_before(offline, monkeypatch, tmp_path, is_empty):
    if is_empty:
        scan([tmp_path])
    made = []
    monkeypatch.setattr(own_music, "_make", lambda request: made.append(request) or b"RIFF")
    app = visit(mood="angry")
    assert made and TITLE not in words(app)


def test_a_song_is_played_from_its_file(searches, music):
    app = visit(mood="happy", own_songs_open=True)
    real = next(song for song in load_library().songs if song.path.endswith("real.wav"))
    listed = {button.key for button in plays(app)}
    (music / "00").rename(music.parent / "away")  # the stand-in's songs cannot be played
    scan([music])
    app = healthy(app.run())
    assert [button.key for button in plays(app)] == [f"icon_own_play_{real.id}"] and listed
    app = healthy(plays(app)[0].click().run())
    assert len(app.get("audio")) == 1


def test_a_guest_is_offered_none(searches, music, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        assert not [toggle for toggle in visit(mood="sad").toggle if toggle.key == "own_songs_open"]


def test_every_emotion_has_a_beginning_and_custom_moods_begin_in_the_middle(music):
    assert BEGINNINGS.keys() == EMOTION_COLOURS.keys()
    library = load_library()
    for mood in (*BEGINNINGS, "punk"):
        assert len(own_playlist(library, mood, "calm", 5)) == 5
