"""The Generate page, run without a browser: pieces lead to others, stay, go, and come back as files."""

import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan import artefact
from gan.desk import Order
from pages import _generate_upload
from tests.app_visits import click_meanwhile, healthy, labels, press, words
from tests.generate_page import ANOTHER, finished, generate, painters, pieces, visit

__all__ = ["painters", "visit"]  # fixtures


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    staged = [(name, content, "application/octet-stream")]
    healthy(app.file_uploader(key="brought").set_value(staged).run())
    return finished(app)


def test_another_vary_and_mix(visit):
    app = generate(visit(wish_genres=["jazz"]))
    first = pieces(app)[0]
    press(app, "another")
    second = pieces(finished(app))[0]
    assert second.origin == "like No. 1" and second.wish.genres == first.wish.genres
    assert second.wav != first.wav and {seed for seed, _ in second.wish.noise("style")} > {first.wish.seed}
    assert app.session_state["opened_piece"] == second.id
    for keep, other in (("style", "rhythm"), ("rhythm", "style")):
        opened = app.session_state["gallery"].get(app.session_state["opened_piece"])
        app.radio(key="keep").set_value(keep)
        press(app, "vary")
        newest = pieces(finished(app))[0]
        assert newest.wish.noise(keep) == opened.wish.noise(keep)
        assert newest.wish.noise(other) != opened.wish.noise(other)
    opened = app.session_state["gallery"].get(app.session_state["opened_piece"])
    app.selectbox(key=f"mix_with_{opened.id}").set_value(first.id)
    app.slider(key="mix_share").set_value(25)
    press(app, "mix")
    newest = pieces(finished(app))[0]
    assert "25\u00a0% No. 1" in newest.origin and len(pieces(app)) == 5
    assert len({piece.wav for piece in pieces(app)}) == 5


def test_the_gallery(visit):
    app = generate(visit(count=3))
    newest, middle, oldest = pieces(app)
    press(app, f"open_{newest.id}")
    assert app.session_state["opened_piece"] == newest.id
    press(app, f"icon_remove_{oldest.id}")
    assert pieces(app) == [newest, middle]
    app.session_state["gallery"].let_go = 1
    healthy(app.run())
    assert "The recipes you downloaded bring them back" in words(app)
    press(app, "empty_gallery")
    assert "Your music appears here" in words(app)


def test_pieces_stay_while_another_page_is_visited(visit):
    app = generate(visit(wish_genres=["blues"], seconds=4))
    healthy(app.switch_page("pages/train.py").run())
    healthy(app.switch_page("pages/generate.py").run())
    assert len(pieces(app)) == 1 and len(app.get("audio")) == 1
    assert app.session_state["seconds"] == 4 and app.session_state["wish_genres"] == ["blues"]


def test_a_spectrogram_comes_back(visit):
    piece = pieces(generate(visit(wish_genres=["pop"])))[0]
    app = upload(visit(), "pop-11.npz", artefact.save(piece.artefact))
    (again,) = pieces(app)
    assert again.id == piece.id and again.wish == piece.wish and "brought back" in words(app)
    assert again.seconds == pytest.approx(piece.seconds, abs=0.05)
    assert np.corrcoef(again.clip.samples[:60_000], piece.clip.samples[:60_000])[0, 1] > 0.6
    bare = artefact.Artefact(piece.artefact.mel_db[:, ::-1], piece.artefact.params, {"seed": "<b>7</b>"})
    app = upload(app, "bare.npz", artefact.save(bare))
    assert len(pieces(app)) == 2 and pieces(app)[0].wish is None
    assert "without its recipe" in app.subheader[0].value and ANOTHER not in labels(app)


def test_a_recipe_comes_back(visit):
    piece = pieces(generate(visit(wish_genres=["pop"], control_energy=1.0)))[0]
    app = upload(visit(), "pop-11.JSON", json.dumps(piece.artefact.recipe).encode())
    assert pieces(app)[0].wav == piece.wav
    foreign = piece.artefact.recipe | {"weights": "0" * 16}
    app = upload(visit(), "pop-11.json", json.dumps(foreign).encode())
    assert "Another painter" in app.error[0].value and not pieces(app)


def test_no_click_loses_an_upload_or_a_piece(visit, monkeypatch):
    piece = pieces(generate(visit(wish_genres=["pop"])))[0]
    clicks = []

    def click_once(where: str) -> None:
        if where not in clicks:
            clicks.append(where)
            click_meanwhile()

    def painter_of(recipe, find=_generate_upload.painter_of):
        click_once("upload")
        return find(recipe)

    def collect(order, collect=Order.collect):
        made = collect(order)
        if made:
            click_once("collect")
        return made

    monkeypatch.setattr(_generate_upload, "painter_of", painter_of)
    monkeypatch.setattr(Order, "collect", collect)
    app = visit()
    recipe = piece.artefact.recipe
    other = recipe | {"wish": recipe["wish"] | {"seed": 12}}
    contents = (b"{", json.dumps(recipe).encode(), json.dumps(other).encode())
    staged = [(f"{n}.json", content, "application/json") for n, content in enumerate(contents)]
    healthy(app.file_uploader(key="brought").set_value(staged).run())
    assert "no recipe of ours" in app.error[0].value
    app = finished(app)
    assert clicks == ["upload", "collect"]
    assert sorted(each.wish.seed for each in pieces(app)) == [11, 12]


def test_names_from_files_are_only_words(visit):
    piece = pieces(generate(visit(wish_genres=["pop"])))[0]
    link = "![x](https://example.org/p.png)"
    recipe = json.loads(json.dumps(piece.artefact.recipe))
    recipe["wish"]["genres"] = {link: 1.0, "jazz": 1.0}
    foreign = artefact.Artefact(piece.artefact.mel_db, piece.artefact.params, recipe)
    app = upload(visit(), "foreign.npz", artefact.save(foreign))
    recipe["weights"] = piece.artefact.recipe["weights"]
    app = upload(app, "foreign.json", json.dumps(recipe).encode())
    assert "There is no genre" in app.error[0].value
    for shown in (*app.markdown, *app.caption, *app.error, *app.subheader):
        assert "![x](" not in shown.value


def test_damaged_and_foreign_files_are_a_sentence(visit, tmp_path):
    np.savez(tmp_path / "foreign.npz", x=np.zeros(3))
    app = visit()
    for name, content in (
        ("a.npz", b""), ("a.npz", b"PK\x03\x04 and nothing more"), ("a.npz", b"once upon a time"),
        ("a.npz", (tmp_path / "foreign.npz").read_bytes()),
        ("a.json", b""), ("a.json", b"{"), ("a.json", b"[1]"), ("a.json", b"[" * 90_000),
        ("a.json", b'{"made_by": "Earmark", "version": 1, "wish": {"genres": {"polka": 1}}}'),
        ("a.json", b'{"made_by": "Earmark", "version": 1, "wish": {"genres": {"jazz": 1}, "seconds": 1e9}}'),
        ("a.json", b'{"made_by": "Earmark", "version": 99}'), ("a.json", b"\xff\xfe"),
    ):  # fmt: skip
        app.session_state["wish_refused"] = None
        upload(app, name, content)
        assert app.error[0].value.endswith("."), content[:60]
        assert not len(app.session_state["gallery"])
