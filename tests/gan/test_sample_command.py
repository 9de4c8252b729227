"""`python -m gan sample`: the files, the exit statuses, and reproduction from a recipe."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gan import __main__
from gan.networks import DcganGenerator
from gan.sampling import sampler as sample
from gan.sampling import spectrogram_file
from genre.audio.clip import load_clip
from genre.models.artefacts import save_artefact
from tests.support.generators import card, save_untrained


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "weights"
    save_untrained(folder / "gan")
    monkeypatch.setattr(sample, "WEIGHTS", folder)
    return folder


def gan(*arguments: object) -> int:
    """The exit status."""
    try:
        return __main__.main([str(argument) for argument in arguments])
    except SystemExit as status:  # of argparse
        return status.code


def test_the_files_of_each_clip(weights: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "new" / "out"
    assert gan("sample", "--genre", "Hip-Hop", "--count", 2, "--seconds", 3, "--seed", 5, "--out", out) == 0
    names = ["01-hiphop-5", "02-hiphop-6"]
    assert sorted(path.name for path in out.iterdir()) == sorted(
        name + suffix for name in names for suffix in (".json", ".npz", ".png", ".wav")
    )
    assert capsys.readouterr().out.splitlines() == [str(out / f"{name}.wav") for name in names]
    clip = load_clip(out / "01-hiphop-5.wav")
    assert clip.duration_s == pytest.approx(3, abs=0.02) and np.abs(clip.samples).max() > 0.05
    stored = spectrogram_file.read_spectrogram(out / "01-hiphop-5.npz")
    recipe = json.loads((out / "01-hiphop-5.json").read_text())
    assert stored.recipe["request"] == recipe["request"] and recipe["request"]["seed"] == 5
    assert (out / "01-hiphop-5.png").read_bytes().startswith(b"\x89PNG")


def test_a_plain_dcgan_is_played(tmp_path: Path, capsys) -> None:
    torch.manual_seed(0)
    save_artefact(tmp_path / "plain", DcganGenerator(10).state_dict(), replace(card(), network="dcgan"))
    out = tmp_path / "out"
    plain = ("sample", "--plain", tmp_path / "plain", "--seconds", 4, "--seed", 7, "--count", 2, "--out", out)
    assert gan(*plain) == 0
    paths = [Path(line) for line in capsys.readouterr().out.split()]
    assert [path.name for path in paths] == ["dcgan-7.mp3", "dcgan-8.mp3"]
    clips = [load_clip(path) for path in paths]
    assert all(clip.duration_s == pytest.approx(4, abs=0.1) for clip in clips)
    assert np.abs(clips[0].samples).max() > 0.05
    assert gan("sample", "--plain", tmp_path / "plain", "--seconds", 1000, "--out", out) == 2
    assert gan("sample", "--plain", tmp_path / "none", "--out", out) == 1


def test_a_prompt_and_the_same_again(weights: Path, tmp_path: Path, capsys) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    assert gan("sample", "--prompt", "a purple jazz", "--seconds", 3, "--seed", 1, "--out", first) == 0
    assert "“purple”" in capsys.readouterr().err
    recipe = json.loads((first / "01-jazz-1.json").read_text())
    assert recipe["request"]["prompt"] == "a purple jazz" and "“purple”" in recipe["prompt_message"]
    assert gan("sample", "--again", first / "01-jazz-1.json", "--out", second) == 0
    assert (first / "01-jazz-1.wav").read_bytes() == (second / "01-jazz-1.wav").read_bytes()
    (first / "01-jazz-1.json").write_text(json.dumps(recipe | {"weights": "0" * 16}))
    assert gan("sample", "--again", first / "01-jazz-1.json", "--out", tmp_path / "third") == 2
    assert "other weights" in capsys.readouterr().err


def test_a_prompt_that_is_no_text_still_gives_all_files(weights: Path, tmp_path: Path) -> None:
    """Bytes of a command line that are no UTF-8 come as half characters, which no file takes."""
    out = tmp_path / "out"
    assert gan("sample", "--prompt", "jazz \udcff", "--seconds", 3, "--seed", 1, "--out", out) == 0
    assert len(list(out.iterdir())) == 4
    recipe = json.loads((out / "01-jazz-1.json").read_text())
    assert recipe["request"]["prompt"] == "jazz ?"


def test_beats_a_minute(weights: Path, tmp_path: Path) -> None:
    first = tmp_path / "first"
    assert gan("sample", "--genre", "jazz", "--bpm", 90, "--seconds", 3, "--seed", 1, "--out", first) == 0
    recipe = json.loads((first / "01-jazz-1.json").read_text())
    assert recipe["request"]["bpm"] == 90
    assert gan("sample", "--again", first / "01-jazz-1.json", "--out", tmp_path / "second") == 0
    again = (tmp_path / "second" / "01-jazz-1.wav").read_bytes()
    assert again == (first / "01-jazz-1.wav").read_bytes()


def test_a_key(weights: Path, tmp_path: Path) -> None:
    """Its file, played again, is in that key too."""
    first, second = tmp_path / "first", tmp_path / "second"
    options = ("--genre", "jazz", "--seconds", 3, "--seed", 1)
    assert gan("sample", *options, "--key", "b flat minor", "--out", first) == 0
    recipe = json.loads((first / "01-jazz-1.json").read_text())
    assert recipe["request"]["key"] == "Bb minor"
    assert gan("sample", "--again", first / "01-jazz-1.json", "--out", second) == 0
    assert (second / "01-jazz-1.wav").read_bytes() == (first / "01-jazz-1.wav").read_bytes()
    assert gan("sample", *options, "--out", tmp_path / "plain") == 0
    assert gan("invert", first / "01-jazz-1.npz", "--out", tmp_path / "again.wav") == 0
    keyed, plain, again = (
        load_clip(path).samples
        for path in (first / "01-jazz-1.wav", tmp_path / "plain" / "01-jazz-1.wav", tmp_path / "again.wav")
    )
    assert np.abs(keyed - again).mean() < np.abs(plain - again).mean()


def test_the_help_names_tempo_and_key(capsys) -> None:
    assert gan("sample", "--help") == 0
    text = capsys.readouterr().out
    assert "--bpm" in text and "--key" in text and "A minor" in text


def test_neither_genre_nor_prompt(weights: Path, tmp_path: Path) -> None:
    assert gan("sample", "--seconds", 3, "--out", tmp_path / "out") == 0
    assert len(list((tmp_path / "out").glob("01-*.wav"))) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--genre", "polka"),
        ("--genre", "../../etc"),
        ("--genre", "jazz", "--count", 0),
        ("--genre", "jazz", "--count", 21),
        ("--genre", "jazz", "--seconds", 1),
        ("--genre", "jazz", "--bpm", 300),
        ("--genre", "jazz", "--key", "H minor"),
        ("--seconds", "nan"),
        ("--seconds", 1e9),
        ("--seed", -1),
        ("--genre", "jazz", "--prompt", "jazz"),
        ("--count", "many"),
        ("--again", "missing.json"),
    ],
)
def test_wrong_use_is_2(arguments: tuple, weights: Path, tmp_path: Path, capsys) -> None:
    out = tmp_path / "out"
    assert gan("sample", *arguments, "--out", out) == 2
    assert capsys.readouterr().err and not list(out.glob("*"))


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"null", b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_json_is_2(content: bytes, weights: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "recipe.json").write_bytes(content)
    assert gan("sample", "--again", tmp_path / "recipe.json", "--out", tmp_path / "out") == 2
    assert capsys.readouterr().err.strip().endswith(".")


def test_what_fails_is_1(weights: Path, tmp_path: Path, capsys) -> None:
    (weights / "gan" / "model.safetensors").write_bytes(b"nothing")
    assert gan("sample", "--genre", "jazz", "--out", tmp_path / "out") == 1
    assert gan("sample", "--genre", "jazz", "--model", "../gan", "--out", tmp_path / "out") == 1
    (tmp_path / "file").write_text("in the way")
    assert gan("sample", "--genre", "jazz", "--out", tmp_path / "file") == 1
    assert "Traceback" not in capsys.readouterr().err
