"""The Mood page with a face before the camera and a stand-in for YouTube, for browser tests and pictures."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
from playwright.sync_api import BrowserContext, Page, Route

from tests.support.browser.serving import serve
from tests.support.faces import astronaut
from tests.support.stand_ins.youtube import YoutubeStandIn

VIDEO_FRAMES = 60  # two seconds; the camera shows them over and over
PLAYER = (
    "<!DOCTYPE html><body style='margin:0;background:#111;color:#bbb;font:20px sans-serif;"
    "display:grid;place-items:center;height:100vh'>A video plays here"
)


def write_face_video(path: Path) -> Path:
    """An MJPEG of 640x480 frames at `path`: a face that moves a little."""
    face = cv2.resize(astronaut()[:384], (640, 480), interpolation=cv2.INTER_CUBIC)[..., ::-1]
    with path.open("wb") as file:
        for frame in range(VIDEO_FRAMES):
            angle = 2 * np.pi * frame / VIDEO_FRAMES
            move = np.float32([[1, 0, 12 * np.sin(angle)], [0, 1, 6 * np.cos(angle)]])
            moved = cv2.warpAffine(face, move, (640, 480), borderMode=cv2.BORDER_REPLICATE)
            file.write(cv2.imencode(".jpg", moved, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    return path


@dataclass(frozen=True)
class RunningApp:
    """The running app."""

    address: str
    youtube: YoutubeStandIn
    home: Path
    temporary: Path  # its TMPDIR

    def left_on_disk(self) -> list[Path]:
        """Every file that the app has made, but for its log and the lists of songs."""
        lists = self.home / "cache" / "playlists"
        return [
            path
            for folder in (self.home, self.temporary)
            for path in folder.rglob("*")
            if path.is_file() and path != self.home / "server.log" and lists not in path.parents
        ]


@contextmanager
def serve_mood(folder: Path) -> Iterator[RunningApp]:
    """Run the app with its files below `folder`; it asks a stand-in for YouTube."""
    home, temporary = folder / "home", folder / "tmp"
    for folder in (home, temporary):
        folder.mkdir()
    with YoutubeStandIn() as youtube:
        settings = {"EARMARK_YOUTUBE_HOST": youtube.address, "TMPDIR": str(temporary)}
        with patch.dict(os.environ, settings), serve(home) as address:
            yield RunningApp(address, youtube, home, temporary)


def without_internet(context: BrowserContext) -> BrowserContext:
    """Pictures and players of YouTube are drawn here; nothing else is reached."""
    context.route("https://i.ytimg.com/**", _picture)
    context.route(
        "https://www.youtube.com/embed/**", lambda route: route.fulfill(body=PLAYER, content_type="text/html")
    )
    return context


def _picture(route: Route) -> None:
    """A thumbnail of its own for each video."""
    seed = zlib.crc32(route.request.url.encode())
    hues = (np.linspace(0, 40, 160)[None] + np.linspace(0, 25, 90)[:, None] + seed % 180) % 180
    image = np.dstack([hues, np.full_like(hues, 110), np.full_like(hues, 150 + seed % 60)]).astype(np.uint8)
    image = cv2.cvtColor(image, cv2.COLOR_HSV2BGR)
    route.fulfill(body=cv2.imencode(".jpg", image)[1].tobytes(), content_type="image/jpeg")


def take_photo(page: Page, timeout_ms: float) -> None:
    """Open the camera unless it is, and press the button once it shows something."""
    closed = page.get_by_role("button", name="Open the camera")
    closed.or_(page.get_by_test_id("stCameraInput")).first.wait_for(timeout=timeout_ms)
    if closed.is_visible():
        closed.click(timeout=timeout_ms)
    page.wait_for_function(_CAMERA_SHOWS, timeout=timeout_ms)
    page.wait_for_timeout(500)  # the first frames may be black
    page.get_by_role("button", name="Take Photo").click(timeout=timeout_ms)


_CAMERA_SHOWS = """() => {
    const video = document.querySelector("[data-testid=stCameraInput] video");
    return video && video.readyState >= 3 && video.videoWidth > 0 && video.currentTime > 0;
}"""
