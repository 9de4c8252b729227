"""A trained run becomes a model of the Listen page, whatever its kind and input."""

import errno
import itertools
import json

import numpy as np
import pytest

from genre import GENRES as ALL_GENRES
from genre.__main__ import main
from genre.audio.clip import SAMPLE_RATE, Clip
from genre.data.windows import compute_windows, window_samples
from genre.inference.explain import explain
from genre.inference.load import SHIPPED_MODEL, load_classifier
from genre.inference.zoo_classifier import ZooClassifier
from genre.models.cards import TRANSFER, ArtefactError
from genre.models.registry import MODELS
from genre.paths import PROMOTED, home, promoted_models
from genre.runs import directory as runs
from genre.runs.worker import work_on
from genre.synth import dataset as synth
from genre.training.experiment import experiment_settings, run_experiment
from genre.training.publish import promote_run

GENRES = ("classical", "metal")
FILES = {"mel_30s": "pictures.npz", "mel_3s_zscored": "mel3s.npz"}  # as GTZAN's ready-made arrays are called


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def music(folder_of_music):
    """As in tests/genre/training/test_experiment.py: what is computed there serves here."""
    return folder_of_music(pieces=8, seconds=6.0)


def trained(music, model: str, kind: str, epochs: int = 2, **options):
    settings = experiment_settings(
        model, str(music), kind, epochs=epochs, batch_size=4, learning_rate=5e-3, patience=0, **options
    )
    folder = runs.create_run_folder("genre", json.loads(json.dumps(settings.to_dict())), model)
    with work_on(folder) as worker:
        run_experiment(worker)
    return folder


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        ("svm", "features"),
        ("knn", "raw"),
        ("cnn-simple", "mel"),
        ("linear", "mel_3s_zscored"),
        ("cnn-zhang", "stft"),
        ("listen", "mel_30s"),
        ("listen", "mel"),
    ],
)
def test_a_promoted_run_classifies_clips(music, play, model, kind):
    options = {"knn": {"k": 3}, "cnn-zhang": {"width": 4}, "listen": {"members": 1}}.get(model)
    promote_run(trained(music, model, kind, options=options), "my-model")
    assert promoted_models() == ["my-model"]
    classifier = load_classifier("my-model")
    assert isinstance(classifier, ZooClassifier) == ((model, kind) != ("listen", "mel_30s"))
    assert classifier.genres == GENRES
    for seconds in (3.0, 20.0):
        samples = np.resize(play("metal", 6.0, 1), int(seconds * SAMPLE_RATE))
        prediction = classifier.classify(Clip(samples, seconds))
        assert prediction.genre in GENRES and sum(prediction.probabilities.values()) == pytest.approx(1)
        assert prediction.window_probabilities.shape == (len(prediction.window_times_s), 2) and len(
            prediction.window_times_s
        )
        assert (prediction.window_times_s >= 0).all() and (prediction.window_times_s <= seconds).all()
        assert (np.diff(prediction.window_times_s) > 0).all()
    shares = explain(classifier, Clip(samples, seconds), prediction.genre).band_shares()
    assert (shares is None) == isinstance(classifier, ZooClassifier)  # of bands only what was measured
    assert classifier.classify(Clip(np.zeros(50_000, np.float32), 2.3)).status == "not_music"
    assert classifier.classify(Clip(samples[:9_000], 0.4)).status == "too_short"


def test_serving_has_the_inputs_of_training(music):
    folder = trained(music, "svm", "mel")
    classifier = load_classifier(folder.name, folder.parent)
    right = sum(
        classifier.classify(Clip(synth.render(genre, seed, 6.0), 6.0)).genre == genre
        for genre in GENRES
        for seed in range(5)
    )
    assert right >= 9


@pytest.mark.parametrize("kind", ["mel_30s", "mel_3s_zscored"])
def test_a_model_of_ready_made_arrays_takes_clips_as_they_were_made(tmp_path, kind):
    """Where there are no recordings, arrays stand in for mel spectrograms: of 30 s, or scaled otherwise."""
    spec, clips, values = MODELS["linear"].input(kind), {}, []
    for genre, seed in itertools.product(ALL_GENRES, range(2)):
        samples = clips[f"{genre}.{seed:05d}"] = synth.render(genre, seed, 4.0)
        window = compute_windows(np.resize(samples, window_samples(spec)), np.zeros(1, int), spec)[0]
        rows = ((np.arange(216) + 0.5) * len(window) / 216).astype(int)  # as GTZAN's pictures are stretched
        values.append(window[rows] if kind == "mel_30s" else window)
    np.savez(tmp_path / FILES[kind], track=np.array(list(clips)), value=np.stack(values))
    folder = trained(tmp_path, "linear", "mel", epochs=10, split="all")
    promote_run(folder, "ours")
    classifier = load_classifier("ours")
    assert (classifier.spec.kind, classifier.spec.shape) == (kind, MODELS["linear"].input("mel").shape)
    right = [
        classifier.classify(Clip(samples, 4.0)).genre == name.split(".")[0] for name, samples in clips.items()
    ]
    assert np.mean(right) > 0.6


@pytest.mark.parametrize("kind", ["features", "mel"])
def test_silence_beside_music_has_no_vote(music, kind):
    promote_run(trained(music, "svm", kind), "ours")
    classifier = load_classifier("ours")
    song = np.tile(synth.render("metal", 1, 6.0), 5)
    alone = classifier.classify(Clip(song, 30.0))
    beside = classifier.classify(Clip(np.concatenate([song, np.zeros_like(song)]), 60.0))
    assert beside.window_times_s.max() < 30 and beside.probabilities == pytest.approx(
        alone.probabilities, abs=0.02
    )


def test_what_is_no_model_name(music, capsys):
    folder = trained(music, "svm", "features")
    for name in (SHIPPED_MODEL, "../away", ".hidden", "", "x" * 80):
        with pytest.raises(ValueError, match="cannot be a model's name"):
            promote_run(folder, name)
    assert main(["promote", folder.name, "ours"]) == 0 and "ours" in capsys.readouterr().out
    assert main(["promote", "no-such-run", "ours"]) == 2
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ArtefactError):
        promote_run(folder, "ours-too")
    assert promoted_models() == ["ours"]


def test_a_promoted_model_can_be_unpublished(music, capsys):
    folder = trained(music, "svm", "features")
    promote_run(folder, "ours")
    assert main(["unpublish", "ours"]) == 0 and not promoted_models()
    assert (folder / "card.json").exists(), "the run stays"
    for name in ("ours", "../models", "", SHIPPED_MODEL):
        assert main(["unpublish", name]) == 2
    assert "There is no promoted model 'ours'; there are: none." in capsys.readouterr().err


def test_a_run_of_any_folder_name_can_be_promoted(music, tmp_path, monkeypatch):
    folder = trained(music, "svm", "features")
    folder = folder.rename(tmp_path / "my run (2)")
    assert promote_run(folder, "mine").name == "mine"

    def full(path, content):
        if path.name == "card.json":
            raise OSError(errno.ENOSPC, "No space left on device")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    monkeypatch.setattr("genre.training.publish.write_atomic", full)
    with pytest.raises(OSError):
        promote_run(folder, "half")
    assert sorted(path.name for path in (home() / PROMOTED).iterdir()) == ["mine"]


def test_the_default_stays_the_shipped_one(music):
    promote_run(trained(music, "svm", "features"), "ours")
    assert load_classifier().card.model == TRANSFER
