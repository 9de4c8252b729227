"""Every state of the Mood page, run without a browser."""

import csv
import io
import json
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mood import EMOTIONS, saved_lists, search
from mood.faces import Box
from mood.live import LiveMood
from mood.playlist import NO_MORE, Playlist, find_words
from mood.query import LANGUAGES
from mood.reader import EmotionReader, Reading
from mood.taught import Taught, embed_views, list_moods, save_mood
from mood.youtube import OFFLINE, Track, search_url
from pages import _mood_live, _mood_reader, _mood_wish, _playlist_view
from pages._ice import rtc_configuration
from pages._mood_words import MOODS, label, score_bars
from tests.faces_at_hand import HOME_OF_DEEPFACE, astronaut, drawn_face, encoded
from tests.hostile import NAMES
from tests.youtube_stand_in import YoutubeStandIn

APP = str(Path(__file__).resolve().parent.parent / "app.py")


def healthy(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


@pytest.fixture
def visit():
    """visit(**session state) -> the Mood page."""

    def open_page(**state: object) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=120)
        for name, value in state.items():
            app.session_state[name] = value
        app.switch_page("pages/mood.py")
        return healthy(app.run())

    return open_page


@pytest.fixture(scope="module")
def own() -> EmotionReader:
    return EmotionReader.load()


@pytest.fixture
def face(monkeypatch):
    """face(emotion, certainty=0.8, count=1): what is read in every picture from now on."""

    def reads(emotion: str, certainty: float = 0.8, count: int = 1) -> None:
        rest = (1 - certainty) / (len(EMOTIONS) - 1)
        scores = {name: certainty if name == emotion else rest for name in EMOTIONS}
        faces = [Reading(Box(10 * n, 10, 60 - n, 60 - n), emotion, scores) for n in range(count)]
        monkeypatch.setattr("mood.reader.read_image", lambda *args, **options: faces)

    return reads


def songs_called(query: str, count: int = 4, first: int = 0) -> tuple[Track, ...]:
    return tuple(
        Track.of(f"video{number:06}", f"{query} number {number}", "The Lanterns", 200 + number)
        for number in range(first, first + count)
    )


@pytest.fixture
def asked(monkeypatch) -> list[tuple]:
    """What YouTube was asked for; every question finds four songs."""
    questions = []

    def find(*question: str) -> Playlist:
        questions.append(question)
        query = " ".join(question)
        return Playlist(query, search_url(query), "yt-dlp", songs_called(question[0]))

    monkeypatch.setattr(_mood_wish, "find", find)
    return questions


@pytest.fixture
def youtube(monkeypatch):
    """A stand-in server in YouTube's place."""
    with YoutubeStandIn() as running:
        monkeypatch.setenv("EARMARK_YOUTUBE_HOST", running.address)
        monkeypatch.setattr(search, "BACK_OFF_S", 0.01)
        yield running


def words(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "error", "warning", "text", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def markup(app: AppTest) -> str:
    return "\n".join(element.body for element in app.get("html"))


def snapshot(app: AppTest, image: np.ndarray | bytes) -> AppTest:
    content = image if isinstance(image, bytes) else encoded(image, "JPEG")
    return healthy(app.camera_input[0].upload("snapshot.jpg", content).run())


def shown(app: AppTest) -> list[str]:
    """The titles of the songs, in order."""
    held = app.session_state["songs"]
    return [track.title for track in held.playlist.tracks]


def press(app: AppTest, key: str) -> AppTest:
    return healthy(app.button(key=key).click().run())


def pills(app: AppTest):
    """The faces to choose from."""
    return app.pills(key="mood")


# Reading a face


def test_the_first_visit_asks_nothing_of_anybody(visit, asked):
    app = visit()
    assert len(app.camera_input) == 1 and not app.file_uploader
    said = words(app)
    assert "Your songs appear here" in said and "never saved" in said and "contact YouTube" in said
    assert not asked and not app.session_state["mood"]
    healthy(app.run())
    assert not asked


def test_a_photo_becomes_a_mood_and_a_list_in_one_click(visit, asked):
    app = snapshot(visit(), astronaut())
    assert app.session_state["mood"] == "happy" and "You look happy" in words(app)
    assert asked == [("happy", "English", "", "match")]
    assert shown(app) == [f"happy number {n}" for n in range(4)]
    assert "What we asked YouTube for" in words(app) and "Happy</span>" in markup(app)
    assert not app.camera_input, "the picture that was read stands in its place"
    healthy(app.run())
    assert len(asked) == 1, "drawing the page again asks nobody"


def test_another_photo_deletes_the_first(visit, face, asked):
    face("sad")
    app = snapshot(visit(), astronaut())
    healthy(next(button for button in app.button if button.label == "Take another").click().run())
    assert "look" not in app.session_state and len(app.camera_input) == 1
    assert app.session_state["mood"] == "sad" and len(asked) == 1, "its songs stay meanwhile"
    face("angry")
    app = snapshot(app, astronaut())
    assert [question[0] for question in asked] == ["sad", "angry"]


def test_what_is_uncertain_is_said_so(visit, face, asked):
    face("fear", 0.3)
    assert "Hard to say: perhaps afraid" in words(snapshot(visit(), astronaut()))


def test_of_many_faces_the_largest_leads(visit, face, asked):
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
def test_a_picture_without_a_face_is_a_kind_sentence(visit, asked, picture, sentence):
    app = snapshot(visit(), picture)
    assert sentence in app.warning[0].value and app.warning[0].value.endswith(".")
    assert len(app.camera_input) == 1 and not asked and not app.session_state["mood"]
    assert not healthy(app.run()).warning, "it is said once"


def test_a_photo_file_does_as_well(visit, face, asked):
    face("surprise")
    app = visit(way="file")
    assert not app.camera_input
    content = encoded(astronaut(), "PNG")
    healthy(app.file_uploader[0].set_value([("me.png", content, "image/png")]).run())
    assert app.session_state["mood"] == "surprise" and len(asked) == 1


def test_without_its_weights_the_page_says_so_and_moods_can_be_chosen(visit, asked, monkeypatch, tmp_path):
    monkeypatch.setattr(_mood_reader, "_loaded", {})
    monkeypatch.setattr("mood.reader.WEIGHTS", tmp_path)
    app = snapshot(visit(), astronaut())
    assert app.error[0].value.endswith(".") and not asked
    healthy(pills(app).set_value("sad").run())
    assert asked[0][0] == "sad"


def test_deepface_reads_where_its_weights_are(visit, asked, monkeypatch):
    if not HOME_OF_DEEPFACE.exists():
        pytest.skip("DeepFace's weights are not here: set EARMARK_DATA to the folder of real data")
    monkeypatch.setenv("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    app = snapshot(visit(reader="deepface"), astronaut())
    assert app.session_state["mood"] in EMOTIONS and not app.error


def test_deepface_without_internet_is_a_sentence(visit, asked, monkeypatch, tmp_path):
    def no_internet(progress):
        progress(1, None)
        progress(2_000_000, 6_000_000)
        raise ValueError("DeepFace's weights could not be downloaded: connect to the internet.")

    monkeypatch.setattr(_mood_reader, "_loaded", {})
    monkeypatch.setattr(_mood_reader, "_load_deepface", no_internet)
    app = snapshot(visit(reader="deepface"), astronaut())
    assert "could not be downloaded" in app.error[0].value and not asked


def test_a_camera_that_the_browser_will_refuse(visit, monkeypatch):
    for module in ("_mood_photo", "_mood_live"):
        monkeypatch.setattr(f"pages.{module}.devices_refused", lambda: True)
    app = visit()
    assert "HTTPS=1" in app.warning[0].value and app.camera_input[0].disabled
    assert "HTTPS=1" in visit(way="live").warning[0].value


# The wish


def test_the_mood_is_corrected_with_one_click(visit, face, asked):
    face("angry")
    app = snapshot(visit(), astronaut())
    healthy(pills(app).set_value("neutral").run())
    assert [question[0] for question in asked] == ["angry", "neutral"]
    assert shown(app)[0] == "neutral number 0"


def test_every_face_has_a_pill(visit):
    assert set(MOODS) == set(EMOTIONS)
    for mood, option in zip(MOODS, pills(visit()).options, strict=True):
        assert label(mood).endswith(option) and MOODS[mood][1] in option


def test_direction_language_and_artist_are_asked_for(visit, asked):
    app = visit(mood="sad")
    healthy(app.text_input(key="artist").input(" Adele ").run())
    hindi = next(language.label for language in LANGUAGES if language.name == "Hindi")
    healthy(app.selectbox(key="language").select(hindi).run())
    app.session_state["direction"] = "change"
    healthy(app.run())
    assert asked == [
        ("sad", "English", "", "match"), ("sad", "English", "Adele", "match"),
        ("sad", hindi, "Adele", "match"), ("sad", hindi, "Adele", "change"),
    ]  # fmt: skip
    assert "Songs to lift you up" in words(app)


@pytest.mark.parametrize(("mood", "title"), [
    ("angry", "Songs to calm you down"), ("fear", "Songs to comfort you"),
    ("neutral", "Songs to give you energy"), ("disgust", "Songs to lift you up"),
])  # fmt: skip
def test_each_mood_leads_elsewhere(visit, asked, mood, title):
    assert title in words(visit(mood=mood, direction="change"))


def test_any_other_language_can_be_typed(visit, asked):
    app = visit(mood="happy", language="Klingon")
    assert asked[0][1] == "Klingon" and "ask in English" in words(app)


# The list


def test_a_song_plays_in_place_one_at_a_time(visit, asked):
    app = visit(mood="happy")
    assert not app.get("video")
    press(app, "songs_play_video000001")
    assert [video.url for video in app.get("video")] == ["https://www.youtube.com/embed/video000001"]
    press(app, "songs_play_video000003")
    assert [video.url for video in app.get("video")] == ["https://www.youtube.com/embed/video000003"]
    press(app, "songs_play_video000003")
    assert not app.get("video") and len(asked) == 1


def test_shuffling_keeps_the_songs_and_what_plays(visit, asked):
    app = visit(mood="happy")
    press(app, "songs_play_video000002")
    orders = set()
    for _ in range(12):
        press(app, "songs_shuffle")
        orders.add(tuple(shown(app)))
        assert shown(app)[2] == "happy number 2", "the song that plays stays where it is"
    assert len(orders) > 1 and {frozenset(order) for order in orders} == {frozenset(shown(app))}
    assert len(asked) == 1


def test_more_songs_until_there_are_none(visit, asked, monkeypatch):
    answers = [songs_called("happy", 3, first=4), ()]

    def more(playlist: Playlist) -> Playlist:
        tracks = answers.pop(0)
        return Playlist(playlist.query, playlist.search_url, "yt-dlp", tracks, "" if tracks else NO_MORE)

    monkeypatch.setattr(_playlist_view, "more", more)
    app = visit(mood="happy")
    press(app, "songs_more")
    assert shown(app) == [f"happy number {n}" for n in range(7)]
    press(app, "songs_more")
    assert len(shown(app)) == 7 and NO_MORE in words(app)
    assert not [button for button in app.button if button.key == "songs_more"]


def test_the_list_can_be_saved_and_opened_as_a_queue(visit, asked):
    app = visit(mood="happy")
    playlist = app.session_state["songs"].playlist
    rows = list(csv.DictReader(io.StringIO(playlist.to_csv())))
    assert [row["title"] for row in rows] == shown(app)
    labels = [element.proto.label for element in app.get("download_button")]
    assert labels == ["As a table (CSV)", "For a player (M3U)"]
    links = {element.proto.label: element.proto.url for element in app.get("link_button")}
    assert links["Play all in YouTube"] == playlist.queue_url


def test_offline_is_a_sentence_a_link_and_the_last_lists(visit, monkeypatch):
    monkeypatch.setattr(
        _mood_wish, "find", lambda *question: Playlist("sad songs", search_url("sad songs"), error=OFFLINE)
    )
    app = visit(mood="sad")
    assert app.warning[0].value == OFFLINE
    links = {element.proto.label: element.proto.url for element in app.get("link_button")}
    assert links == {"Search in YouTube": search_url("sad songs")}
    assert not app.get("download_button")

    saved_lists.save("happy songs", "yt-dlp", songs_called("happy"), complete=True)
    app = visit(mood="sad")
    healthy(app.selectbox(key="songs_earlier").select("happy songs").run())
    assert shown(app)[0] == "happy number 0" and app.warning[0].value == OFFLINE
    assert "found just now" in words(app)


def test_trying_again_finds_them(visit, asked, monkeypatch):
    found, answers = _mood_wish.find, [Playlist("sad songs", search_url("sad songs"), error=OFFLINE)]
    monkeypatch.setattr(_mood_wish, "find", lambda *question: answers.pop() if answers else found(*question))
    app = visit(mood="sad")
    press(app, "songs_again")
    assert not app.warning and shown(app)[0] == "sad number 0"


@pytest.mark.parametrize("trouble", ["429", "500", "html", "empty", "cut-off"])
def test_a_provider_in_trouble_never_breaks_the_page(visit, youtube, trouble):
    youtube.behave(trouble)
    app = visit(mood="happy")
    assert app.warning[0].value.endswith(".") and not app.get("download_button")
    youtube.behave("songs")
    press(app, "songs_again")
    assert shown(app) and not app.warning


def test_an_older_list_is_shown_with_the_reason(visit, youtube, monkeypatch):
    find_words("happy songs")
    monkeypatch.setattr(saved_lists, "FRESH_S", -1)
    youtube.behave("429")
    app = visit(mood="happy")
    assert "asks us to pause" in app.warning[0].value and shown(app)
    assert "found just now" in words(app)


def test_titles_that_mean_harm_are_shown_as_they_are(visit, monkeypatch):
    tracks = tuple(
        track for n, name in enumerate(NAMES)
        if (track := Track.of(f"video{n:06}", name, name, 200))
    )  # fmt: skip
    monkeypatch.setattr(_mood_wish, "find", lambda *q: Playlist("a", "https://x", "yt-dlp", tracks))
    html = markup(visit(mood="happy"))
    assert "<script>alert" not in html and "<img" not in html and "&lt;script&gt;alert" in html


def test_coming_back_asks_nobody(visit, asked):
    app = visit(mood="happy")
    app.switch_page("pages/listen.py").run()
    app.switch_page("pages/mood.py").run()
    assert shown(healthy(app)) and len(asked) == 1


def test_songs_of_a_genre_that_may_cheer_up(asked, monkeypatch):
    questions = []

    def find(*question: str, **options: str) -> Playlist:
        questions.append((*question, options))
        return Playlist("happy jazz", search_url("happy jazz"), "yt-dlp", songs_called("jazz"))

    monkeypatch.setattr(_playlist_view, "find", find)

    def listen() -> None:
        from pages._playlist_view import cheer_up

        cheer_up("jazz")

    app = healthy(AppTest.from_function(listen, default_timeout=60).run())
    assert not questions and "contact YouTube" in words(app)
    press(app, "cheer_up")
    assert questions == [("happy", {"genre": "jazz"})]
    healthy(app.run())
    assert len(questions) == 1 and "jazz number 0" in markup(app)


# Moods of one's own


def taught(own: EmotionReader, name: str, seed: int) -> Taught:
    faces = [drawn_face(seed + n) for n in range(10)]
    return save_mood(Taught(name, embed_views(own, faces), own.fingerprint))


def test_a_mood_is_taught_from_files(visit, asked):
    app = visit(view="teach", way="file")
    assert "None yet" in words(app) and not [b for b in app.button if b.key == "teach"]
    picture = encoded(astronaut(), "PNG")
    files = [(f"{n}.png", picture, "image/png") for n in range(4)]
    healthy(app.file_uploader[0].set_value([*files, ("wall.png", b"nothing", "image/png")]).run())
    assert "1 of 5 pictures were left out" in app.warning[0].value
    assert app.button(key="teach").disabled
    healthy(app.file_uploader[0].set_value([*files, *files]).run())
    app.text_input(key="teach_name_0").input("punk *rock*")
    healthy(app.run())
    press(app, "teach")
    assert [mood.name for mood in list_moods()] == ["punk *rock*"]
    assert not app.session_state["teach_faces"] and "12 pictures" in words(app)
    app.session_state["view"] = "songs"
    healthy(app.run())
    assert label("punk *rock*").endswith(pills(app).options[-1])
    healthy(pills(app).set_value("punk *rock*").run())
    assert asked[-1][0] == "punk *rock*"


def test_snapshots_add_up_and_can_be_dropped(visit):
    app = visit(view="teach")
    for _ in range(2):
        app = snapshot(app, astronaut())
    assert len(app.session_state["teach_faces"]) == 2
    app = snapshot(app, np.full((240, 320, 3), 130, np.uint8))
    assert "We see no face" in app.warning[0].value and len(app.session_state["teach_faces"]) == 2
    press(app, "teach_over")
    assert not app.session_state["teach_faces"]


def test_taught_moods_are_renamed_exported_put_aside_and_deleted(visit, own):
    punk, dreamy = taught(own, "punk", 0), taught(own, "dreamy", 50)
    app = visit(view="teach")
    assert "told apart" in words(app) and len(app.get("download_button")) == 2
    healthy(app.text_input(key=f"name_{punk.key}").input("Dreamy").run())
    press(app, f"rename_{punk.key}")
    assert "already" in app.error[0].value
    healthy(app.text_input(key=f"name_{punk.key}").input("loud").run())
    press(app, f"rename_{punk.key}")
    assert [mood.name for mood in list_moods()] == ["dreamy", "loud"] and not app.error
    healthy(app.toggle(key=f"use_{punk.key}").set_value(False).run())
    assert app.session_state["moods_aside"] == {punk.key}
    press(app, f"delete_{dreamy.key}")
    assert [mood.name for mood in list_moods()] == ["loud"]
    assert "Teach a second one" in words(app)


def test_a_mood_of_another_network_is_named_and_not_used(visit, own, asked):
    save_mood(Taught("old", embed_views(own, [drawn_face(n) for n in range(8)]), "0" * 16))
    app = visit(view="teach")
    assert "another version of Earmark" in words(app)
    app = snapshot(visit(), astronaut())
    assert app.session_state["mood"] in EMOTIONS


def test_a_taught_mood_is_recognised(visit, asked):
    app = visit(view="teach", way="file")
    views = [np.roll((astronaut() * light).astype(np.uint8), 7 * n, axis=1)
             for n, light in enumerate(np.linspace(0.6, 1.0, 12))]  # fmt: skip
    files = [(f"{n}.png", encoded(view, "PNG"), "image/png") for n, view in enumerate(views)]
    healthy(app.file_uploader[0].set_value(files).run())
    app.text_input(key="teach_name_0").input("space")
    press(healthy(app.run()), "teach")
    app = snapshot(visit(), views[6])
    assert app.session_state["mood"] == "space" and "You look space" in words(app)
    assert asked[-1][0] == "space"


def test_an_imported_file_is_checked(visit):
    app = visit(view="teach")
    healthy(app.file_uploader[0].set_value([("m.safetensors", b"\x00" * 64, "application/x")]).run())
    assert "not a mood taught to Earmark" in app.error[0].value and not list_moods()


# Live video


@pytest.fixture
def video(monkeypatch, own):
    """A live video that has seen the astronaut for a while, in streamlit-webrtc's place."""
    live = LiveMood(own)
    frame = np.ascontiguousarray(astronaut()[:384])
    context = SimpleNamespace(
        state=SimpleNamespace(playing=True, signalling=False), video_processor=SimpleNamespace(live=live)
    )
    monkeypatch.setattr(_mood_live, "webrtc_streamer", lambda *args, **options: context)
    deadline = time.monotonic() + 30
    while not live.line() and time.monotonic() < deadline:
        live.see(frame)
        time.sleep(0.02)
    yield SimpleNamespace(live=live, context=context, frame=frame)
    live.close()


def test_live_video_begins_with_a_word_of_what_to_do(visit, video, asked):
    video.context.state.playing = False
    assert "Start the camera" in words(visit(way="live")) and not asked


def test_live_video_shows_the_mood_and_hands_it_over(visit, video, asked):
    app = visit(way="live")
    assert "You look happy" in words(app) and "Happy</span>" in markup(app)
    assert "pictures a second" in words(app) and not asked
    press(app, "take_live_mood")
    assert asked == [("happy", "English", "", "match")]


def test_live_video_teaches(visit, video):
    app = visit(view="teach", way="live")
    press(app, "record")
    deadline = time.monotonic() + 60
    while len(video.live.kept()) < 15 and time.monotonic() < deadline:
        video.live.see(video.frame)
        time.sleep(0.02)
    healthy(app.run())
    assert len(app.session_state["teach_faces"]) == 15 and "enough" in str(app.get("progress")[0].proto)


def test_ice_servers_come_from_one_variable(monkeypatch):
    monkeypatch.delenv("EARMARK_ICE_SERVERS", raising=False)
    assert rtc_configuration() == {"iceServers": []}, "nobody is asked by default"
    monkeypatch.setenv("EARMARK_ICE_SERVERS", "stun:a.example:3478, turn:b.example")
    assert rtc_configuration()["iceServers"] == [{"urls": "stun:a.example:3478"}, {"urls": "turn:b.example"}]
    servers = [{"urls": ["turn:b.example"], "username": "me", "credential": "secret"}]
    monkeypatch.setenv("EARMARK_ICE_SERVERS", json.dumps(servers))
    assert rtc_configuration() == {"iceServers": servers}


@pytest.mark.parametrize("text", ["[", "http://a.example", '[{"url": "stun:a"}]', '{"urls": []}', "[3]"])
def test_ice_servers_that_are_none_are_a_sentence(visit, monkeypatch, text):
    monkeypatch.setenv("EARMARK_ICE_SERVERS", text)
    with pytest.raises(ValueError, match="EARMARK_ICE_SERVERS"):
        rtc_configuration()
    assert "EARMARK_ICE_SERVERS" in visit(way="live").error[0].value


def test_bars_are_safe_and_keep_their_order():
    html = score_bars({"angry": 0.1, "happy": 0.6, "<b>me</b>": 0.3})
    assert html.index("Happy") < html.index("Angry") < html.index("&lt;b&gt;me")
