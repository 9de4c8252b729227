"""Whatever path a person types, a command line ends with a sentence, and soon."""

import os
import signal
from collections.abc import Iterator

import pytest

from gan.__main__ import main as gan
from genre.__main__ import main as genre
from mood.__main__ import main as mood

PATIENCE_S = 100  # a reader of a pipe would wait for ever
PROGRAMS = {"genre": genre, "gan": gan, "mood": mood}
DEEP = "[" * 5_000 + "]" * 5_000


@pytest.fixture(autouse=True)
def no_wait_for_ever() -> Iterator[None]:
    def complain(number: int, frame: object) -> None:
        raise AssertionError("it waits for a pipe that nobody writes to")

    before = signal.signal(signal.SIGALRM, complain)
    signal.alarm(PATIENCE_S)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "command",
    [
        "genre train knn --input mel --data {music} --split {path}",
        "genre train knn --input mel --data {music} --split artist --artists {path}",
        "genre train knn --input mel --data {path} --split track",
        "genre train cnn-simple --input mel --data {music} --split track --option width={deep}",
        "genre train --resume {path}",
        "genre classify {path}",
        "genre promote {path} mine",
        "genre promote {run} mine",
        "genre evaluate {run}",
        "gan sample --again {path} --out {out}",
        "gan sample --model {run} --out {out}",
        "gan invert {path} --out {out}/x.wav",
        "mood read {path}",
        "mood train --data {path}",
    ],
)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_pipe_or_a_device_is_refused_in_a_sentence(command, kind, tmp_path, music, capsys, shared_cache):
    path, run = tmp_path / kind, tmp_path / "run"
    path.symlink_to("/dev/zero") if kind == "device" else os.mkfifo(path)
    run.mkdir()
    for name in ("config.json", "card.json", "report.json", "model.safetensors"):
        (run / name).symlink_to(path)
    program, *arguments = command.split()
    filled = {"path": path, "run": run, "music": music, "out": tmp_path / "out", "deep": DEEP}
    try:
        status = PROGRAMS[program]([argument.format(**filled) for argument in arguments])
    except SystemExit as ended:  # of argparse
        status = ended.code
    output = capsys.readouterr()
    assert status in (1, 2)
    assert (output.out + output.err).strip() and "Traceback" not in output.err, output
