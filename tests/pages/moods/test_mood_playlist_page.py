"""The Mood page, run without a browser: the request, its songs, and failing searches."""

import csv
import io
import re
from dataclasses import replace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mood.playlist import cache
from mood.playlist.playlist import NO_MORE, Playlist, find_by_query
from mood.playlist.query import LANGUAGES
from mood.playlist.youtube import OFFLINE, YoutubeTrack, search_url
from pages.moods import choices, own_music
from pages.shared import playlist_view as _playlist_view
from tests.support.hostile import NAMES
from tests.support.pages.app_visits import component_data, healthy, markup, press, words
from tests.support.pages.mood_page import searches, song_titles, songs_called, visit

__all__ = ["searches"]  # a fixture


INSTEAD_OF_SONGS = "Earmark makes up a piece for this mood instead."


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch):
    """What our own generator plays is short."""
    monkeypatch.setattr(own_music, "SECONDS", 3.0)


def test_direction_language_and_artist_are_searched_for(searches):
    app = visit(mood="sad")
    healthy(app.text_input(key="artist").input(" Adele ").run())
    hindi = next(language.label for language in LANGUAGES if language.name == "Hindi")
    healthy(app.selectbox(key="language").select(hindi).run())
    app.session_state["direction"] = "change"
    healthy(app.run())
    assert searches == [
        ("sad", "English", "", "match"),
        ("sad", "English", "Adele", "match"),
        ("sad", hindi, "Adele", "match"),
        ("sad", hindi, "Adele", "change"),
    ]
    assert "Songs to lift you up" in words(app)


@pytest.mark.parametrize(
    ("mood", "title"),
    [
        ("angry", "Songs to calm you down"),
        ("fear", "Songs to comfort you"),
        ("neutral", "Songs to give you energy"),
        ("disgust", "Songs to lift you up"),
    ],
)
def test_each_mood_leads_elsewhere(searches, mood, title):
    assert title in words(visit(mood=mood, direction="change"))


def test_any_other_language_can_be_typed(searches):
    app = visit(mood="happy", language="Klingon")
    assert searches[0][1] == "Klingon" and "asks in English" in words(app)


def test_a_song_plays_in_place_one_at_a_time(searches):
    app = visit(mood="happy")
    assert not app.get("video")
    press(app, "icon_songs_play_video000001")
    assert [video.url for video in app.get("video")] == ["https://www.youtube.com/embed/video000001"]
    press(app, "icon_songs_play_video000003")
    assert [video.url for video in app.get("video")] == ["https://www.youtube.com/embed/video000003"]
    press(app, "icon_songs_play_video000003")
    assert not app.get("video") and len(searches) == 1


def test_shuffling_keeps_the_songs_and_what_plays(searches):
    app = visit(mood="happy")
    press(app, "icon_songs_play_video000002")
    orders = set()
    for _ in range(12):
        press(app, "songs_shuffle")
        orders.add(tuple(song_titles(app)))
        assert song_titles(app)[2] == "happy number 2", "the song that plays stays where it is"
    assert len(orders) > 1 and {frozenset(order) for order in orders} == {frozenset(song_titles(app))}
    assert len(searches) == 1


def test_each_song_says_why_it_is_there_and_nobody_claims_to_have_heard_it(monkeypatch):
    tracks = (
        YoutubeTrack.from_result("video000001", "Happy (Official Video)", "The Lanterns", 200),
        YoutubeTrack.from_result("video000002", "Songs of Summer", "The Lanterns", 200),
    )
    found = Playlist("Adele happy songs", "https://x", "yt-dlp", tracks)
    monkeypatch.setattr(choices, "find_playlist", lambda *q: found)
    app = visit(mood="happy")
    reasons = re.findall(r'class="song-why">(.*?)</div>', markup(app))
    assert reasons == ["Its title says “happy”."], "the line above says the rest"
    assert "What Earmark asked YouTube for: **Adele happy songs**" in words(app)
    assert "Earmark has not heard them" in words(app)


def test_what_every_song_has_in_common_is_said_once(searches):
    app = visit(mood="happy")
    assert len(song_titles(app)) > 1 and all("happy" in title for title in song_titles(app))
    assert 'class="song-why"' not in markup(app)
    assert words(app).count("Each title says “happy”.") == 1


@pytest.mark.parametrize(
    ("mood", "lead"),
    [("surprise", "For surprise Earmark looks for"), ("happy", "What Earmark asked YouTube for:")],
)
def test_a_mood_with_other_search_words_says_so(searches, mood, lead):
    app = visit(mood=mood)
    assert lead in words(app)
    assert "Earmark looks for" not in words(visit(mood=mood, direction="change"))


def test_more_songs_until_there_are_none(searches, monkeypatch):
    answers = [songs_called("happy", 3, first=4), ()]

    def more(playlist: Playlist) -> Playlist:
        tracks = answers.pop(0)
        return Playlist(playlist.query, playlist.search_url, "yt-dlp", tracks, "" if tracks else NO_MORE)

    monkeypatch.setattr(_playlist_view, "find_more", more)
    app = visit(mood="happy")
    press(app, "songs_more")
    assert song_titles(app) == [f"happy number {n}" for n in range(7)]
    press(app, "songs_more")
    assert len(song_titles(app)) == 7 and NO_MORE in words(app)
    assert not [button for button in app.button if button.key == "songs_more"]


def test_the_list_can_be_saved_and_opened_as_a_queue(searches):
    app = visit(mood="happy")
    playlist = app.session_state["songs"].playlist
    rows = list(csv.DictReader(io.StringIO(playlist.to_csv())))
    assert [row["title"] for row in rows] == song_titles(app)
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == ["Save this list as a picture", "As a table (CSV)", "For a player (M3U)"]
    links = {element.proto.label: element.proto.url for element in app.get("link_button")}
    assert links["Play all in YouTube"] == playlist.queue_url


def test_offline_our_own_generator_plays(monkeypatch):
    monkeypatch.setattr(choices, "find_playlist", lambda *q: Playlist("a", search_url("a"), error=OFFLINE))
    app = visit(mood="sad")
    (player,) = app.get("audio")
    assert component_data(app, "earmark_play_button")[
        "begins"
    ] and "Earmark plays for you, as you feel sad." in words(app)
    assert f"{OFFLINE} {INSTEAD_OF_SONGS}" in words(app).replace("**", "")
    first = player.proto.url
    healthy(app.run())
    assert app.get("audio")[0].proto.url == first, "a rerun plays the same piece"
    press(app, "make_own_music")
    assert app.get("audio")[0].proto.url != first


def test_with_internet_our_own_generator_waits_to_be_asked(searches):
    app = visit(mood="happy")
    assert not app.get("audio") and song_titles(app) and "gives no songs" not in words(app)
    press(app, "make_own_music")
    assert len(app.get("audio")) == 1 and song_titles(app)
    begins = component_data(app, "earmark_play_button")["begins"]
    assert begins and component_data(healthy(app.run()), "earmark_play_button")["begins"] == begins
    press(app, "make_own_music")
    assert component_data(app, "earmark_play_button")["begins"] != begins, "another piece begins, too"


def test_offline_is_a_sentence_a_link_and_the_last_lists(monkeypatch):
    monkeypatch.setattr(
        choices,
        "find_playlist",
        lambda *arguments: Playlist("sad songs", search_url("sad songs"), error=OFFLINE),
    )
    app = visit(mood="sad")
    assert words(app).count(OFFLINE) == 1, "it is said once"
    links = {element.proto.label: element.proto.url for element in app.get("link_button")}
    assert links == {"Search in YouTube": search_url("sad songs")}
    assert not app.get("download_button")

    songs = songs_called("happy")
    speech = replace(songs[0], title="A speech", video_id="A" * 11, duration_s=7_200)
    cache.save_playlist("happy songs", "yt-dlp", (speech, *songs, songs[0]), is_complete=True)
    app = visit(mood="sad")
    healthy(app.selectbox(key="songs_earlier").select("happy songs").run())
    assert song_titles(app) == [track.title for track in songs] and app.info[0].value == OFFLINE
    assert "An earlier list, not one for this mood: **happy songs** (found just now)" in words(app)


def test_trying_again_searches_again(searches, monkeypatch):
    find, answers = choices.find_playlist, [Playlist("sad songs", search_url("sad songs"), error=OFFLINE)]
    monkeypatch.setattr(
        choices, "find_playlist", lambda *arguments: answers.pop() if answers else find(*arguments)
    )
    app = visit(mood="sad")
    press(app, "songs_again")
    assert not app.info and song_titles(app)[0] == "sad number 0"


@pytest.mark.parametrize("trouble", ["429", "500", "html", "empty", "cut-off"])
def test_a_provider_in_trouble_never_breaks_the_page(standin, trouble):
    standin.behave(trouble)
    app = visit(mood="happy")
    error = app.session_state["songs"].playlist.error
    assert error.endswith(".") and error in words(app) and not app.get("download_button")
    standin.behave("songs")
    press(app, "songs_again")
    assert song_titles(app) and error not in words(app)


def test_an_older_list_comes_with_the_reason(standin, monkeypatch):
    find_by_query("happy songs")
    monkeypatch.setattr(cache, "FRESH_S", -1)
    standin.behave("429")
    app = visit(mood="happy")
    assert "asks us to pause" in app.info[0].value and song_titles(app)
    assert "found just now" in words(app)


def test_markup_in_titles_is_escaped(monkeypatch):
    tracks = tuple(
        track
        for n, name in enumerate(NAMES)
        if (track := YoutubeTrack.from_result(f"video{n:06}", name, name, 200))
    )
    monkeypatch.setattr(choices, "find_playlist", lambda *q: Playlist("a", "https://x", "yt-dlp", tracks))
    html = markup(visit(mood="happy"))
    assert "<script>alert" not in html and "<img" not in html and "&lt;script&gt;alert" in html


def test_coming_back_searches_nothing(searches):
    app = visit(mood="happy")
    app.switch_page("pages/listen.py").run()
    app.switch_page("pages/mood.py").run()
    assert song_titles(healthy(app)) and len(searches) == 1


@pytest.mark.parametrize("feeling", ["calm", ""])
def test_more_songs_of_a_genre_and_a_feeling(searches, monkeypatch, feeling):
    calls = []

    def find(word: str, **genre: str) -> Playlist:
        calls.append((word, genre))
        return Playlist(word, search_url(word), "yt-dlp", songs_called("jazz"))

    monkeypatch.setattr(_playlist_view, "find_by_query", find)
    monkeypatch.setattr(_playlist_view, "find_playlist", find)

    def listen(feeling: str) -> None:
        from pages.shared.playlist_view import show_more_songs

        show_more_songs("jazz", feeling)

    app = healthy(AppTest.from_function(listen, default_timeout=60, args=(feeling,)).run())
    assert not calls and "to YouTube" in words(app)
    assert ("More calm jazz songs" if feeling else "More jazz songs") in words(app)
    press(app, "find_more_songs")
    assert calls == [("calm", {"genre": "jazz"}) if feeling else ("jazz songs", {})]
    healthy(app.run())
    assert len(calls) == 1 and "jazz number 0" in markup(app)


def sent_cookie(monkeypatch, text: str) -> None:
    """As if the browser had sent this at the beginning of the visit."""
    monkeypatch.setattr(type(st.context), "cookies", property(lambda _: {"earmark-songs": text}))


def test_language_and_artist_of_the_last_visit_are_remembered(searches, monkeypatch):
    app = visit(mood="happy")
    healthy(app.text_input(key="artist").input("Björk; drop").run())
    (written,) = re.findall(r'document\.cookie = "earmark-songs=([^;"]*); max-age=\d+', markup(app))
    assert not set(written) & set(' ,;"<>\\'), "nothing that could end the cookie or the script"
    sent_cookie(monkeypatch, written)
    again = visit(mood="happy")
    assert again.text_input(key="artist").value == "Björk; drop"
    assert again.selectbox(key="language").value == app.selectbox(key="language").value
    assert "document.cookie" not in markup(again), "nothing has changed"


@pytest.mark.parametrize("text", ["", "x", "%7B", "[1]", '{"artist": 3}', '{"language": ""}', "%22" * 5_000])
def test_what_a_browser_remembers_wrong_does_no_harm(searches, monkeypatch, text):
    sent_cookie(monkeypatch, text)
    app = visit(mood="happy")
    assert app.text_input(key="artist").value == "" and searches[0][1] == "English"
