"""`python -m genre classify`: its contract, and every kind of bad file in one batch."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from genre import GENRES
from genre.__main__ import main
from genre.audio.clip import MAX_BYTES, SAMPLE_RATE, load_clip
from genre.inference.load import load_classifier
from genre.paths import REPOSITORY
from genre.synth.dataset import render
from tests.support.audio import container_bytes, picture_bytes, soundfile_bytes
from tests.support.patience import PATIENCE_S

FIELDS = ["path", "duration_s", "status", "genre", "confident", "probabilities"]
FIELDS += ["tags", "emotions", "familiar"]


@pytest.fixture(scope="module")
def rock() -> np.ndarray:
    """(N, 1) float32, 4 s."""
    return render("rock", 2, 4.0)[:, None]


@pytest.fixture(scope="module")
def rock_wav(rock: np.ndarray) -> bytes:
    return soundfile_bytes(rock, SAMPLE_RATE, format="WAV", subtype="PCM_16")


@pytest.fixture
def run_command(capsys: pytest.CaptureFixture):
    """Run a command line in this process -> (exit status, its lines on stdout)."""

    def run(*arguments: object) -> tuple[int, list[str]]:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return status, capsys.readouterr().out.splitlines()

    return run


def parse(lines: list[str]) -> list[dict]:
    return [json.loads(line) for line in lines]


def run_genre(*arguments: object, **options: object) -> subprocess.CompletedProcess:
    """The command line as a process of its own, started in the repository unless told otherwise."""
    return subprocess.run(
        [sys.executable, "-m", "genre", *map(str, arguments)],
        **{"cwd": REPOSITORY, "capture_output": True, "text": True, "timeout": PATIENCE_S, **options},
    )


def test_a_file_gets_one_line(run_command, tmp_path: Path, rock_wav: bytes) -> None:
    path = tmp_path / "rock.wav"
    path.write_bytes(rock_wav)
    status, lines = run_command("classify", path, "--json")
    assert status == 0
    [result] = parse(lines)
    assert list(result) == FIELDS
    assert result["path"] == str(path)
    assert result["duration_s"] == 4.0
    assert result["status"] in ("music", "unsure")
    assert result["confident"] is (result["status"] == "music")
    assert tuple(result["probabilities"]) == GENRES
    assert result["genre"] == max(GENRES, key=result["probabilities"].get)
    assert sum(result["probabilities"].values()) == pytest.approx(1.0, abs=0.001)


def test_too_short_and_silent_clips_have_no_genre(run_command, tmp_path: Path) -> None:
    for name, seconds in {"short.wav": 0.5, "silent.wav": 4.0}.items():
        silence = np.zeros((int(seconds * SAMPLE_RATE), 1), np.float32)
        (tmp_path / name).write_bytes(soundfile_bytes(silence, SAMPLE_RATE, format="WAV"))
    status, lines = run_command("classify", tmp_path / "short.wav", tmp_path / "silent.wav", "--json")
    assert status == 0
    assert [result["status"] for result in parse(lines)] == ["too_short", "not_music"]
    for result in parse(lines):
        assert list(result) == FIELDS
        assert result["genre"] is None and result["confident"] is False
        assert result["probabilities"] == {}


def test_folders_are_searched_in_order(run_command, tmp_path: Path, rock_wav: bytes) -> None:
    names = ["a/10.WAV", "a/9.wav", "b/c/d.wav", "z.wav"]
    hidden = [".hidden.wav", ".cache/x.wav", "cover.jpg", "notes.txt", "a/._9.wav"]
    for name in names + hidden:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(rock_wav if name in names else b"not for us")
    (tmp_path / "b" / "loop").symlink_to(tmp_path)
    status, lines = run_command("classify", tmp_path, tmp_path / "a", "--json")
    assert status == 0
    expected = ["z.wav", "a/10.WAV", "a/9.wav", "b/c/d.wav", "a/10.WAV", "a/9.wav"]
    assert [result["path"] for result in parse(lines)] == [str(tmp_path / n) for n in expected]


def test_missing_files_and_empty_folders(run_command, tmp_path: Path, rock_wav: bytes) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "rock.wav").write_bytes(rock_wav)
    paths = [tmp_path / name for name in ("gone.wav", "empty", "rock.wav")]
    status, lines = run_command("classify", *paths, "--json")
    assert status == 1
    absent, empty, rock = parse(lines)
    assert list(absent) == list(empty) == ["path", "error"]
    assert "found" in absent["error"] and "no audio files" in empty["error"]
    assert rock["genre"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open every folder")
def test_a_folder_that_may_not_be_opened(run_command, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    status, lines = run_command("classify", tmp_path, "--json")
    assert status == 1 and "could not be opened" in parse(lines)[0]["error"]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["classify"],
        ["classify", "--jsn", "x"],
        ["sing", "x"],
        ["classify", "x", "--model", "nowhere"],
        ["classify", "x", "--model", "../listen"],
    ],
    ids=" ".join,
)
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    try:
        status = main(arguments)
    except SystemExit as stop:  # argparse's own
        status = stop.code
    captured = capsys.readouterr()
    assert status == 2
    assert captured.out == "" and captured.err


def test_readable_lines(run_command, tmp_path: Path, rock_wav: bytes) -> None:
    (tmp_path / "a long name.wav").write_bytes(rock_wav)
    (tmp_path / "b\n.wav").write_bytes(b"")
    status, lines = run_command("classify", tmp_path)
    assert status == 1
    good, bad = lines
    assert good.startswith(f"{tmp_path}/a long name.wav ") and "0:04  " in good and " %" in good
    assert bad.startswith(f"{tmp_path}/b\\n.wav ") and "error: The file is empty" in bad
    assert good.index("0:04") - bad.index("error") == 2  # one column


def bad_files(good: bytes, rock: np.ndarray) -> dict[str, bytes]:
    """File names and contents that must each get one sentence."""
    wav = bytearray(good)
    wav[22:24] = b"\0\0"
    no_numbers = np.full((SAMPLE_RATE, 1), np.nan, np.float32)
    locked = io.BytesIO()
    with zipfile.ZipFile(locked, "w") as archive:
        archive.writestr("song.wav", b"secret")
    encrypted = bytearray(locked.getvalue())
    encrypted[6] |= 1  # the flag of a password
    m4a = container_bytes(rock, SAMPLE_RATE, "mp4", "aac")
    return {
        "empty.wav": b"",
        "zero length.wav": soundfile_bytes(np.zeros((0, 1)), SAMPLE_RATE, format="WAV"),
        "text.wav": b"I am not a sound.\n" * 99,
        "picture.wav": picture_bytes("png"),
        "photo.mp3": picture_bytes("mjpeg"),
        "no channels.wav": bytes(wav),
        "header only.wav": good[:30],
        "cut.mp3": soundfile_bytes(rock, SAMPLE_RATE, format="MP3")[:60],
        "nan.wav": soundfile_bytes(no_numbers, SAMPLE_RATE, format="WAV", subtype="FLOAT"),
        "password.zip.wav": bytes(encrypted),
        "protected.m4a": m4a.replace(b"mp4a", b"drms", 1),
        "pickle.wav": b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85R.",
        "../up.wav": b"x",
    }


# Good sound under names that break careless code.
HOSTILE_NAMES = (
    'it\'s "quoted".wav',
    "line\nbreak.wav",
    "🎸 ギター.wav",
    "-rf.wav",
    "--json.wav",
    "$(id).wav",
    "<b onclick=alert(1)>.wav",
    "%s%n.wav",
    "a" * 240 + ".wav",
    " .wav",
)


def test_bad_files_in_one_batch(tmp_path: Path, rock: np.ndarray, rock_wav: bytes) -> None:
    """Each gets its sentence, the good ones among them their genre, and nothing else is written."""
    inside, home = tmp_path / "in" / "side", tmp_path / "earmark"
    inside.mkdir(parents=True)
    bad = bad_files(rock_wav, rock)
    for name, content in bad.items():
        (inside / name).write_bytes(content)
    with open(inside / "huge.wav", "wb") as file:
        file.write(rock_wav)
        file.truncate(MAX_BYTES + 1)  # sparse: it takes no room
    not_utf8 = os.fsencode(inside) + b"/caf\xe9.wav"
    good = [*(inside / name for name in HOSTILE_NAMES), Path(os.fsdecode(not_utf8))]
    for path in good:
        path.write_bytes(rock_wav)
    truncated = inside / "truncated.wav"
    truncated.write_bytes(rock_wav[: len(rock_wav) // 2])
    good.append(truncated)

    paths = [*good[:5], *(inside / name for name in [*bad, "huge.wav"]), *good[5:], inside]
    before = snapshot(tmp_path)
    environment = {
        **os.environ,
        "EARMARK_HOME": str(home),
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PYTHONPATH": str(REPOSITORY),
    }
    process = run_genre("classify", "--json", "--", *paths, cwd=inside, env=environment)
    assert process.returncode == 1, process.stderr
    assert process.stderr == ""
    results = parse(process.stdout.split("\n")[:-1])
    assert [result["path"] for result in results[: len(paths) - 1]] == [str(p) for p in paths[:-1]]

    by_path = {result["path"]: result for result in results}
    genres = set()
    for path in good:
        assert list(by_path[str(path)]) == FIELDS
        if path != truncated:
            genres.add(by_path[str(path)]["genre"])
    assert len(genres) == 1 and genres < set(GENRES)
    assert 1.5 < by_path[str(truncated)]["duration_s"] < 2.5
    for name in [*bad, "huge.wav"]:
        result = by_path[str(inside / name)]
        assert list(result) == ["path", "error"], result
        assert result["error"][0].isupper() and result["error"].endswith(".")
        assert result["error"].count(". ") == 0 and "\n" not in result["error"]
        assert "Error" not in result["error"] and str(tmp_path) not in result["error"]
    of_folder = results[len(paths) - 1 :]  # the folder itself, given last
    assert len(of_folder) == len([name for name in bad if "/" not in name]) + 1 + len(good)
    after = {name: size for name, size in snapshot(tmp_path).items() if home.name not in name}
    assert after == before


def snapshot(folder: Path) -> dict[str, int]:
    """Every file below a folder and its size."""
    return {
        os.path.join(where, name): os.lstat(os.path.join(where, name)).st_size
        for where, _, names in os.walk(folder)
        for name in names
    }


def test_the_default_is_the_shipped_model(run_command, tmp_path: Path, rock_wav: bytes) -> None:
    (tmp_path / "rock.wav").write_bytes(rock_wav)
    plain = run_command("classify", tmp_path, "--json")
    assert run_command("classify", tmp_path, "--json", "--model", "listen") == plain


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after one statement."""
    code = f"{statement}; import sys; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(process.stdout.split())


def test_help_is_instant() -> None:
    """Nothing heavy is imported before a command is known to need it."""
    assert not {"torch", "numpy", "librosa"} & modules_after("import genre.__main__")


@pytest.mark.skipif(not shutil.which("head"), reason="there is no head program here")
def test_a_closed_pipe_ends_quietly(tmp_path: Path, rock_wav: bytes) -> None:
    """`classify ... | head -1` ends quietly."""
    for number in range(30):
        (tmp_path / f"{number:02}.wav").write_bytes(rock_wav)
    command = f'"{sys.executable}" -m genre classify "{tmp_path}" --json | head -1'
    process = subprocess.run(command, shell=True, cwd=REPOSITORY, capture_output=True, text=True)
    assert len(process.stdout.splitlines()) == 1
    assert process.stderr == ""


def test_no_streamlit_below_the_pages() -> None:
    """The core runs where there is no browser."""
    assert "streamlit" not in modules_after(
        "import genre.inference.classifier, genre.audio.clip, genre.synth.dataset"
    )


def test_every_clip_of_a_batch_is_as_if_alone(run_command, tmp_path: Path) -> None:
    classifier = load_classifier()
    for genre in ("jazz", "metal", "pop", "reggae"):
        wav = soundfile_bytes(render(genre, 0, 3.0)[:, None], SAMPLE_RATE, format="WAV")
        (tmp_path / f"{genre}.wav").write_bytes(wav)
    _, lines = run_command("classify", tmp_path, "--json")
    for result in parse(lines):
        alone = classifier.classify(load_clip(result["path"])).to_json()
        assert result == {"path": result["path"], **alone}
