"""The Generate page, run without a browser: variations, the gallery, uploads."""

import json
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan.sampling import spectrogram_file
from gan.sampling.job_queue import Ticket
from pages.generation import item as item_page
from pages.generation import upload as _generate_upload
from tests.support.pages.app_visits import (
    APP,
    LONG_S,
    click_meanwhile,
    component_data,
    healthy,
    labels,
    markup,
    press,
    words,
)
from tests.support.pages.generate_page import (
    ANOTHER,
    PLAY_BUTTON,
    finished,
    gallery_items,
    generate,
    generate_state_of,
    models,
    visit,
)

__all__ = ["models", "visit"]  # fixtures


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    uploads = [(name, content, "application/octet-stream")]
    healthy(app.file_uploader(key="uploads").set_value(uploads).run())
    return finished(app)


def test_another_vary_and_mix(visit):
    app = generate(visit(request_genres=["jazz"]))
    first = gallery_items(app)[0]
    press(app, "another")
    second = gallery_items(finished(app))[0]
    assert second.origin == "like No. 1" and second.request.genres == first.request.genres
    assert second.wav != first.wav and {seed for seed, _ in second.request.noise("style")} > {
        first.request.seed
    }
    assert generate_state_of(app).opened_id == second.id
    for keep, other in (("style", "rhythm"), ("rhythm", "style")):
        opened = generate_state_of(app).gallery.get(generate_state_of(app).opened_id)
        app.radio(key="keep").set_value(keep)
        press(app, "vary")
        newest = gallery_items(finished(app))[0]
        assert newest.request.noise(keep) == opened.request.noise(keep)
        assert newest.request.noise(other) != opened.request.noise(other)
    opened = generate_state_of(app).gallery.get(generate_state_of(app).opened_id)
    app.selectbox(key=f"mix_with_{opened.id}").set_value(first.id)
    app.slider(key="mix_share").set_value(25)
    press(app, "mix")
    newest = gallery_items(finished(app))[0]
    assert "25\u00a0% No. 1" in newest.origin and len(gallery_items(app)) == 5
    assert len({item.wav for item in gallery_items(app)}) == 5


def test_a_presenter_chooses_the_genre_of_the_next_piece(visit):
    app = generate(visit(request_genres=["jazz"], seconds=4))
    press(app, "next_blues")
    newest = gallery_items(finished(app))[0]
    assert newest.request.genres == {"blues": 1.0} and newest.request.seconds == 4
    assert generate_state_of(app).opened_id == newest.id


def test_the_gallery(visit):
    app = generate(visit(count=3))
    newest, middle, oldest = gallery_items(app)
    assert [button.key for button in app.button if button.label == "Shown above"] == [f"open_{oldest.id}"]
    assert len([button for button in app.button if button.label == "Open"]) == 2, "all three are there"
    press(app, f"open_{newest.id}")
    assert generate_state_of(app).opened_id == newest.id
    assert not component_data(app, PLAY_BUTTON)["begins"], "only what is new begins"
    assert not any(player.proto.autoplay for player in app.get("audio"))
    press(app, f"icon_remove_{oldest.id}")
    assert gallery_items(app) == [newest, middle]
    generate_state_of(app).gallery.n_dropped = 1
    healthy(app.run())
    assert "The recipes you downloaded bring them back" in words(app)
    press(app, "empty_gallery")
    assert "Press a picture to hear it" in words(app)


def test_items_stay_while_another_page_is_visited(visit):
    app = generate(visit(request_genres=["blues"], seconds=4))
    healthy(app.switch_page("pages/train.py").run())
    healthy(app.switch_page("pages/generate.py").run())
    assert len(gallery_items(app)) == 1 and len(app.get("audio")) == 1
    assert app.session_state["seconds"] == 4 and app.session_state["request_genres"] == ["blues"]


def test_a_spectrogram_comes_back(visit):
    item = gallery_items(generate(visit(request_genres=["pop"])))[0]
    app = upload(visit(), "pop-11.npz", spectrogram_file.pack_spectrogram(item.spectrogram))
    (again,) = gallery_items(app)
    assert again.id == item.id and again.request == item.request and "brought back" in words(app)
    assert again.seconds == pytest.approx(item.seconds, abs=0.05)
    assert np.corrcoef(again.clip.samples[:60_000], item.clip.samples[:60_000])[0, 1] > 0.6
    bare = spectrogram_file.SpectrogramFile(
        item.spectrogram.mel_db[:, ::-1], item.spectrogram.params, {"seed": "<b>7</b>"}
    )
    app = upload(app, "bare.npz", spectrogram_file.pack_spectrogram(bare))
    assert len(gallery_items(app)) == 2 and gallery_items(app)[0].request is None
    assert "without its recipe" in app.subheader[0].value and ANOTHER not in labels(app)


def test_a_recipe_comes_back(visit):
    item = gallery_items(generate(visit(request_genres=["pop"], control_energy=1.0)))[0]
    app = upload(visit(), "pop-11.JSON", json.dumps(item.spectrogram.recipe).encode())
    assert gallery_items(app)[0].wav == item.wav
    foreign = item.spectrogram.recipe | {"weights": "0" * 16}
    app = upload(visit(), "pop-11.json", json.dumps(foreign).encode())
    assert "Another painter" in app.error[0].value and not gallery_items(app)


def test_no_click_loses_an_upload_or_an_item(visit, monkeypatch):
    item = gallery_items(generate(visit(request_genres=["pop"])))[0]
    clicks = []

    def click_once(where: str) -> None:
        if where not in clicks:
            clicks.append(where)
            click_meanwhile()

    def find_model_of(recipe, find=_generate_upload.find_model_of):
        click_once("upload")
        return find(recipe)

    def collect(ticket, collect=Ticket.collect):
        results = collect(ticket)
        if results:
            click_once("collect")
        return results

    monkeypatch.setattr(_generate_upload, "find_model_of", find_model_of)
    monkeypatch.setattr(Ticket, "collect", collect)
    app = visit()
    recipe = item.spectrogram.recipe
    other = recipe | {"request": recipe["request"] | {"seed": 12}}
    contents = (b"{", json.dumps(recipe).encode(), json.dumps(other).encode())
    uploads = [(f"{n}.json", content, "application/json") for n, content in enumerate(contents)]
    healthy(app.file_uploader(key="uploads").set_value(uploads).run())
    assert "no recipe of ours" in app.error[0].value
    app = finished(app)
    assert clicks == ["upload", "collect"]
    assert sorted(item.request.seed for item in gallery_items(app)) == [11, 12]


def test_names_from_files_are_only_words(visit):
    item = gallery_items(generate(visit(request_genres=["pop"])))[0]
    link = "![x](https://example.org/p.png)"
    recipe = json.loads(json.dumps(item.spectrogram.recipe))
    recipe["request"]["genres"] = {link: 1.0, "jazz": 1.0}
    foreign = spectrogram_file.SpectrogramFile(item.spectrogram.mel_db, item.spectrogram.params, recipe)
    app = upload(visit(), "foreign.npz", spectrogram_file.pack_spectrogram(foreign))
    recipe["weights"] = item.spectrogram.recipe["weights"]
    app = upload(app, "foreign.json", json.dumps(recipe).encode())
    assert "There is no genre" in app.error[0].value
    for element in (*app.markdown, *app.caption, *app.error, *app.subheader):
        assert "![x](" not in element.value


def test_damaged_and_foreign_files_are_a_sentence(visit, tmp_path):
    np.savez(tmp_path / "foreign.npz", x=np.zeros(3))
    app = visit()
    for name, content in (
        ("a.npz", b""),
        ("a.npz", b"PK\x03\x04 and nothing more"),
        ("a.npz", b"once upon a time"),
        ("a.npz", (tmp_path / "foreign.npz").read_bytes()),
        ("a.json", b""),
        ("a.json", b"{"),
        ("a.json", b"[1]"),
        ("a.json", b"[" * 90_000),
        ("a.json", b'{"made_by": "Earmark", "version": 1, "request": {"genres": {"polka": 1}}}'),
        (
            "a.json",
            b'{"made_by": "Earmark", "version": 1, "request": {"genres": {"jazz": 1}, "seconds": 1e9}}',
        ),
        ("a.json", b'{"made_by": "Earmark", "version": 99}'),
        ("a.json", b"\xff\xfe"),
    ):
        generate_state_of(app).error = ""
        upload(app, name, content)
        assert app.error[0].value.endswith("."), content[:60]
        assert not len(generate_state_of(app).gallery)


def opened_by(link: str) -> AppTest:
    """Another visitor, who opens an address."""
    app = AppTest.from_file(APP, default_timeout=LONG_S)
    app.query_params.update(parse_qsl(urlsplit(link).query))
    return healthy(app.switch_page("pages/generate.py").run())


@pytest.mark.parametrize("reaches", [True, False])
def test_a_code_to_scan_is_shown_only_where_a_phone_could_open_it(visit, monkeypatch, reaches):
    monkeypatch.setattr(item_page, "reaches_others", lambda: reaches)
    app = generate(visit())
    app.session_state[f"share_{gallery_items(app)[0].id}"] = True
    healthy(app.run())
    assert ("data:image/svg+xml" in markup(app)) == reaches
    assert ("ask its host" in words(app)) != reaches and len(app.code) == 1
    assert "make run" not in words(app)
    shown = [element.type for element in app.main if element.type in ("download_button", "code")]
    assert shown[:3] == ["download_button", "code", "download_button"], "a picture, the link, and the files"


def test_a_link_makes_the_very_same_piece_again(visit):
    app = generate(visit(request_genres=["jazz", "metal"]))
    (item,) = gallery_items(app)
    app.session_state[f"share_{item.id}"] = True
    healthy(app.run())
    (link,) = [code.value for code in app.code]
    assert "/generate?piece=" in link
    other = finished(opened_by(link))
    (again,) = gallery_items(other)
    assert again.wav == item.wav and again.origin == "from a link"
    healthy(other.run())
    assert len(gallery_items(other)) == 1, "it is made once"


def test_a_link_that_is_not_whole_is_a_sentence(visit):
    visit()  # with its model in place of the published one
    app = opened_by("http://localhost/generate?piece=eJyrVg")
    assert "not whole" in app.error[0].value
    assert not gallery_items(app) and "Generate" in labels(app)
