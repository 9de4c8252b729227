"""The training loop: it learns, is deterministic, stops early, and resumes exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from genre.compute import device
from genre.data.examples import Examples
from genre.models.cards import ArtefactError
from genre.models.predict import predict
from genre.models.recipe import Augmentation, Recipe
from genre.training.checkpoint import CHECKPOINT
from genre.training.loop import _epoch_rows, fit

RECIPE = Recipe(
    epochs=4, batch_size=8, learning_rate=0.01, augmentation=Augmentation(mask_bands=2, mixup=0.2, noise=0.01)
)


def music(count: int = 30, seed: int = 0) -> Examples:
    """Three genres of 6 x 10 pictures: each has its own loud bands."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    values = rng.integers(0, 80, (count, 6, 10))
    values[np.arange(count), 2 * labels] += 100
    tracks = np.array([f"{label}.{k}" for k, label in enumerate(labels)])
    return Examples(values.astype(np.uint8), labels, tracks, ("a", "b", "c"), scale=1 / 255)


def network(seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.BatchNorm1d(60), nn.Dropout(0.2), nn.Linear(60, 3))


def same(first: dict, second: dict) -> bool:
    return all(torch.equal(first[name], second[name]) for name in first)


def test_it_learns_and_reports_each_epoch():
    lines = []
    net = network()
    net.load_state_dict(fit(net, music(), music(12, 1), replace(RECIPE, epochs=15), lines.append))
    assert [line["epoch"] for line in lines] == list(range(1, 16))
    assert lines[-1].keys() == {"epoch", "loss", "accuracy", "learning_rate", "valid_loss", "valid_accuracy"}
    assert (predict(net, music(30, 2)).argmax(1) == music(30, 2).labels).mean() > 0.9
    assert predict(net, music()).sum(axis=1) == pytest.approx(1)


def test_the_same_seed_gives_the_same_weights():
    recipe = replace(RECIPE, average=0.9)
    first, again = (fit(network(), music(), None, recipe) for _ in range(2))
    assert same(first, again)
    assert not same(first, fit(network(), music(), None, replace(recipe, seed=1)))


class Interrupted(Exception):
    pass


@pytest.mark.parametrize("average", [0.0, 0.9])
@pytest.mark.parametrize("valid", [None, music(12, 1)])
def test_interrupted_in_the_middle_it_ends_with_the_same_weights(tmp_path, average, valid):
    recipe = replace(RECIPE, average=average)
    whole = fit(network(), music(), valid, recipe)
    epochs: list[int] = []

    def on_epoch(line: dict) -> None:  # the third epoch is done, but its checkpoint not written
        epochs.append(line["epoch"])
        if epochs == [1, 2, 3]:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(network(), music(), valid, recipe, on_epoch, tmp_path)
    resumed = fit(network(5), music(), valid, recipe, on_epoch, tmp_path)
    assert epochs == [1, 2, 3, 3, 4]
    assert same(whole, resumed)
    assert same(whole, fit(network(6), music(), valid, recipe, on_epoch, tmp_path))
    assert epochs == [1, 2, 3, 3, 4]  # done already


def test_early_stopping_keeps_the_best_epoch(tmp_path):
    lines = []
    shuffled = replace(music(12, 1), labels=np.roll(music(12, 1).labels, 1))  # never gets better
    recipe = replace(RECIPE, epochs=50, patience=3)
    weights = fit(network(), music(), shuffled, recipe, lines.append, tmp_path)
    assert len(lines) < 50
    best = max(line["valid_accuracy"] for line in lines)
    net = network()
    net.load_state_dict(weights)
    assert (predict(net, shuffled).argmax(1) == shuffled.labels).mean() == pytest.approx(best)
    count = len(lines)
    assert same(weights, fit(network(), music(), shuffled, recipe, lines.append, tmp_path))
    assert len(lines) == count  # stopping early is remembered too


def test_rare_genres_are_balanced():
    examples = music(60)
    rows = np.flatnonzero((examples.labels > 0) | (np.arange(60) < 6))
    examples = examples.take(rows)
    noise = replace(examples, values=np.zeros_like(examples.values))  # only the prior can be learnt
    share = {}
    for balance in (True, False):
        net = nn.Sequential(nn.Flatten(), nn.Linear(60, 3))
        recipe = Recipe(epochs=60, batch_size=64, learning_rate=0.05, balance=balance, weight_decay=0)
        net.load_state_dict(fit(net, noise, None, recipe))
        share[balance] = predict(net, noise)[0]
    assert share[True] == pytest.approx([1 / 3] * 3, abs=0.02)
    assert share[False][0] < 0.1


def test_the_members_of_an_ensemble_are_averaged():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.members = nn.ModuleList(network(seed) for seed in (0, 1))

        def forward(self, inputs):
            return torch.stack([member(inputs) for member in self.members], dim=1)

    net = Two().eval()
    with torch.inference_mode():
        probabilities = [member(music().batch(np.arange(5))).softmax(1) for member in net.members]
    expected = (probabilities[0] + probabilities[1]) / 2
    assert predict(net, music())[:5] == pytest.approx(expected.numpy(), abs=1e-6)
    fit(net, music(), None, replace(RECIPE, epochs=1))


def test_an_infinite_loss_is_a_sentence():
    with pytest.raises(FloatingPointError, match="Lower the learning rate"):
        bad = replace(music(), scale=float("inf"))
        fit(network(), bad, None, replace(RECIPE, augmentation=Augmentation()))


def test_a_last_batch_of_one_joins_its_neighbour():
    fit(network(), music(17), None, replace(RECIPE, epochs=1))


def test_checkpoints_are_plain_numbers(tmp_path):
    fit(network(), music(), None, RECIPE, folder=tmp_path)
    content = (tmp_path / CHECKPOINT).read_bytes()
    assert int.from_bytes(content[:8], "little") < len(content) and content[8:9] == b"{"  # safetensors
    (tmp_path / CHECKPOINT).write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtefactError, match="damaged"):
        fit(network(), music(), None, RECIPE, folder=tmp_path)
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(ArtefactError, match="damaged"):
        fit(nn.Sequential(nn.Flatten(), nn.Linear(60, 3)), music(), None, RECIPE, folder=tmp_path)


def test_recipes_travel_as_json():
    assert Recipe.from_dict(RECIPE.to_dict()) == RECIPE
    with pytest.raises(ValueError, match="at least 1"):
        Recipe(epochs=0)


def test_windows_are_drawn_alike_from_all_tracks() -> None:
    """A track with many windows is no more often in an epoch than one with a single window."""
    tracks = np.array(["a"] * 30 + ["b"] + ["c"] * 4)
    examples = Examples(np.zeros((35, 3), np.float32), np.zeros(35, int), tracks, ("x",))
    recipe = Recipe(windows_per_track=4)
    rows = [_epoch_rows(examples, recipe, torch.Generator().manual_seed(k)) for k in range(20)]
    for epoch in rows:
        assert sorted(tracks[epoch].tolist()) == ["a"] * 4 + ["b"] * 4 + ["c"] * 4
    assert len(set(torch.cat(rows).tolist())) > 25  # others every time
    assert rows[0].tolist() == _epoch_rows(examples, recipe, torch.Generator().manual_seed(0)).tolist()
    everything = _epoch_rows(examples, Recipe(), torch.Generator().manual_seed(0))
    assert sorted(everything.tolist()) == list(range(35))


@pytest.mark.parametrize(("available", "kind"), [(True, "cuda"), (False, "cpu")])
def test_a_graphics_card_is_used_when_there_is_one(monkeypatch, available, kind):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: available)
    assert device().type == kind
