"""A stand-in server for YouTube's search, with recorded answers and with trouble.

    with YoutubeStandIn() as youtube:
        environment["EARMARK_YOUTUBE_HOST"] = youtube.address
        youtube.behave("429")

`python -m tests.support.stand_ins.youtube --port 8443` runs it by itself.

A query that was recorded (see recorded()) gets its recorded answer, with its next pages; any other
the hand-made songs of tests/fixtures/youtube: two pages with a shelf, a video of two uploaders, a
live one, a short, a three-hour mix, one song three times, and titles that mean harm.
"""

import argparse
import json
import ssl
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from genre.certificate import ensure_certificate
from tests.support.data import SHARED_DATA

MODES = (
    "songs",
    "empty",
    "429",
    "500",
    "403",
    "html",
    "wrong-json",
    "slow",
    "drip",
    "drip-headers",
    "cut-off",
    "redirect",
    "huge",
)
FIXTURES = Path(__file__).parents[2] / "fixtures" / "youtube"
LONGEST_WAIT_S = 30.0
HTML = b"<!DOCTYPE html><title>Welcome to the hotel</title><p>Please sign in.</p>"


def recorded() -> dict[str, bytes]:
    """Query, or continuation token, -> the answer YouTube gave it; empty without the shared data."""
    answers = {}
    for path in sorted((SHARED_DATA / "youtube").glob("yt_*.request.json")):
        body = json.loads(path.read_bytes())["body"]
        answer = path.with_name(path.name.replace(".request.", ".response."))
        # "test" was recorded twice: for videos, and for playlists, which Earmark never asks for.
        if "playlists" not in path.name:
            answers[body.get("continuation") or body["query"]] = answer.read_bytes()
    return answers


class YoutubeStandIn:
    """The running server. `requests` holds the body of every search; `other_paths` the path of all else."""

    def __init__(self, port: int = 0, mode: str = "songs"):
        self.requests: list[dict] = []
        self.headers: list[dict[str, str]] = []
        self.other_paths: list[str] = []
        self.closing = threading.Event()
        self._modes = [mode]
        self._lock = threading.Lock()
        self._answers = {**recorded(), "more-songs": (FIXTURES / "songs_2.json").read_bytes()}
        self._songs = (FIXTURES / "songs_1.json").read_bytes()
        self._end = (FIXTURES / "end.json").read_bytes()
        self.nothing = (FIXTURES / "nothing.json").read_bytes()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            ensure_certificate(Path(folder), ["localhost", "127.0.0.1"])
            context.load_cert_chain(Path(folder, "earmark.crt"), Path(folder, "earmark.key"))
        self._server = _Server(("127.0.0.1", port), type("Handler", (_Handler,), {"youtube": self}))
        self.context = context

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def behave(self, *modes: str) -> None:
        """Answer the next requests in these MODES, one each, and all later ones in the last."""
        assert modes and set(modes) <= set(MODES), modes
        with self._lock:
            self._modes = list(modes)
            self.requests.clear()
            self.headers.clear()
            self.other_paths.clear()

    def next_mode(self) -> str:
        with self._lock:
            return self._modes.pop(0) if len(self._modes) > 1 else self._modes[0]

    def answer(self, body: dict) -> bytes:
        """What YouTube would say."""
        if "continuation" in body:
            return self._answers.get(body["continuation"], self._end)
        return self._answers.get(body.get("query", ""), self._songs)

    def serve(self) -> None:
        self._server.serve_forever(poll_interval=0.05)

    def __enter__(self) -> "YoutubeStandIn":
        self._thread = threading.Thread(target=self.serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    youtube: YoutubeStandIn

    def setup(self) -> None:
        # Here and not around the listening socket: a slow handshake then holds up its own thread only.
        self.request = self.youtube.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        try:
            super().finish()
        finally:
            self.request.close()

    def log_message(self, *_: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self.youtube.other_paths.append(self.path)
        self.send(404, HTML, "text/html")

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.startswith("/youtubei/v1/search"):
            self.youtube.other_paths.append(self.path)
            return self.send(404, HTML, "text/html")
        body = json.loads(content)
        self.youtube.requests.append(body)
        self.youtube.headers.append(dict(self.headers))
        match self.youtube.next_mode():
            case "songs":
                self.send(200, self.youtube.answer(body))
            case "empty":
                self.send(200, self.youtube.nothing)
            case "429" | "500" | "403" as status:
                error = {"error": {"code": int(status), "message": "stand-in", "status": "TROUBLE"}}
                self.send(int(status), json.dumps(error).encode())
            case "html":
                self.send(200, HTML, "text/html")
            case "wrong-json":
                self.send(200, b'{"contents": {"somethingNewRenderer": [1, null, "x"]}}')
            case "slow":
                self.youtube.closing.wait(LONGEST_WAIT_S)
            case "drip":
                self.drip(self.youtube.answer(body))
            case "drip-headers":
                self.drip_bytes(b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 10_000)
            case "cut-off":
                answer = self.youtube.answer(body)
                self.send(200, answer[: len(answer) // 2], length=len(answer))
            case "redirect":
                self.send_response(302)
                self.send_header("Location", f"https://{self.youtube.address}/sign-in")
                self.end_headers()
            case "huge":
                self.send(200, b'{"contents": "' + b"x" * (9 * 2**20) + b'"}')

    def send(
        self, status: int, content: bytes, kind: str = "application/json", length: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(content) if length is None else length))
        self.end_headers()
        self.wfile.write(content)

    def drip(self, content: bytes) -> None:
        """Byte by byte, so that no single wait is long."""
        self.send(200, b"", length=len(content))
        self.drip_bytes(content)

    def drip_bytes(self, content: bytes) -> None:
        until = time.monotonic() + LONGEST_WAIT_S
        for n in range(len(content)):
            if self.youtube.closing.wait(0.02) or time.monotonic() > until:
                return
            self.wfile.write(content[n : n + 1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.support.stand_ins.youtube")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=MODES, default="songs")
    options = parser.parse_args()
    youtube = YoutubeStandIn(options.port, options.mode)
    print(f"EARMARK_YOUTUBE_HOST={youtube.address}", flush=True)
    try:
        youtube.serve()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
