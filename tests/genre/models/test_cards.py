"""genre.models.cards: older versions load, what is written comes back, what does not fit is a sentence."""

import json
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from genre import GENRES
from genre.audio.clip import Clip
from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.inference.load import load_classifier
from genre.models.artefacts import load_artefact
from genre.models.cards import ENSEMBLE, ArtefactError, Card, load_card, write_card
from genre.paths import REPOSITORY, WEIGHTS

OLD_CARDS = Path(__file__).parents[2] / "fixtures" / "old" / "cards"
NAMES = ("listen-scratch-train", "emotion-train", "gan")
# Keys that versions before the card had a class wrote, at any depth.
OLD_KEYS = {
    "figures",
    "views",
    "alone",
    "measured_on",
    "learnt_from",
    "sure_above",
    "sure_above_by_length",
    "genre_weights",
    "macro_accuracy",
    "macro_accuracy_interval",
    "calibration_error",
    "calibration_error_before",
    "calibration_error_interval",
    "right_when_sure",
    "refused",
    "lost",
    "gained",
    "each",
    "both",
    "ways",
    "heard_whole",
    "relevel",
    "telephone",
    "twins_dropped",
    "twins_correlate_above",
    "sizes",
    "judge",
    "a_genre",
    "ours",
    "recorded",
    "sounded",
    "pictures",
    "excerpts",
    "mel3s",
}


def old_values(name: str) -> dict:
    return json.loads((OLD_CARDS / f"{name}.json").read_text())


def values_in(value: Any) -> Counter:
    """The numbers and texts in a JSON value, at any depth, without their keys."""
    if isinstance(value, (dict, list)):
        parts = value.values() if isinstance(value, dict) else value
        return sum((values_in(part) for part in parts), Counter())
    return Counter() if value is None else Counter([repr(value)])


def keys_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_in(part) for part in value.values()))
    return set().union(*(keys_in(part) for part in value)) if isinstance(value, list) else set()


@pytest.mark.parametrize("name", NAMES)
def test_an_old_card_has_the_new_keys_and_the_same_numbers(name: str) -> None:
    old = old_values(name)
    new = Card.from_dict(old).to_dict()
    missing = values_in(old) - values_in(new)
    assert set(missing) <= {repr("pictures")}, "nothing but the old name of an input is lost"
    assert not keys_in(new) & OLD_KEYS
    assert set(new) <= {part.name for part in fields(Card)}


def test_the_old_card_of_the_ensemble() -> None:
    old, card = old_values("listen-scratch-train"), Card.from_dict(old_values("listen-scratch-train"))
    assert (card.model, card.genres, card.input) == (ENSEMBLE, GENRES, "mel_30s") and card.is_ensemble
    assert card.temperature == old["temperature"] and card.confidence_threshold == old["sure_above"]
    thresholds = [list(pair) for pair in card.confidence_thresholds_by_duration]
    assert thresholds == old["sure_above_by_length"]
    assert list(card.class_bias) == old["genre_weights"]
    assert list(card.branches) == ["mel_30s", "mel_3s"]
    for branch, view in zip(card.branches.values(), old["views"].values(), strict=True):
        assert branch["weight"] == view["weight"] and branch["front_end"] == view["front_end"]
        assert branch["calibration"]["balanced_accuracy"] == view["alone"]["macro_accuracy"]
        assert branch["recipe"]["augmentation"]["renormalize"] == view["recipe"]["augmentation"]["relevel"]
    assert card.calibration["ece"] == old["calibration"]["calibration_error"]
    assert card.calibration["selective_accuracy"] == old["calibration"]["right_when_sure"]
    by_track = old["figures"]["by_track"]
    assert card.metrics["by_track"]["balanced_accuracy"] == by_track["macro_accuracy"]
    assert card.metrics["by_track"]["confusion"] == by_track["confusion"]
    assert card.metrics["recordings"]["rejected"] == old["figures"]["recordings"]["refused"]
    phone, old_phone = (
        part["phone microphone"] for part in (card.metrics["conditions"], old["figures"]["ways"])
    )
    assert phone["accuracy_drop"] == old_phone["lost"]
    assert (
        card.metrics["agreement"]["full_recording"]["count"]
        == old["figures"]["agreement"]["heard_whole"]["both"]
    )
    assert [row["values"] for row in card.ablation["rows"]] == [
        row["each"] for row in old["ablation"]["rows"]
    ]
    assert card.split["train_fingerprint"] == old["split"]["learnt_from"]


def test_the_old_card_of_the_emotion_recognizer() -> None:
    old, card = old_values("emotion-train"), Card.from_dict(old_values("emotion-train"))
    assert card.genres == tuple(old["genres"]) and card.size == 48 and not card.is_ensemble
    assert card.data["near_duplicates_dropped"] == old["data"]["twins_dropped"]
    assert card.metrics["valid"]["balanced_accuracy"] == old["figures"]["valid"]["macro_accuracy"]
    assert card.metrics["valid"]["ece"] == old["figures"]["valid"]["calibration_error"]


def test_the_old_card_of_the_generator() -> None:
    old, card = old_values("gan"), Card.from_dict(old_values("gan"))
    assert card.network == "earmark" and card.size == [128, 128] and card.front_end == old["front_end"]
    assert list(card.controls) == old["controls"] and list(card.control_std) == old["control_spread"]
    assert card.metrics["distance"]["generated"]["frechet"] == old["figures"]["distance"]["ours"]["frechet"]


def test_old_cards_and_weights_are_a_classifier(tmp_path: Path, play) -> None:
    """The tensors' names began with the old names of the inputs."""
    old_name = {"mel_30s": "pictures", "mel_3s": "excerpts"}
    weights = load_file(WEIGHTS / "listen-scratch-train" / "model.safetensors")
    parts = {tuple(name.split(".", 1)): tensor for name, tensor in weights.items()}
    folder = tmp_path / "old"
    folder.mkdir()
    old = {f"{old_name.get(kind, kind)}.{rest}": tensor for (kind, rest), tensor in parts.items()}
    save_file(old, folder / "model.safetensors")
    shutil.copy(OLD_CARDS / "listen-scratch-train.json", folder / "card.json")
    clip = Clip(play("jazz", 6.0), 6.0)
    now, then = load_classifier("listen-scratch-train"), load_classifier("old", tmp_path)
    assert then.classify(clip).probabilities == now.classify(clip).probabilities
    assert then.classify(clip).confidence_threshold == now.classify(clip).confidence_threshold


@pytest.mark.parametrize("folder", sorted(WEIGHTS.iterdir()), ids=lambda folder: folder.name)
def test_a_shipped_card_is_written_as_it_is_read(folder: Path, tmp_path: Path) -> None:
    card = load_card(folder)
    write_card(tmp_path, card)
    assert load_card(tmp_path) == card
    assert json.loads((tmp_path / "card.json").read_text()) == json.loads((folder / "card.json").read_text())
    assert card.weights_sha256 and not keys_in(card.to_dict()) & {"figures", "views", "sure_above"}


PROBABILITIES = st.floats(0.01, 1.0)


@given(
    st.builds(
        Card,
        model=st.sampled_from(["listen", "linear", "emotion", "gan"]),
        genres=st.lists(st.text(min_size=1), min_size=1, unique=True).map(tuple),
        input=st.sampled_from(["", "mel", "mel_3s"]),
        shape=st.tuples(st.integers(1, 500), st.integers(1, 500)),
        seconds=st.none() | st.floats(0.1, 60),
        front_end=st.none() | st.just(FULL_CLIP_MEL.to_dict()),
        temperature=PROBABILITIES,
        confidence_thresholds_by_duration=st.lists(st.tuples(PROBABILITIES, PROBABILITIES)).map(tuple),
        seeds=st.lists(st.integers(0, 9)).map(tuple),
        branches=st.dictionaries(
            st.sampled_from(["mel_30s", "mel_3s"]), st.fixed_dictionaries({"weight": st.integers(1, 4)})
        ),
        previous_recipes=st.lists(st.fixed_dictionaries({"epochs": st.integers(1, 9)})),
        note=st.text(),
    )
)
def test_any_card_comes_back(card: Card) -> None:
    values = card.to_dict()
    assert Card.from_dict(json.loads(json.dumps(values))) == card
    assert all(values[name] not in ({}, [], "", None) for name in values)


def test_unknown_keys_of_a_newer_version_are_ignored() -> None:
    card = Card(ENSEMBLE, GENRES)
    assert Card.from_dict(card.to_dict() | {"from_the_future": {"a": 1}}) == card


def test_a_card_of_other_weights_is_rejected(tmp_path: Path) -> None:
    """As when the weights were copied without their card."""
    folder = tmp_path / "mixed"
    shutil.copytree(WEIGHTS / "listen-scratch-train", folder)
    load_artefact(folder)
    write_card(
        folder, replace(load_card(folder), weights_sha256=load_card(WEIGHTS / "listen").weights_sha256)
    )
    for load in (load_artefact, lambda folder: load_classifier(folder.name, folder.parent)):
        with pytest.raises(
            ArtefactError, match=r"^The weights and the card of .*'mixed' .*two trainings.*\.$"
        ):
            load(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"temperature": 10**400},
        {"confidence_threshold": -0.5},
        {"class_bias": (1.0, 0.0)},
        {"confidence_thresholds_by_duration": ((3.0, 0.7, 1.0),)},
        {"metrics": []},
    ],
)
def test_parts_out_of_range_are_no_card(changes: dict) -> None:
    with pytest.raises((TypeError, ValueError)):
        replace(Card(ENSEMBLE, GENRES), **changes)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"model": "listen"}', '{"model": "listen", "genres": 3}', "[" * 9999]
)
def test_a_damaged_card_is_a_sentence(content: str, tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text(content)
    with pytest.raises(ArtefactError, match=rf"{tmp_path.name}.*\.$"):
        load_card(tmp_path)


def test_cards_are_read_without_torch() -> None:
    code = "import sys; from genre.models.cards import load_card; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY).returncode == 0
