"""genre.evaluation.benchmark: the accuracy drop of each condition, and the command that prints it."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES
from genre.__main__ import main
from genre.data.dataset import open_dataset
from genre.evaluation import benchmark
from genre.evaluation.benchmark import (
    CLEAN,
    CONDITIONS,
    DRAWS,
    accuracy_drop,
    benchmark_table,
    compare_conditions,
    fold_metrics,
    seeds_table,
    summarize_seeds,
)
from genre.evaluation.metrics import compute_metrics
from genre.inference.load import load_classifier
from genre.models.artefacts import save_artefact
from genre.models.cards import Card, load_card, write_card
from genre.models.registry import MODELS
from genre.paths import WEIGHTS
from genre.synth.dataset import SAMPLE_RATE, render
from tests.support.data import make_gtzan

METRICS = compute_metrics(np.eye(10), np.arange(10), GENRES) | {"rejected": 0}
AGREEMENT = {"same": 3, "count": 4, "genres": {"metal": [3, 4]}}


@pytest.fixture(scope="module")
def conditions(folder_of_music) -> dict:
    files = open_dataset(folder_of_music(("classical", "metal"), 2)).files
    return compare_conditions(load_classifier(), files)


def test_every_condition_is_measured_on_the_same_recordings(conditions: dict) -> None:
    assert list(conditions) == list(CONDITIONS) and len(conditions) == 3
    assert {part["count"] for part in conditions.values()} == {4}
    assert {condition: part["draws"] for condition, part in conditions.items()} == dict.fromkeys(
        CONDITIONS, 1
    ) | DRAWS
    assert all(np.sum(part["confusion"]) == 4 * part["draws"] for part in conditions.values())
    assert conditions[CLEAN]["accuracy_drop"] == {"points": 0.0, "interval": [0.0, 0.0]}
    for part in conditions.values():
        assert part["accuracy_drop"]["points"] == pytest.approx(
            100 * (conditions[CLEAN]["accuracy"] - part["accuracy"])
        )
    json.dumps(conditions)


def test_a_rejected_recording_counts_as_wrong(folder_of_music) -> None:
    """A condition under which all is rejected has no accuracy, and the count says why."""
    classifier = load_classifier()
    files = open_dataset(folder_of_music(("classical", "metal"), 2)).files
    silent = benchmark.predict_recordings(
        classifier, files, lambda clip, number: clip.__class__(np.zeros_like(clip.samples), clip.duration_s)
    )
    probabilities, labels, rejected = silent
    assert rejected == len(files) == 4
    assert (probabilities.argmax(axis=1) != labels).all() and np.allclose(probabilities.sum(axis=1), 1)


def test_accuracy_drop() -> None:
    before = np.repeat([True, True, False, False], 25)
    after = np.repeat([True, False, True, False], 25)
    assert accuracy_drop(before, before) == {"points": 0.0, "interval": [0.0, 0.0]}
    same = accuracy_drop(before, after)
    assert same["points"] == 0.0 and same["interval"][0] < -10 and same["interval"][1] > 10
    in_half_of_the_draws = accuracy_drop(before, before / 2)
    assert in_half_of_the_draws["points"] == 25.0
    worse = accuracy_drop(before, np.zeros(100, bool))
    assert worse["points"] == 50.0 and 38 < worse["interval"][0] < 45 and 55 < worse["interval"][1] < 62


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_the_accuracy_drop_lies_in_its_interval(pairs: list[tuple[bool, bool]]) -> None:
    before, after = np.array(pairs).T
    drop, gain = accuracy_drop(before, after), accuracy_drop(after, before)
    low, high = drop["interval"]
    assert low <= drop["points"] <= high and gain["points"] == -drop["points"]


def test_the_command(
    conditions: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    part = METRICS | {"rejected": 1, "coverage": 0.7, "selective_accuracy": 0.86}
    card = load_card(WEIGHTS / "listen-scratch-train")
    plain = {
        "model": "m",
        "list": "a list",
        "mel_30s": part,
        "recordings": part,
        "folds": {},
        "ablation": None,
        "agreement": dict.fromkeys(("same_seconds", "full_recording"), AGREEMENT),
    }

    def run_benchmark(name: str, robust: bool, folder: Path | None, weights: Path | None = None) -> dict:
        return plain | ({"conditions": conditions} if robust else {})

    monkeypatch.setattr(benchmark, "run_benchmark", run_benchmark)
    assert main(["evaluate", "--model", "m"]) == 0
    assert "accuracy drop" not in capsys.readouterr().out
    assert main(["evaluate", "--model", "m", "--robust"]) == 0
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split(":")[0] for line in lines] == list(CONDITIONS)
    assert "accuracy drop" not in lines[0]
    assert all(re.search(r"accuracy drop -?[\d.]+ points \(", line) for line in lines[1:])
    assert lines[1].endswith("the mean of 4 rooms") and "rooms" not in lines[0] + lines[2]
    assert main(["evaluate", "--model", "m", "--robust", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["conditions"]) == set(CONDITIONS)
    assert main(["evaluate", "--model", "m", "--seeds", "a", "b"]) == 0
    assert "over 3 seeds" in capsys.readouterr().out
    plain |= {"folds": fold_metrics(card), "ablation": card.ablation}
    assert main(["evaluate", "--model", "m"]) == 0
    text = capsys.readouterr().out
    assert "together: balanced accuracy 0." in text and "| + masks | " in text
    assert "confidence threshold by duration: 3 s 0." in text
    assert main(["evaluate", "--seeds", "a"]) == 2
    assert "name it with --model" in capsys.readouterr().err


def test_over_seeds() -> None:
    def result(accuracy: float, same: int) -> dict:
        return {
            "mel_30s": {"balanced_accuracy": accuracy},
            "recordings": {"accuracy": 0.8},
            "agreement": {
                "same_seconds": {"same": same, "count": 10},
                "full_recording": {"same": same - 1, "count": 10},
            },
            "conditions": {CLEAN: {}, "a storm": {"accuracy_drop": {"points": 100 * accuracy / 10}}},
        }

    summary = summarize_seeds([result(0.7, 5), result(0.8, 6), result(0.75, 7)])
    accuracy = summary["balanced accuracy, ready-made mels"]
    assert accuracy["values"] == [0.7, 0.8, 0.75] and accuracy["mean"] == 0.75
    half = 4.3027 * 0.05 / 3**0.5  # Student's t of two degrees of freedom
    assert accuracy["interval"] == pytest.approx([0.75 - half, 0.75 + half], abs=1e-3)
    assert summary["accuracy, recordings"]["interval"] == [0.8, 0.8]
    assert summary["agreement, same seconds"]["mean"] == 0.6
    assert summary["agreement, full recording"]["mean"] == 0.5
    assert summary["accuracy drop, a storm"]["mean"] == 0.075
    assert "0.750 (0.626 to 0.874); each 0.700 0.800 0.750" in seeds_table(summary)


def test_a_model_is_measured(tmp_path: Path) -> None:
    """On a few tracks of the valid list, the first two of which have a recording."""
    *_, last = names = make_gtzan(tmp_path, 0, 1)
    for name in names[:2]:
        genre = name.split(".")[0]
        target = tmp_path / "audio" / genre / f"{name}.wav"
        target.parent.mkdir(parents=True)
        sf.write(target, render(genre, 0, 30.0), SAMPLE_RATE)
    result = benchmark.run_benchmark("listen-scratch-train", True, tmp_path)
    assert result["mel_30s"]["count"] == len(names) and last.startswith("rock")
    recordings = result["recordings"]
    assert recordings["count"] == 2 and sum(map(sum, recordings["confusion"])) == 2
    assert 0 <= recordings["coverage"] <= 1 and (recordings["selective_accuracy"] is None) == (
        recordings["coverage"] == 0
    )
    assert (
        set(result["conditions"]) == set(CONDITIONS)
        and result["conditions"][CLEAN]["accuracy"] == recordings["accuracy"]
    )
    for agreement in result["agreement"].values():
        assert agreement["count"] == 2 >= agreement["same"] and agreement["genres"]["blues"][1] == 1
    assert ", coverage 0." in benchmark_table(result) or ", coverage 1." in benchmark_table(result)


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"split": {"name": "all"}, "metrics_from": "listen-scratch-train"}, "Measure listen-scratch-train"),
        ({"split": {"name": "all"}}, "did not learn from GTZAN's filtered train list alone"),
        ({"genres": ("blues", "classical")}, "fit"),
        ({"metrics_from": "listen-scratch-train"}, "GTZAN is not in"),
    ],
)
def test_only_what_was_trained_on_the_train_list_is_measured(
    changes: dict, sentence: str, tmp_path: Path
) -> None:
    """A seed's card that names the model whose calibration it has is measured like any other."""
    folder = tmp_path / "weights" / "other"
    shutil.copytree(WEIGHTS / "listen-scratch-train", folder)
    write_card(folder, replace(load_card(folder), **changes))
    with pytest.raises(ValueError, match=sentence):
        benchmark.run_benchmark("other", False, tmp_path, tmp_path / "weights")


def test_conditions_are_for_a_shipped_model(capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--robust"]) == 2
    assert "--model" in capsys.readouterr().err


def test_a_promoted_run_has_no_benchmark(earmark_home: Path, capsys: pytest.CaptureFixture) -> None:
    folder = earmark_home / "models" / "mine"
    network = MODELS["linear"].build((64, 100), 10)
    front_end = {"n_fft": 2048, "hop_length": 667, "n_mels": 64}
    card = Card("linear", GENRES, input="mel", shape=(64, 100), seconds=3.0, front_end=front_end)
    save_artefact(folder, network.state_dict(), card)
    assert main(["evaluate", "--model", "mine"]) == 2
    assert "no shipped model" in capsys.readouterr().err


def test_the_text_without_conditions_ends_with_the_agreement() -> None:
    part = METRICS | {"coverage": 0.0, "selective_accuracy": None}
    result = {
        "model": "m",
        "list": "a list",
        "mel_30s": part,
        "recordings": part,
        "folds": {},
        "agreement": dict.fromkeys(("same_seconds", "full_recording"), AGREEMENT),
    }
    assert benchmark_table(result).endswith("metal 3/4")
    folds = fold_metrics(load_card(WEIGHTS / "listen-scratch-train"))
    assert folds.keys() == {"mel_30s", "mel_3s", "together"}
    assert folds["together"]["ece"] <= 0.05 and folds["together"]["selective_accuracy"] >= 0.85
    assert "together: balanced accuracy 0." in benchmark_table(result | {"folds": folds})


def test_without_the_data_it_is_a_sentence(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path))
    assert main(["evaluate", "--model", "listen-scratch-train", "--robust"]) == 2
    assert "with --data" in capsys.readouterr().err
    assert main(["evaluate", "--model", "listen-scratch", "--record"]) == 2
    assert "Measure listen-scratch-train" in capsys.readouterr().err
