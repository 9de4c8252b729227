"""The Listen page besides the prediction: closer looks, and the model card."""

import json
import re

import numpy as np
import pytest
import streamlit as st

from genre.audio.clip import SAMPLE_RATE
from genre.inference.classifier import SILENCE
from genre.library.scan import scan_folders
from genre.models.cards import ArtefactError, load_card
from genre.paths import PROMOTED, WEIGHTS
from pages.listening.closer_look import ALIKE, BEAUTIFUL, TITLES, WHY, look_key
from pages.listening.model_card import card_summary, card_text, track_record
from tests.pages.listening.test_listen_page import (
    CHARTS_OF_A_PREDICTION,
    app,
    charts,
    healthy,
    upload,
    wav_bytes,
)
from tests.support.pages.app_visits import predicted_genre

__all__ = ["app"]  # a fixture


def choose(page, look: str):
    """Open one of the looks at the clip on the page."""
    state = page.session_state["listen"]
    clip = state.session.get(state.open_id) or next(iter(state.session))
    page.session_state[look_key(look, clip.id)] = True
    return healthy(page.run())


def looks(page) -> list[str]:
    """The titles of the looks that are offered."""
    return [box.label for box in page.expander if box.label in TITLES.values()]


def text(page) -> str:
    return " ".join(element.value for kind in ("markdown", "caption", "info") for element in page.get(kind))


def test_nothing_is_computed_before_it_is_chosen(app, wav, monkeypatch):
    for work in (
        "genre.inference.explain.explain",
        "genre.audio.enhance.enhance",
        "genre.inference.similarity.embed_clip",
    ):
        monkeypatch.setattr(work, lambda *_: pytest.fail("computed"))
    upload(app, ("a.wav", wav("jazz")))
    assert looks(app) == [TITLES[look] for look in (WHY, BEAUTIFUL, ALIKE)]
    assert charts(app) == CHARTS_OF_A_PREDICTION and len(app.get("audio")) == 1


def test_why_shows_the_places_and_plays_the_part(app, wav):
    upload(app, ("a.wav", wav("jazz", 9.0)))
    choose(app, WHY)
    assert charts(app) == CHARTS_OF_A_PREDICTION + 1 and len(app.get("audio")) == 2
    assert "The part that sounded most like" in text(app) and "What is bright spoke for" in text(app)
    other = next(option for option in app.selectbox[0].options if option.startswith("rock"))
    healthy(app.selectbox[0].select_index(app.selectbox[0].options.index(other)).run())
    assert "most like rock" in text(app)


def test_several_looks_are_open_at_once(app, wav):
    upload(app, ("a.wav", wav("jazz", 6.0)))
    choose(app, BEAUTIFUL)
    choose(app, WHY)
    assert "nothing is clipped" in text(app) and "What is bright spoke for" in text(app)


def test_an_enhanced_version_stands_beside_the_recording(app, play):
    quiet = 0.05 * play("pop", 6.0) + 0.001 * np.random.default_rng(0).standard_normal(6 * SAMPLE_RATE)
    upload(app, ("a.wav", wav_bytes(quiet)))
    choose(app, BEAUTIFUL)
    assert len(app.get("audio")) == 3 and len(app.get("download_button")) == 4
    assert " dB louder, and nothing is clipped" in text(app)


def test_sounds_like_needs_two_clips_and_names_the_nearest(app, wav):
    upload(app, ("a.wav", wav("jazz")))
    choose(app, ALIKE)
    assert "Play a second clip" in text(app)
    upload(app, ("b.wav", wav("metal")), ("c.wav", wav("jazz", seed=2)), ("d.txt", b"no music"))
    choose(app, ALIKE)
    names = [element.value for element in app.text]
    assert names[0] == "b.wav" and sorted(names[1:]) == ["a.wav", "c.wav"]
    state = app.session_state["listen"]
    assert state.neighbours[1].embeddings.keys() == {row.id for row in state.session if row.full_prediction}


def test_silence_offers_nothing_to_look_into_or_to_correct(app):
    upload(app, ("a.wav", wav_bytes(np.zeros(3 * SAMPLE_RATE))))
    assert not looks(app) and not app.selectbox and not app.get("audio")
    assert app.info[0].value == SILENCE, "a file has no microphone"


def test_a_deleted_clip_leaves_nothing(app, wav):
    upload(app, ("a.wav", wav("jazz", 4.0)))
    choose(app, BEAUTIFUL)
    choose(app, WHY)
    state = app.session_state["listen"]
    assert state.explanation and state.enhancement
    healthy(next(button for button in app.button if button.label == "Delete").click().run())
    assert not (state.explanation or state.enhancement or state.neighbours)


def test_a_listening_that_was_cut_short_leaves_a_page_that_works(app, wav):
    """The first answer was there, and the visitor had gone to another page before it was opened."""
    upload(app, ("a.wav", wav("jazz", 4.0)))
    app.session_state["listen"].open_id = None
    healthy(app.run())
    assert predicted_genre(app)


def test_a_damaged_model_is_a_sentence_wherever_it_is_needed(app, wav, monkeypatch):
    upload(app, ("a.wav", wav("jazz", 4.0)))

    def load_classifier(*_):
        raise ArtefactError("The weights are damaged.")

    st.cache_resource.clear()
    monkeypatch.setattr("genre.inference.load.load_classifier", load_classifier)
    choose(app, WHY)
    assert [error.value for error in app.error] == ["The weights are damaged."]
    healthy(app.slider[0].set_range(0.0, 2.0).run())
    assert "The weights are damaged." in [warning.value for warning in app.warning]
    st.cache_resource.clear()


def test_of_a_leaky_test_the_card_says_nothing(tmp_path):
    card = json.loads((WEIGHTS / "listen-scratch-train" / "card.json").read_text())
    card["split"]["leaky"] = True
    (tmp_path / "card.json").write_text(json.dumps(card))
    words = card_text(tmp_path)
    assert card_summary(tmp_path) is None
    assert "nobody knows" in words and "never heard" not in words and "|" not in words


def test_the_card_is_in_plain_words(app):
    assert any("Of ten songs of other people's collections" in element.value for element in app.markdown)
    app = healthy(app.toggle(key="model_card_text").set_value(True).run())
    words = next(element.value for element in app.markdown if "200,000 songs" in element.value)
    assert "never heard" in words and "| Classical |" in words and "| Hip-hop |" in words
    card = load_card(WEIGHTS / "listen-train")
    thresholds = dict(card.confidence_thresholds_by_duration)
    full, short = (round(100 * thresholds[seconds]) for seconds in (30.0, 3.0))
    assert f"of half a minute it tells a genre as sure from {full} % on, of 3 seconds from {short} %" in words
    others = card.metrics["other_collections"]
    assert f"Of {others['count']} songs of other people's collections it named" in words and "GTZAN" in words
    for jargon in ("recall", "precision", "macro", "calibration", "logit"):
        assert jargon not in words


def test_an_answer_says_how_often_such_answers_were_right():
    metrics = load_card(WEIGHTS / "listen-train").metrics["other_collections"]
    sure, unsure = (
        [int(number) for number in re.findall(r"\d+", track_record(None, confident).sentence)]
        for confident in (True, False)
    )
    assert sure[1] + unsure[1] == metrics["count"]
    assert sure[0] + unsure[0] == round(metrics["accuracy"] * metrics["count"])
    assert sure[0] / sure[1] == pytest.approx(metrics["selective_accuracy"], abs=0.02)


def test_where_no_test_is_honest_no_answer_says_how_often_it_was_right(earmark_home):
    folder = earmark_home / PROMOTED / "mine"
    folder.mkdir(parents=True)
    card = json.loads((WEIGHTS / "listen-train" / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card))
    assert "other people's songs" in track_record("mine", confident=True).sentence
    card["split"]["leaky"] = True
    (folder / "card.json").write_text(json.dumps(card))
    assert not track_record("mine", confident=True) and not track_record("none", confident=False)


def test_a_genre_without_a_mistake_is_no_trouble(tmp_path):
    card = json.loads((WEIGHTS / "listen-scratch-train" / "card.json").read_text())
    metrics = card["metrics"]["by_track"]
    metrics.pop("confusion", None)
    for genre, one in metrics["genres"].items():
        one["recall"] = 0.5 if genre == "rock" else 1.0
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert "It has most trouble with rock." in card_text(tmp_path)
    metrics["genres"]["rock"]["recall"] = 1.0
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert "trouble" not in card_text(tmp_path) and "It missed none of them." in card_text(tmp_path)


def test_confusions_are_named_where_they_are_counted(tmp_path):
    card = json.loads((WEIGHTS / "listen-scratch-train" / "card.json").read_text())
    confusion = np.diag([20] * 10)
    confusion[2, 9] = 8  # country for rock
    card["metrics"]["by_track"]["confusion"] = confusion.tolist()
    (tmp_path / "card.json").write_text(json.dumps(card))
    assert "It most often takes country for rock (29 of 100)." in card_text(tmp_path)
    assert "The less it hears" in card_text(tmp_path)
    for lines in ([[30.0, 0.6]], [[3.0, 0.6], [30.0, 0.6]], [[3.0, 1.0], [30.0, 0.6]]):
        (tmp_path / "card.json").write_text(json.dumps(card | {"confidence_thresholds_by_duration": lines}))
        words = card_text(tmp_path)
        assert "calls itself sure" in words and "The less it hears" not in words
    (tmp_path / "card.json").write_text(json.dumps({"model": "x", "genres": []}))
    assert card_text(tmp_path) == card_text(tmp_path / "none") == ""


def test_similar_music_comes_out_of_the_library_too(app, wav, tmp_path):
    (tmp_path / "music").mkdir()
    for genre in ("jazz", "metal"):
        (tmp_path / "music" / f"{genre}.wav").write_bytes(wav(genre))
    scan_folders([str(tmp_path / "music")], processes=0)
    upload(app, ("a.wav", wav("jazz")))
    choose(app, ALIKE)
    assert "Nearest in your own music" in text(app)
    play = next(button for button in app.button if button.label == "Play jazz")
    n_players = len(app.get("audio"))
    healthy(play.click().run())
    assert len(app.get("audio")) == n_players + 1
