"""The Generate page, run without a browser: a wish is painted, heard and judged, each in its turn."""

import json
import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from gan.desk import MOST_WAITING
from gan.prompt import understand
from gan.sample import Dreamer
from genre.names import spoken
from pages import _generate_studio, _generate_wish
from tests.app_visits import LONG_S, button, healthy, labels, press, words
from tests.generate_page import ANOTHER, HEAR, finished, generate, painters, pieces, visit
from tests.hostile import NAMES
from tests.painters import make_painter

__all__ = ["painters", "visit"]  # fixtures


def test_the_first_visit(visit):
    app = visit()
    assert app.title[0].value == "Music that was never played"
    assert "Your music appears here" in words(app) and not app.get("audio")
    assert len(app.get("vega_lite_chart")) == 1 and not app.error
    assert not app.button(key="generate").disabled
    assert "order" in app.session_state and not app.session_state["order"].active, "nothing by itself"
    press(app, "example")
    finished(app)
    assert len(pieces(app)) == 1 and len(app.get("audio")) == 1


def test_a_piece_is_painted_shown_and_played(visit):
    app = generate(visit(wish_genres=["jazz"]))
    (piece,) = pieces(app)
    assert piece.wish.genres == {"jazz": 1.0} and piece.wish.seed == 11 and piece.wish.seconds == 3.0
    assert "Jazz" in [each.value for each in app.subheader] and "No. 1 · 3 s · seed 11" in words(app)
    assert len(app.get("audio")) == 1 and len(app.get("plotly_chart")) == 1
    assert ANOTHER in labels(app) and HEAR in labels(app)
    assert [each.label for each in app.get("download_button")] == [
        "Sound, WAV", "Sound, MP3", "Picture, PNG", "Recipe, JSON", "Spectrogram, NPZ"]
    assert abs(piece.clip.samples).max() > 0.05


def test_the_same_seed_gives_the_same_sound_to_anybody(visit):
    one, other = generate(visit()), generate(visit())
    assert pieces(one)[0].wav == pieces(other)[0].wav
    one = generate(one)
    assert len(pieces(one)) == 1 and any("very same music" in each.value for each in one.info)
    press(one, "surprise")
    one = finished(one)
    newest, first = pieces(one)
    assert newest.wish.seed == one.session_state["wish_seed"] != first.wish.seed
    assert newest.wav != first.wav and not one.info


def test_the_dice_gives_another_seed_and_nothing_more(visit):
    app = visit()
    press(app, "icon_dice")
    assert app.session_state["wish_seed"] != 11 and not len(app.session_state["gallery"])


def test_several_pieces_have_seeds_in_a_row(visit):
    app = generate(visit(count=3, wish_genres=["metal", "disco"]))
    assert [piece.wish.seed for piece in pieces(app)] == [13, 12, 11]
    assert all(piece.wish.genres == {"metal": 0.5, "disco": 0.5} for piece in pieces(app))
    assert app.subheader[0].value == "Metal and disco" and "50\u00a0% metal" in words(app)
    assert app.session_state["opened_piece"] == pieces(app)[-1].id, "the first one stays open"
    assert len(app.get("audio")) == 3 and "Your gallery" in words(app)


def test_words_are_understood_in_the_open(visit):
    app = visit(wish_way="words", prompt="a calm late-night jazz piano with zzyzx")
    shown = words(app)
    assert "jazz" in shown and "zzyzx" in shown and "do not know" in shown
    piece = pieces(generate(app))[0]
    assert max(piece.wish.genres, key=piece.wish.genres.get) == "jazz" and piece.wish.controls["energy"] < 0
    assert app.subheader[0].value.startswith("a calm late")


ODD = ["", "   ", "zzyzx", "\0", *[name[:300] for name in NAMES if "\ud800" not in name]]


def test_odd_prompts_are_a_sentence_and_still_give_music(visit):
    app = visit(wish_way="words")
    for prompt in ODD:
        healthy(app.text_input(key="prompt").set_value(prompt).run())
        assert any(each.value.rstrip().endswith(".") for each in app.caption), prompt
        assert not app.button(key="generate").disabled
    assert len(pieces(generate(app))) == 1


def test_an_example_prompt_fills_the_box(visit):
    app = visit(wish_way="words")
    healthy(button(app, "faster, angrier metal").click().run())
    assert app.text_input(key="prompt").value == "faster, angrier metal"
    assert "metal" in words(app)


def test_no_genre_is_a_sentence(visit):
    app = visit(wish_genres=[])
    assert "at least one genre" in app.info[0].value
    assert app.button(key="generate").disabled and app.button(key="surprise").disabled


@pytest.mark.parametrize(
    ("state", "sentence"),
    [({"seconds": 10_000}, "length"), ({"seconds": 1}, "length"), ({"count": 10_000}, "pieces"),
     ({"count": 0}, "pieces")],
)  # fmt: skip
def test_absurd_lengths_and_counts(visit, monkeypatch, state, sentence):
    """A browser can send anything, whatever a slider allows."""
    app = visit()
    asked = {"seconds": 3, "count": 1, **state}
    monkeypatch.setattr(_generate_wish, "_how_much", lambda: (float(asked["seconds"]), asked["count"]))
    app.session_state["wish_seed"] = 11
    press(app, "generate")
    assert sentence in app.error[0].value and app.error[0].value.endswith(".")
    assert not app.session_state["order"].active


def test_fine_tuning_reaches_the_recipe_and_adds_to_words(visit):
    wish = pieces(generate(visit(control_energy=1.5, control_brightness=-0.5, tempo=120)))[0].wish
    assert wish.controls == {"energy": 1.5, "brightness": -0.5} and wish.tempo == 1.2
    app = visit(wish_way="words", prompt="calm jazz", control_energy=2.0, tempo=160)
    heard = understand("calm jazz")
    wish = pieces(generate(app))[0].wish
    assert wish.controls["energy"] == pytest.approx(heard.controls["energy"] + 2.0)
    assert wish.tempo == pytest.approx(min(2.0, heard.tempo * 1.6))


def test_our_ear_says_what_it_hears(visit):
    app = generate(visit(wish_genres=["jazz"]))
    healthy(button(app, HEAR).click().run())
    verdict = pieces(app)[0].verdict
    assert verdict is not None
    if verdict.genre is None:
        assert verdict.message in words(app)
    else:
        assert f"our ear hears **{spoken(verdict.genre)}**" in words(app)
        assert len(app.get("plotly_chart")) == 2


@pytest.fixture
def gate(monkeypatch):
    """Painting waits until the gate is open."""
    opened, paint = threading.Event(), Dreamer.dream

    def dream(self, wish):
        assert wish.seed == 0 or opened.wait(LONG_S)  # seed 0: the painter warms up
        return paint(self, wish)

    monkeypatch.setattr(Dreamer, "dream", dream)
    yield opened
    opened.set()


def painting(app: AppTest) -> AppTest:
    deadline = time.monotonic() + LONG_S
    while not app.session_state["order"].working:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return healthy(app.run())


def progress(app: AppTest) -> str:
    return app.get("progress")[0].proto.text


def test_cancelling(visit, gate):
    app = visit(count=3)
    press(app, "generate")
    assert "piece 1 of 3" in progress(painting(app)) and not app.get("audio")
    press(app, "cancel")
    assert not app.session_state["order"].active and "cancel" not in [each.key for each in app.button]
    gate.set()
    time.sleep(0.2)
    healthy(app.run())
    assert not len(app.session_state["gallery"]) and "Your music appears here" in words(app)
    assert len(pieces(generate(app))) == 3


@pytest.mark.parametrize("crowded", [False, True])
def test_two_visitors_take_turns(visit, gate, monkeypatch, crowded):
    monkeypatch.setattr(_generate_studio, "crowded", lambda: crowded)
    first, second = visit(), visit(seed=12)
    press(first, "generate")
    painting(first)
    press(second, "generate")
    assert progress(second) == "Waiting: a piece of another visitor before yours"
    gate.set()
    assert len(pieces(finished(first))) == len(pieces(finished(second))) == 1


def test_clicks_while_it_paints_line_up_and_too_many_are_refused(visit, gate):
    app = visit(count=8)
    for _ in range(MOST_WAITING // 8 + 1):
        press(app, "surprise")
        painting(app)
    press(app, "surprise")
    assert "cancel" in app.error[0].value
    app.session_state["order"].cancel()


def test_no_weights(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(_generate_studio, "WEIGHTS", tmp_path / "none")
    app = visit()
    assert "no painter here" in app.error[0].value and "generate" not in [each.key for each in app.button]
    assert "How it learnt to paint" in words(app)


def test_damaged_weights(visit, monkeypatch, tmp_path):
    make_painter(tmp_path / "gan")
    (tmp_path / "gan" / "model.safetensors").write_bytes(b"\0" * 100)
    monkeypatch.setattr(_generate_studio, "WEIGHTS", tmp_path)
    app = generate(visit())
    assert "missing or damaged" in app.error[0].value and not len(app.session_state["gallery"])


def test_nothing_is_written_but_the_queue(visit, earmark_home):
    generate(visit())
    assert {path.name for path in earmark_home.iterdir()} <= {"queue.json", "queue.lock"}
    assert json.loads((earmark_home / "queue.json").read_text()) == []
