"""The recorder's messages: checked, bounded, put together again; and what becomes of them on the page."""

import io

import numpy as np
import pytest
import soundfile as sf
import streamlit as st
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from genre.audio.clip import SAMPLE_RATE
from genre.models.cards import ArtefactError
from genre.text import genre_name
from pages.listening.recorder import panel
from pages.listening.recorder.live import LiveTake
from pages.listening.recorder.state import RecorderState
from pages.listening.recorder.take import DAMAGED, MAX_S, RATES, Take, TakeError, read_message
from pages.shared.models import default_classifier
from pages.shared.turns import _queue
from tests.support.pages.app_visits import APP, component_data, healthy, words
from tests.support.patience import wait_until
from tests.support.stand_ins.sound_messages import RATE, sound_message


def tone(seconds: float, rate: int = RATE) -> np.ndarray:
    return np.round(9_000 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "sound",
        {},
        sound_message(tone(0.1)) | {"pcm": "?"},
        sound_message(tone(0.1)) | {"pcm": "AAAA"},  # one and a half samples
        sound_message(tone(0.1)) | {"pcm": 5},
        sound_message(tone(0.1)) | {"pcm": "A" * 10_000_000},
        sound_message(tone(0.1), take=""),
        sound_message(tone(0.1), take="x" * 100),
        sound_message(tone(0.1), take=7),
        sound_message(tone(0.1), live="no"),
        sound_message(tone(0.1), done=None),
        sound_message(tone(0.1), rate=RATES[0] - 1),
        sound_message(tone(0.1), rate=RATES[1] + 1),
        sound_message(tone(0.1), rate=44_100.5),
        sound_message(tone(0.1), rate=True),
        sound_message(tone(0.1), start=-1),
        sound_message(tone(0.1), start=1 << 60),
        sound_message(tone(0.1), start="0"),
    ],
)
def test_what_the_recorder_does_not_send_is_refused(value):
    with pytest.raises(TakeError, match="Press the button"):
        read_message(value)


json_values = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
fields = some.sampled_from(["take", "live", "rate", "start", "pcm", "done"])


@given(some.dictionaries(fields, json_values))
def test_no_value_does_more_than_be_refused(changes):
    try:
        message = read_message(sound_message(tone(0.01)) | changes)
    except TakeError:
        return
    take = Take(message)
    take.add(message)
    assert take.seconds <= MAX_S


@given(some.lists(some.tuples(some.integers(0, 4000), some.integers(0, 4000)), max_size=12))
def test_messages_that_overlap_or_get_lost_make_the_same_sound(pieces):
    """Whatever came before, the last message goes on from what has arrived."""
    whole = tone(0.1, SAMPLE_RATE * 2)
    take = None
    for first, count in pieces:
        message = read_message(sound_message(whole[first : first + count], first, rate=SAMPLE_RATE * 2))
        take = take or Take(message)
        take.add(message)
    received = take.received if take else 0
    last = read_message(sound_message(whole[received:], received, rate=SAMPLE_RATE * 2, done=True))
    take = take or Take(last)
    take.add(last)
    once = Take(last)
    once.add(read_message(sound_message(whole, rate=SAMPLE_RATE * 2, done=True)))
    assert take.done and take.received == len(whole)
    ours, theirs = take.clip().samples, once.clip().samples
    assert abs(len(ours) - len(theirs)) <= 1 and len(ours) == pytest.approx(len(whole) / 2, abs=2)
    assert np.abs(ours[: len(theirs)] - theirs[: len(ours)]).max() < 0.002


def test_the_sound_is_the_one_that_was_sound_message():
    message = read_message(sound_message(tone(2.0), done=True))
    take = Take(message)
    take.add(message)
    samples, rate = sf.read(io.BytesIO(take.to_wav()), dtype="float32")
    assert rate == SAMPLE_RATE and len(samples) == pytest.approx(2 * SAMPLE_RATE, abs=2)
    spectrum = np.abs(np.fft.rfft(samples))
    assert np.argmax(spectrum) * rate / len(samples) == pytest.approx(440, abs=1)
    assert np.abs(samples[1_000:-1_000]).max() == pytest.approx(9_000 / 32_768, rel=0.01)


def test_a_take_ends_after_half_a_minute_whatever_comes():
    message = read_message(sound_message(np.zeros(round(31 * RATE), np.int16)))
    take = Take(message)
    take.add(message)
    assert take.done and take.seconds == MAX_S
    take.add(read_message(sound_message(tone(1.0), take.received)))
    assert take.seconds == MAX_S and len(take.to_wav()) < 1_400_000


def test_another_rate_in_the_middle_is_refused():
    first = read_message(sound_message(tone(0.5)))
    take = Take(first)
    take.add(first)
    with pytest.raises(TakeError, match="damaged"):
        take.add(read_message(sound_message(tone(0.5), take.received, rate=44_100)))


@pytest.fixture
def arrive(monkeypatch):
    """arrive(app, message, ...): the page as it is when the browser has sent these."""
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    state: dict = {}
    monkeypatch.setattr(panel, "recorder_state", lambda: state.setdefault("now", RecorderState()))

    def begin(id_: str) -> RecorderState:
        if (before := state.get("now")) and before.live:
            before.live.stop()
        state["now"] = RecorderState(id_, finished=state["now"].finished if "now" in state else None)
        return state["now"]

    monkeypatch.setattr(panel, "begin_recording", begin)

    def send(*messages: object) -> tuple[AppTest, RecorderState]:
        for message in messages:
            monkeypatch.setattr(panel, "arrived_sound", lambda message=message: message)
            panel._on_sound()
            healthy(app.run())
        return app, state["now"]

    return send


def of(samples: np.ndarray, rate: int = SAMPLE_RATE) -> np.ndarray:
    return np.round(32_767 * samples.clip(-1, 1)).astype(np.int16)


def test_the_answer_forms_after_five_seconds_and_the_end_is_a_clip(arrive, play):
    music = of(play("metal", 9.0))
    parts = [sound_message(music[k : k + 55_125], k, rate=SAMPLE_RATE) for k in range(0, len(music), 55_125)]
    app, state = arrive(parts[0])
    assert component_data(app)["received"] == 55_125 and component_data(app)["answer"] is None
    app, state = arrive(parts[1])
    answer = component_data(app)["answer"]
    expected = default_classifier().classify(state.take.clip())
    assert answer["name"] == genre_name(expected.genre).capitalize() and len(answer["bars"]) == 3
    assert "so far" in answer["certainty"] and answer["colour"].startswith("#")
    app, state = arrive(parts[2], sound_message(music[165_375:], 165_375, rate=SAMPLE_RATE, done=True))
    assert state.take is None and component_data(app)["finished"] and not component_data(app)["error"]
    (clip,) = app.session_state["listen"].session
    assert clip.name == "Recording 1" and clip.source == "recording"
    assert clip.full_prediction.duration_s == pytest.approx(9.0, abs=0.01)
    app, state = arrive(parts[1])
    assert len(app.session_state["listen"].session) == 1, "an old message makes no second clip"


def test_silence_says_so_while_it_can_be_mended(arrive):
    app, _ = arrive(sound_message(np.zeros(6 * RATE, np.int16)))
    assert component_data(app)["answer"] is None and "microphone on" in component_data(app)["message"]


@pytest.mark.parametrize("value", [{"take": "a"}, 5, sound_message(tone(0.1)) | {"rate": 1}])
def test_damaged_sound_is_a_sentence_on_the_page(arrive, value):
    app, state = arrive(sound_message(tone(1.0)), value)
    assert component_data(app)["error"] == DAMAGED and component_data(app)["finished"] and state.take is None
    app, state = arrive(sound_message(tone(1.0), take="b"))
    assert not component_data(app)["error"] and state.take.seconds == 1.0, "the next recording is a new one"


def test_nothing_recorded_is_a_sentence(arrive):
    app, _ = arrive(sound_message(tone(0), done=True))
    assert "Nothing was recorded" in component_data(app)["error"]
    assert app.session_state["listen"].session is None


def test_a_damaged_model_ends_the_recording_with_its_sentence(arrive, monkeypatch):
    def load_classifier(*_):
        raise ArtefactError("The weights are damaged.")

    st.cache_resource.clear()
    monkeypatch.setattr("genre.inference.load.load_classifier", load_classifier)
    app, _ = arrive(sound_message(tone(6.0)))
    assert component_data(app)["error"] == "The weights are damaged."
    app, state = arrive(sound_message(tone(1.0), take="b", live=True))
    assert component_data(app)["error"] == "The weights are damaged." and state.live is None
    st.cache_resource.clear()


def test_live_names_the_music_and_keeps_nothing(arrive, play):
    music = of(play("metal", 6.0))
    app, state = arrive(sound_message(music[:22_050], live=True, rate=SAMPLE_RATE))
    assert "three seconds" in component_data(app)["message"] and state.take is None
    live = state.live
    for k in range(22_050, len(music), 22_050):
        arrive(sound_message(music[k : k + 22_050], k, live=True, rate=SAMPLE_RATE))
    wait_until(lambda: live.latest().genre)
    app, state = arrive(sound_message(music[:0], len(music), live=True, rate=SAMPLE_RATE))
    assert component_data(app)["answer"]["name"] and component_data(app)["received"] == len(music)
    app, state = arrive(sound_message(music[:0], len(music), live=True, rate=SAMPLE_RATE, done=True))
    assert component_data(app)["finished"] and state.live is None and not live._live.running
    (entry,) = component_data(app)["history"]
    assert (entry["time"], entry["name"]) == ("0:00", genre_name(live.spans()[0].genre).capitalize())
    assert entry["seconds"] == pytest.approx(len(music) / SAMPLE_RATE, abs=0.1)
    assert app.session_state["listen"].session is None


def test_what_was_named_for_a_moment_only_is_left_out():
    take = LiveTake(lambda clip: None)
    for second, genre in enumerate([None, None, *5 * ["rock"], "jazz", *4 * ["rock"], *6 * ["pop"], None]):
        take._note(genre, float(second))
    assert [(span.genre, span.start_s, span.end_s) for span in take.spans()] == [
        ("rock", 0.0, 12.0),
        ("pop", 12.0, 18.0),
    ]


def test_a_busy_server_leaves_the_answer_so_far_out(one_at_once, arrive, play):
    place = _queue().enter("someone")
    app, _ = arrive(sound_message(of(play("metal", 6.0)), rate=SAMPLE_RATE))
    assert component_data(app)["answer"] is None and not component_data(app)["error"]
    place.leave()
    healthy(app.run())
    assert component_data(app)["answer"]


def test_a_browser_that_cannot_run_it_gets_the_plain_recorder(arrive):
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    assert not app.audio_input
    app.session_state[panel.PLAIN] = True
    healthy(app.run())
    assert app.audio_input[0].sample_rate == SAMPLE_RATE and "Record" in app.audio_input[0].label
    assert "damaged" not in words(app)
