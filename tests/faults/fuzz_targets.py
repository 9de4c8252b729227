"""What is fuzzed: by name, a strategy of hostile inputs and a check that fails where one does harm."""

import contextlib
import copy
import functools
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from hypothesis import strategies as st
from safetensors.numpy import save

from gan.__main__ import main as gan
from gan.mel import GAN_MEL
from gan.sampling.spectrogram_file import SpectrogramFile, pack_spectrogram, read_spectrogram
from genre.__main__ import main as genre
from genre.models.cards import ArtefactError, load_card
from genre.paths import WEIGHTS
from genre.plots import training as plots
from genre.runs.catalogue import Catalogue, leak_pairs, to_csv
from genre.runs.directory import list_runs, read_metrics, runs_folder
from genre.runs.report import ReportError, load_report
from mood.__main__ import main as mood
from mood.emotion.custom_moods.learning import N_VARIANTS, MoodError
from mood.emotion.custom_moods.storage import FORMAT, parse_mood
from mood.emotion.faces import FaceError, decode_image
from mood.playlist import providers
from mood.playlist.search import search_providers
from mood.playlist.youtube import TIMED_OUT, SearchError
from pages.training.run_display import chart_names
from pages.training.run_table import _cells
from tests.genre.audio.test_audio_bad_input import assert_clip_or_sentence, valid_files
from tests.support.faces import encoded
from tests.support.stand_ins.youtube import FIXTURES
from tests.support.training_runs import make_run

WEIRD = (
    *(None, True, False, "", "x" * 300, "\ud800", "\0", "=1+1", "NaN", [], {}, [[]], {"": {}}),
    *(0, -1, 1e-320, 1e308, -1e999, 1e999, float("nan"), 10**30, 10**400),
)
WORDS = (
    *(
        "",
        "-",
        "--",
        "-1",
        "0",
        "1",
        "1e999",
        "nan",
        "99999999999999999999",
        "x",
        "\u00e4\u0301",
        "\ud800",
        "a/../b",
    ),
    *(
        "--json",
        "--count",
        "--seconds",
        "--seed",
        "--model",
        "--epochs",
        "--lr",
        "--help",
        "--split",
        "--option",
    ),
    *(
        "/dev/zero",
        "/nowhere",
        "jazz",
        "track",
        "mel",
        "features",
        "happy",
        "knn",
        "[" * 3_000,
        "k=[1",
        "1,2",
    ),
)
# Commands that read what they are given, and learn, play or ask nothing where that is missing.
COMMANDS: tuple[tuple[Callable, tuple[str, ...]], ...] = (
    *(
        (genre, (name,))
        for name in ("classify", "models", "evaluate", "promote", "unpromote", "publish", "cache")
    ),
    *((genre, (name, "knn", "--data", "/nowhere")) for name in ("train", "sweep")),
    (genre, ("compare", "--data", "/nowhere")),
    (genre, ("calibrate",)),
    (gan, ("invert",)),
    (gan, ("sample", "--out", "/dev/null/x", "--again")),
    (gan, ("train", "--data", "/nowhere")),
    (mood, ("read",)),
    (mood, ("train", "--data", "/nowhere")),
)


@st.composite
def damaged_bytes(draw: st.DrawFn, files: Callable[[], list[bytes]]) -> bytes:
    """One of the files with some bytes replaced, put in, taken out or repeated."""
    content = bytearray(draw(st.sampled_from(files())))
    for _ in range(draw(st.integers(1, 6))):
        # Mostly near the beginning, where the headers are.
        place = draw(st.integers(0, min(200, len(content))) | st.integers(0, len(content)))
        noise = draw(st.binary(max_size=16) | st.sampled_from([b"\xff" * 8, b"\0" * 8, b"\x7f\xff\xff\xff"]))
        match draw(st.sampled_from(["replace", "insert", "delete", "repeat", "cut"])):
            case "replace":
                content[place : place + len(noise)] = noise
            case "insert":
                content[place:place] = noise
            case "delete":
                del content[place : place + 4 * len(noise)]
            case "repeat":
                content[place:place] = content[place : place + 300]
            case _:
                del content[place:]
    return bytes(content)


@st.composite
def damaged_json(draw: st.DrawFn, contents: Callable[[], list[Any]]) -> str:
    """One of the JSON values with some of its parts replaced by what nobody expects, or left out."""
    value = copy.deepcopy(draw(st.sampled_from(contents())))
    for _ in range(draw(st.integers(1, 4))):
        part, keys = value, draw(st.lists(st.integers(0, 1_000), min_size=1, max_size=8))
        for number, key in enumerate(keys):
            if not isinstance(part, (dict, list)) or not part:
                break
            key = list(part)[key % len(part)] if isinstance(part, dict) else key % len(part)
            if number == len(keys) - 1 or not isinstance(part[key], (dict, list)) or not part[key]:
                if draw(st.booleans()) and isinstance(part, dict):
                    del part[key]
                else:
                    part[key] = copy.deepcopy(draw(st.sampled_from(WEIRD)))
                break
            part = part[key]
    return json.dumps(value)


@contextlib.contextmanager
def new_home():
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, {"EARMARK_HOME": folder}):
        yield Path(folder)


def ends_in_a_sentence(act: Callable[[], object], *kinds: type[Exception]) -> None:
    try:
        act()
    except kinds as error:
        assert str(error).strip().endswith((".", "?")) and "\n" not in str(error), error


@functools.cache
def pictures() -> list[bytes]:
    image = np.linspace(0, 255, 60 * 80 * 3).reshape(60, 80, 3).astype(np.uint8)
    kinds = {
        **{"PNG": {}, "GIF": {}, "WEBP": {"lossless": True}, "BMP": {}, "AVIF": {}},
        **{"JPEG": {"progressive": True}, "TIFF": {"compression": "tiff_lzw"}},
    }
    deep = (image[..., 0].astype(np.uint16) * 257, image[..., 0].astype(np.float32))
    return [encoded(image, kind, **options) for kind, options in kinds.items()] + [
        encoded(d, "TIFF") for d in deep
    ]


def check_picture(content: bytes) -> None:
    for side in (None, 50):
        ends_in_a_sentence(lambda side=side: decode_image(content, side), FaceError)


@functools.cache
def whole_run() -> Path:
    """A finished run in a home of its own, to be copied."""
    folder = tempfile.mkdtemp()
    with patch.dict(os.environ, {"EARMARK_HOME": folder}):
        return make_run(title="damaged")


@functools.cache
def run_files() -> list[tuple[str, Any]]:
    names = ("config.json", "status.json", "report.json", "metrics.jsonl")
    texts = [(name, (whole_run() / name).read_text()) for name in names]
    return [
        (name, [*map(json.loads, text.splitlines())] if "jsonl" in name else json.loads(text))
        for name, text in texts
    ]


@st.composite
def damaged_runs(draw: st.DrawFn) -> tuple[str, bytes]:
    """A file of a run, and what it holds instead."""
    name, value = draw(st.sampled_from(run_files()))
    if draw(st.booleans()):
        return name, draw(damaged_bytes(lambda: [(whole_run() / name).read_bytes()]))
    text = draw(damaged_json(lambda: [value]))
    lines = json.loads(text) if name == "metrics.jsonl" else None
    return name, "\n".join(map(json.dumps, lines)).encode() if isinstance(lines, list) else text.encode()


def check_run(damage: tuple[str, bytes]) -> None:
    name, content = damage
    with new_home():
        folder = runs_folder() / "damaged"
        shutil.copytree(whole_run(), folder)
        (folder / name).write_bytes(content)
        assert [run.folder for run in list_runs()] == [folder]
        (entry,) = [entry for entry in Catalogue().entries() if not entry.recorded] or [None]
        if entry is None:  # its kind is another one now
            return
        (shown_name,) = chart_names([entry])
        json.dumps(_cells(entry, shown_name), default=str, ensure_ascii=False).encode()
        to_csv([entry]).encode()
        leak_pairs([entry])
        epochs = [line for line in read_metrics(folder) if "loss" in line]
        learning = plots.Learning(entry.title, epochs)
        for measure in ("accuracy", "loss"):
            plots.learning_curve([learning], measure).to_json()
            json.dumps(plots.live_curve([learning], measure)[0])
        with contextlib.suppress(ReportError):
            report = load_report(folder)
            if report.is_tested:
                plots.confusion_matrix(report.by_track).to_json()
                plots.genre_bars([entry.title], [report.by_track], "f1").to_json()


@functools.cache
def cards() -> list[Any]:
    return [
        json.loads((folder / "card.json").read_text())
        for folder in sorted(WEIGHTS.iterdir())
        if folder.is_dir()
    ]


def check_card(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "card.json").write_text(text)

        def read() -> None:
            card = load_card(Path(folder))
            card.to_dict(), card.is_ensemble

        ends_in_a_sentence(read, ArtefactError)


@functools.cache
def spectrograms() -> list[bytes]:
    mel_db = np.linspace(-60, 0, GAN_MEL.n_mels * 64, dtype=np.float32).reshape(GAN_MEL.n_mels, 64)
    return [pack_spectrogram(SpectrogramFile(mel_db, GAN_MEL, {"seed": 1}))]


def check_spectrogram(content: bytes) -> None:
    ends_in_a_sentence(lambda: read_spectrogram(content), ArtefactError)


@functools.cache
def moods() -> list[bytes]:
    about = {"format": FORMAT, "name": "punk", "network": "0" * 16, "created": 1.5}
    return [save({"embeddings": np.zeros((10, N_VARIANTS, 8), np.float32)}, {"about": json.dumps(about)})]


def check_mood(content: bytes) -> None:
    ends_in_a_sentence(lambda: parse_mood(content), MoodError)


@functools.cache
def answers() -> list[Any]:
    return [json.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*.json"))]


def check_playlist(text: str) -> None:
    def answer(url: str, body: bytes, headers: object, deadline: float) -> bytes:
        if time.monotonic() > deadline:
            raise SearchError(TIMED_OUT)
        return text.encode()

    with patch.object(providers, "post_search", answer):
        for provider in providers.PROVIDERS:
            ends_in_a_sentence(
                lambda provider=provider: [
                    track.to_json()
                    for track in search_providers(
                        "sad songs", lambda tracks: len(tracks) > 40, [provider]
                    ).tracks
                ],
                SearchError,
            )


def check_command_line(line: tuple[int, list[str]]) -> None:
    program, beginning = COMMANDS[line[0]]
    out, err = io.StringIO(), io.StringIO()
    with new_home(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = program([*beginning, *line[1]])
        except SystemExit as ended:  # of argparse
            status = ended.code
    assert status in (0, 1, 2), status
    assert "Traceback" not in err.getvalue() and (status == 0 or (out.getvalue() + err.getvalue()).strip())


TARGETS: dict[str, tuple[st.SearchStrategy, Callable]] = {
    "decoders": (damaged_bytes(valid_files), assert_clip_or_sentence),
    "pictures": (damaged_bytes(pictures), check_picture),
    "run": (damaged_runs(), check_run),
    "card": (damaged_json(cards), check_card),
    "spectrogram": (damaged_bytes(spectrograms), check_spectrogram),
    "mood": (damaged_bytes(moods), check_mood),
    "playlist": (damaged_json(answers), check_playlist),
    "command-line": (
        st.tuples(st.integers(0, len(COMMANDS) - 1), st.lists(st.sampled_from(WORDS), max_size=6)),
        check_command_line,
    ),
}
