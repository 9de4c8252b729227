"""`python -m genre scan` and `find`: a few real files through the shipped model, then every option."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from genre import GENRES
from genre.__main__ import main
from genre.audio.clip import SAMPLE_RATE, load_clip
from genre.inference.load import load_classifier
from genre.inference.similarity import embed_clip
from genre.library import scan as scans
from genre.library.default import fast_predictor, load_fast
from genre.library.predictor import Predictor
from genre.library.progress import is_scanning, read_progress, start_scan, stop_scan
from genre.library.search import load_library
from genre.paths import REPOSITORY
from tests.support.audio import soundfile_bytes
from tests.support.patience import PATIENCE_S, wait_until
from tests.support.stand_ins.library import STAND_IN, load, make_songs, scan


@pytest.fixture
def run_command(capsys):
    """Run a command line in this process -> (exit status, its lines on stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, list[str], str]:
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as error:
            status = error.code
        output = capsys.readouterr()
        return status, output.out.splitlines(), output.err

    return run


@pytest.fixture
def stand_in(monkeypatch) -> None:
    """The commands use the stand-in, in this process."""
    monkeypatch.setattr(scans, "fast_predictor", lambda: STAND_IN)
    monkeypatch.setattr(scans, "all_cores", lambda: 0)


def test_a_folder_is_scanned_by_the_shipped_model_and_asked(run_command, tmp_path, wav, play):
    music = tmp_path / "music"
    music.mkdir()
    for genre in ("rock", "classical"):
        (music / f"{genre}.wav").write_bytes(wav(genre))
    (music / "rock again.wav").write_bytes(wav("rock"))
    (music / "a longer one.mp3").write_bytes(
        soundfile_bytes(play("disco", 45.0)[:, None], SAMPLE_RATE, format="MP3")
    )
    (music / "broken.mp3").write_bytes(b"ID3 nothing")
    status, lines, _ = run_command("scan", music, "--json")
    [summary] = map(json.loads, lines)
    assert status == 1  # one is broken
    assert (summary["n_files"], summary["n_damaged"]) == (5, 1)
    assert summary["n_predicted"] + summary["n_moved"] == 4
    assert summary["problems"][0]["path"] == str(music / "broken.mp3")

    library = load_library()
    songs = {Path(song.path).name: song for song in library.songs}
    rock = songs["rock.wav"]
    assert rock.genre in GENRES and rock.duration_s == pytest.approx(6.0, abs=0.1)
    assert -60 < rock.loudness_lufs < 0 and 30 < rock.tempo_bpm < 320
    k = library.songs.index(rock)
    expected = load_fast()(music / "rock.wav")
    assert library.probabilities[k] == pytest.approx(expected.probabilities, abs=2e-3)
    clip = load_clip(music / "rock.wav")
    assert (
        library.embeddings[k] @ embed_clip(load_classifier(), clip) > 0.8
    )  # the Listen page's, of more windows
    assert songs["a longer one.mp3"].duration_s == pytest.approx(45.0, abs=0.2)

    status, lines, _ = run_command("find", "--like", music / "rock.wav", "--json")
    assert status == 0
    nearest = json.loads(lines[0])
    assert Path(nearest["path"]).name == "rock again.wav"
    assert nearest["score"] == pytest.approx(1.0, abs=0.01)
    elsewhere = tmp_path / "elsewhere.wav"
    elsewhere.write_bytes(wav("classical"))
    status, lines, _ = run_command("find", "--like", elsewhere, "--json", "--count", "1")
    assert Path(json.loads(lines[0])["path"]).name == "classical.wav"

    status, lines, _ = run_command("scan")
    assert status == 0 and lines == ["5 songs."]


def test_find_prints_and_writes(run_command, tmp_path, stand_in):
    make_songs(tmp_path / "music", 40)
    assert run_command("scan", tmp_path / "music")[0] == 0
    status, lines, _ = run_command("find", "--genre", "jazz", "--count", "3", "--json")
    assert status == 0
    assert all(json.loads(line)["genre"] == "jazz" for line in lines)
    scores = [json.loads(line)["score"] for line in lines]
    assert scores == sorted(scores, reverse=True)

    playlist, table = tmp_path / "list.m3u", tmp_path / "list.csv"
    assert run_command("find", "--tempo", "60..120", "--m3u", playlist)[0] == 0
    written = playlist.read_bytes().splitlines()
    assert written[0] == b"#EXTM3U" and written[1].startswith(b"#EXTINF:")
    assert all(Path(os.fsdecode(line)).is_file() for line in written[2::2])
    assert run_command("find", "--feeling", "calmness", "--tag", "mellow", "--csv", table)[0] in (0, 1)
    with table.open(newline="") as file:
        assert next(csv.reader(file))[0] == "path"
    status, lines, _ = run_command("find", "song", "00007")
    assert len(lines) == 1 and "song 00007.mp3" in lines[0]


def test_status_forget_and_rescan(run_command, tmp_path, stand_in):
    make_songs(tmp_path / "music", 3)
    status, lines, _ = run_command("scan", "--status")
    assert status == 0 and "No songs yet" in lines[0]
    run_command("scan", tmp_path / "music")
    status, lines, _ = run_command("scan", "--status", "--json")
    result = json.loads(lines[0])
    assert result["folders"] == [str(tmp_path / "music")]
    assert sum(result["songs"].values()) == 3 and result["scan"]["state"] == "done"
    assert json.loads(run_command("scan", "--rescan", "--json")[1][0])["n_unchanged"] == 0
    assert run_command("scan", "--forget", tmp_path / "music")[:2] == (
        0,
        ["3 songs forgotten. The files stay."],
    )
    assert len(list((tmp_path / "music").rglob("*.mp3"))) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("scan",),
        ("scan", "/nowhere/at/all"),
        ("scan", "--forget"),
        ("scan", "--forget", "/nowhere"),
        ("scan", "--status", "--rescan"),
        ("find",),
        ("find", "--genre", "polka"),
        ("find", "--tempo", "fast"),
        ("find", "--tempo", "90..60"),
        ("find", "--count", "0"),
        ("find", "--like", "/nowhere.mp3"),
        ("find", "--apply"),
        ("find", "--json", "--m3u", "list.m3u"),
    ],
)
def test_a_wrong_command_line_is_a_sentence(run_command, tmp_path, arguments, stand_in):
    if arguments not in [("scan",), ("find",)]:
        make_songs(tmp_path / "music", 2)
        scan([tmp_path / "music"])
    status, lines, errors = run_command(*arguments)
    assert status == 2 and not lines
    assert errors.strip() and "Traceback" not in errors


def test_tags_are_shown_first_and_written_on_request(run_command, tmp_path, wav, stand_in):
    path = tmp_path / "music" / "song.wav"
    path.parent.mkdir()
    path.write_bytes(wav("rock"))
    before = path.read_bytes()
    run_command("scan", path.parent)
    status, lines, _ = run_command("find", "--write-tags")
    assert status == 0 and "would be written" in lines[-1]
    assert path.read_bytes() == before
    status, lines, _ = run_command("find", "--write-tags", "--apply")
    n_written = int(lines[-1].split()[3])
    assert (path.read_bytes() != before) == (n_written == 1)
    status, lines, _ = run_command("find", "--restore")
    assert status == 0 and "would be put back" in lines[-1]
    status, lines, _ = run_command("find", "--restore", "--apply")
    assert status == 0 and path.read_bytes()[-100:] == before[-100:]


WATCHING = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background ignores it
from genre.commands import library
from genre.library import scan
from tests.support.stand_ins.library import STAND_IN
library.LEAST_WAIT_S = 0.1
library.WAIT_PER_LOOK = 0
scan.fast_predictor, scan.all_cores = lambda: STAND_IN, lambda: 0
from genre.__main__ import main
sys.exit(main(["scan", "--watch", sys.argv[1]]))
"""


def test_watch_follows_changes_until_it_is_stopped(tmp_path):
    make_songs(tmp_path / "music", 2)
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    process = subprocess.Popen([sys.executable, "-c", WATCHING, str(tmp_path / "music")], env=environment)
    wait_until(lambda: len(load_library()) == 2)
    make_songs(tmp_path / "music", 1, start=5)
    wait_until(lambda: len(load_library()) == 3)
    next((tmp_path / "music").rglob("*00005.mp3")).unlink()
    wait_until(lambda: len(load_library()) == 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130


def test_a_scan_is_started_and_stopped_as_a_process_of_its_own(tmp_path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "song.wav").touch()  # is damaged: no model is needed
    scan([tmp_path / "music"], predictor=Predictor(fast_predictor().key, load))
    start_scan([str(tmp_path / "music")], "--watch")
    wait_until(lambda: read_progress().state == "watching")
    stop_scan()
    wait_until(lambda: not is_scanning())
    assert len(load_library()) == 1
