"""The Generate page, run without a browser: requests, progress, results, errors."""

import json
import threading
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from gan.prompt import parse_prompt
from gan.sampling.job_queue import MAX_WAITING
from gan.sampling.sampler import Sampler
from genre import GENRES
from genre.inference.classifier import Prediction
from genre.text import genre_name
from pages.generation import request as _generate_request
from pages.generation import studio
from pages.generation.state import STATE_KEY, job_queue
from tests.support.generators import make_model
from tests.support.hostile import NAMES
from tests.support.pages import app_visits
from tests.support.pages.app_visits import (
    LONG_S,
    button,
    component_data,
    healthy,
    labels,
    markup,
    press,
    words,
)
from tests.support.pages.generate_page import (
    ANOTHER,
    CLASSIFY,
    PLAY_BUTTON,
    finished,
    gallery_items,
    generate,
    generate_state_of,
    models,
    visit,
)

__all__ = ["models", "visit"]  # fixtures


def test_the_first_visit(visit):
    app = visit()
    assert app.title[0].value == "Music that was never played"
    assert "Press a picture to hear it" in words(app)
    assert len(app.get("vega_lite_chart")) == 1 and not app.error
    assert not app.button(key="generate").disabled
    assert STATE_KEY in app.session_state and not generate_state_of(app).ticket.is_active, "nothing by itself"
    generate(app)
    assert len(gallery_items(app)) == 1 and len(app.get("audio")) == 1


def test_the_stored_pieces_wait_in_silence_until_there_is_one_of_the_visitors_own(visit):
    folder = Path(__file__).parents[3] / "assets" / "weights" / "gan" / "pieces"
    assert {path.stem for path in folder.glob("*.mp3")} == set(GENRES)
    app = app_visits.visit("generate")
    players = app.get("audio")
    assert len(players) == len(GENRES) and not any(player.proto.autoplay for player in players)
    assert not generate_state_of(app).ticket.is_active and not gallery_items(app)


def test_pieces_and_seed_are_fine_tuning(visit):
    fine = next(expander for expander in visit().expander if expander.label == "Fine tuning")
    assert {field.label for field in fine.number_input} == {"Pieces", "Seed"}


def test_a_clip_is_generated_and_played(visit):
    app = generate(visit(request_genres=["jazz"]))
    (item,) = gallery_items(app)
    assert item.request.genres == {"jazz": 1.0} and item.request.seed == 11 and item.request.seconds == 3.0
    assert "Jazz" in [line.value for line in app.subheader] and "No. 1 · 3 s · seed 11" in words(app)
    assert len(app.get("audio")) == 1
    assert component_data(app, PLAY_BUTTON)["begins"] == item.id and len(app.get("plotly_chart")) == 1
    assert ANOTHER in labels(app) and CLASSIFY in labels(app)
    app.session_state[f"share_{item.id}"] = True
    healthy(app.run())
    assert [download.label for download in app.get("download_button")] == [
        "Save as a picture to pass on",
        "Sound, WAV",
        "Sound, MP3",
        "Picture, PNG",
        "Recipe that makes it again, JSON",
        "The picture as numbers, NPZ",
    ]
    assert abs(item.clip.samples).max() > 0.05


def test_the_same_seed_gives_the_same_sound_to_anybody(visit):
    one, other = generate(visit()), generate(visit())
    assert gallery_items(one)[0].wav == gallery_items(other)[0].wav
    one = generate(one)
    assert len(gallery_items(one)) == 1 and any("very same music" in line.value for line in one.info)
    press(one, "surprise")
    one = finished(one)
    newest, first = gallery_items(one)
    assert newest.request.seed == one.session_state["request_seed"] != first.request.seed
    assert newest.wav != first.wav and not one.info
    assert newest.request.genres != first.request.genres, "a surprise is of another genre"


def test_the_dice_gives_another_seed_and_nothing_more(visit):
    app = visit()
    press(app, "icon_dice")
    assert app.session_state["request_seed"] != 11 and not len(generate_state_of(app).gallery)


def test_several_clips_have_seeds_in_a_row(visit):
    app = generate(visit(count=3, request_genres=["metal", "disco"]))
    assert [item.request.seed for item in gallery_items(app)] == [13, 12, 11]
    assert all(item.request.genres == {"metal": 0.5, "disco": 0.5} for item in gallery_items(app))
    assert app.subheader[0].value == "Metal and disco" and "50\u00a0% metal" in words(app)
    assert generate_state_of(app).opened_id == gallery_items(app)[-1].id, "the first one stays open"
    assert len(app.get("audio")) == 3 and "Your gallery" in words(app)


def test_phrases_and_unknown_words_are_listed(visit):
    app = visit(request_mode="words", prompt="a calm late-night jazz piano with zzyzx")
    text = words(app)
    assert "jazz" in text and "zzyzx" in text and "does not know" in text
    item = gallery_items(generate(app))[0]
    assert (
        max(item.request.genres, key=item.request.genres.get) == "jazz"
        and item.request.controls["energy"] < 0
    )
    assert app.subheader[0].value.startswith("a calm late")


ODD = ["", "   ", "zzyzx", "\0", *[name[:300] for name in NAMES if "\ud800" not in name]]


def test_odd_prompts_are_a_sentence_and_still_give_music(visit):
    app = visit(request_mode="words")
    for prompt in ODD:
        healthy(app.text_input(key="prompt").set_value(prompt).run())
        assert any(line.value.rstrip().endswith(".") for line in app.caption), prompt
        assert not app.button(key="generate").disabled
    assert len(gallery_items(generate(app))) == 1


def test_an_example_prompt_fills_the_box(visit):
    app = visit(request_mode="words")
    healthy(button(app, "faster, angrier metal").click().run())
    assert app.text_input(key="prompt").value == "faster, angrier metal"
    assert "metal" in words(app)


def test_no_genre_is_a_sentence(visit):
    app = visit(request_genres=[])
    assert "at least one genre" in app.info[0].value
    assert app.button(key="generate").disabled and app.button(key="surprise").disabled


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ({"seconds": 10_000}, "length"),
        ({"seconds": 1}, "length"),
        ({"count": 10_000}, "pieces"),
        ({"count": 0}, "pieces"),
    ],
)
def test_absurd_lengths_and_counts(visit, monkeypatch, state, sentence):
    """A browser can send anything, whatever a slider allows."""
    app = visit()
    values = {"seconds": 3, "count": 1, **state}
    monkeypatch.setattr(_generate_request, "_length_s", lambda: float(values["seconds"]))
    monkeypatch.setattr(
        _generate_request, "_fine_tuning", lambda seconds: _generate_request.FineTuning(values["count"])
    )
    app.session_state["request_seed"] = 11
    press(app, "generate")
    assert sentence in app.error[0].value and app.error[0].value.endswith(".")
    assert not generate_state_of(app).ticket.is_active


def test_fine_tuning_reaches_the_recipe_and_adds_to_words(visit):
    request = gallery_items(generate(visit(control_energy=1.5, control_brightness=-0.5, tempo=120)))[
        0
    ].request
    assert request.controls == {"energy": 1.5, "brightness": -0.5} and request.tempo == 1.2
    app = visit(request_mode="words", prompt="calm jazz", control_energy=2.0, tempo=160)
    parsed = parse_prompt("calm jazz")
    request = gallery_items(generate(app))[0].request
    assert request.controls["energy"] == pytest.approx(parsed.controls["energy"] + 2.0)
    assert request.tempo == pytest.approx(min(2.0, parsed.tempo * 1.6))


def test_beats_a_minute_are_chosen_or_written(visit):
    app = visit(request_genres=["jazz"])
    assert "bpm" not in [slider.key for slider in app.slider]
    healthy(app.toggle(key="has_bpm").set_value(True).run())
    assert app.slider(key="tempo").disabled
    app.slider(key="bpm").set_value(96)
    request = gallery_items(generate(app))[0].request
    assert (request.bpm, request.tempo) == (96, 1) and "96 beats a minute" in words(app)
    app = generate(visit(request_mode="words", prompt="jazz at 130 bpm", tempo=120))
    assert gallery_items(app)[0].request.bpm == 130 and "You will hear jazz at 130 beats" in words(app)
    app = generate(visit(request_mode="words", prompt="jazz at 130 bpm", has_bpm=True, bpm=80))
    assert gallery_items(app)[0].request.bpm == 80, "what stands on the slider is what it says"


def test_a_key_is_chosen_or_written(visit):
    app = visit(request_genres=["jazz"])
    assert app.selectbox(key="music_key").value == "" and len(app.selectbox(key="music_key").options) == 25
    app.selectbox(key="music_key").set_value("Bb minor")
    assert gallery_items(generate(app))[0].request.key == "Bb minor" and "in B flat minor" in words(app)
    app = generate(visit(request_mode="words", prompt="calm jazz in a minor"))
    assert gallery_items(app)[0].request.key == "A minor" and "You will hear jazz in A minor" in words(app)
    app = generate(visit(request_mode="words", prompt="jazz in A minor", music_key="C major"))
    assert gallery_items(app)[0].request.key == "C major", "what stands in the box is what it says"


def test_the_earlier_network_is_heard_beside_a_piece(visit):
    app = generate(visit(request_genres=["jazz"], music_key="A minor", control_energy=1.0))
    (item,) = gallery_items(app)
    press(app, "hear_before")
    app = finished(app)
    assert gallery_items(app) == [item] and generate_state_of(app).opened_id == item.id
    assert "Before: the earlier painter" in words(app) and "**Now**" in words(app)
    assert len(app.get("plotly_chart")) == 2, "each has its picture"
    assert len(app.get("audio")) == 2 and not any(player.proto.autoplay for player in app.get("audio"))
    assert "hear_before" not in [button.key for button in app.button]
    earlier = Sampler.load(studio.EARLIER_MODEL, studio.WEIGHTS).generate(item.request)
    assert earlier.clip.to_wav() == item.earlier_wav != item.wav


def test_while_a_piece_is_painted_its_place_says_so(visit, monkeypatch):
    gate, load = threading.Event(), studio.load_sampler
    monkeypatch.setattr(studio, "load_sampler", lambda *version: gate.wait(LONG_S) and load(*version))
    app = press(visit(request_genres=["jazz"], music_key="A minor"), "generate")
    assert "It paints time to the right" in markup(app)
    gate.set()
    app = finished(app)
    assert 'class="painting"' not in markup(app), "there is the piece"
    gate.clear()
    app = press(app, "hear_before")
    assert "The earlier painter makes" in markup(app) and len(app.get("audio")) == 1
    assert "**Now**" in words(app), "which stays where it is"
    gate.set()
    assert 'class="painting"' not in markup(finished(app))


def test_a_piece_of_another_painter_has_no_before(visit):
    app = generate(visit(request_genres=["jazz"]))
    assert "hear_before" in [button.key for button in app.button]
    gallery_items(app)[0].spectrogram.recipe["weights"] = "0" * 16
    assert "hear_before" not in [button.key for button in healthy(app.run()).button]


def test_a_clip_is_classified(visit):
    app = generate(visit(request_genres=["jazz"]))
    healthy(button(app, CLASSIFY).click().run())
    prediction = gallery_items(app)[0].prediction
    assert prediction is not None
    if prediction.genre is None:
        assert prediction.message in words(app)
    else:
        assert f"The Listen page hears **{genre_name(prediction.genre)}**" in words(app)
        assert len(app.get("plotly_chart")) == 2
        chart = app.get("plotly_chart")[1].proto.spec
        assert ("made as jazz" in chart) and "How sure the model of the Listen page is" in words(app)
        assert CLASSIFY not in labels(app), "the answer stands where the question was"


def test_a_prompt_that_says_nothing_still_names_the_genre(visit):
    """Nobody asked for that genre, and nothing on the page says so."""
    app = generate(visit(request_mode="words", prompt="purple elephants"))
    item = gallery_items(app)[0]
    (genre,) = item.request.genres
    assert any(f" · {genre_name(genre)} · " in caption.value for caption in app.caption)
    item.prediction = Prediction("music", "rock", False, {"rock": 0.4, "pop": 0.3}, 3.0, "")
    shown = words(healthy(app.run()))
    assert f"Made as **{genre_name(genre)}**" in shown and "asked for **" not in shown


@pytest.fixture
def gate(monkeypatch):
    """Generation waits until the gate is open."""
    opened, original = threading.Event(), Sampler.generate

    def generate_later(self, request):
        assert request.seed == 0 or opened.wait(LONG_S)  # seed 0: the warm-up
        return original(self, request)

    monkeypatch.setattr(Sampler, "generate", generate_later)
    yield opened
    opened.set()


def generating(app: AppTest) -> AppTest:
    deadline = time.monotonic() + LONG_S
    while not generate_state_of(app).ticket.is_running:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return healthy(app.run())


def progress(app: AppTest) -> str:
    return app.get("progress")[0].proto.text


def test_cancelling(visit, gate):
    app = visit(count=3)
    press(app, "generate")
    assert "piece 1 of 3" in progress(generating(app)) and not gallery_items(app)
    press(app, "cancel")
    assert not generate_state_of(app).ticket.is_active and "cancel" not in [
        button.key for button in app.button
    ]
    gate.set()
    time.sleep(0.2)
    healthy(app.run())
    assert not len(generate_state_of(app).gallery) and "Press a picture to hear it" in words(app)
    assert len(gallery_items(generate(app))) == 3


@pytest.mark.parametrize("is_waiting", [False, True])
def test_two_visitors_take_turns(visit, gate, monkeypatch, is_waiting):
    monkeypatch.setattr(job_queue(), "is_waiting_for_core", is_waiting)
    first, second = visit(), visit(seed=12)
    press(first, "generate")
    generating(first)
    press(second, "generate")
    assert progress(second) == "Waiting: a piece of another visitor before yours"
    gate.set()
    assert len(gallery_items(finished(first))) == len(gallery_items(finished(second))) == 1


def test_clicks_while_it_generates_are_queued_and_too_many_are_refused(visit, gate):
    app = visit(count=8)
    for _ in range(MAX_WAITING // 8 + 1):
        press(app, "surprise")
        generating(app)
    press(app, "surprise")
    assert "cancel" in app.error[0].value
    generate_state_of(app).ticket.cancel()


def test_no_weights(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(studio, "WEIGHTS", tmp_path / "none")
    app = visit()
    assert "no painter here" in app.error[0].value and "generate" not in [button.key for button in app.button]
    assert "How it learnt to paint" in words(app)


def test_damaged_weights(visit, monkeypatch, tmp_path):
    make_model(tmp_path / "gan")
    (tmp_path / "gan" / "model.safetensors").write_bytes(b"\0" * 100)
    monkeypatch.setattr(studio, "WEIGHTS", tmp_path)
    app = generate(visit())
    assert "missing or damaged" in app.error[0].value and not len(generate_state_of(app).gallery)


def test_nothing_is_written_but_the_queue(visit, earmark_home):
    generate(visit())
    assert {path.name for path in earmark_home.iterdir()} <= {"queue.json", "queue.lock"}
    assert json.loads((earmark_home / "queue.json").read_text()) == []
