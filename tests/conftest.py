"""What every test can rely on: a home folder of its own, small pieces of music, app and browser."""

import os

# Before torch is imported anywhere. A second busy process must not slow the tests fourfold.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import functools
import gc
import logging
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import local_script_runner

from genre.audio.clip import SAMPLE_RATE
from genre.logs import PACKAGES
from genre.paths import write_atomic
from genre.synth import dataset as synth
from mood.playlist import search
from tests.support.audio import soundfile_bytes
from tests.support.browser import visits
from tests.support.browser.chromium import find_chromium
from tests.support.browser.serving import chromium, serve
from tests.support.stand_ins.youtube import YoutubeStandIn

RECORDING_S = 5.0  # length of what the fake microphone plays
TESTS = Path(__file__).parent
FAILURES = TESTS / "failures"  # screenshots


# No ceiling on the clock: a busy machine is no fault.
settings.register_profile("earmark", deadline=None)
settings.load_profile("earmark")

# Each AppTest looks through all installed packages for components: half of a page's time.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
# And asks a thousand times a second whether its page is done.
local_script_runner.time = SimpleNamespace(time=time.time, sleep=lambda seconds: time.sleep(0.01))


def pytest_collection_finish() -> None:
    """What is loaded by now stays, so that no collection of garbage looks at it again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Group the tests for the workers: by file, and all in which librosa compiles as one group, because two
    processes must not compile at once.
    """
    for item in items:
        group = "librosa" if "compiled_librosa" in item.fixturenames else str(item.path.relative_to(TESTS))
        item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """A screenshot of every page that a failed test leaves open."""
    report = yield
    if report.failed:
        visits.save_screenshots(FAILURES, re.sub(r"\W+", "-", item.nodeid.removeprefix("tests/")))
    if call.when == "teardown":
        visits.close_all()
    return report


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty folder for each test. pytest's own fixture looks through those of all tests before it."""
    folder = Path(tempfile.mkdtemp(dir=tmp_path_factory.getbasetemp()))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def earmark_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty EARMARK_HOME for each test."""
    home = tmp_path / "home"
    monkeypatch.setenv("EARMARK_HOME", str(home))
    return home


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest puts its page in place of the main module, and new processes would begin by running that."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def unconfigured_logging() -> Iterator[None]:
    """What a test configures of logging ends with it."""
    yield
    for package in PACKAGES:
        logging.getLogger(package).handlers.clear()
        logging.getLogger(package).setLevel(logging.NOTSET)


@pytest.fixture
def shared_cache(earmark_home, rendered) -> None:
    """What is computed in one test serves the others, of all workers together."""
    cache = rendered.with_name("cache")
    cache.mkdir(exist_ok=True)
    earmark_home.mkdir()
    (earmark_home / "cache").symlink_to(cache)


@pytest.fixture(scope="session")
def compiled_librosa() -> None:
    """For tests that call librosa themselves."""
    from genre.audio.features import compile_librosa  # takes seconds

    compile_librosa()


@pytest.fixture(scope="session")
def rendered(tmp_path_factory) -> Path:
    """The folder of rendered music, of all workers together: each piece is rendered once."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "rendered"


@pytest.fixture(scope="session")
def play(rendered) -> Callable[..., np.ndarray]:
    """play(genre, seconds=6.0, seed=1) -> (N,) float32 at 22,050 Hz of the built-in synthesiser."""

    @functools.lru_cache
    def music(genre: str, seconds: float, seed: int) -> np.ndarray:
        path = rendered / f"{genre}-{seed}-{seconds}.f32"
        if not path.exists():
            write_atomic(path, synth.render(genre, seed, seconds).tobytes())
        return np.frombuffer(path.read_bytes(), np.float32)  # it cannot be written to

    return lambda genre, seconds=6.0, seed=1: music(genre, seconds, seed)


@pytest.fixture(scope="session")
def wav(play) -> Callable[..., bytes]:
    """wav(genre, seconds=6.0, seed=1) -> the same as a WAV file."""

    def make(genre: str, seconds: float = 6.0, seed: int = 1) -> bytes:
        return soundfile_bytes(play(genre, seconds, seed), SAMPLE_RATE, format="WAV")

    return make


@pytest.fixture
def empty_temporary_folder(tmp_path_factory, monkeypatch) -> Iterator[None]:
    """A temporary folder of its own, which must still be empty afterwards."""
    folder = tmp_path_factory.mktemp("tempdir")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield
    assert list(folder.iterdir()) == []


@pytest.fixture(scope="session")
def folder_of_music(rendered) -> Callable[..., Path]:
    """folder_of_music(genres, pieces, seconds) -> a folder that holds so many WAV files of each genre."""

    @functools.cache
    def make(genres: tuple[str, ...] = ("classical", "metal"), pieces: int = 4, seconds: float = 3.5) -> Path:
        folder = rendered / f"{'-'.join(genres)}-{pieces}-{seconds}"
        for genre in genres:
            for seed in range(pieces):
                synth._write(folder / genre / f"{genre}.{seed:05d}.wav", genre, seed, seconds)
        return folder

    return make


@pytest.fixture(scope="session")
def music(folder_of_music) -> Path:
    """Eight short pieces of two genres: enough to learn something."""
    return folder_of_music()


@pytest.fixture(scope="session")
def microphone_recording(wav, tmp_path_factory) -> Path:
    """The WAV file that the fake microphone plays: the built-in piece whose genre is clearest."""
    path = tmp_path_factory.mktemp("microphone") / "take.wav"
    path.write_bytes(wav("jazz", RECORDING_S))
    return path


@pytest.fixture(scope="session")
def streamlit_home(tmp_path_factory) -> Path:
    """The EARMARK_HOME of the running app."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="session")
def streamlit_server(streamlit_home) -> Iterator[str]:
    """The address of the running app."""
    with serve(streamlit_home) as address:
        yield address


@pytest.fixture(scope="session")
def browser(microphone_recording):
    """Chromium with a fake microphone."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium or Chrome is installed; EARMARK_CHROMIUM can name one")
    with chromium(program, microphone_recording) as running:
        yield running


@pytest.fixture(scope="module")
def server() -> Iterator[YoutubeStandIn]:
    """YouTube, as far as the providers can tell."""
    with YoutubeStandIn() as running:
        yield running


@pytest.fixture
def standin(server, monkeypatch) -> YoutubeStandIn:
    """The server, as new, and the providers directed to it; no test waits long."""
    server.behave("songs")
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", server.address)
    monkeypatch.setattr(search, "BACK_OFF_S", 0.01)
    return server
