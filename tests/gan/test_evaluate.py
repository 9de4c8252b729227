"""The figures of the generated music: the statistics where the answer is known, and a small evaluation."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from gan import __main__
from gan.evaluation import evaluate, sound, sources
from gan.evaluation.evaluate import REFERENCE_MODEL, ReferenceClassifier, check_criteria, middle_window
from gan.evaluation.halves import EmbeddedClips, distances_by_source, draw_alike, split_halves
from gan.evaluation.metrics import (
    frechet_distance,
    intra_class_distances,
    kernel_distance,
    nearest_distances,
    unbiased_frechet_distance,
)
from gan.evaluation.moods import pair_figures
from gan.evaluation.record import record_metrics
from gan.evaluation.sound import FEATURES_MODEL, summarize
from gan.evaluation.table import evaluation_table
from gan.mel import GAN_MEL, N_BANDS
from gan.networks import DcganGenerator
from gan.sampling import sampler as sample
from gan.sampling.audio import synthesize_audio
from gan.training.dataset import TrackMel
from genre import GENRES
from genre.audio.clip import SAMPLE_RATE
from genre.audio.spectrogram import Spectrogram
from genre.data.splits import LISTS
from genre.models.artefacts import save_artefact
from genre.models.cards import ArtefactError, load_card
from genre.paths import WEIGHTS
from tests.support.generators import card, save_untrained

needs_reference = pytest.mark.skipif(
    not (WEIGHTS / REFERENCE_MODEL).exists(), reason=f"assets/weights/{REFERENCE_MODEL} is not here"
)

needs_sound = pytest.mark.skipif(
    not (WEIGHTS / FEATURES_MODEL).exists(), reason=f"assets/weights/{FEATURES_MODEL} is not here"
)


def normal(count: int, shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(shift, 1, (count, 8))


def test_the_frechet_distance_of_normal_samples() -> None:
    same, moved = normal(200), normal(200)
    moved[:, 0] += 3.0
    assert frechet_distance(same, same) == pytest.approx(0, abs=1e-6)
    assert frechet_distance(same, moved) == pytest.approx(9, abs=1e-6)  # the square of the shift
    assert frechet_distance(same, 2 * same) == pytest.approx(8 + np.square(same.mean(axis=0)).sum(), rel=0.1)


def test_the_frechet_distance_of_few_clips_has_no_bias() -> None:
    """Of two sets from the same source the plain distance is far from 0, the fair one is not."""
    plain = np.mean([frechet_distance(normal(60, seed=k), normal(60, seed=k + 100)) for k in range(10)])
    fair = np.mean(
        [unbiased_frechet_distance(normal(60, seed=k), normal(60, seed=k + 100)) for k in range(10)]
    )
    assert plain > 0.5 and abs(fair) < 0.3 * plain
    assert unbiased_frechet_distance(normal(60), normal(60, 1.0, seed=1)) == pytest.approx(8, rel=0.4)


def test_the_kernel_distance_has_no_bias_and_knows_its_error() -> None:
    distances = [kernel_distance(normal(40, seed=k), normal(400, seed=k + 100)) for k in range(30)]
    values, errors = np.array(distances).T
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(30)
    assert 0.5 < errors.mean() / values.std() < 2
    far, error = kernel_distance(normal(40, 0.5, seed=1), normal(400, seed=2))
    assert far > 3 * error


def test_spread_and_nearest() -> None:
    points = np.array([[0.0, 0], [3, 4], [10, 0], [10, 2], [7, 7]])
    assert intra_class_distances(points, np.array([0, 0, 1, 1, 2])) == pytest.approx({0: 5.0, 1: 2.0})
    assert nearest_distances(points[:2], points[2:]).tolist() == pytest.approx([np.sqrt(98), 5.0])


def test_the_middle_of_a_track() -> None:
    mel = np.zeros((N_BANDS, 300), np.uint8)
    mel[:, 150] = 200
    cut = middle_window(TrackMel("a", "jazz", mel), 3.0)
    assert cut.shape == (N_BANDS, 128) and cut[:, 64].max() == 0 and cut.min() == -GAN_MEL.range_db
    assert middle_window(TrackMel("a", "jazz", mel), 10.0) is None


@needs_reference
def test_spectrograms_and_audio_have_the_same_embedding(play) -> None:
    """A spectrogram is embedded as its recording is."""
    reference = ReferenceClassifier.load()
    recordings = [play(genre) for genre in ("jazz", "metal", "classical")]
    recorded = reference.classify_clips([("jazz", samples) for samples in recordings]).embeddings
    mels = [Spectrogram(GAN_MEL)(torch.tensor(samples)[None])[0].numpy() for samples in recordings]
    from_mels = reference.embed_mels(mels)
    assert np.linalg.norm(recorded - from_mels, axis=1).max() < 0.1 * np.linalg.norm(
        recorded[0] - recorded[1]
    )
    resynthesized = reference.classify_clips(
        [("jazz", synthesize_audio(mel, GAN_MEL)) for mel in mels]
    ).embeddings
    assert np.linalg.norm(recorded - resynthesized, axis=1).max() < np.linalg.norm(recorded[0] - recorded[1])


@pytest.fixture
def gtzan(tmp_path: Path, play) -> Path:
    """Two tracks a genre of each list as mels, and three recordings of the valid list."""
    from genre.synth.dataset import _write

    folder = tmp_path / "gtzan"
    lists = {part: sorted((LISTS / f"gtzan-{part}.txt").read_text().split()) for part in ("train", "valid")}
    rows = [
        name
        for names in lists.values()
        for genre in GENRES
        for name in [name for name in names if name.startswith(f"{genre}.")][:2]
    ]
    rng = np.random.default_rng(0)
    slope = np.linspace(220, 60, N_BANDS)[:, None]
    mels = np.stack([(slope + rng.normal(0, 20, (N_BANDS, 130))).clip(0, 255) for _ in rows]).astype(np.uint8)
    (folder / "audio").mkdir(parents=True)
    np.savez(folder / "mel3s.npz", track=np.array(rows), value=mels)
    for name in [name for name in rows if name in lists["valid"]][:3]:
        genre = name.split(".")[0]
        _write(folder / "audio" / genre / f"{name}.wav", genre, 1, 4.0)
    return folder


@needs_reference
def test_a_small_evaluation(gtzan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    weights = tmp_path / "weights"
    save_untrained(weights / "gan")
    torch.manual_seed(0)
    save_artefact(tmp_path / "plain", DcganGenerator(10).state_dict(), replace(card(), network="dcgan"))
    for module in (sample, evaluate):
        monkeypatch.setattr(
            module, "synthesize_audio", lambda mel, params: synthesize_audio(mel, params, iterations=1)
        )
    result = evaluate.evaluate_generator(gtzan, "gan", tmp_path / "plain", 2, 3.0, folder=weights)

    assert list(result["genre_accuracy"]) == ["3 s"]
    groups = result["genre_accuracy"]["3 s"]
    assert [groups[name]["count"] for name in ("real_recorded", "real_resynthesized", "generated")] == [
        3,
        20,
        20,
    ]
    for group in groups.values():
        assert 0 <= group["accuracy_interval"][0] <= group["accuracy"] <= group["accuracy_interval"][1] <= 1
    assert all(row["count"] == 2 for row in groups["generated"]["genres"].values())
    assert set(result["distance"]) == {"real_train", "generated", "dcgan", "noise"}
    assert set(result["criteria"]) == {
        "accuracy_half",
        "accuracy_near_real",
        "closer_than_noise",
        "closer_than_dcgan",
        "diversity",
        "no_copies",
    }
    assert result["nearest_training_clip"]["spectrogram"]["generated_median"] > 0
    text = evaluation_table(json.loads(json.dumps(result)))
    assert "none selected" in text and "plain DCGAN" in text and " of 2 " in text

    record_metrics("gan", result, weights)
    card_values = json.loads((weights / "gan" / "card.json").read_text())
    assert card_values["metrics"] == json.loads(json.dumps(result)) and card_values["genres"] == list(GENRES)


@needs_reference
def test_wrong_arguments_are_a_sentence(gtzan: Path, tmp_path: Path, capsys) -> None:
    assert __main__.main(["evaluate", "--count", "1"]) == 2
    assert __main__.main(["evaluate", "--model", "no-such"]) == 1
    assert __main__.main(["evaluate", "--data", str(tmp_path / "missing"), "--model", "listen"]) == 1
    assert __main__.main(["evaluate", "--data", str(gtzan), "--seconds", "200"]) == 2
    assert __main__.main(["evaluate", "--data", str(gtzan), "--model", "no-such", "--record"]) == 1
    errors = capsys.readouterr().err.strip().splitlines()
    assert len(errors) == 5 and all(line.endswith(".") for line in errors)


def test_criteria() -> None:
    good = {
        "genre_accuracy": {
            "10 s": {"generated": {"balanced_accuracy": 0.6}, "real_recorded": {"balanced_accuracy": 0.7}}
        },
        "distance": {
            name: {"frechet": value, "kernel": value, "kernel_standard_error": 0.1}
            for name, value in (("generated", 1.0), ("dcgan", 3.0), ("noise", 9.0))
        },
        "diversity": {"ratio": 0.8},
        "nearest_training_clip": {"spectrogram": {"generated_median": 2.0, "real_median": 1.9}},
    }
    assert all(check_criteria(good).values()) and len(check_criteria(good)) == 6
    bad = json.loads(json.dumps(good))
    bad["genre_accuracy"]["10 s"]["generated"]["balanced_accuracy"] = 0.52  # less than 80 % of 0.7
    bad["distance"]["dcgan"]["kernel"] = 1.2  # within the doubt
    bad["diversity"]["ratio"] = 0.5
    bad["nearest_training_clip"]["spectrogram"]["generated_median"] = 1.0
    assert [name for name, is_met in check_criteria(bad).items() if not is_met] == [
        "accuracy_near_real",
        "closer_than_dcgan",
        "diversity",
        "no_copies",
    ]


def test_halves_of_real_music_are_as_far_as_each_other() -> None:
    """Clips of the same source are once as far as real music, shifted ones further."""
    rng = np.random.default_rng(0)
    genres = np.repeat(["jazz", "rock"], 40)
    clips = {
        name: EmbeddedClips(genres, tracks, rng.normal(shift, 1, (80, 24)))
        for name, tracks, shift in (
            ("real", np.array([f"t{k}" for k in range(80)]), 0.0),
            ("same", np.repeat("", 80), 0.0),
            ("shifted", np.repeat("", 80), 1.0),
        )
    }
    result = distances_by_source(clips, "real", rng.normal(0, 1, (100, 24)))
    times = {name: row["times_real"] for name, row in result["sources"].items()}
    assert times["real"]["mean"] == 1 and times["same"]["mean"] == pytest.approx(1, abs=0.2)
    low, high = times["shifted"]["interval"]
    assert 1.5 < low < times["shifted"]["mean"] < high
    assert result["clips_per_half"] == 40 and result["components"] == 16
    assert set(result["sources"]["same"]["kernel_by_genre"]) == {"jazz", "rock"}


def test_a_clip_is_never_compared_with_its_own_recording() -> None:
    rng = np.random.default_rng(0)
    genres, tracks = np.repeat(["jazz", "rock"], 5), np.array([f"t{k}" for k in range(10)])
    clips = EmbeddedClips(genres, tracks, np.zeros((10, 2)))
    near, far = split_halves(genres, rng)
    assert len(near) == len(far) == 4 and not set(near) & set(far)
    assert set(draw_alike(clips, clips.take(far), rng).tracks) == set(tracks[far])
    unnamed = EmbeddedClips(genres, np.repeat("", 10), np.zeros((10, 2)))
    assert sorted(draw_alike(unnamed, clips.take(far), rng).genres) == sorted(genres[far])


def test_the_mean_over_genres_with_an_interval() -> None:
    values, genres = np.array([0.0, 0.0, 1.0, 4.0]), np.array(["jazz", "jazz", "jazz", "rock"])
    summary = summarize(values, genres)
    assert summary["mean"] == pytest.approx((1 / 3 + 4) / 2, abs=1e-4)
    assert summary["genres"]["rock"] == {"mean": 4.0, "interval": [4.0, 4.0], "count": 1}
    assert summary["interval"] == [2.0, 2.5]


def test_the_share_of_pairs_as_asked() -> None:
    figures = pair_figures({"jazz": [0.1, 0.2, -0.1], "rock": [0.1, 0.3, 0.0]})
    assert figures["fraction"] == pytest.approx(4 / 6, abs=1e-4) and figures["count"] == 6
    assert figures["interval"][0] < 4 / 6 < figures["interval"][1]
    assert figures["genres"] == pytest.approx({"jazz": 2 / 3, "rock": 2 / 3})


@needs_sound
def test_a_small_evaluation_of_the_sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights, lists = tmp_path / "weights", tmp_path / "gtzan" / "audio"
    save_untrained(weights / "gan", ("jazz", "rock"))
    torch.manual_seed(0)
    save_artefact(tmp_path / "plain", DcganGenerator(10).state_dict(), replace(card(), network="dcgan"))
    for part in ("train", "valid"):
        names = sorted((LISTS / f"gtzan-{part}.txt").read_text().split())
        for k, name in enumerate(
            name for genre in ("jazz", "rock") for name in [n for n in names if n.startswith(genre)][:2]
        ):
            (lists / name.split(".")[0]).mkdir(parents=True, exist_ok=True)
            noise = np.random.default_rng(k).normal(0, 0.1, 9 * SAMPLE_RATE + 100)
            soundfile.write(lists / name.split(".")[0] / f"{name}.wav", noise, SAMPLE_RATE)
    monkeypatch.setattr(sound, "MIN_RECORDINGS", 4)
    monkeypatch.setattr(sound, "measure_clip", lambda clip: {"pitched": len(clip.joins_s) / 10})
    for module in (sound, sources):
        monkeypatch.setattr(
            module, "synthesize_audio", lambda mel, params: synthesize_audio(mel, params, iterations=1)
        )
    result = sound.evaluate_sound(tmp_path / "gtzan", "gan", tmp_path / "plain", 2, 3.0, folder=weights)
    assert result["seconds"] == 9 and set(result["counts"].values()) == {4}
    assert list(result["measures"]) == ["real_recorded", "real_resynthesized", "generated", "dcgan"]
    joins = {name: table["pitched"]["mean"] for name, table in result["measures"].items()}
    assert joins["real_recorded"] == joins["generated"] == 1.2 and joins["dcgan"] == pytest.approx(0.3)
    assert result["distance"]["sources"]["generated"]["times_real"]["mean"] > 1
    text = evaluation_table({"sound": json.loads(json.dumps(result))})
    assert "levels matched" in text and "plain DCGAN" in text
    record_metrics("gan", {"weights": "a", "genre_accuracy": {}, "sound": result}, weights)
    stored = load_card(weights / "gan").metrics["sound"]  # no key is taken for one of an older version
    assert stored == json.loads(json.dumps(result))


def test_parts_of_other_weights_are_not_mixed(tmp_path: Path) -> None:
    save_untrained(tmp_path / "gan")
    with pytest.raises(ArtefactError, match="measure all parts"):
        record_metrics("gan", {"weights": "a", "moods": {}}, tmp_path)
    record_metrics("gan", {"weights": "a", "genre_accuracy": {}}, tmp_path)
    record_metrics("gan", {"weights": "a", "moods": {"seconds": 10}}, tmp_path)
    metrics = json.loads((tmp_path / "gan" / "card.json").read_text())["metrics"]
    assert metrics == {"weights": "a", "genre_accuracy": {}, "moods": {"seconds": 10}}
