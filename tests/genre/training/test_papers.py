"""The lstm's settings and the variants of protocols: what is trained, measured, resumed and stopped."""

import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from genre.data.examples import Examples
from genre.evaluation.reproduction import COLUMNS, merge_entries
from genre.evaluation.reproduction_tables import seeds_table, settings_table, variants_table
from genre.models.papers import LSTM_RATES, LSTM_SETTINGS, lstm_steps
from genre.models.registry import MODELS
from genre.paths import home
from genre.runs.worker import work_on
from genre.training.experiment import run_experiment
from genre.training.papers import curves, lstm_settings, seeds, variants
from genre.training.papers.curves import Curve, train_curve
from genre.training.papers.reproduce import build_rows, row_results
from genre.training.papers.variants import Variant, balanced, magnitudes, measure_variant
from genre.training.sweep import create_run

CURVE = Curve("tanh", 16, 3e-3, "segment", (4, 9))


@pytest.fixture
def examples() -> Examples:
    """40 tracks of three windows of 6 values, in two genres that lie apart."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40) % 2, 3)
    tracks = np.repeat([f"track {k}" for k in range(40)], 3)
    values = rng.normal(size=(120, 6, 1)).astype(np.float32) + 4 * labels[:, None, None]
    return Examples(values, labels, tracks, ("blues", "rock"))


@pytest.fixture(autouse=True)
def small_lstm(monkeypatch):
    spec = MODELS["lstm"]
    monkeypatch.setitem(MODELS, "lstm", replace(spec, options={"hidden": (8, 8, 8)}))


def test_the_papers_steps_are_those_of_its_rows():
    assert [lstm_steps(epochs, size) for epochs, size, _ in LSTM_SETTINGS] == [
        epochs * math.ceil(7_992 / size) for epochs, size, _ in LSTM_SETTINGS
    ]
    trainings = {(c.batch_size, c.activation, c.learning_rate) for c in lstm_settings.curves()}
    for size, rate in ((128, rate) for rate in LSTM_RATES):
        assert {(size, "tanh", rate), (size, "relu", rate)} < trainings
    assert lstm_settings.curves()[0].steps == tuple(37 * epochs for epochs in (40, 50, 90, 120))


def test_a_training_is_measured_where_each_setting_ends(examples, tmp_path):
    outcome = train_curve(CURVE, examples, tmp_path)
    assert [point["steps"] for point in outcome["points"]] == [4, 9] and not outcome["end"]
    assert (outcome["train_windows"], outcome["test_windows"]) == (96, 24)
    assert outcome["points"][0]["by_window"]["count"] == 24
    assert sum(map(sum, outcome["points"][1]["by_window"]["confusion"])) == 24
    short = train_curve(replace(CURVE, steps=(4,)), examples, tmp_path)
    assert short["points"] == outcome["points"][:1], "a shorter setting is a prefix of the longer one"


def test_it_learns_what_lies_apart(examples, tmp_path):
    outcome = train_curve(replace(CURVE, learning_rate=1e-2, split="track", steps=(60,)), examples, tmp_path)
    assert outcome["points"][0]["by_track"]["accuracy"] == 1.0 and outcome["test_tracks"] == 8


def test_an_interrupted_training_ends_as_a_whole_one(examples, tmp_path, monkeypatch):
    whole = train_curve(CURVE, examples, tmp_path / "whole")
    monkeypatch.setattr(curves, "STEPS_PER_CHECKPOINT", 5)
    folder = tmp_path / "parts"
    folder.mkdir()
    assert train_curve(CURVE, examples, folder, deadline=time.monotonic()) is None
    assert (folder / "checkpoint.safetensors").exists()
    parts = train_curve(CURVE, examples, folder)
    assert parts["points"] == whole["points"] and not (folder / "checkpoint.safetensors").exists()


def test_what_becomes_infinite_is_stopped(examples, tmp_path):
    endless = replace(examples, values=np.full_like(examples.values, np.nan))
    outcome = train_curve(CURVE, endless, tmp_path)
    assert outcome["end"] == "infinite after 1 steps" and outcome["points"][0]["by_window"] is None
    assert outcome["points"][0]["loss"] is None, "JSON has no number for it"


def test_what_does_not_learn_is_stopped(examples, tmp_path, monkeypatch):
    monkeypatch.setattr(curves, "STEPS_PER_CHECKPOINT", 10)
    monkeypatch.setattr(curves, "PATIENCE_STEPS", 10)
    rng = np.random.default_rng(1)
    noise = replace(examples, labels=rng.permutation(examples.labels))
    outcome = train_curve(replace(CURVE, learning_rate=1e-9), noise, tmp_path)
    assert not outcome["end"], "too early to tell"
    outcome = train_curve(replace(CURVE, learning_rate=1e-9, steps=(99,)), noise, tmp_path)
    assert outcome["end"] == "at chance after 10 steps" and outcome["points"][-1]["steps"] == 10


def test_relu_takes_the_place_of_tanh_outside_the_gates():
    torch.manual_seed(0)
    layer = MODELS["lstm"].build((6, 1), 2, activation="relu").layers[0]
    sequence = torch.randn(3, 6, 1)
    states, (hidden, _) = layer(sequence)
    h = c = np.zeros((3, 8))
    w, u, b = (p.detach().numpy() for p in (layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0))
    for x in sequence.numpy().swapaxes(0, 1):
        i, f, g, o = np.split(x @ w.T + h @ u.T + b, 4, axis=1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * g.clip(0)
        h = o * c.clip(0)
    np.testing.assert_allclose(hidden.detach().numpy(), h, atol=1e-6)
    assert torch.equal(states[:, -1], hidden)
    with pytest.raises(ValueError, match="tanh or relu, not 'gelu'"):
        MODELS["lstm"].build((6, 1), 2, activation="gelu")


def test_only_missing_trainings_are_done(music, tmp_path, monkeypatch, examples):
    plan = [CURVE, replace(CURVE, split="track")]
    monkeypatch.setattr(lstm_settings, "curves", lambda: plan)
    monkeypatch.setattr(lstm_settings, "load_examples", lambda *_: (examples, {}))
    lines: list[str] = []
    assert lstm_settings.train_settings(str(music), time.monotonic() - 1, lines.append) == []
    outcomes = lstm_settings.train_settings(str(music), None, lines.append)
    assert [outcome["split"] for outcome in outcomes] == ["segment", "track"] and len(lines) == 4
    assert lstm_settings.train_settings(str(music), None, lines.append) == outcomes and len(lines) == 4
    folder = next(home().rglob(f"{CURVE.name}/outcome.json")).parent
    (folder / "outcome.json").unlink()
    monkeypatch.setattr(curves, "STEPS_PER_CHECKPOINT", 7)
    assert train_curve(CURVE, examples, folder, deadline=time.monotonic()) is None
    unfinished, _ = lstm_settings.train_settings(str(music), time.monotonic() - 1, lines.append)
    assert [point["steps"] for point in unfinished["points"]] == [4] and not unfinished["end"]


def test_the_table_of_settings_says_what_diverged(examples, tmp_path):
    steps = tuple(lstm_steps(epochs, size) for epochs, size, _ in LSTM_SETTINGS if size == 220)
    point = {"by_window": {"accuracy": 0.5}, "by_track": {"accuracy": 0.25, "accuracy_interval": [0.2, 0.3]}}
    training = {
        "activation": "tanh",
        "batch_size": 220,
        "learning_rate": 0.001,
        "split": "segment",
        "end": "",
    }
    good = training | {"points": [point | {"steps": count} for count in steps]}
    honest = good | {"split": "track"}
    bad = training | {"activation": "relu", "points": [], "end": "infinite after 3 steps"}
    lines = settings_table([good, honest, bad], "gtzan").splitlines()
    rows = [line for line in lines if line.startswith(("| 7 ", "| 120"))]
    assert rows[0].endswith("| 0.3345 | not yet | not yet | not yet |")
    assert rows[1].endswith("| 0.9178 | 0.5000 | 0.5000; tracks 0.250 (0.200 to 0.300) | diverged |")
    assert lines[-1].endswith("relu, rate 0.001, batch 220, by segment: infinite after 3 steps.")


def test_a_variant_changes_one_thing(examples, monkeypatch):
    monkeypatch.setattr(variants, "load_examples", lambda *_: (examples, {}))
    knn = Variant("knn", "features", "", seconds=3.0, neighbours=3)
    (entry,) = measure_variant(knn, "music")
    assert entry["change"] == "as we repeat it" and entry["accuracy"] == 1.0 and entry["published"] == "0.55"
    noise = 1e6 * np.random.default_rng(1).normal(size=examples.values.shape)
    drowned = replace(examples, values=np.concatenate([examples.values, noise], axis=1))
    monkeypatch.setattr(variants, "load_examples", lambda *_: (drowned, {}))
    (entry,) = measure_variant(replace(knn, change="values not scaled", is_scaled=False), "music")
    assert entry["accuracy"] < 1.0, "without scaling the largest values decide"


def test_a_networks_variant_is_measured_after_its_epochs(examples, monkeypatch):
    pictures = np.repeat(np.repeat(examples.values[:, :1], 64, axis=1), 100, axis=2)
    values = (20 * pictures + 60).clip(0, 255).astype(np.uint8)
    monkeypatch.setattr(variants, "load_examples", lambda *_: (replace(examples, values=values), {}))
    linear = Variant("linear", "mel", "songs kept apart", split="track", epochs=2)
    (last,) = measure_variant(linear, "music")
    early, late = measure_variant(replace(linear, has_early_epochs=True), "music")
    assert early["change"] == "songs kept apart, after 1 of 2 epochs" and early["train_windows"] == 96
    assert late | {"change": "songs kept apart"} == last


def test_balanced_music_has_as_many_songs_of_each_genre(examples):
    few = examples.take(np.flatnonzero((examples.labels == 0) | (np.arange(120) < 30)))
    even = balanced(few)
    counts = [len(set(even.tracks[even.labels == k])) for k in range(2)]
    assert counts[0] == counts[1] == len(set(few.tracks[few.labels == 1]))


def test_magnitudes_undo_the_decibels(examples):
    decibels = replace(examples, values=np.array([[[255, 128, 0]]], np.uint8))
    assert magnitudes(decibels).values.tolist() == [[[255, round(255 * 10 ** ((128 / 255 - 1) * 4)), 0]]]


def run_here(rows, *_):
    """Do runs in this process: one of their own would cost seconds each."""
    for settings, folder in (pair for row in rows for pair in row.experiments.values()):
        if not folder.exists():
            with work_on(create_run(settings, folder)) as worker:
                run_experiment(worker)


def test_a_row_is_measured_with_each_seed_and_nothing_twice(music, monkeypatch):
    monkeypatch.setattr(seeds, "run_rows", run_here)
    lines: list[str] = []
    assert seeds.measure_seeds(str(music), ["svm:mel"], 1, time.monotonic() - 1, lines.append) == []
    (entry,) = seeds.measure_seeds(str(music), ["svm:mel"], 1, None, lines.append)
    assert [len(entry[name]) for name in COLUMNS] == [3, 3] and lines == ["svm on mel: 3 seeds."]
    (own,) = row_results(build_rows(str(music), ["svm:mel"]))
    assert entry["honest"][0] == own["honest"], "the row's own seed is its own run"
    assert seeds.measure_seeds(str(music), ["svm:mel"], 1, None, lines.append) == [entry]
    for outcome, accuracy in zip(entry["same"], (0.25, 0.5, 0.6), strict=True):
        outcome["window_accuracy"] = accuracy
    assert "| svm | mel | 0.65 | 0.450 (0.250 to 0.600) | " in seeds_table([entry], "music")
    before, longer = [entry, entry | {"model": "knn"}], entry | {"training_s": 9}
    assert merge_entries(before, [longer], ("model", "input")) == [longer, before[1]]


def test_a_row_that_takes_long_keeps_its_one_seed(music, monkeypatch):
    monkeypatch.setattr(seeds, "run_rows", run_here)
    monkeypatch.setattr(seeds, "LONGEST_S", -1.0)
    lines: list[str] = []
    assert seeds.measure_seeds(str(music), ["svm:mel"], 1, None, lines.append) == []
    assert lines == ["svm on mel takes longer than ten minutes: one seed."]


def test_an_f1_is_compared_with_an_f1():
    entry = {"model": "cnn-cao", "input": "mel", "published": "F1 0.78", "split": "track", "count": 9}
    numbers = {"accuracy": 0.78, "balanced_accuracy": 0.1}
    entries = [entry | numbers | {"change": name, "macro_f1": f1} for name, f1 in (("a", 0.5), ("b", 0.6))]
    assert "| b | track | 0.780 | 0.100 | **0.600** |" in variants_table(entries, "gtzan")


def test_the_nearest_variant_stands_out():
    entry = {"model": "knn", "input": "features", "published": "0.55", "split": "segment", "count": 9}
    numbers = {"balanced_accuracy": 0.1, "macro_f1": 0.2}
    entries = [entry | numbers | {"change": name, "accuracy": a} for name, a in (("a", 0.9), ("b", 0.6))]
    table = variants_table(entries, "gtzan")
    assert "| b | segment | **0.600** |" in table and "**0.900**" not in table


@pytest.mark.parametrize("variant", variants.VARIANTS, ids=lambda variant: variant.name)
def test_each_variant_is_one_of_a_published_figure(variant):
    assert variant.input in MODELS[variant.model].published
    assert sum(other.name == variant.name for other in variants.VARIANTS) == 1
