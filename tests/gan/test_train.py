"""A small training: its files, and the same weights after an interruption."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gan import __main__
from gan.controls import CONTROLS
from gan.mel import CLIP_FRAMES, N_BANDS
from gan.request import GenerationRequest
from gan.sampling.sampler import Sampler
from gan.training import loop as train
from gan.training.dataset import load_music_dataset
from gan.training.loop import CHECKPOINT, train_gan
from gan.training.settings import GanSettings, dcgan_settings
from genre.audio.clip import Clip
from genre.data.examples import DataError
from genre.models.cards import ArtefactError
from genre.runs import directory as runs
from genre.runs.settings import SettingsError
from genre.runs.worker import RunStopped, Worker, work_on
from genre.synth.dataset import render

TINY = {
    "epochs": 2,
    "steps_per_epoch": 1,
    "batch_size": 2,
    "r1_interval": 1,
    "r1_batch_size": 2,
    "bfloat16": False,
}


def run(folder: Path, settings: GanSettings) -> Path:
    """Train in this process, in a run directory of its own."""
    if not folder.exists():
        runs.create_run_folder("gan", settings.to_dict(), settings.network, folder, cores=1)
    with work_on(folder) as worker:
        train_gan(worker)
    return folder


@pytest.fixture(scope="module")
def trained_run(music: Path, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_HOME", str(tmp_path_factory.mktemp("home")))
        return run(tmp_path_factory.mktemp("runs") / "gan", GanSettings(str(music), "all", **TINY))


def test_the_files_of_a_run(trained_run: Path) -> None:
    metrics = runs.read_metrics(trained_run)
    assert [line["epoch"] for line in metrics] == [1, 2]
    for line in metrics:
        assert all(np.isfinite(value) for value in line.values())
        assert 0 < line["d_real"] < 1 and 0 < line["d_fake"] < 1
    picture = cv2.imread(str(trained_run / "samples" / "0002.webp"), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (N_BANDS, 2 * CLIP_FRAMES)  # a clip of each genre
    assert runs.read_run(trained_run).state == "done"


def test_a_trained_generator_can_be_sampled(trained_run: Path) -> None:
    sampler = Sampler.load(trained_run.name, trained_run.parent)
    assert sampler.genres == ("classical", "metal")
    assert sampler.generate_mel(GenerationRequest({"metal": 1.0}, seconds=3)).shape[0] == N_BANDS
    card = json.loads((trained_run / "card.json").read_text())
    assert card["controls"] == list(CONTROLS) and card["data"]["recordings"] == 8
    assert not Path(card["recipe"]["data"]).is_absolute()  # nothing of this machine


def test_stopped_and_resumed_it_gives_the_same_weights(
    music: Path, trained_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = train.GanTrainer.step
    settings = GanSettings(str(music), "all", **TINY)

    def stop_in_the_second_epoch(trainer, rng):
        if trainer.steps_done:
            raise RunStopped
        return step(trainer, rng)

    monkeypatch.setattr(train.GanTrainer, "step", stop_in_the_second_epoch)
    with pytest.raises(RunStopped):
        run(tmp_path / "gan", settings)
    assert runs.read_run(tmp_path / "gan").state == "stopped"
    assert not (tmp_path / "gan" / "model.safetensors").exists()
    monkeypatch.setattr(train.GanTrainer, "step", step)
    run(tmp_path / "gan", settings)
    one, other = (load_file(folder / "model.safetensors") for folder in (trained_run, tmp_path / "gan"))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], atol=1e-6, rtol=1e-5, msg=name)
    assert [line["epoch"] for line in runs.read_metrics(tmp_path / "gan")] == [1, 2]


def test_one_genre_is_enough_and_nothing_is_lost_at_the_end(
    folder_of_music, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, finish = GanSettings(str(folder_of_music(("jazz",))), "all", **TINY), Worker.finish

    def stop_at_the_end(worker, report):
        raise RunStopped

    monkeypatch.setattr(Worker, "finish", stop_at_the_end)
    with pytest.raises(RunStopped):
        run(tmp_path / "gan", settings)
    monkeypatch.setattr(Worker, "finish", finish)
    monkeypatch.setattr(train.GanTrainer, "step", lambda *_: pytest.fail("begun anew"))
    run(tmp_path / "gan", settings)
    assert not (tmp_path / "gan" / CHECKPOINT).exists()
    sampler = Sampler.load("gan", tmp_path)
    assert (
        sampler.genres == ("jazz",)
        and np.isfinite(sampler.generate_mel(GenerationRequest({"jazz": 1.0}, seconds=3))).all()
    )


def test_a_loss_that_is_no_number_is_a_sentence(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.GanTrainer, "step", lambda *_: {"loss_discriminator": float("nan")})
    with pytest.raises(FloatingPointError, match=r"other music, or with another seed\.$"):
        run(tmp_path / "gan", GanSettings(str(music), "all", **TINY))


def test_a_damaged_checkpoint_is_a_sentence(music: Path, tmp_path: Path) -> None:
    settings = GanSettings(str(music), "all", **TINY)
    runs.create_run_folder("gan", settings.to_dict(), "earmark", tmp_path / "gan", cores=1)
    (tmp_path / "gan" / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ArtefactError, match="begin this training anew"):
        run(tmp_path / "gan", settings)
    assert "begin this training anew" in runs.read_run(tmp_path / "gan").message


def test_the_plain_dcgan_trains_too(music: Path, tmp_path: Path) -> None:
    settings = dcgan_settings(str(music), "all", epochs=1, steps_per_epoch=1, batch_size=2, bfloat16=False)
    folder = run(tmp_path / "plain", settings)
    assert json.loads((folder / "card.json").read_text())["network"] == "dcgan"


def test_batches_are_balanced_and_not_silent(music: Path) -> None:
    loaded = load_music_dataset(str(music), "all")
    pictures, labels = loaded.sample_batch(16, torch.Generator().manual_seed(0))
    assert pictures.shape == (16, N_BANDS, CLIP_FRAMES) and pictures.abs().max() <= 1.001
    assert set(labels.tolist()) == {0, 1} and pictures.mean(dim=(1, 2)).min() > -0.95
    again, _ = loaded.sample_batch(16, torch.Generator().manual_seed(0))
    torch.testing.assert_close(pictures, again)
    means, spreads = loaded.control_statistics(torch.Generator().manual_seed(0), 8)
    assert means.shape == spreads.shape == (2, len(CONTROLS)) and (spreads > 0).all()


@pytest.mark.parametrize("names", [("ambient", "techno"), ("jazz", "techno")])
def test_genres_of_any_name_can_be_learnt(music: Path, tmp_path: Path, names: tuple[str, str]) -> None:
    """Recordings of less than 3 s are no music to it, and do not count."""
    for folder, name in zip(sorted(path for path in music.iterdir() if path.is_dir()), names, strict=True):
        shutil.copytree(folder, tmp_path / name)
    (tmp_path / names[0] / "short.wav").write_bytes(Clip(render("jazz", 1, 2.0), 2.0).to_wav())
    original, renamed = load_music_dataset(str(music), "all"), load_music_dataset(str(tmp_path), "all")
    assert renamed.genres == names and renamed.counts == original.counts == {
        "recordings": 8,
        "mel_3s_zscored": 0,
    }


def test_too_little_music_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "one.wav").write_bytes(Clip(render("jazz", 1, 4.0), 4.0).to_wav())
    with pytest.raises(DataError, match=r"two recordings or more.*\.$"):
        load_music_dataset(str(tmp_path), "all")


@pytest.mark.parametrize("name", ["../away", "knn"])
def test_a_refused_publication_changes_nothing(
    trained_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
    name: str,
) -> None:
    monkeypatch.setattr("genre.paths.WEIGHTS", tmp_path / "weights")
    other = runs.create_run_folder("genre", {}, folder=tmp_path / "knn")
    run = str(other) if name == "knn" else str(trained_run)
    assert __main__.main(["publish", run, name]) == 2
    assert capsys.readouterr().err.strip().endswith(".") and not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    "values",
    [{"split": "test"}, {"network": "vae"}, {"epochs": 0}, {"batch_size": 1}, {"seed": -1}, {"seed": 2**32}],
)
def test_invalid_settings(values: dict) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        GanSettings("builtin", **values)
    with pytest.raises(SettingsError, match="another version"):
        GanSettings.from_dict({"data": "builtin", "tricks": 3})
