"""The map of My music: what it says of itself, what lights up on it, and a walk through it."""

import io
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from genre.audio.clip import load_clip
from genre.library.search import load_library
from genre.plots.library import library_map, map_to_come
from pages.access.tokens import Role
from pages.library.map.walk import STOP_S
from pages.library.player import GONE
from tests.pages.access.test_guests import attempt
from tests.support.pages.app_visits import healthy, labels, markup, press, visit, words
from tests.support.pages.open_house import visiting_as
from tests.support.stand_ins.library import make_songs, scan

GENRES = ("rock", "jazz", "metal", "pop")
START = "Play a walk through the map"


@pytest.fixture
def music(tmp_path, wav) -> Path:
    """A scanned folder of four songs that can be played."""
    folder = tmp_path / "music"
    folder.mkdir()
    for genre in GENRES:
        (folder / f"<{genre}>.wav").write_bytes(wav(genre, 7.0))
    scan([folder])
    return folder


def script(app: AppTest) -> str:
    """The one that lights up the map."""
    (found,) = [html.proto.body for html in app.get("html") if "earmarkMap" in html.proto.body]
    return found


def test_the_map_says_what_a_dot_is_and_what_to_do(music):
    app = visit("music")
    assert "Each dot is one of your songs" in words(app) and "Tap a dot to hear it" in words(app)
    assert START in labels(app) and not app.get("audio")
    assert '{"stops": [], "stopS": null}' in script(app), "nothing is lit up"


def test_a_song_that_plays_is_lit_up_with_its_neighbours(music):
    app = visit("music")
    library = load_library()
    song, *others = library.songs
    app.session_state["library_state"].play(song.id)
    app = healthy(app.run())
    near = script(app).partition('"near": [')[2].partition("]")[0]
    assert sorted(map(int, near.split(","))) == sorted(other.id for other in others)
    assert f'"id": {song.id}, "name": "\\u003c{song.name[1:]}"' in script(app), "no name ends the script"


def test_a_walk_plays_some_seconds_of_songs_from_one_side_to_the_other(music):
    app = press(visit("music"), "library_walk_start")
    (sound,) = app.get("audio")
    assert sound.proto.autoplay and START not in labels(app)
    (sound,) = healthy(app.run()).get("audio")
    assert sound.proto.autoplay, "a player that a later run tells otherwise stops"
    walk, songs = app.session_state["library_state"].walk, {song.id: song for song in load_library().songs}
    across = [songs[id_].x for id_ in walk.ids]
    assert len(across) == len(GENRES) and across == sorted(across)
    clip = load_clip(io.BytesIO(walk.wav), "walk.wav")
    assert clip.duration_s == pytest.approx(len(GENRES) * STOP_S)
    assert all(np.abs(piece).max() > 0.05 for piece in np.split(clip.samples, len(GENRES)))
    assert all(f"<b>&lt;{genre}&gt;</b>" in markup(app) for genre in GENRES)
    assert f'"stopS": {STOP_S}' in script(app)
    app.session_state["library_state"].play(walk.ids[0])
    app = healthy(app.run())
    assert START in labels(app) and len(app.get("audio")) == 1, "a tap on a dot ends it"
    press(press(app, "library_walk_start"), "library_walk_end")
    assert START in labels(app) and not app.get("audio")


def test_a_song_that_has_left_the_library_ends_the_walk(music):
    app = press(visit("music"), "library_walk_start")
    (music / "<jazz>.wav").unlink()
    scan([music])
    app = healthy(app.run())
    assert START in labels(app) and not app.get("audio")


def test_songs_that_cannot_be_read_are_left_out_of_a_walk(tmp_path, wav):
    make_songs(tmp_path / "music", 3)  # only the stand-in reads these
    scan([tmp_path / "music"])
    app = press(visit("music"), "library_walk_start")
    assert [warning.value for warning in app.warning] == [GONE] and START in labels(app)
    (tmp_path / "music" / "real.wav").write_bytes(wav("rock", 2.0))
    scan([tmp_path / "music"])
    app = press(visit("music"), "library_walk_start")
    assert len(app.session_state["library_state"].walk.ids) == 1, "and a short one is heard whole"


def test_a_guest_takes_no_walk(music, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        assert "Only the host" in attempt("from pages.library.map import walk; walk.make_walk(None, [])")


def test_names_of_genres_have_the_colour_of_text_in_a_frame_of_their_own():
    figures = library_map(np.eye(2), ["jazz", "pop"], list("ab"), range(2)), map_to_come()
    for figure in figures:
        for name in figure.layout.annotations:
            assert name.font.color is None and name.borderwidth
        assert len({name.bordercolor for name in figure.layout.annotations}) == len(figure.layout.annotations)
