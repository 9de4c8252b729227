"""`python -m mood playlist`: the JSON, the lines and the exit statuses that others rely on."""

import json
import os
import subprocess
import sys

import pytest

from mood.__main__ import main
from tests.support.browser.serving import REPOSITORY
from tests.support.patience import PATIENCE_S

KEYS = {"title", "url", "video_id", "channel", "duration_s", "thumbnail"}


def ask(capsys, *arguments: str) -> tuple[int, dict]:
    status = main(["playlist", *arguments, "--json"])
    (line,) = capsys.readouterr().out.splitlines()
    return status, json.loads(line)


def test_json(standin, capsys) -> None:
    status, answer = ask(
        capsys, "--emotion", "sad", "--language", "Tamil", "--artist", "Ilaiyaraaja", "--count", "4"
    )
    assert status == 0
    assert set(answer) == {"query", "provider", "tracks", "search_url"}
    assert answer["query"] == "Ilaiyaraaja சோகப் பாடல்கள்" and answer["provider"] == "yt-dlp"
    assert len(answer["tracks"]) == 4 and all(set(track) == KEYS for track in answer["tracks"])
    assert answer["tracks"][0]["duration_s"] == 211


@pytest.mark.parametrize("trouble", ["429", "500", "html", "empty", "cut-off", "redirect", "wrong-json"])
def test_no_answer(trouble, standin, capsys) -> None:
    assert ask(capsys, "--emotion", "sad")[0] == 0
    standin.behave(trouble)
    status, answer = ask(capsys, "--emotion", "sad")
    assert status == 1 and answer["tracks"] == [] and answer["error"].endswith(".")
    assert answer["search_url"] == "https://www.youtube.com/results?search_query=sad+songs"


def test_a_stand_in_elsewhere_is_refused(monkeypatch, capsys) -> None:
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "192.0.2.1:443")
    status, answer = ask(capsys, "--emotion", "sad")
    assert status == 1 and "loopback" in answer["error"] and answer["tracks"] == []


def test_readable_lines(standin, capsys) -> None:
    assert main(["playlist", "--emotion", "happy", "--wish", "change", "--count", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "calming songs" and lines[2].split() == [
        "4:02",
        "Old",
        "Harbour",
        "Blues",
        "(Eddie",
        "Marlow)",
        "https://www.youtube.com/watch?v=songOne0002",
    ]
    standin.behave("429")
    assert main(["playlist", "--emotion", "happy"]) == 1
    captured = capsys.readouterr()
    assert (
        captured.out == "" and "pause" in captured.err and "results?search_query=happy+songs" in captured.err
    )


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--emotion"],
        ["--emotion", ""],
        ["--emotion", "sad", "--direction", "both"],
        ["--emotion", "sad", "--count", "0"],
        ["--emotion", "sad", "--count", "51"],
        ["--emotion", "sad", "--count", "x"],
    ],
)
def test_usage(arguments, capsys) -> None:
    try:
        status = main(["playlist", *arguments])
    except SystemExit as left:
        status = left.code
    assert status == 2 and capsys.readouterr().err


def test_as_a_program_without_torch(standin) -> None:
    """A process of its own, in a terminal that knows no Unicode, which loads neither torch nor cv2."""
    code = (
        "import runpy, sys; sys.argv = ['mood', 'playlist', '--emotion', 'sad', '--count', '7']\n"
        "try: runpy.run_module('mood', run_name='__main__')\n"
        "except SystemExit as left: status = left.code\n"
        "assert not {'torch', 'cv2', 'streamlit'} & set(sys.modules); sys.exit(status)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(REPOSITORY)},
    )
    assert process.returncode == 0, process.stderr
    assert "songOne0004" in process.stdout and process.stderr == ""
