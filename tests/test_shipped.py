"""genre.shipped: what a way to us costs, and the command that prints it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import given
from hypothesis import strategies as st

from genre import GENRES, shipped
from genre.__main__ import main
from genre.artefacts import save_artefact
from genre.cards import load_card
from genre.classifier import Classifier
from genre.dataset import open_dataset
from genre.evaluate import figures
from genre.home import WEIGHTS
from genre.models import MODELS
from genre.shipped import (
    DRAWS,
    PLAIN,
    WAYS,
    by_way,
    lost_points,
    measured_as_text,
    on_folds,
    over_seeds,
    seeds_as_text,
)
from genre.synth import SAMPLE_RATE, render
from tests.little_gtzan import make_gtzan

SOME = figures(np.eye(10), np.arange(10), GENRES) | {"refused": 0}
ALIKE = {"same": 3, "both": 4, "genres": {"metal": [3, 4]}}


@pytest.fixture(scope="module")
def ways(folder_of_music) -> dict:
    files = open_dataset(folder_of_music(("classical", "metal"), 2)).files
    return by_way(Classifier.load(), files)


def test_every_way_is_measured_on_the_same_recordings(ways: dict) -> None:
    assert list(ways) == list(WAYS) and len(ways) == 3
    assert {part["count"] for part in ways.values()} == {4}
    assert {way: part["draws"] for way, part in ways.items()} == dict.fromkeys(WAYS, 1) | DRAWS
    assert all(np.sum(part["confusion"]) == 4 * part["draws"] for part in ways.values())
    assert ways[PLAIN]["lost"] == {"points": 0.0, "interval": [0.0, 0.0]}
    for part in ways.values():
        assert part["lost"]["points"] == pytest.approx(100 * (ways[PLAIN]["accuracy"] - part["accuracy"]))
    json.dumps(ways)


def test_what_is_taken_for_no_music_is_wrong(folder_of_music) -> None:
    """A way that lets nothing through loses everything, and is told from one that lets all through."""
    classifier = Classifier.load()
    files = open_dataset(folder_of_music(("classical", "metal"), 2)).files
    silent = shipped.on_recordings(classifier, files, lambda clip, number: clip.__class__(
        np.zeros_like(clip.samples), clip.duration_s))
    answers, labels, refused = silent
    assert refused == len(files) == 4
    assert (answers.argmax(axis=1) != labels).all() and np.allclose(answers.sum(axis=1), 1)


def test_lost_points() -> None:
    before = np.repeat([True, True, False, False], 25)
    after = np.repeat([True, False, True, False], 25)
    assert lost_points(before, before) == {"points": 0.0, "interval": [0.0, 0.0]}
    same = lost_points(before, after)
    assert same["points"] == 0.0 and same["interval"][0] < -10 and same["interval"][1] > 10
    in_half_of_the_rooms = lost_points(before, before / 2)
    assert in_half_of_the_rooms["points"] == 25.0
    worse = lost_points(before, np.zeros(100, bool))
    assert worse["points"] == 50.0 and 38 < worse["interval"][0] < 45 and 55 < worse["interval"][1] < 62


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_lost_points_lie_in_their_interval(pairs: list[tuple[bool, bool]]) -> None:
    before, after = np.array(pairs).T
    lost, back = lost_points(before, after), lost_points(after, before)
    low, high = lost["interval"]
    assert low <= lost["points"] <= high and back["points"] == -lost["points"]


def test_the_command(ways: dict, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    part = SOME | {"refused": 1, "coverage": 0.7, "right_when_sure": 0.86}
    card = load_card(WEIGHTS / "listen-train")
    plain = {"model": "m", "list": "a list", "pictures": part, "recordings": part, "folds": {},
             "ablation": None, "agreement": dict.fromkeys(("same_seconds", "heard_whole"), ALIKE)}

    def measure(name: str, robust: bool, folder: Path | None, weights: Path | None = None) -> dict:
        return plain | ({"ways": ways} if robust else {})

    monkeypatch.setattr(shipped, "measure", measure)
    assert main(["evaluate", "--model", "m"]) == 0
    assert "points lost" not in capsys.readouterr().out
    assert main(["evaluate", "--model", "m", "--robust"]) == 0
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split(":")[0] for line in lines] == list(WAYS)
    assert "points lost" not in lines[0] and all("points lost (" in line for line in lines[1:])
    assert lines[1].endswith("the mean of 4 rooms") and "rooms" not in lines[0] + lines[2]
    assert main(["evaluate", "--model", "m", "--robust", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["ways"]) == set(WAYS)
    assert main(["evaluate", "--model", "m", "--seeds", "a", "b"]) == 0
    assert "over 3 seeds" in capsys.readouterr().out
    plain |= {"folds": on_folds(card), "ablation": card["ablation"]}
    assert main(["evaluate", "--model", "m"]) == 0
    text = capsys.readouterr().out
    assert "together: macro accuracy 0." in text and "| + masks | " in text
    assert "from this probability on: 3 s 0." in text
    assert main(["evaluate", "--seeds", "a"]) == 2
    assert "name it with --model" in capsys.readouterr().err


def test_over_seeds() -> None:
    def result(accuracy: float, same: int) -> dict:
        return {"pictures": {"macro_accuracy": accuracy}, "recordings": {"accuracy": 0.8},
                "agreement": {"same_seconds": {"same": same, "both": 10},
                              "heard_whole": {"same": same - 1, "both": 10}}, "ways": {
                    PLAIN: {}, "a storm": {"lost": {"points": 100 * accuracy / 10}}}}

    found = over_seeds([result(0.7, 5), result(0.8, 6), result(0.75, 7)])
    accuracy = found["macro accuracy, pictures"]
    assert accuracy["each"] == [0.7, 0.8, 0.75] and accuracy["mean"] == 0.75
    half = 4.3027 * 0.05 / 3**0.5  # Student's t of two degrees of freedom
    assert accuracy["interval"] == pytest.approx([0.75 - half, 0.75 + half], abs=1e-3)
    assert found["accuracy, recordings"]["interval"] == [0.8, 0.8]
    assert found["answered alike, same seconds"]["mean"] == 0.6
    assert found["answered alike, heard whole"]["mean"] == 0.5
    assert found["accuracy lost, a storm"]["mean"] == 0.075
    assert "0.750 (0.626 to 0.874); each 0.700 0.800 0.750" in seeds_as_text(found)


def test_a_model_is_measured(tmp_path: Path) -> None:
    """On a few tracks of the valid list, the first two of which have a recording."""
    *_, last = names = make_gtzan(tmp_path, 0, 1)
    for name in names[:2]:
        genre = name.split(".")[0]
        target = tmp_path / "audio" / genre / f"{name}.wav"
        target.parent.mkdir(parents=True)
        sf.write(target, render(genre, 0, 30.0), SAMPLE_RATE)
    result = shipped.measure("listen-train", True, tmp_path)
    assert result["pictures"]["count"] == len(names) and last.startswith("rock")
    heard = result["recordings"]
    assert heard["count"] == 2 and sum(map(sum, heard["confusion"])) == 2
    assert 0 <= heard["coverage"] <= 1 and (heard["right_when_sure"] is None) == (heard["coverage"] == 0)
    assert set(result["ways"]) == set(WAYS) and result["ways"][PLAIN]["accuracy"] == heard["accuracy"]
    for alike in result["agreement"].values():
        assert alike["both"] == 2 >= alike["same"] and alike["genres"]["blues"][1] == 1
    assert "sure of 0." in measured_as_text(result)


@pytest.mark.parametrize(
    "change, refused",
    [({"split": {"name": "all"}, "measured_on": "listen-train"}, "Measure listen-train"),
     ({"split": {"name": "all"}}, "did not learn from GTZAN's filtered train list alone"),
     ({"genres": ["blues", "classical"]}, "fit"), ({"measured_on": "listen-train"}, "GTZAN is not in")],
)  # fmt: skip
def test_only_what_learnt_from_the_train_list_is_measured(change: dict, refused: str, tmp_path: Path) -> None:
    """A seed's card that names what it is calibrated as is measured like any other."""
    folder = tmp_path / "weights" / "other"
    shutil.copytree(WEIGHTS / "listen-train", folder)
    card = load_card(folder) | change
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match=refused):
        shipped.measure("other", False, tmp_path, tmp_path / "weights")


def test_only_a_shipped_model_is_tested_so(capsys: pytest.CaptureFixture) -> None:
    assert main(["evaluate", "--robust"]) == 2
    assert "--model" in capsys.readouterr().err


def test_a_promoted_run_is_not_tested_so(earmark_home: Path, capsys: pytest.CaptureFixture) -> None:
    folder = earmark_home / "models" / "mine"
    network = MODELS["linear"].build((64, 100), 10)
    save_artefact(folder, network.state_dict(), {
        "model": "linear", "genres": list(GENRES), "input": "mel", "shape": [64, 100], "seconds": 3.0,
        "front_end": {"n_fft": 2048, "hop_length": 667, "n_mels": 64}, "options": {}, "scale": 1.0,
        "offset": 0.0, "temperature": 1.0, "sure_above": 0.5,
    })  # fmt: skip
    assert main(["evaluate", "--model", "mine"]) == 2
    assert "no shipped model" in capsys.readouterr().err


def test_the_plain_text_ends_without_ways() -> None:
    part = SOME | {"coverage": 0.0, "right_when_sure": None}
    result = {"model": "m", "list": "a list", "pictures": part, "recordings": part, "folds": {},
              "agreement": dict.fromkeys(("same_seconds", "heard_whole"), ALIKE)}
    assert measured_as_text(result).endswith("metal 3/4")
    folds = on_folds(load_card(WEIGHTS / "listen-train"))
    assert folds.keys() == {"pictures", "excerpts", "together"}
    assert folds["together"]["calibration_error"] <= 0.05 and folds["together"]["right_when_sure"] >= 0.85
    assert "together: macro accuracy 0." in measured_as_text(result | {"folds": folds})


def test_without_the_data_it_is_a_sentence(
    tmp_path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setenv("EARMARK_DATA", str(tmp_path))
    assert main(["evaluate", "--model", "listen-train", "--robust"]) == 2
    assert "with --data" in capsys.readouterr().err
    assert main(["evaluate", "--model", "listen", "--record"]) == 2
    assert "Measure listen-train" in capsys.readouterr().err
