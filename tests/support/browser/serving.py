"""The app as people meet it: served by Streamlit, opened in Chromium."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from playwright.sync_api import Browser, Playwright, sync_playwright

REPOSITORY = Path(__file__).resolve().parents[3]
START_S = 240.0  # on a machine that does much else
# A widget with two values, an exception of a page, a chart of nothing.
TROUBLES = ("Session State API", "Uncaught app e", "Traceback (most recent", "Error in ")
# A socket that a closed tab leaves while something is being sent to it.
STREAMLITS_OWN = (
    "Exception in ASGI application",
    "WebSocketClosedError",
    "Task exception was never retrieved",
)
LOG = "server.log"  # in the app's home
FRAME = "iframe[title='streamlit_webrtc.component.webrtc_streamer']"  # of live sound and video


@contextmanager
def serve(home: Path, *options: str) -> Iterator[str]:
    """Run the app on a free port with EARMARK_HOME at `home` -> its address. `options` are Streamlit's."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "serve.py",
        "--server.port",
        str(port),
        "--server.address",
        "localhost",
        "--server.headless",
        "true",
        "--logger.hideWelcomeMessage",
        "true",
        *options,
    ]
    log = home / LOG
    with log.open("w") as output:
        server = subprocess.Popen(
            command,
            cwd=REPOSITORY,  # where .streamlit/config.toml is found
            env={**os.environ, "EARMARK_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        address = f"http://localhost:{port}"
        deadline = time.monotonic() + START_S
        while not _healthy(address):
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The app did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()


def troubles(home: Path) -> list[str]:
    """The lines of the app's log that tell of a fault of ours, each with the two before it."""
    lines = (home / LOG).read_text(errors="replace").splitlines()
    troubles = ["\n".join(lines[max(0, n - 2) : n + 1]) for n, line in enumerate(lines) if _is_trouble(line)]
    return [text for text in troubles if not any(own in text for own in STREAMLITS_OWN)]


def _is_trouble(line: str) -> bool:
    return any(sign in line for sign in TROUBLES)


def process_of(address: str) -> int:
    """The process that serves the app there, a child of ours; 0 where there is no /proc."""
    port = address.rpartition(":")[2].encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            arguments = path.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"streamlit" in arguments and port in arguments:
            return int(path.parent.name)
    return 0


@contextmanager
def disk_full(address: str) -> Iterator[None]:
    """Let the process that serves the app there write not one byte to any file, wherever it lies."""
    process = process_of(address)
    before = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(process, resource.RLIMIT_FSIZE, before)


def _healthy(address: str) -> bool:
    try:
        with urlopen(f"{address}/_stcore/health", timeout=2) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


_shared: list[Playwright] = []  # a process can have one at a time


@contextmanager
def _playwright() -> Iterator[Playwright]:
    """The running Playwright, or one of our own."""
    if _shared:
        yield _shared[0]
        return
    with sync_playwright() as playwright:
        _shared.append(playwright)
        try:
            yield playwright
        finally:
            _shared.clear()


@contextmanager
def chromium(
    program: str, microphone: Path | None = None, camera: Path | None = None, hosts: str = ""
) -> Iterator[Browser]:
    """Start Chromium; its microphone plays the WAV file over and over, from the beginning of each
    recording, and its camera shows the MJPEG file so. `hosts`: rules for names, "MAP a.test 127.0.0.1".
    """
    arguments = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
    ]
    if microphone:
        arguments.append(f"--use-file-for-fake-audio-capture={microphone}")
    if camera:
        arguments.append(f"--use-file-for-fake-video-capture={camera}")
    if hosts:
        arguments.append(f"--host-resolver-rules={hosts}")
    with _playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
