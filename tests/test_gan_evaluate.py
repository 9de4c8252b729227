"""The figures of the generated music: the statistics where the answer is known, and the whole in small."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from gan import __main__, evaluate, sample
from gan.dataset import Piece
from gan.distances import fair_frechet, frechet, kernel_distance, nearest, spread
from gan.evaluate import JUDGE, Judge, met, middle
from gan.evaluate_command import record
from gan.evaluation_table import as_text
from gan.mel import BANDS, GAN_MEL
from gan.network import PlainGenerator
from gan.sound import sound_of
from genre import GENRES
from genre.artefacts import save_artefact
from genre.classifier import Classifier
from genre.home import WEIGHTS
from genre.spectrogram import Spectrogram
from genre.splits import LISTS
from tests.painters import card, save_untaught

needs_judge = pytest.mark.skipif(not (WEIGHTS / JUDGE).exists(), reason=f"assets/weights/{JUDGE} is not here")


def normal(count: int, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (count, 8))


def test_the_frechet_distance_of_what_is_known() -> None:
    same, moved = normal(200), normal(200)
    moved[:, 0] += 3.0
    assert frechet(same, same) == pytest.approx(0, abs=1e-6)
    assert frechet(same, moved) == pytest.approx(9, abs=1e-6)  # the square of the way
    assert frechet(same, 2 * same) == pytest.approx(8 + np.square(same.mean(axis=0)).sum(), rel=0.1)


def test_few_sounds_are_no_disadvantage() -> None:
    """Of two sets from the same source the plain distance is far from 0, the fair one is not."""
    plain = np.mean([frechet(normal(60, seed=k), normal(60, seed=k + 100)) for k in range(10)])
    fair = np.mean([fair_frechet(normal(60, seed=k), normal(60, seed=k + 100)) for k in range(10)])
    assert plain > 0.5 and abs(fair) < 0.3 * plain
    assert fair_frechet(normal(60), normal(60, 1.0, seed=1)) == pytest.approx(8, rel=0.4)


def test_the_kernel_distance_has_no_bias_and_knows_its_error() -> None:
    found = [kernel_distance(normal(40, seed=k), normal(400, seed=k + 100)) for k in range(30)]
    values, errors = np.array(found).T
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(30)
    assert 0.5 < errors.mean() / values.std() < 2
    far, error = kernel_distance(normal(40, 0.5, seed=1), normal(400, seed=2))
    assert far > 3 * error


def test_spread_and_nearest() -> None:
    points = np.array([[0.0, 0], [3, 4], [10, 0], [10, 2], [7, 7]])
    assert spread(points, np.array([0, 0, 1, 1, 2])) == pytest.approx({0: 5.0, 1: 2.0})
    assert nearest(points[:2], points[2:]).tolist() == pytest.approx([np.sqrt(98), 5.0])


def test_the_middle_of_a_track() -> None:
    mel = np.zeros((BANDS, 300), np.uint8)
    mel[:, 150] = 200
    cut = middle(Piece("a", "jazz", mel), 3.0)
    assert cut.shape == (BANDS, 128) and cut[:, 64].max() == 0 and cut.min() == -GAN_MEL.range_db
    assert middle(Piece("a", "jazz", mel), 10.0) is None


@needs_judge
def test_looking_and_hearing_agree(play) -> None:
    """A spectrogram that was never sounded is embedded as its recording is."""
    judge = Judge(Classifier.load(JUDGE))
    recordings = [play(genre) for genre in ("jazz", "metal", "classical")]
    heard = judge.hear([("jazz", samples) for samples in recordings]).embeddings
    mels = [Spectrogram(GAN_MEL)(torch.tensor(samples)[None])[0].numpy() for samples in recordings]
    looked = judge.look(mels)
    assert np.linalg.norm(heard - looked, axis=1).max() < 0.1 * np.linalg.norm(heard[0] - heard[1])
    sounded = judge.hear([("jazz", sound_of(mel, GAN_MEL)) for mel in mels]).embeddings
    assert np.linalg.norm(heard - sounded, axis=1).max() < np.linalg.norm(heard[0] - heard[1])


@pytest.fixture
def gtzan(tmp_path: Path, play) -> Path:
    """Two tracks a genre of each list as mels, and three recordings of the valid list."""
    from genre.synth import _write

    folder = tmp_path / "gtzan"
    lists = {part: sorted((LISTS / f"gtzan-{part}.txt").read_text().split()) for part in ("train", "valid")}
    chosen = [name for names in lists.values() for genre in GENRES
              for name in [name for name in names if name.startswith(f"{genre}.")][:2]]  # fmt: skip
    rng = np.random.default_rng(0)
    slope = np.linspace(220, 60, BANDS)[:, None]
    mels = np.stack([(slope + rng.normal(0, 20, (BANDS, 130))).clip(0, 255) for _ in chosen]).astype(np.uint8)
    (folder / "audio").mkdir(parents=True)
    np.savez(folder / "mel3s.npz", track=np.array(chosen), value=mels)
    for name in [name for name in chosen if name in lists["valid"]][:3]:
        genre = name.split(".")[0]
        _write(folder / "audio" / genre / f"{name}.wav", genre, 1, 4.0)
    return folder


@needs_judge
def test_the_whole_in_small(gtzan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    weights = tmp_path / "weights"
    save_untaught(weights / "gan")
    torch.manual_seed(0)
    save_artefact(tmp_path / "plain", PlainGenerator(10).state_dict(), card() | {"network": "dcgan"})
    for module in (sample, evaluate):
        monkeypatch.setattr(module, "sound_of", lambda mel, params: sound_of(mel, params, iterations=1))
    result = evaluate.evaluate(gtzan, "gan", tmp_path / "plain", 2, 3.0, folder=weights)

    assert list(result["agreement"]) == ["3 s"]
    groups = result["agreement"]["3 s"]
    assert [groups[name]["count"] for name in ("recorded", "sounded", "ours")] == [3, 20, 20]
    for group in groups.values():
        assert 0 <= group["accuracy_interval"][0] <= group["accuracy"] <= group["accuracy_interval"][1] <= 1
    assert all(row["count"] == 2 for row in groups["ours"]["genres"].values())
    assert set(result["distance"]) == {"real", "ours", "plain", "noise"}
    assert set(result["met"]) == {"agreement_half", "agreement_of_real", "nearer_than_noise",
                                  "nearer_than_plain", "diversity", "no_copies"}  # fmt: skip
    assert result["copying"]["as_spectrograms"]["ours_median"] > 0
    text = as_text(json.loads(json.dumps(result)))
    assert "none picked" in text and "plain DCGAN" in text and " of 2 " in text

    record("gan", result, weights)
    kept = json.loads((weights / "gan" / "card.json").read_text())
    assert kept["figures"] == json.loads(json.dumps(result)) and kept["genres"] == list(GENRES)


@needs_judge
def test_what_it_cannot_measure_is_a_sentence(gtzan: Path, tmp_path: Path, capsys) -> None:
    assert __main__.main(["evaluate", "--count", "1"]) == 2
    assert __main__.main(["evaluate", "--model", "no-such"]) == 1
    assert __main__.main(["evaluate", "--data", str(tmp_path / "missing"), "--model", "listen"]) == 1
    assert __main__.main(["evaluate", "--data", str(gtzan), "--seconds", "200"]) == 2
    assert __main__.main(["evaluate", "--data", str(gtzan), "--model", "no-such", "--record"]) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 5 and all(line.endswith(".") for line in errors)


def test_which_aims_are_met() -> None:
    good = {
        "agreement": {"10 s": {"ours": {"macro_accuracy": 0.6}, "recorded": {"macro_accuracy": 0.7}}},
        "distance": {name: {"frechet": value, "kernel": value, "kernel_error": 0.1}
                     for name, value in (("ours", 1.0), ("plain", 3.0), ("noise", 9.0))},
        "diversity": {"ratio": 0.8}, "copying": {"as_spectrograms": {"ours_median": 2.0, "real_median": 1.9}},
    }  # fmt: skip
    assert all(met(good).values()) and len(met(good)) == 6
    bad = json.loads(json.dumps(good))
    bad["agreement"]["10 s"]["ours"]["macro_accuracy"] = 0.52  # less than 80 % of 0.7
    bad["distance"]["plain"]["kernel"] = 1.2  # within the doubt
    bad["diversity"]["ratio"] = 0.5
    bad["copying"]["as_spectrograms"]["ours_median"] = 1.0
    assert [aim for aim, reached in met(bad).items() if not reached] == [
        "agreement_of_real", "nearer_than_plain", "diversity", "no_copies"]
