"""A trained run becomes a model of the Listen page, whatever its kind and input."""

import errno
import itertools
import json

import numpy as np
import pytest

from genre import GENRES as ALL_GENRES
from genre import runs, synth
from genre.__main__ import main
from genre.audio import SAMPLE_RATE, Clip
from genre.cards import ArtefactError
from genre.classifier import SHIPPED, Classifier
from genre.experiment import execute, settings
from genre.explain import explain
from genre.home import PROMOTED, home, promoted_models
from genre.inputs import represent, window_samples
from genre.models import MODELS
from genre.offer_commands import promote_run
from genre.promoted import PromotedClassifier
from genre.worker import working

GENRES = ("classical", "metal")


pytestmark = pytest.mark.usefixtures("shared_cache")


@pytest.fixture(scope="module")
def music(folder_of_music):
    """As in tests/test_experiment.py: what is computed there serves here."""
    return folder_of_music(pieces=8, seconds=6.0)


def trained(music, model: str, kind: str, epochs: int = 2, **how):
    asked = settings(model, str(music), kind, epochs=epochs, batch_size=4, learning_rate=5e-3, patience=0,
                     **how)
    folder = runs.create("genre", json.loads(json.dumps(asked.to_dict())), model)
    with working(folder) as worker:
        execute(worker)
    return folder


@pytest.mark.parametrize(
    ("model", "kind"),
    [("svm", "features"), ("knn", "raw"), ("cnn-simple", "mel"), ("linear", "mel3s"),
     ("cnn-zhang", "stft"), ("listen", "pictures"), ("listen", "mel")],
)  # fmt: skip
def test_a_promoted_run_hears_clips(music, play, model, kind):
    options = {"knn": {"k": 3}, "cnn-zhang": {"width": 4}, "listen": {"members": 1}}.get(model)
    promote_run(trained(music, model, kind, options=options), "my-model")
    assert promoted_models() == ["my-model"]
    classifier = Classifier.load("my-model")
    assert isinstance(classifier, PromotedClassifier) == ((model, kind) != ("listen", "pictures"))
    assert classifier.genres == GENRES
    for seconds in (3.0, 40.0):
        samples = np.resize(play("metal", 6.0, 1), int(seconds * SAMPLE_RATE))
        verdict = classifier.classify(Clip(samples, seconds))
        assert verdict.genre in GENRES and sum(verdict.probabilities.values()) == pytest.approx(1)
        assert verdict.over_time.shape == (len(verdict.times), 2) and len(verdict.times)
        assert (verdict.times >= 0).all() and (verdict.times <= seconds).all()
        assert (np.diff(verdict.times) > 0).all()
    told = explain(classifier, Clip(samples, seconds), verdict.genre).shares()
    assert (told is None) == isinstance(classifier, PromotedClassifier)  # of bands only what was measured
    assert classifier.classify(Clip(np.zeros(50_000, np.float32), 2.3)).status == "not_music"
    assert classifier.classify(Clip(samples[:9_000], 0.4)).status == "too_short"


def test_serving_sees_what_training_saw(music):
    folder = trained(music, "svm", "mel")
    classifier = Classifier.load(folder.name, folder.parent)
    right = sum(
        classifier.classify(Clip(synth.render(genre, seed, 6.0), 6.0)).genre == genre
        for genre in GENRES for seed in range(5)
    )
    assert right >= 9


@pytest.mark.parametrize("kind", ["pictures", "mel3s"])
def test_a_model_of_ready_made_arrays_hears_music_as_they_were_made(tmp_path, kind):
    """Where there are no recordings, arrays stand in for mel spectrograms: of 30 s, or scaled otherwise."""
    spec, pieces, values = MODELS["linear"].input(kind), {}, []
    for genre, seed in itertools.product(ALL_GENRES, range(3)):
        samples = pieces[f"{genre}.{seed:05d}"] = synth.render(genre, seed, 4.0)
        made = represent(np.resize(samples, window_samples(spec)), np.zeros(1, int), spec)[0]
        rows = ((np.arange(216) + 0.5) * len(made) / 216).astype(int)  # as GTZAN's pictures are stretched
        values.append(made[rows] if kind == "pictures" else made)
    np.savez(tmp_path / f"{kind}.npz", track=np.array(list(pieces)), value=np.stack(values))
    folder = trained(tmp_path, "linear", "mel", epochs=10, split="all")
    promote_run(folder, "ours")
    classifier = Classifier.load("ours")
    assert (classifier.spec.kind, classifier.spec.shape) == (kind, MODELS["linear"].input("mel").shape)
    right = [classifier.classify(Clip(samples, 4.0)).genre == name.split(".")[0]
             for name, samples in pieces.items()]
    assert np.mean(right) > 0.6


@pytest.mark.parametrize("kind", ["features", "mel"])
def test_silence_beside_music_has_no_vote(music, kind):
    promote_run(trained(music, "svm", kind), "ours")
    classifier = Classifier.load("ours")
    song = np.tile(synth.render("metal", 1, 6.0), 5)
    alone = classifier.classify(Clip(song, 30.0))
    beside = classifier.classify(Clip(np.concatenate([song, np.zeros_like(song)]), 60.0))
    assert beside.times.max() < 30 and beside.probabilities == pytest.approx(alone.probabilities, abs=0.02)


def test_names_that_cannot_be(music, capsys):
    folder = trained(music, "svm", "features")
    for name in (SHIPPED, "../away", ".hidden", "", "x" * 80):
        with pytest.raises(ValueError, match="cannot be a model's name"):
            promote_run(folder, name)
    assert main(["promote", folder.name, "ours"]) == 0 and "ours" in capsys.readouterr().out
    assert main(["promote", "no-such-run", "ours"]) == 2
    (folder / "model.safetensors").write_bytes(b"")
    with pytest.raises(ArtefactError):
        promote_run(folder, "ours-too")
    assert promoted_models() == ["ours"]


def test_a_promoted_model_can_be_withdrawn(music, capsys):
    folder = trained(music, "svm", "features")
    promote_run(folder, "ours")
    assert main(["withdraw", "ours"]) == 0 and not promoted_models()
    assert (folder / "card.json").exists(), "the run stays"
    for name in ("ours", "../models", "", SHIPPED):
        assert main(["withdraw", name]) == 2
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

    monkeypatch.setattr("genre.home.write_atomic", full)
    with pytest.raises(OSError):
        promote_run(folder, "half")
    assert sorted(path.name for path in (home() / PROMOTED).iterdir()) == ["mine"]


def test_the_default_stays_the_shipped_one(music):
    promote_run(trained(music, "svm", "features"), "ours")
    assert Classifier.load().card["model"] == SHIPPED
