"""The page My music: every state of it, and that a guest sees none."""

import io
import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from genre import GENRES
from genre.data.recordings import all_recordings
from genre.library.index import Index
from genre.library.playlists.files import to_m3u
from genre.library.progress import ProgressWriter, lock_scan
from genre.library.search import load_library
from genre.plots.library import MAX_SVG, NAME_ROW, NAMED, library_map
from genre.text import genre_name
from pages.access.tokens import Role
from pages.library import folders, keep
from pages.library.example import example_folder
from pages.library.panel import FOLDERS, MAP, OVERVIEW, SONGS
from pages.library.player import thumbnail
from pages.library.table_view import STAGE_ROWS
from tests.pages.access.test_guests import attempt
from tests.support.pages.app_visits import button, healthy, press, visit, words
from tests.support.pages.open_house import visiting_as
from tests.support.stand_ins.library import make_songs, scan


@pytest.fixture
def music(tmp_path, wav) -> Path:
    """A scanned folder: 30 songs that only the stand-in can read, a real one twice, and a damaged one."""
    folder = tmp_path / "music"
    make_songs(folder, 30)
    for name in ("real.wav", "the same.wav"):
        (folder / name).write_bytes(wav("rock"))
    (folder / "broken.mp3").write_bytes(b"BAD")
    scan([folder])
    return folder


@pytest.fixture
def started(monkeypatch) -> list[list[str]]:
    """The scans that would have been started."""
    calls: list[list[str]] = []
    for module in (folders, keep):
        monkeypatch.setattr(module, "start_scan", lambda paths=(), *options: calls.append([*options, *paths]))
    return calls


def scripts(app: AppTest) -> str:
    return "".join(html.proto.body for html in app.get("html"))


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def test_without_a_library_there_is_a_form_and_a_drawing_of_a_map(started, tmp_path):
    app = visit("music")
    assert "songs that sound alike lie together" in words(app) and charts(app) == 1
    app.text_input(key="library_folder").set_value(str(tmp_path / "nowhere"))
    app = healthy(button(app, "Listen to this folder").click().run())
    assert "There is no folder" in words(app) and not started
    app.text_input(key="library_folder").set_value(" ")
    app = healthy(button(app, "Listen to this folder").click().run())
    assert "Type the path" in words(app) and not started
    app.text_input(key="library_folder").set_value(str(tmp_path))
    healthy(button(app, "Listen to this folder").click().run())
    assert started == [[str(tmp_path)]]


def test_who_has_no_music_at_hand_tries_the_example_which_goes_when_own_music_comes(started, tmp_path, wav):
    press(visit("music"), "library_example")
    example = example_folder()
    assert started == [[str(example)]]
    names = sorted(path.stem for path in example.iterdir())
    assert len(names) == len(all_recordings()) + len(GENRES) and "Hip-hop by Earmark" in names
    scan([example])
    app = visit("music", library_view=FOLDERS)
    assert "The example" in words(app) and str(example) not in words(app)
    (tmp_path / "own").mkdir()
    app.text_input(key="library_folder").set_value(str(tmp_path / "own"))
    healthy(button(app, "Listen to this folder").click().run())
    assert len(load_library()) == 0 and example.exists()


def test_songs_are_chosen_without_a_path_and_the_copies_go_with_them(started):
    app = visit("music")
    healthy(app.file_uploader[0].set_value([("a.txt", b"1", "text/plain")]).run())
    assert "None of these files is a song" in words(app) and not started
    songs = [("a.mp3", b"1", "audio/mpeg"), ("a.mp3", b"2", "audio/mpeg"), ("b.mp3", b"3", "audio/mpeg")]
    healthy(app.file_uploader[0].set_value(songs).run())
    folder = keep.songs_folder()
    assert started == [[str(folder)]] and not app.file_uploader[0].value
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "a.mp3": b"1",
        "a 2.mp3": b"2",
        "b.mp3": b"3",
    }
    scan([folder])
    app = visit("music", library_view=FOLDERS)
    assert "Songs that you chose" in words(app)
    assert "Take **3 songs** out of the library? Earmark's copies" in words(app)
    press(app, f"forget_{str(folder).encode().hex()}")
    assert not folder.exists()


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../x.mp3", "x.mp3"),
        ("C:\\m\\y.mp3", "y.mp3"),
        (".x.mp3", "x.mp3"),
        (300 * "é" + ".wav", 75 * "é" + ".wav"),
    ],
)
def test_a_song_has_a_safe_name(name, kept, started):
    keep.keep_songs([(name, b"1")])
    assert [path.name for path in keep.songs_folder().iterdir()] == [kept]


def test_it_opens_with_the_map_and_says_how_sure_it_is(music):
    app = visit("music")
    assert charts(app) == 1 and not app.dataframe
    library = load_library()
    sure = int((library.music & library.confident).sum())
    assert f"**32 songs.** Earmark is sure of the genre of {sure}, and guesses that of {32 - sure}." in words(
        app
    )
    assert "1 file could not be read" in words(app)


def test_a_room_sees_names_and_genres_of_the_first_songs(music):
    page = next(
        html.proto.body for html in visit("music", library_view=SONGS).get("html") if "<ol" in html.proto.body
    )
    assert page.count("<li style") == STAGE_ROWS and "a guess" in page and "more songs" in page


def test_the_map_has_all_songs_and_plays_the_clicked_one(music):
    app = visit("music", library_view=MAP)
    assert charts(app) == 1
    real = next(song for song in load_library().songs if song.path.endswith("real.wav"))
    app.session_state["library_state"].play(real.id)
    app = healthy(app.run())
    assert len(app.get("audio")) == 1
    assert "Sounds like it" in words(app) and "the same" in words(app)
    assert "scrollIntoView" not in scripts(app), "the map stays in sight, and the player comes there"


def test_a_library_too_large_for_a_browser_is_shown_in_part_and_says_so(music, monkeypatch):
    monkeypatch.setattr("pages.library.map.view.MAX_POINTS", 10)
    monkeypatch.setattr("pages.library.table_view.MAX_ROWS", 10)
    app = visit("music", library_view=MAP)
    traces = json.loads(app.get("plotly_chart")[-1].proto.spec)["data"]
    assert sum(int(trace["name"].rpartition("(")[2][:-1]) for trace in traces) == 10  # "Jazz (3)"
    assert "Of 32 songs 10 are drawn" in words(app)
    app = visit("music", library_view=SONGS)
    assert len(app.dataframe[0].value) == 10
    assert "32 of 32 songs, 1 other file" in words(app) and "The first 10 are listed" in words(app)
    assert "Playlist of 32 songs" in [download.proto.label for download in app.get("download_button")]


def test_the_table_is_searched_and_filtered(music):
    app = visit("music", library_view=SONGS)
    table = app.dataframe[0].value
    assert len(table) == 33 and list(table["Problem"]).count("") == 32
    assert table["Sure"].isna().sum() == 1, "of the damaged file nothing is known"
    app.text_input(key="library_search").set_value("the same")
    app = healthy(app.run())
    assert list(app.dataframe[0].value["Title"]) == ["the same"]
    app.text_input(key="library_search").set_value("no such word")
    app = healthy(app.run())
    assert not app.dataframe and "None of your 33 songs fits" in words(app)
    press(app, "library_show_all")
    assert len(app.dataframe[0].value) == 33
    app.multiselect(key="library_genres").set_value(["jazz"])
    app = healthy(app.run())
    assert set(app.dataframe[0].value["Genre"]) <= {"jazz"}
    app.multiselect(key="library_genres").set_value([])
    app.multiselect(key="library_feelings").set_value(["calmness"])
    app.slider(key="library_tempo").set_value((60, 100))
    app = healthy(app.run())
    found = app.dataframe[0].value
    assert ((found["Tempo"] >= 60) & (found["Tempo"] <= 100)).all()


def test_without_tags_there_is_nothing_to_agree_with(music):
    app = visit("music", library_view=OVERVIEW)
    assert "No tags to compare" in words(app) and "agree" not in str([part.label for part in app.expander])


def test_the_overview_counts_and_lists(music):
    with Index() as index:
        values = "tag_genre = 'Jazz', genre = 'rock', confident = 1"
        index.db.execute(f"UPDATE songs SET {values} WHERE CAST(path AS TEXT) LIKE '%7.mp3'")
    app = visit("music", library_view=OVERVIEW)
    assert charts(app) == 2
    titles = [expander.label for expander in app.expander]
    assert any(title.startswith("1 recordings are there more than once") for title in titles)
    assert any(title.startswith("1 files that cannot be read") for title in titles)
    assert any(title.startswith("3 songs whose own tag says another genre") for title in titles)


def test_the_folders_are_forgotten_and_looked_through_again(music, started):
    app = visit("music", library_view=FOLDERS)
    assert str(music) in words(app).replace("\\_", "_")
    press(app, "library_rescan")
    press(app, "library_watch")
    assert started == [[str(music)], ["--watch", str(music)]]
    assert "out of the library? Their files stay" in words(app), "it asks first"
    forget = next(button for button in app.button if button.label.startswith("Forget"))
    app = healthy(forget.click().run())
    assert len(load_library()) == 0
    assert (music / "real.wav").exists()
    assert app.button(key="library_example"), "it begins anew"


def test_a_scan_is_watched_and_stopped(music, monkeypatch):
    stopped = []
    monkeypatch.setattr(folders, "stop_scan", lambda: stopped.append(True))
    with lock_scan():
        writer = ProgressWriter([str(music)])
        writer.update("reading", n_done=10, total=40, files_per_s=5.5, eta_s=30.0, current="song.mp3")
        app = visit("music", library_view=FOLDERS)
        text = app.get("progress")[0].proto.text
        assert text == "Reading the songs: 10 of 40, 5.5 a second, 30 seconds left"
        press(app, "library_stop")
        assert stopped
        writer.update("reading", eta_s=7200.0)
        assert "2.0 hours left" in visit("music", library_view=MAP).get("progress")[0].proto.text
    app = visit("music", library_view=FOLDERS)  # its process is no more
    assert "interrupted: scan again" in words(app)


def test_a_first_scan_shows_a_dot_for_each_song_and_the_latest_names(tmp_path):
    make_songs(tmp_path, 12)
    scan([tmp_path])
    with Index() as index:
        index.db.execute("UPDATE songs SET x = NULL, y = NULL")  # the map comes last
    library = load_library()
    with lock_scan():
        writer = ProgressWriter([str(tmp_path)])
        writer.update("reading", n_done=12, total=40, eta_s=30.0)
        app = visit("music", library_view=MAP)
        board = next(html.proto.body for html in app.get("html") if 'class="arrivals"' in html.proto.body)
        assert board.count("is-new") == len(library) + 1, "and once in the style"
        for genre, count in Counter(song.genre for song in library.songs).items():
            row = board.partition(f"<span>{genre_name(genre).capitalize()}</span><div>")[2]
            assert row.partition("</div>")[0].count("<i") == count
        latest = max(library.songs, key=lambda song: song.id)
        assert f"<b>{latest.name}</b>" in board and "<b>12</b> of 40 songs" in board
        assert not charts(app) and not app.info, "nothing says that there is no music"


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"n_predicted": 11}, "11 files read."),
        ({"n_predicted": 1, "n_damaged": 2}, "1 file read, 2 damaged: Overview lists them."),
        ({}, "No new songs."),
    ],
)
def test_the_end_of_a_scan_shows_the_map_and_what_was_read(music, counts, sentence):
    with lock_scan():
        writer = ProgressWriter([str(music)])
        writer.update("reading", n_done=10, total=40)
        app = visit("music", library_view=FOLDERS)
        writer.update("done", counts=counts)
    app = healthy(app.run())
    assert app.session_state["library_view"] == MAP and charts(app) == 1
    assert [caption.value for caption in app.caption].count(sentence) == 1
    assert sentence not in [caption.value for caption in healthy(app.run()).caption], "it is said once"


def test_few_songs_have_their_names_on_the_map():
    songs = [f"<b>{'long ' * 9}{n}" for n in range(NAMED + 1)]
    points, ids = np.zeros((NAMED + 1, 2)), range(NAMED + 1)
    few = library_map(points[1:], ["jazz"] * NAMED, songs[1:], ids[1:]).data[0]
    assert (
        few.mode == "markers+text" and few.text[0].startswith("&lt;b&gt;long") and few.text[0].endswith("…")
    )
    many = library_map(points, ["jazz"] * (NAMED + 1), songs, ids).data[0]
    assert many.mode == "markers" and many.text is None and many.hovertext[0] == f"&lt;b&gt;{songs[0][3:]}"


@pytest.mark.parametrize(
    ("n_songs", "kind"), [(1, "scatter"), (MAX_SVG, "scatter"), (MAX_SVG + 1, "scattergl")]
)
def test_a_map_of_a_usual_library_needs_no_webgl(n_songs, kind):
    songs = library_map(np.zeros((n_songs, 2)), ["jazz"] * n_songs, ["song"] * n_songs, range(n_songs))
    assert [trace.type for trace in songs.data] == [kind]


def test_names_of_genres_stand_at_their_songs_and_do_not_cover_one_another():
    points = np.array([[0, 0], [2, 0], [1, 1], [1.1, 0], [9, 9]])
    figure = library_map(points, ["jazz", "jazz", "jazz", "pop", "hiphop"], list("abcde"), range(5))
    places = {name.text[3:-4]: (name.x, name.y) for name in figure.layout.annotations}
    assert places["Jazz"] in [(0, 0), (2, 0), (1, 1)] and places["Hip-hop"] == (9, 9)
    assert places["Pop"][1] >= places["Jazz"][1] + 9 * NAME_ROW, "it has one song, and no other place"
    assert not figure.layout.showlegend and figure.data[0].unselected.marker.opacity >= 0.5


def test_a_watcher_is_told_from_a_scan_and_stopped(music, monkeypatch):
    stopped = []
    monkeypatch.setattr(folders, "stop_scan", lambda: stopped.append(True))
    with lock_scan():
        ProgressWriter([str(music)]).update("watching")
        app = visit("music", library_view=FOLDERS)
        assert "Changes in these folders are followed" in words(app) and not app.get("progress")
        press(app, "library_stop_watching")
    assert stopped


def test_what_is_hidden_from_a_guest_would_not_be_done_either(music, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        for action in ("player.play_song(None, False)", "access.require_folder_choice()"):
            assert "Only the host" in attempt(f"from pages.library import access, player; {action}")


def test_a_failed_scan_says_why(music):
    with lock_scan():
        ProgressWriter([str(music)]).update("failed", message="The disk is full.")
    assert "The disk is full." in words(visit("music", library_view=FOLDERS))


def test_a_song_whose_drive_is_away_is_a_sentence(music):
    real = next(song for song in load_library().songs if song.path.endswith("real.wav"))
    os.unlink(real.path)
    app = visit("music", library_view=MAP)
    app.session_state["library_state"].play(real.id)
    app = healthy(app.run())
    assert "is its drive connected" in words(app) and not app.get("audio")


def test_a_cover_is_shown_small_and_no_picture_is_none():
    content = io.BytesIO()
    Image.new("RGB", (600, 400)).save(content, "PNG")
    with Image.open(io.BytesIO(thumbnail(content.getvalue()))) as image:
        assert image.size == (144, 96)
    for picture in (None, b"", b"\x89PNG\r\n\x1a\nnothing", content.getvalue()[:60]):
        assert thumbnail(picture) is None


def test_a_damaged_index_is_a_sentence(music, earmark_home):
    for path in (earmark_home / "library").glob("index*"):
        path.write_bytes(b"no database" * 100)
    app = visit("music", library_view=MAP)
    assert "damaged: move" in words(app)


def test_a_guest_has_no_library(music, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        app = visit("music", library_view=MAP)
        assert "sound alike" not in words(app) and app.title[0].value == "What genre is this?"


def test_an_operator_elsewhere_needs_a_music_folder(music, monkeypatch, started):
    monkeypatch.setattr("pages.library.access.is_at_this_machine", lambda: False)
    app = visit("music", library_view=FOLDERS)
    assert "at the machine that runs Earmark" in words(app)
    assert not [field for field in app.text_input if field.key == "library_folder"]
    monkeypatch.setenv("EARMARK_MUSIC", str(music))
    app = visit("music", library_view=FOLDERS)
    app.text_input(key="library_folder").set_value(str(music.parent))
    app = healthy(button(app, "Listen to this folder").click().run())
    assert "lies outside" in words(app) and not started


def test_a_playlist_has_the_bytes_of_the_paths(music):
    name = os.fsencode(music) + b"/caf\xe9.mp3"
    with open(name, "wb") as file:
        file.write(b"another")
    scan([music])
    songs = load_library().songs
    assert name in to_m3u(songs).split(b"\n")
    assert healthy(visit("music", library_view=SONGS)).dataframe  # and the page can show it
