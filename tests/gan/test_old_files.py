"""Files that earlier versions wrote are read: each kind, in its old keys, with the same result as then."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gan.evaluation.table import evaluation_table
from gan.networks import Discriminator, Generator
from gan.request import GenerationRequest
from gan.sampling.gallery import GalleryItem
from gan.sampling.sampler import Sampler, request_from_recipe
from gan.sampling.spectrogram_file import read_spectrogram
from gan.training.history import read_training_history
from gan.training.loop import _load_checkpoint
from gan.training.settings import GanSettings
from gan.training.trainer import GanTrainer
from genre.models.cards import Card
from genre.paths import WEIGHTS

OLD = Path(__file__).parents[1] / "fixtures" / "old" / "gan"


@pytest.mark.skipif(not (WEIGHTS / "gan" / "card.json").exists(), reason="assets/weights/gan is not here")
def test_a_recipe_gives_the_same_clip() -> None:
    recipe = json.loads((OLD / "recipe.json").read_text())
    expected = json.loads((OLD / "recipe_sound.json").read_text())
    sampler = Sampler.load("gan-first")
    assert recipe["weights"] == sampler.fingerprint
    generated = sampler.generate(request_from_recipe(recipe))
    stored = read_spectrogram(OLD / "spectrogram.npz")
    np.testing.assert_allclose(generated.mel_db, stored.mel_db, atol=0.05)  # float16
    assert generated.mel_db.astype(np.float64).sum() == pytest.approx(expected["mel_sum"], rel=1e-6)
    if sha256(generated.mel_db.tobytes()).hexdigest() == expected["mel_sha256"]:  # else another processor
        assert sha256(generated.clip.samples.tobytes()).hexdigest() == expected["samples_sha256"]


def test_a_spectrogram_file_brings_its_request() -> None:
    item = GalleryItem.from_file((OLD / "spectrogram.npz").read_bytes())
    assert isinstance(item.request, GenerationRequest) and item.request.seed == 11
    assert item.request == request_from_recipe(json.loads((OLD / "recipe.json").read_text()))


def test_a_card() -> None:
    card = Card.from_dict(json.loads((OLD / "run" / "card.json").read_text()))
    assert set(card.control_stats_by_genre) == {"mean", "std"} and len(card.control_std) == 3
    assert card.recipe["discriminator_learning_rate"] == 4e-4 and card.recipe["ema_decay"] == 0.998
    assert Card.from_dict(card.to_dict()) == card, "today's keys stay"


def test_the_metrics_of_an_evaluated_card() -> None:
    card = json.loads((OLD / "evaluated_card.json").read_text())
    metrics = Card.from_dict(card).metrics
    old = card["figures"]["agreement"]["10 s"]["ours"]
    new = metrics["genre_accuracy"]["10 s"]["generated"]
    assert new["balanced_accuracy"] == old["macro_accuracy"] and new["confusion"] == old["confusion"]
    assert metrics["criteria"] and all(metrics["criteria"].values())
    assert "reference classifier" in evaluation_table(metrics)


def test_the_settings_of_a_run() -> None:
    old = json.loads((OLD / "run" / "config.json").read_text())["settings"]
    settings = GanSettings.from_dict(old)
    assert (settings.steps_per_epoch, settings.r1_interval, settings.genre_loss_weight) == (1, 1, 0.3)
    assert GanSettings.from_dict(settings.to_dict()) == settings and settings.equals(old)


def test_a_training_history() -> None:
    history = read_training_history(OLD / "run")
    assert history.genres == ("classical", "metal") and list(history.sample_sheets) == [1, 2]
    assert [epoch for epoch, _ in history.discriminator_curves()["d_fake"]] == [1, 2]
    real, fake = history.balance()
    assert 0.5 < fake < real < 0.52
    assert {"loss_discriminator", "genre_accuracy_real", "control_rmse"} <= set(history.epochs[0])


def test_a_checkpoint(tmp_path: Path) -> None:
    shapes = json.loads((OLD / "checkpoint_shapes.json").read_text())
    rng = torch.Generator().manual_seed(0)
    tensors = {
        name: torch.rand(shape, generator=rng).to(getattr(torch, dtype))
        for name, (dtype, *shape) in shapes.items()
    }
    save_file(tensors, tmp_path / "checkpoint.safetensors", {"epoch": "1"})
    trainer = GanTrainer.__new__(GanTrainer)
    trainer.settings = GanSettings("builtin", steps_per_epoch=5)
    trainer.generator, trainer.averaged_generator = Generator(2), Generator(2)
    trainer.discriminator = Discriminator(2)
    trainer.optimisers = {
        "generator": torch.optim.Adam(trainer.generator.parameters()),
        "discriminator": torch.optim.Adam(trainer.discriminator.parameters()),
    }
    assert _load_checkpoint(tmp_path / "checkpoint.safetensors", trainer) == 1
    assert trainer.steps_done == 5
    groups = trainer.state()
    assert sum(map(len, groups.values())) == len(tensors)
    for group, name, old_name in (
        ("generator", "to_mel.weight", "generator/paint.weight"),
        ("averaged_generator", "up_blocks.0.modulation.affine.bias", "averaged/grow.0.steered.steer.bias"),
        ("discriminator", "projection.weight", "critic/fitting.weight"),
        ("adam-discriminator", "0/exp_avg", "adam-critic/0/exp_avg"),
    ):
        torch.testing.assert_close(groups[group][name], tensors[old_name])
