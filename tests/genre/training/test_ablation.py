"""genre.training.ablation: one part of the recipe more at a time, on a folder that looks like GTZAN."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from genre.__main__ import main
from genre.training import ablation
from genre.training.ablation import (
    ABLATION_STEPS,
    POOL_OVERRIDES,
    WINDOWS_ALONE,
    ablation_table,
    ablation_text,
    baseline_line,
    run_ablation,
    run_baseline,
    step_settings,
)
from genre.training.experiment import experiment_settings
from tests.support.data import make_gtzan

SHORT = {"mel_30s": 1, "mel_3s": 1}


@pytest.fixture(scope="module")
def gtzan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four tracks a genre of the train list and one of the valid list."""
    folder = tmp_path_factory.mktemp("gtzan")
    make_gtzan(folder, 4, 1)
    return folder


def test_the_last_step_is_the_full_recipe(gtzan: Path) -> None:
    settings = step_settings(str(gtzan), SHORT)
    *_, last = ABLATION_STEPS
    assert settings[last] == experiment_settings("listen", str(gtzan), "mel_30s", "filtered", epochs=1)
    assert (
        settings[WINDOWS_ALONE].recipe == experiment_settings("listen", str(gtzan), "mel_3s", epochs=1).recipe
    )
    first, *_ = settings.values()
    assert first.recipe.augmentation.mixup == 0 == first.recipe.average
    assert first.recipe.augmentation.crop_frames > 0


def test_an_ablation_is_a_table_and_is_not_trained_twice(
    gtzan: Path,
    earmark_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ablation, "SEEDS", (0, 1))
    monkeypatch.setattr(ablation, "ABLATION_STEPS", {"mel_3s": ("crop_frames", "mixup")})
    caplog.set_level(logging.INFO, "genre.training.ablation")
    rows = run_ablation(str(gtzan), SHORT)
    assert [row["step"] for row in rows] == ["mel_3s", WINDOWS_ALONE, *POOL_OVERRIDES]
    assert len(caplog.records) == 2 * 2
    for row in rows:
        assert row["tracks"] == 20  # two blocks of a track a genre
        assert row["balanced_accuracy"] == pytest.approx(np.mean(row["values"]), abs=1e-4)
    assert "gain" not in rows[0] and all("gain" in row for row in rows[1:])

    monkeypatch.setattr(ablation, "EPOCHS", SHORT)
    assert main(["ablate", "--data", str(gtzan)]) == 0
    output = capsys.readouterr()
    assert "epoch" not in output.err  # every training was done already
    assert output.out.strip() == ablation_table(rows)
    assert output.out.count("\n") == 2 + len(rows)


def test_the_baseline_is_tested_on_the_valid_list(
    gtzan: Path,
    earmark_home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ablation, "SEEDS", (0, 1))
    caplog.set_level(logging.INFO, "genre.training.ablation")
    row = run_baseline(str(gtzan), 1)
    assert len(caplog.records) == 2 and len(row["values"]) == 2 and row["tracks"] == 10 and row["epochs"] == 1
    assert row["balanced_accuracy"] == pytest.approx(np.mean(row["values"]), abs=1e-4)

    monkeypatch.setattr(ablation, "run_baseline", lambda data: row)
    card = earmark_home / "weights" / "listen-scratch-train" / "card.json"
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"model": "listen", "genres": []}))
    monkeypatch.setattr(ablation, "WEIGHTS", card.parent.parent)
    assert main(["ablate", "--data", str(gtzan), "--baseline", "--record"]) == 0
    recorded = json.loads(card.read_text())["ablation"]
    assert recorded == {"baseline": row} and ablation_text(recorded) == baseline_line(row)
    assert ablation_text({"rows": [], **recorded}).endswith(baseline_line(row))
    assert capsys.readouterr().out.strip() == baseline_line(row)


def test_without_the_data_it_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["ablate", "--data", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
