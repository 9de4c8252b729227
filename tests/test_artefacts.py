"""Trained networks on disk: what is saved comes back, what is damaged is refused in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from genre.artefacts import compact, expanded, load_artefact, save_artefact
from genre.cards import ArtefactError, load_card
from genre.classifier import SHIPPED, Classifier
from genre.home import WEIGHTS
from genre.spectrogram import PICTURE

STATE, CARD = load_artefact(WEIGHTS / SHIPPED)
VIEW = CARD["views"]["pictures"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of models that holds a copy of the shipped one, called `ours`."""
    save_artefact(tmp_path / "ours", STATE, CARD)
    return tmp_path


def refusal(folder: Path, name: str = "ours") -> str:
    with pytest.raises(ArtefactError) as caught:
        Classifier.load(name, folder)
    message = str(caught.value)
    assert message[0].isupper() or message[0] == "'"
    assert message.endswith(".") and "\n" not in message
    return message


def test_what_is_saved_comes_back(folder: Path) -> None:
    weights, card = load_artefact(folder / "ours")
    assert card == CARD
    assert weights.keys() == STATE.keys()
    for name, tensor in STATE.items():
        torch.testing.assert_close(weights[name], tensor, rtol=0, atol=0)
    assert Classifier.load("ours", folder).genres == tuple(CARD["genres"])
    assert sorted(path.name for path in (folder / "ours").iterdir()) == [
        "card.json", "model.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize(("bits", "most", "share"), [(8, 127, 0.35), (6, 31, 0.25)])
def test_compact_weights_come_back_nearly_the_same(
    tmp_path: Path, bits: int, most: int, share: float
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
        off = (weights[name] - tensor).abs().flatten(1).amax(dim=1)
        assert (off <= largest / most / 2 * 1.01).all()  # half a step at most
    size = (tmp_path / "small" / "model.safetensors").stat().st_size
    assert size < share * 4 * sum(tensor.numel() for tensor in STATE.values())
    again, _ = load_artefact(tmp_path / "small")
    once = compact(weights, bits)
    for name, tensor in compact(again, bits).items():  # nothing more is lost the second time
        torch.testing.assert_close(tensor, once[name], rtol=0, atol=0)


@given(st.integers(1, 5), st.integers(1, 9))
def test_six_bits_hold_every_level(rows: int, columns: int) -> None:
    levels = torch.randint(-31, 32, (rows, columns)).float()
    levels[:, 0] = 31  # the largest sets the scale: 1
    kept = compact({"weight": levels}, bits=6)
    assert kept["weight"].shape == (rows, -(-columns * 6 // 8)) and kept["weight"].dtype == torch.uint8
    torch.testing.assert_close(expanded(kept)["weight"], levels, rtol=0, atol=0)


def test_saving_again_replaces_both(folder: Path) -> None:
    changed = {name: tensor + 1 for name, tensor in STATE.items()}
    save_artefact(folder / "ours", changed, {**CARD, "seed": 1})
    weights, card = load_artefact(folder / "ours")
    assert card["seed"] == 1 == load_card(folder / "ours")["seed"]
    name = next(iter(STATE))
    torch.testing.assert_close(weights[name], changed[name])


def test_a_missing_model(folder: Path) -> None:
    assert "nowhere" in refusal(folder, "nowhere")


@pytest.mark.parametrize("name", ["../ours", "/etc", "..", ".ours", "a/b", "", "ours\n", "o\0rs"])
def test_a_name_never_leaves_the_folder(folder: Path, name: str) -> None:
    assert "not a model's name" in refusal(folder / "ours", name)


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00" * 8, b"not a network", b"\xff" * 64],
    ids=["empty", "zeros", "text", "ones"],
)
def test_damaged_weights(folder: Path, damage: bytes) -> None:
    (folder / "ours" / "model.safetensors").write_bytes(damage)
    assert "damaged" in refusal(folder)


def test_weights_cut_short(folder: Path) -> None:
    path = folder / "ours" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])
    assert "damaged" in refusal(folder)


def test_missing_weights(folder: Path) -> None:
    (folder / "ours" / "model.safetensors").unlink()
    assert "missing" in refusal(folder)


def test_weights_of_another_network(folder: Path) -> None:
    fewer = dict(list(STATE.items())[:-1])
    save_artefact(folder / "ours", fewer, CARD)
    assert "do not fit" in refusal(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"{}", b"null", b"\xff\xfe", b'{"model": "listen"}'],
    ids=["empty", "cut", "list", "no fields", "null", "not text", "half"],
)
def test_damaged_card(folder: Path, content: bytes) -> None:
    (folder / "ours" / "card.json").write_bytes(content)
    refusal(folder)


@pytest.mark.parametrize(
    "change",
    [
        {"views": {"pictures": {**VIEW, "options": {"layers": 5}}}},
        {"views": {"pictures": {**VIEW, "options": None}}},
        {"views": {"pictures": {**VIEW, "front_end": {"colour": "red"}}}},
        {"views": {"pictures": {**VIEW, "front_end": None}}},
        {"views": {"pictures": {**VIEW, "front_end": {**PICTURE.to_dict(), "n_fft": 0}}}},
        {"views": {"pictures": {**VIEW, "weight": "much"}}},
        {"views": {"smells": VIEW}},
        {"views": ["pictures"]},
        {"genres": "rock"},
        {"genres": ["rock"]},
        {"sure_above": None},
        {"sure_above_by_length": [[3.0, None], [30.0, 0.6]]},
        {"sure_above_by_length": [[0.0, 0.8], [30.0, 0.6]]},
        {"sure_above_by_length": "long"},
        {"sure_above_by_length": 0.7},
        {"sure_above_by_length": [3.0, 0.7]},
        {"sure_above_by_length": [[3.0, 0.7, 1.0]]},
        {"genre_weights": [float("inf")] * 10},
        {"genre_weights": [1.0]},
        {"genre_weights": [0.0] * 10},
        {"genre_weights": {"rock": 1.0}},
        {"temperature": 0},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_foreign_card(folder: Path, change: dict) -> None:
    (folder / "ours" / "card.json").write_text(json.dumps({**CARD, **change}))
    refusal(folder)


def test_nothing_is_executed(folder: Path) -> None:
    """A pickle under our name is refused, not opened."""
    np.save(folder / "bomb.npy", np.array([print], dtype=object), allow_pickle=True)
    content = (folder / "bomb.npy").read_bytes()
    (folder / "ours" / "model.safetensors").write_bytes(content)
    assert "damaged" in refusal(folder)
