"""A miniature training: what it leaves, and that stopping and going on changes nothing."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from gan import __main__, train
from gan.dataset import load_music
from gan.mel import BANDS, CONTROLS, FRAMES
from gan.sample import Dreamer
from gan.train import CHECKPOINT, Settings, execute, plain
from gan.wish import Wish
from genre import runs
from genre.audio import Clip
from genre.cards import ArtefactError
from genre.dataset import DataError
from genre.synth import render
from genre.worker import Stopped, Worker, working

TINY = {"epochs": 2, "steps": 1, "batch_size": 2, "r1_every": 1, "r1_batch": 2, "bfloat16": False}


def run(folder: Path, asked: Settings) -> Path:
    """Train in this process, in a run directory of its own."""
    if not folder.exists():
        runs.create("gan", asked.to_dict(), asked.network, folder, cores=1)
    with working(folder) as worker:
        execute(worker)
    return folder


@pytest.fixture(scope="module")
def trained(music: Path, tmp_path_factory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EARMARK_HOME", str(tmp_path_factory.mktemp("home")))
        return run(tmp_path_factory.mktemp("runs") / "gan", Settings(str(music), "all", **TINY))


def test_what_a_run_leaves(trained: Path) -> None:
    metrics = runs.metrics(trained)
    assert [line["epoch"] for line in metrics] == [1, 2]
    for line in metrics:
        assert all(np.isfinite(value) for value in line.values())
        assert 0 < line["d_real"] < 1 and 0 < line["d_painted"] < 1
    picture = cv2.imread(str(trained / "samples" / "0002.webp"), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (BANDS, 2 * FRAMES)  # a piece of each genre
    assert runs.read(trained).state == "done"


def test_what_was_trained_can_dream(trained: Path) -> None:
    dreamer = Dreamer.load(trained.name, trained.parent)
    assert dreamer.genres == ("classical", "metal")
    assert dreamer.mel(Wish({"metal": 1.0}, seconds=3)).shape[0] == BANDS
    card = json.loads((trained / "card.json").read_text())
    assert card["controls"] == list(CONTROLS) and card["data"]["recordings"] == 8
    assert not Path(card["recipe"]["data"]).is_absolute()  # nothing of this machine


def test_stopped_and_resumed_it_gives_the_same_weights(
    music: Path, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train.Training.step
    asked = Settings(str(music), "all", **TINY)

    def stop_in_the_second_epoch(training, rng):
        if training.steps_done:
            raise Stopped
        return whole(training, rng)

    monkeypatch.setattr(train.Training, "step", stop_in_the_second_epoch)
    with pytest.raises(Stopped):
        run(tmp_path / "gan", asked)
    assert runs.read(tmp_path / "gan").state == "stopped"
    assert not (tmp_path / "gan" / "model.safetensors").exists()
    monkeypatch.setattr(train.Training, "step", whole)
    run(tmp_path / "gan", asked)
    one, other = (load_file(folder / "model.safetensors") for folder in (trained, tmp_path / "gan"))
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], atol=1e-6, rtol=1e-5, msg=name)
    assert [line["epoch"] for line in runs.metrics(tmp_path / "gan")] == [1, 2]


def test_one_genre_is_enough_and_nothing_is_lost_at_the_end(
    folder_of_music, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, finish = Settings(str(folder_of_music(("jazz",))), "all", **TINY), Worker.finish

    def stop_at_the_end(worker, report):
        raise Stopped

    monkeypatch.setattr(Worker, "finish", stop_at_the_end)
    with pytest.raises(Stopped):
        run(tmp_path / "gan", asked)
    monkeypatch.setattr(Worker, "finish", finish)
    monkeypatch.setattr(train.Training, "step", lambda *_: pytest.fail("begun anew"))
    run(tmp_path / "gan", asked)
    assert not (tmp_path / "gan" / CHECKPOINT).exists()
    dreamer = Dreamer.load("gan", tmp_path)
    assert dreamer.genres == ("jazz",) and np.isfinite(dreamer.mel(Wish({"jazz": 1.0}, seconds=3))).all()


def test_a_loss_that_is_no_number_is_a_sentence(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train.Training, "step", lambda *_: {"loss_critic": float("nan")})
    with pytest.raises(FloatingPointError, match=r"other music, or with another seed\.$"):
        run(tmp_path / "gan", Settings(str(music), "all", **TINY))


def test_a_damaged_checkpoint_is_a_sentence(music: Path, tmp_path: Path) -> None:
    asked = Settings(str(music), "all", **TINY)
    runs.create("gan", asked.to_dict(), "earmark", tmp_path / "gan", cores=1)
    (tmp_path / "gan" / CHECKPOINT).write_bytes(b"damaged")
    with pytest.raises(ArtefactError, match="start a new run"):
        run(tmp_path / "gan", asked)
    assert "start a new run" in runs.read(tmp_path / "gan").message


def test_the_plain_dcgan_trains_too(music: Path, tmp_path: Path) -> None:
    asked = plain(str(music), "all", epochs=1, steps=1, batch_size=2, bfloat16=False)
    folder = run(tmp_path / "plain", asked)
    assert json.loads((folder / "card.json").read_text())["network"] == "dcgan"


def test_music_is_drawn_evenly_and_loud_enough(music: Path) -> None:
    loaded = load_music(str(music), "all")
    pictures, labels = loaded.draw(16, torch.Generator().manual_seed(0))
    assert pictures.shape == (16, BANDS, FRAMES) and pictures.abs().max() <= 1.001
    assert set(labels.tolist()) == {0, 1} and pictures.mean(dim=(1, 2)).min() > -0.95
    again, _ = loaded.draw(16, torch.Generator().manual_seed(0))
    torch.testing.assert_close(pictures, again)
    means, spreads = loaded.controls(torch.Generator().manual_seed(0), 8)
    assert means.shape == spreads.shape == (2, len(CONTROLS)) and (spreads > 0).all()


@pytest.mark.parametrize("names", [("ambient", "techno"), ("jazz", "techno")])
def test_genres_of_any_name_can_be_learnt(music: Path, tmp_path: Path, names: tuple[str, str]) -> None:
    """Recordings of less than 3 s are no music to it, and do not count."""
    for folder, name in zip(sorted(path for path in music.iterdir() if path.is_dir()), names, strict=True):
        shutil.copytree(folder, tmp_path / name)
    (tmp_path / names[0] / "short.wav").write_bytes(Clip(render("jazz", 1, 2.0), 2.0).to_wav())
    whole, found = load_music(str(music), "all"), load_music(str(tmp_path), "all")
    assert found.genres == names and found.account == whole.account == {"recordings": 8, "mel3s": 0}


def test_too_little_music_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "one.wav").write_bytes(Clip(render("jazz", 1, 4.0), 4.0).to_wav())
    with pytest.raises(DataError, match=r"two recordings or more.*\.$"):
        load_music(str(tmp_path), "all")


@pytest.mark.parametrize("name", ["../away", "knn"])
def test_what_cannot_be_shipped_leaves_all_as_it_was(
    trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, name: str
) -> None:
    monkeypatch.setattr("genre.home.WEIGHTS", tmp_path / "weights")
    other = runs.create("genre", {}, folder=tmp_path / "knn")
    run = str(other) if name == "knn" else str(trained)
    assert __main__.main(["ship", run, name]) == 2
    assert capsys.readouterr().err.strip().endswith(".") and not (tmp_path / "weights").exists()


@pytest.mark.parametrize(
    "values", [{"split": "test"}, {"network": "vae"}, {"epochs": 0}, {"batch_size": 1}, {"seed": -1},
               {"seed": 2**32}]
)
def test_settings_that_make_no_sense(values: dict) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Settings("builtin", **values)
    with pytest.raises(DataError, match="another version"):
        Settings.from_dict({"data": "builtin", "tricks": 3})
