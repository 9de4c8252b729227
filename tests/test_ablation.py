"""genre.ablation: one part of the recipe more at a time, on a folder that looks like GTZAN."""

import json
from pathlib import Path

import numpy as np
import pytest

from genre import ablation
from genre.__main__ import main
from genre.ablation import (
    BOTH,
    EXCERPTS,
    STEPS,
    ablate,
    account_as_text,
    as_text,
    baseline,
    baseline_as_text,
    recipes,
)
from genre.experiment import settings
from tests.little_gtzan import make_gtzan

SHORT = {"pictures": 1, "excerpts": 1}


@pytest.fixture(scope="module")
def gtzan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six tracks a genre of the train list and one of the valid list."""
    folder = tmp_path_factory.mktemp("gtzan")
    make_gtzan(folder, 6, 1)
    return folder


def test_the_last_step_is_the_recipe(gtzan: Path) -> None:
    found = recipes(str(gtzan), SHORT)
    *_, last = STEPS
    assert found[last] == settings("listen", str(gtzan), "pictures", "filtered", epochs=1)
    assert found[EXCERPTS].recipe == settings("listen", str(gtzan), "excerpts", epochs=1).recipe
    first, *_ = found.values()
    assert first.recipe.augmentation.mixup == 0 == first.recipe.average
    assert first.recipe.augmentation.crop_frames > 0


def test_a_table_comes_out_and_goes_on_where_it_was(
    gtzan: Path, earmark_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(ablation, "SEEDS", (0, 1))
    monkeypatch.setattr(ablation, "STEPS", {"excerpts": ("crop_frames",), "+ mixup": ("mixup",)})
    told: list[str] = []
    rows = ablate(str(gtzan), SHORT, told.append)
    assert [row["step"] for row in rows] == ["excerpts", "+ mixup", EXCERPTS, *BOTH]
    assert len(told) == 2 * 3
    for row in rows:
        assert row["tracks"] == 30  # two blocks, of two tracks a genre and of one
        assert row["macro_accuracy"] == pytest.approx(np.mean(row["each"]), abs=1e-4)
    assert "gained" not in rows[0] and all("gained" in row for row in rows[1:])

    monkeypatch.setattr(ablation, "EPOCHS", SHORT)
    assert main(["ablate", "--data", str(gtzan)]) == 0
    printed = capsys.readouterr()
    assert "epoch" not in printed.err  # every training was done already
    assert printed.out.strip() == as_text(rows)
    assert printed.out.count("\n") == 2 + len(rows)


def test_the_baseline_is_tested_on_the_valid_list(
    gtzan: Path, earmark_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(ablation, "SEEDS", (0, 1))
    told: list[str] = []
    row = baseline(str(gtzan), 2, told.append)
    assert len(told) == 2 * 2 and len(row["each"]) == 2 and row["tracks"] == 10 and row["epochs"] == 2
    assert row["macro_accuracy"] == pytest.approx(np.mean(row["each"]), abs=1e-4)

    monkeypatch.setattr(ablation, "baseline", lambda data, say: row)
    card = earmark_home / "weights" / "listen-train" / "card.json"
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps({"model": "listen", "genres": [], }))
    monkeypatch.setattr(ablation, "WEIGHTS", card.parent.parent)
    assert main(["ablate", "--data", str(gtzan), "--baseline", "--record"]) == 0
    account = json.loads(card.read_text())["ablation"]
    assert account == {"baseline": row} and account_as_text(account) == baseline_as_text(row)
    assert account_as_text({"rows": [], **account}).endswith(baseline_as_text(row))
    assert capsys.readouterr().out.strip() == baseline_as_text(row)


def test_without_the_data_it_is_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["ablate", "--data", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
