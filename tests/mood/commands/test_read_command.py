"""`python -m mood read` and `evaluate`: the answers that others read."""

import argparse
import json
import os
from pathlib import Path

import numpy as np
import pytest

from genre.data.examples import Examples
from genre.errors import FAILED, OK, USAGE
from genre.evaluation import results
from genre.models.cards import ArtefactError
from mood import EMOTIONS
from mood.commands import evaluate as evaluate_command
from mood.commands import read as read_command
from mood.emotion.deepface import RecognizerError
from mood.emotion.evaluate import PERTURBATIONS
from mood.emotion.faces import find_images
from tests.support.faces import HOME_OF_DEEPFACE, astronaut, drawn_face, encoded


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers()
    for module in (read_command, evaluate_command):
        module.add_parser(commands)
    options = parser.parse_args([str(argument) for argument in arguments])
    return options.run(options)


def answers(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def crops(tmp_path: Path) -> Path:
    """A folder of two faces, and what is to be left alone beside them."""
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    (folder / "b.png").write_bytes(encoded(drawn_face(1)))
    (folder / "inner" / "a.JPG").write_bytes(encoded(drawn_face(2), "JPEG"))
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"")
    return folder


def test_a_photograph(tmp_path, capsys) -> None:
    path = tmp_path / "astronaut.jpg"
    path.write_bytes(encoded(astronaut(), "JPEG"))
    assert run("read", path, "--json") == OK
    (answer,) = answers(capsys)
    assert set(answer) == {"path", "faces"} and answer["path"] == str(path)
    (face,) = answer["faces"]
    assert list(face) == ["box", "emotion", "scores"] and list(face["scores"]) == list(EMOTIONS)
    assert face["emotion"] == "happy" and sum(face["scores"].values()) == pytest.approx(1, abs=1e-3)
    assert all(isinstance(side, int) for side in face["box"])
    assert run("read", path) == OK
    assert "happy" in capsys.readouterr().out


def test_crops_of_a_folder_in_order_of_their_names(crops, capsys) -> None:
    assert run("read", crops, "--crop", "--json") == OK
    first, second = answers(capsys)
    assert [Path(answer["path"]).name for answer in (first, second)] == ["b.png", "a.JPG"]
    assert [face["box"] for face in first["faces"] + second["faces"]] == [[0, 0, 48, 48]] * 2


def test_nobody_in_the_picture_is_no_error(crops, capsys) -> None:
    (crops / "b.png").write_bytes(encoded(np.full((120, 160, 3), 127, np.uint8)))
    assert run("read", crops / "b.png", "--json") == OK
    assert answers(capsys) == [{"path": str(crops / "b.png"), "faces": []}]


def test_a_picture_as_thin_as_a_thread_does_not_stop_the_rest(crops, tmp_path, capsys) -> None:
    (tmp_path / "thread.png").write_bytes(encoded(np.full((12, 30_000, 3), 127, np.uint8)))
    assert run("read", tmp_path / "thread.png", crops / "b.png", "--json") == OK
    assert [Path(answer["path"]).name for answer in answers(capsys)] == ["thread.png", "b.png"]


def test_bad_files_give_their_line_and_do_not_stop_the_rest(crops, tmp_path, capsys) -> None:
    (tmp_path / "empty").mkdir()
    bad = [crops / "notes.txt", crops / "gone.png", tmp_path / "empty", crops / ".hidden.png"]
    assert run("read", *bad, crops / "b.png", "--crop", "--json") == FAILED
    lines = answers(capsys)
    assert ["error" in line for line in lines] == [True] * 4 + [False]
    assert all(line["error"].endswith(".") for line in lines[:4])
    assert lines[2]["error"].startswith("There are no pictures in this folder")


def test_a_name_with_anything_in_it_stays_on_one_line(tmp_path, capsys) -> None:
    path = tmp_path / "a\n\x1b[31mb.png"
    path.write_bytes(encoded(drawn_face()))
    assert run("read", path, "--crop") == OK
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_links_out_of_a_folder_are_not_followed(crops, tmp_path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "c.png").write_bytes(b"")
    os.symlink(tmp_path / "elsewhere", crops / "link")
    assert [Path(path).name for path, _ in find_images([str(crops)])] == ["b.png", "a.JPG"]


def test_no_weights(monkeypatch, crops, capsys) -> None:
    def refuse(name, network="emotion", on_progress=None):
        raise (RecognizerError if name == "deepface" else ArtefactError)("Not here.")

    monkeypatch.setattr("mood.emotion.recognizer.load_recognizer", refuse)
    assert run("read", crops) == USAGE
    assert run("read", crops, "--backend", "deepface") == FAILED
    assert capsys.readouterr().err.splitlines() == ["Not here."] * 2
    with pytest.raises(SystemExit) as caught:
        run("read", crops, "--backend", "oracle")
    assert caught.value.code == USAGE


def test_deepface_prints_the_same_form(crops, capsys, monkeypatch) -> None:
    if not HOME_OF_DEEPFACE.exists():
        pytest.skip("no stand-in weights are here: set EARMARK_DATA to the folder of real data")
    monkeypatch.setenv("DEEPFACE_HOME", str(HOME_OF_DEEPFACE))
    assert run("read", crops, "--crop", "--json", "--backend", "deepface") == OK
    for answer in answers(capsys):
        assert list(answer["faces"][0]["scores"]) == list(EMOTIONS)


def test_evaluating_without_data_or_with_a_contradiction_is_a_usage_error(tmp_path, capsys) -> None:
    assert run("evaluate", "--data", tmp_path / "none.parquet") == USAGE
    assert run("evaluate", "--backend", "deepface", "--model", "emotion") == USAGE
    assert run("evaluate", "--model", "nowhere") == USAGE
    captured = capsys.readouterr()
    assert captured.out == "" and len(captured.err.splitlines()) == 3


def test_recorded_metrics_become_a_table(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.setattr(results, "RESULTS", tmp_path / "RESULTS.md")
    faces = np.stack([drawn_face(seed) for seed in range(14)])[:, None]
    labels = np.arange(14) % 7
    examples = Examples(faces, labels, np.arange(14).astype(str), EMOTIONS)
    monkeypatch.setattr("mood.emotion.dataset.load_faces", lambda path: (examples, examples, 0))
    assert run("evaluate", "--data", tmp_path / "any.parquet", "--record") == OK
    table = results.read_section("emotion-conditions")
    assert "emotion-train on 14 faces" in table and "| as they are | " in table
    assert all(f"| {name} | " in table for name in PERTURBATIONS)
    assert "emotion-train on 14 faces" in capsys.readouterr().out
