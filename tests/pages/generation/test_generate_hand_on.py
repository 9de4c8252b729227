"""A piece of the Generate page is handed to the Listen page and to the library, with one click each."""

import pytest

from genre.library.progress import LibraryError
from genre.library.tags import read_tags
from pages.access.roles import AccessError
from pages.access.tokens import Role
from pages.library import keep
from tests.support.pages.app_visits import healthy, labels, press, words
from tests.support.pages.generate_page import gallery_items, generate, models, visit
from tests.support.pages.open_house import visiting_as

__all__ = ["models", "visit"]  # fixtures


def test_a_piece_is_predicted_on_the_listen_page(visit):
    app = generate(visit(request_genres=["jazz"]))
    (item,) = gallery_items(app)
    app = press(app, "to_listen")
    assert "it names the genre" in words(app)
    (clip,) = app.session_state["listen"].session
    assert clip.source == "generated" and clip.name == "No. 1: Jazz"
    assert app.session_state["handed_clips"] == [] and app.session_state["listen"].open_id == clip.id
    healthy(app.switch_page("pages/generate.py").run())
    assert gallery_items(app) == [item]


def test_a_piece_is_kept_in_the_library(visit, monkeypatch):
    scans = []
    monkeypatch.setattr(keep, "start_scan", scans.append)
    app = generate(visit(request_genres=["jazz"]))
    app = press(app, "to_library")
    assert "My music has it" in words(app)
    (path,) = keep.pieces_folder().iterdir()
    tags = read_tags(path)
    assert scans == [[str(keep.pieces_folder())]] and path.name.startswith("jazz-11-")
    assert (tags.title, tags.album) == ("Jazz, seed 11", keep.ALBUM)

    def refuse(folders):
        raise LibraryError("Another scan is under way: wait for its end, or stop it first.")

    monkeypatch.setattr(keep, "start_scan", refuse)
    app = press(app, "to_library")
    assert "Another scan is under way" in words(app) and len(list(keep.pieces_folder().iterdir())) == 1


def test_a_guest_has_no_library(visit, monkeypatch):
    with visiting_as(Role.GUEST, monkeypatch):
        app = generate(visit(request_genres=["jazz"]))
        assert "Open on the Listen page" in labels(app) and "Keep in My music" not in labels(app)
        with pytest.raises(AccessError, match="Only the host"):
            keep.keep_in_library("jazz.mp3", "Jazz", b"")
    assert not keep.pieces_folder().exists()


def test_sections_need_a_longer_piece(visit):
    short = visit(has_sections=True, seconds=8)
    assert short.toggle(key="has_sections").disabled
    assert gallery_items(generate(short))[0].request.form == ""
    app = generate(visit(has_sections=True, seconds=12))
    assert gallery_items(app)[0].request.form == "sections" and "with sections" in words(app)
