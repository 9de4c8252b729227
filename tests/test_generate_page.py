"""Every state of the Generate page, run without a browser, with a painter that learnt nothing."""

import json
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from gan.desk import MOST_WAITING
from gan.gallery import Piece
from gan.sample import Dreamer
from genre import GENRES, runs
from genre.names import spoken
from pages import _generate_studio
from tests.hostile import NAMES
from tests.painters import make_history, make_painter

APP = str(Path(__file__).resolve().parent.parent / "app.py")
LONG_S = 120.0  # to wait on a busy machine
HEAR, ANOTHER = "What does our ear hear?", "Another like this"


@pytest.fixture(scope="module")
def painters(tmp_path_factory) -> Path:
    """A folder of weights with a painter in it."""
    folder = tmp_path_factory.mktemp("weights")
    make_painter(folder / "gan")
    return folder


@pytest.fixture
def visit(painters, monkeypatch):
    """visit(**session state) -> the Generate page as a new visitor finds it."""
    monkeypatch.setattr(_generate_studio, "WEIGHTS", painters)
    monkeypatch.setattr(_generate_studio, "warm_up", lambda: None)

    def enter(**state: object) -> AppTest:
        app = AppTest.from_file(APP, default_timeout=LONG_S)
        for name, value in {"seconds": 3, "seed": 11, **state}.items():
            app.session_state[name] = value
        app.switch_page("pages/generate.py")
        return healthy(app.run())

    return enter


def healthy(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


def words(app: AppTest) -> str:
    kinds = ("markdown", "caption", "info", "error", "warning", "success", "text", "subheader")
    return "\n".join(str(element.value) for kind in kinds for element in app.get(kind))


def button(app: AppTest, label: str):
    return next(each for each in app.button if each.label == label)


def labels(app: AppTest) -> list[str]:
    return [each.label for each in app.button]


def finished(app: AppTest) -> AppTest:
    """The page once the desk has nothing more to do for this visitor."""
    deadline = time.monotonic() + LONG_S
    while app.session_state["order"].active:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return healthy(app.run())


def generate(app: AppTest) -> AppTest:
    healthy(app.button(key="generate").click().run())
    return finished(app)


def pieces(app: AppTest) -> list[Piece]:
    """The newest first."""
    return list(app.session_state["gallery"])


def upload(app: AppTest, name: str, content: bytes) -> AppTest:
    staged = [(name, content, "application/octet-stream")]
    healthy(app.file_uploader(key="brought").set_value(staged).run())
    return finished(app)


def test_the_first_visit(visit):
    app = visit()
    assert app.title[0].value == "Music that was never played"
    assert "Your music appears here" in words(app) and not app.get("audio")
    assert len(app.get("vega_lite_chart")) == 1 and not app.error
    assert not app.button(key="generate").disabled
    assert "order" in app.session_state and not app.session_state["order"].active, "nothing by itself"
    healthy(app.button(key="example").click().run())
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
    healthy(one.button(key="surprise").click().run())
    one = finished(one)
    newest, first = pieces(one)
    assert newest.wish.seed == one.session_state["seed"] != first.wish.seed
    assert newest.wav != first.wav and not one.info


def test_the_dice_gives_another_seed_and_nothing_more(visit):
    app = visit()
    healthy(app.button(key="dice").click().run())
    assert app.session_state["seed"] != 11 and not len(app.session_state["gallery"])


def test_several_pieces_have_seeds_in_a_row(visit):
    app = generate(visit(count=3, wish_genres=["metal", "disco"]))
    assert [piece.wish.seed for piece in pieces(app)] == [13, 12, 11]
    assert all(piece.wish.genres == {"metal": 0.5, "disco": 0.5} for piece in pieces(app))
    assert app.subheader[0].value == "Metal and disco" and "50\u00a0% metal" in words(app)
    assert app.session_state["opened_piece"] == pieces(app)[-1].id, "the first one stays open"
    assert len(app.get("audio")) == 3 and "Your gallery" in words(app)


def test_words_are_understood_in_the_open(visit):
    app = visit(way="words", prompt="a calm late-night jazz piano with zzyzx")
    shown = words(app)
    assert "jazz" in shown and "zzyzx" in shown and "do not know" in shown
    piece = pieces(generate(app))[0]
    assert max(piece.wish.genres, key=piece.wish.genres.get) == "jazz" and piece.wish.controls["energy"] < 0
    assert app.subheader[0].value.startswith("a calm late")


ODD = ["", "   ", "zzyzx", "\0", *[name[:300] for name in NAMES if "\ud800" not in name]]


def test_odd_prompts_are_a_sentence_and_still_give_music(visit):
    app = visit(way="words")
    for prompt in ODD:
        healthy(app.text_input(key="prompt").set_value(prompt).run())
        assert any(each.value.rstrip().endswith(".") for each in app.caption), prompt
        assert not app.button(key="generate").disabled
    assert len(pieces(generate(app))) == 1


def test_an_example_prompt_fills_the_box(visit):
    app = visit(way="words")
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
    from pages import _generate_wish

    app = visit()
    asked = {"seconds": 3, "count": 1, **state}
    monkeypatch.setattr(_generate_wish, "_how_much", lambda: (float(asked["seconds"]), asked["count"]))
    app.session_state["seed"] = 11
    healthy(app.button(key="generate").click().run())
    assert sentence in app.error[0].value and app.error[0].value.endswith(".")
    assert not app.session_state["order"].active


def test_fine_tuning_reaches_the_recipe_and_adds_to_words(visit):
    wish = pieces(generate(visit(control_energy=1.5, control_brightness=-0.5, tempo=120)))[0].wish
    assert wish.controls == {"energy": 1.5, "brightness": -0.5} and wish.tempo == 1.2
    app = visit(way="words", prompt="calm jazz", control_energy=2.0, tempo=160)
    from gan.prompt import understand

    heard = understand("calm jazz")
    wish = pieces(generate(app))[0].wish
    assert wish.controls["energy"] == pytest.approx(heard.controls["energy"] + 2.0)
    assert wish.tempo == pytest.approx(min(2.0, heard.tempo * 1.6))


def test_another_vary_and_mix(visit):
    app = generate(visit(wish_genres=["jazz"]))
    first = pieces(app)[0]
    healthy(app.button(key="another").click().run())
    second = pieces(finished(app))[0]
    assert second.origin == "like No. 1" and second.wish.genres == first.wish.genres
    assert second.wav != first.wav and {seed for seed, _ in second.wish.noise("style")} > {first.wish.seed}
    assert app.session_state["opened_piece"] == second.id
    for keep, other in (("style", "rhythm"), ("rhythm", "style")):
        opened = app.session_state["gallery"].get(app.session_state["opened_piece"])
        app.radio(key="keep").set_value(keep)
        healthy(app.button(key="vary").click().run())
        newest = pieces(finished(app))[0]
        assert newest.wish.noise(keep) == opened.wish.noise(keep)
        assert newest.wish.noise(other) != opened.wish.noise(other)
    opened = app.session_state["gallery"].get(app.session_state["opened_piece"])
    app.selectbox(key=f"mix_with_{opened.id}").set_value(first.id)
    app.slider(key="mix_share").set_value(25)
    healthy(app.button(key="mix").click().run())
    newest = pieces(finished(app))[0]
    assert "25\u00a0% No. 1" in newest.origin and len(pieces(app)) == 5
    assert len({piece.wav for piece in pieces(app)}) == 5


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
    healthy(app.button(key="generate").click().run())
    assert "piece 1 of 3" in progress(painting(app)) and not app.get("audio")
    healthy(app.button(key="cancel").click().run())
    assert not app.session_state["order"].active and "cancel" not in [each.key for each in app.button]
    gate.set()
    time.sleep(0.2)
    healthy(app.run())
    assert not len(app.session_state["gallery"]) and "Your music appears here" in words(app)
    assert len(pieces(generate(app))) == 3


def test_two_visitors_take_turns(visit, gate):
    first, second = visit(), visit(seed=12)
    healthy(first.button(key="generate").click().run())
    painting(first)
    healthy(second.button(key="generate").click().run())
    assert progress(second) == "Waiting: a piece of another visitor before yours"
    gate.set()
    assert len(pieces(finished(first))) == len(pieces(finished(second))) == 1


def test_clicks_while_it_paints_line_up_and_too_many_are_refused(visit, gate):
    app = visit(count=8)
    for _ in range(MOST_WAITING // 8 + 1):
        healthy(app.button(key="surprise").click().run())
        painting(app)
    healthy(app.button(key="surprise").click().run())
    assert "cancel" in app.error[0].value
    app.session_state["order"].cancel()


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


def test_the_gallery(visit):
    app = generate(visit(count=3))
    newest, middle, oldest = pieces(app)
    healthy(app.button(key=f"open_{newest.id}").click().run())
    assert app.session_state["opened_piece"] == newest.id
    healthy(app.button(key=f"remove_{oldest.id}").click().run())
    assert pieces(app) == [newest, middle]
    app.session_state["gallery"].let_go = 1
    healthy(app.run())
    assert "taken down to make room" in words(app)
    healthy(app.button(key="empty_gallery").click().run())
    assert "Your music appears here" in words(app)


def test_a_spectrogram_comes_back(visit):
    from gan import artefact

    piece = pieces(generate(visit(wish_genres=["pop"])))[0]
    app = upload(visit(), "pop-11.npz", artefact.save(piece.artefact))
    (again,) = pieces(app)
    assert again.id == piece.id and again.wish == piece.wish and "brought back" in words(app)
    assert again.seconds == pytest.approx(piece.seconds, abs=0.05)
    assert np.corrcoef(again.clip.samples[:60_000], piece.clip.samples[:60_000])[0, 1] > 0.9
    bare = artefact.Artefact(piece.artefact.mel_db[:, ::-1], piece.artefact.params, {"seed": "<b>7</b>"})
    app = upload(app, "bare.npz", artefact.save(bare))
    assert len(pieces(app)) == 2 and pieces(app)[0].wish is None
    assert "without its recipe" in app.subheader[0].value and ANOTHER not in labels(app)


def test_a_recipe_comes_back(visit):
    piece = pieces(generate(visit(wish_genres=["pop"], control_energy=1.0)))[0]
    app = upload(visit(), "pop-11.JSON", json.dumps(piece.artefact.recipe).encode())
    assert pieces(app)[0].wav == piece.wav


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
        app.session_state["refused"] = None
        upload(app, name, content)
        assert app.error[0].value.endswith("."), content[:60]
        assert not len(app.session_state["gallery"])


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


@pytest.fixture
def processes(monkeypatch):
    """The runs that would have been started and stopped, in order."""
    done: list[tuple[str, Path]] = []
    for name in ("start", "stop"):
        act = lambda folder, name=name: done.append((name, folder))  # noqa: E731
        act.__name__ = name
        monkeypatch.setattr(runs, name, act)
    return done


def run_of(state: str, epochs: int = 8) -> Path:
    from gan.train import Settings

    folder = runs.create("gan", Settings("builtin", "all", epochs=epochs).to_dict(), f"the {state} one")
    make_history(folder)
    runs.write_status(folder, state=state, progress=0.5, eta_s=65.0, message=f"It is {state}.",
                      last={"epoch": 4})  # fmt: skip
    return folder


def test_a_training_of_ones_own(visit, processes):
    app = visit(train_one=True)
    app.number_input(key="gan_epochs").set_value(3)
    healthy(app.button(key="start_gan").click().run())
    ((act, folder),) = processes
    config = runs.load_config(folder)
    assert (act, config["kind"], config["title"]) == ("start", "gan", "My painter")
    assert config["settings"]["epochs"] == 3 and config["settings"]["data"] == "builtin"
    assert config["cores"] == max(1, runs.all_cores() - 1)
    assert "My painter" in words(app)


def test_each_state_of_a_training(visit, processes):
    folders = {state: run_of(state) for state in ("running", "waiting", "failed", "stopped", "done")}
    with ExitStack() as alive:
        for state in ("running", "waiting"):
            alive.enter_context(runs.own(folders[state]))
        app = visit()
        texts = [each.proto.text for each in app.get("progress")]
        assert "Round 4 of 8, about 1 minute left" in texts and "Waiting for its turn" in texts
        for state, act in (("running", "stop"), ("failed", "start"), ("stopped", "start")):
            healthy(app.button(key=f"{act}_{folders[state].name}").click().run())
            assert processes[-1] == (act, folders[state])
        healthy(app.selectbox(key="lessons").set_value(folders["running"].name).run())
        assert len(app.get("vega_lite_chart")) == 1
        healthy(app.button(key=f"delete_{folders['done'].name}").click().run())
        assert not folders["done"].exists()


def test_a_painter_of_ones_own_paints(visit):
    folder = run_of("done")
    make_painter(folder, GENRES[:3], seed=5)
    app = visit()
    healthy(app.button(key=f"use_{folder.name}").click().run())
    assert app.selectbox(key="painter").value == folder.name
    offered = app.get("button_group")[1].options
    assert list(offered) == [spoken(genre).capitalize() for genre in GENRES[:3]]
    piece = pieces(generate(app))[0]
    assert piece.artefact.recipe["model"] == folder.name and set(piece.wish.genres) <= set(GENRES[:3])
    runs.delete(folder)
    healthy(app.run())
    assert "painter" not in [each.key for each in app.selectbox]


def test_pieces_stay_while_another_page_is_visited(visit):
    app = generate(visit(wish_genres=["blues"], seconds=4))
    healthy(app.switch_page("pages/train.py").run())
    healthy(app.switch_page("pages/generate.py").run())
    assert len(pieces(app)) == 1 and len(app.get("audio")) == 1
    assert app.session_state["seconds"] == 4 and app.session_state["wish_genres"] == ["blues"]


def test_nothing_is_written_but_the_queue(visit, earmark_home):
    generate(visit())
    assert {path.name for path in earmark_home.iterdir()} <= {"queue.json", "queue.lock"}
    assert json.loads((earmark_home / "queue.json").read_text()) == []
