"""A rerun of the Listen page shows again what it has computed of the shown clip, and computes nothing."""

import threading
from collections import Counter

import pytest
from streamlit.testing.v1 import AppTest

from genre.audio import clip as audio
from genre.audio import overview
from genre.inference.session import StoredSound
from genre.plots import prediction as plots
from pages.listening import prediction as page
from pages.listening.closer_look import ALIKE, BEAUTIFUL, WHY, look_key
from pages.listening.figures import MAX_CLIPS
from pages.listening.player import component
from tests.pages.listening.test_listen_page import charts, upload
from tests.support.pages.app_visits import APP, button, healthy


@pytest.fixture
def work(monkeypatch) -> Counter:
    """How often the page took each costly step; what is loaded in the background meanwhile does not count."""
    steps: Counter = Counter()

    def count(place: object, name: str) -> None:
        step = getattr(place, name)

        def counted(*arguments, **options):
            steps[name] += threading.current_thread().name == "ScriptRunner.scriptThread"
            return step(*arguments, **options)

        monkeypatch.setattr(place, name, counted)

    for name in ("mel_overview", "waveform_envelope"):
        count(component, name)
    for name in ("player_picture", "genres_over_time"):
        count(page, name)
    count(overview, "mel_overview")
    count(StoredSound, "clip")
    count(audio.Clip, "to_wav")
    count(plots, "probability_bars")
    return steps


def test_a_rerun_computes_nothing_of_the_shown_clip(work, wav):
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    upload(app, ("song.wav", wav("jazz")))
    (clip,) = app.session_state["listen"].session
    for look in (WHY, BEAUTIFUL, ALIKE):
        app.session_state[look_key(look, clip.id)] = True
        healthy(app.run())
        before, figures = Counter(work), charts(app)
        healthy(app.run())
        assert work == before and charts(app) == figures
        assert before["player_picture"] == before["probability_bars"] == 1


def test_another_part_of_it_is_computed_and_the_whole_is_kept(work, wav):
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    upload(app, ("song.wav", wav("jazz")))
    slider = app.slider[0]
    for part, count in (((1.0, 5.0), 2), ((0.0, 6.0), 2), ((2.0, 6.0), 3)):
        slider = healthy(slider.set_value(part).run()).slider[0]
        assert work["player_picture"] == count


def test_few_figures_are_kept_and_none_of_a_deleted_clip(wav):
    app = healthy(AppTest.from_file(APP, default_timeout=60).run())
    upload(app, *((f"{genre}.wav", wav(genre)) for genre in ("jazz", "metal", "pop", "rock", "blues")))
    state = app.session_state["listen"]
    for clip in state.session:
        state.open_id = clip.id
        app.session_state["listen"] = state
        healthy(app.run())
    assert 1 <= len(state.figures) <= MAX_CLIPS
    healthy(button(app, "Delete").click().run())
    assert all(state.session.get(id_) for id_, _ in app.session_state["listen"].figures)
