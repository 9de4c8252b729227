"""Artefacts on disk: what is saved comes back, what is damaged is rejected in a sentence."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genre.audio.spectrogram import FULL_CLIP_MEL
from genre.inference.load import load_classifier
from genre.models.artefacts import compact, expand, load_artefact, save_artefact
from genre.models.cards import ArtefactError, Card, load_card
from genre.paths import WEIGHTS

STATE, CARD = load_artefact(WEIGHTS / "listen-scratch")
BRANCH = CARD.branches["mel_30s"]


def provenance(card: Card) -> dict:
    """What saving writes into a card."""
    parts = ("weights_sha256", "versions", "commit", "date")
    return {name: values for name, values in card.to_dict().items() if name in parts}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of models that holds a copy of the shipped one, called `ours`."""
    save_artefact(tmp_path / "ours", STATE, CARD)
    return tmp_path


def error_sentence(folder: Path, name: str = "ours") -> str:
    with pytest.raises(ArtefactError) as caught:
        load_classifier(name, folder)
    message = str(caught.value)
    assert message[0].isupper() or message[0] == "'"
    assert message.endswith(".") and "\n" not in message
    return message


def test_what_is_saved_comes_back(folder: Path) -> None:
    weights, card = load_artefact(folder / "ours")
    assert card.to_dict() == CARD.to_dict() | provenance(card)
    assert weights.keys() == STATE.keys()
    for name, tensor in STATE.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)
    assert load_classifier("ours", folder).genres == CARD.genres
    assert sorted(path.name for path in (folder / "ours").iterdir()) == ["card.json", "model.safetensors"]


@pytest.mark.parametrize(("bits", "max_level", "fraction"), [(8, 127, 0.35), (6, 31, 0.25)])
def test_compact_weights_come_back_nearly_the_same(
    tmp_path: Path, bits: int, max_level: int, fraction: float
) -> None:
    save_artefact(tmp_path / "small", compact(STATE, bits), CARD)
    weights, _ = load_artefact(tmp_path / "small")
    assert weights.keys() == STATE.keys()
    for name, tensor in STATE.items():
        assert weights[name].dtype == tensor.dtype
        if tensor.ndim < 2:
            torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)
            continue
        largest = tensor.abs().flatten(1).amax(dim=1)
        error = (weights[name] - tensor).abs().flatten(1).amax(dim=1)
        assert (error <= largest / max_level / 2 * 1.01).all()  # half a step at most
    size = (tmp_path / "small" / "model.safetensors").stat().st_size
    assert size < fraction * 4 * sum(tensor.numel() for tensor in STATE.values())
    again, _ = load_artefact(tmp_path / "small")
    once = compact(weights, bits)
    for name, tensor in compact(again, bits).items():  # nothing more is lost the second time
        torch.testing.assert_close(tensor, once[name], rtol=0, atol=0)


@given(st.integers(1, 5), st.integers(1, 9))
def test_six_bits_hold_every_level(rows: int, columns: int) -> None:
    levels = torch.randint(-31, 32, (rows, columns)).float()
    levels[:, 0] = 31  # the largest sets the scale: 1
    packed = compact({"weight": levels}, bits=6)
    assert packed["weight"].shape == (rows, -(-columns * 6 // 8)) and packed["weight"].dtype == torch.uint8
    torch.testing.assert_close(expand(packed)["weight"], levels, rtol=0, atol=0)


def test_saving_again_replaces_both(folder: Path) -> None:
    changed = {name: tensor + 1 for name, tensor in STATE.items()}
    save_artefact(folder / "ours", changed, replace(CARD, seeds=(1,)))
    weights, card = load_artefact(folder / "ours")
    assert card.seeds == (1,) == load_card(folder / "ours").seeds
    name = next(iter(STATE))
    torch.testing.assert_close(weights[name], changed[name])


def test_a_missing_model(folder: Path) -> None:
    assert "nowhere" in error_sentence(folder, "nowhere")


@pytest.mark.parametrize("name", ["../ours", "/etc", "..", ".ours", "a/b", "", "ours\n", "o\0rs"])
def test_a_name_never_leaves_the_folder(folder: Path, name: str) -> None:
    assert "not a model's name" in error_sentence(folder / "ours", name)


@pytest.mark.parametrize(
    "damage", [b"", b"\x00" * 8, b"not a network", b"\xff" * 64], ids=["empty", "zeros", "text", "ones"]
)
def test_damaged_weights(folder: Path, damage: bytes) -> None:
    (folder / "ours" / "model.safetensors").write_bytes(damage)
    assert "damaged" in error_sentence(folder)


def test_weights_cut_short(folder: Path) -> None:
    path = folder / "ours" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in error_sentence(folder)


def test_missing_weights(folder: Path) -> None:
    (folder / "ours" / "model.safetensors").unlink()
    assert "missing" in error_sentence(folder)


def test_weights_and_card_of_two_trainings(folder: Path) -> None:
    """As after a crash between the two writes, or when one of them was copied alone."""
    card = (folder / "ours" / "card.json").read_bytes()
    save_artefact(folder / "ours", {name: tensor + 1 for name, tensor in STATE.items()}, CARD)
    load_classifier("ours", folder)
    (folder / "ours" / "card.json").write_bytes(card)
    assert "two trainings" in error_sentence(folder)


def test_weights_without_a_recorded_hash_load(folder: Path) -> None:
    """Cards of older versions have none."""
    values = {name: value for name, value in CARD.to_dict().items() if name != "weights_sha256"}
    (folder / "ours" / "card.json").write_text(json.dumps(values))
    assert load_artefact(folder / "ours")[1].weights_sha256 == ""


def test_weights_of_another_network(folder: Path) -> None:
    kernel = next(name for name in STATE if name.endswith("trunk.0.weight"))
    fewer = {name: tensor for name, tensor in STATE.items() if name != kernel}
    save_artefact(folder / "ours", fewer, CARD)
    assert "do not fit" in error_sentence(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b'{"model": "listen"}'],
    ids=["empty", "cut", "list", "no fields", "null", "not text", "half"],
)
def test_damaged_card(folder: Path, content: bytes) -> None:
    (folder / "ours" / "card.json").write_bytes(content)
    error_sentence(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"branches": {"mel_30s": {**BRANCH, "options": {"layers": 5}}}},
        {"branches": {"mel_30s": {**BRANCH, "options": None}}},
        {"branches": {"mel_30s": {**BRANCH, "front_end": {"colour": "red"}}}},
        {"branches": {"mel_30s": {**BRANCH, "front_end": None}}},
        {"branches": {"mel_30s": {**BRANCH, "front_end": {**FULL_CLIP_MEL.to_dict(), "n_fft": 0}}}},
        {"branches": {"mel_30s": {**BRANCH, "weight": "much"}}},
        {"branches": {"smells": BRANCH}},
        {"branches": ["mel_30s"]},
        {"genres": "rock"},
        {"genres": ["rock"]},
        {"confidence_threshold": None},
        {"confidence_thresholds_by_duration": [[3.0, None], [30.0, 0.6]]},
        {"confidence_thresholds_by_duration": [[0.0, 0.8], [30.0, 0.6]]},
        {"confidence_thresholds_by_duration": "long"},
        {"confidence_thresholds_by_duration": 0.7},
        {"confidence_thresholds_by_duration": [3.0, 0.7]},
        {"confidence_thresholds_by_duration": [[3.0, 0.7, 1.0]]},
        {"class_bias": [float("inf")] * 10},
        {"class_bias": [1.0]},
        {"class_bias": [0.0] * 10},
        {"class_bias": {"rock": 1.0}},
        {"temperature": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_card_that_does_not_fit(folder: Path, change: dict) -> None:
    (folder / "ours" / "card.json").write_text(json.dumps(CARD.to_dict() | change))
    error_sentence(folder)


def test_nothing_is_executed(folder: Path) -> None:
    """A pickle under the name of weights is rejected, not opened."""
    np.save(folder / "bomb.npy", np.array([print], dtype=object), allow_pickle=True)
    content = (folder / "bomb.npy").read_bytes()
    (folder / "ours" / "model.safetensors").write_bytes(content)
    assert "damaged" in error_sentence(folder)
