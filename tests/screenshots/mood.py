"""The pictures of the Mood page, with the astronaut before the camera."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
from playwright.sync_api import Browser, Page, expect

from mood.emotion.custom_moods.learning import learn_mood
from mood.emotion.custom_moods.storage import save_mood
from mood.emotion.recognizer import EmotionNetRecognizer
from mood.playlist import cache
from mood.playlist.query import compose_query
from mood.playlist.youtube import YoutubeTrack
from tests.support.browser.mood_visits import (
    RunningApp,
    serve_mood,
    take_photo,
    without_internet,
    write_face_video,
)
from tests.support.browser.serving import FRAME, chromium
from tests.support.faces import drawn_face

DESKTOP = {"width": 900, "height": 800}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 120_000
SONGS = (  # nobody's: title, who sings it, s
    ("Morning Light", "The Paper Lanterns", 211),
    ("Barefoot on the Boulevard", "Nina Calloway", 187),
    ("Two Windows", "Mira Sol and Tom Field", 225),
    ("Good News", "The Harbour Street Band", 198),
    ("Sunday All Week", "Eddie Marlow", 242),
    ("Lemonade Sky", "Juniper & the Foxes", 176),
    ("Dance in the Kitchen", "Pilar Ortega", 203),
    ("Higher Than Kites", "Saltwater", 231),
    ("Hello Again", "Ada Winter", 190),
    ("Everything Is Yellow", "The Paper Lanterns", 219),
    ("Whistle", "Big Room Choir", 168),
    ("Postcards", "Mira Sol", 236),
)
HEIGHT = 1_300  # of a page with songs: enough of them are to be seen


def visit(browser: Browser, served: RunningApp, **context: object) -> Page:
    """The page at rest."""
    page = without_internet(browser.new_context(**context)).new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{served.address}/mood")
    expect(page.get_by_role("button", name="Open the camera")).to_be_visible(timeout=WAIT_MS)
    return page


def show_songs(page: Page) -> None:
    take_photo(page, WAIT_MS)
    expect(page.locator(".song-name").first).to_be_visible(timeout=WAIT_MS)
    for name in ("Another picture", "Shuffle", "More songs"):  # the page's parts arrive one by one
        expect(page.get_by_role("button", name=name)).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_role("button", name="any artist")).to_be_visible(timeout=WAIT_MS)


def take(program: str, save: Callable[..., None]) -> None:
    """`save(page, name, height)` saves a picture; `program` is the browser."""
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_mood(Path(folder)) as served,
        chromium(program, camera=write_face_video(Path(folder) / "face.mjpeg")) as browser,
    ):
        _find_songs(served)
        save(visit(browser, served, viewport=DESKTOP), "mood-empty", 800)
        for name, context, height in (
            ("mood", {"viewport": DESKTOP}, HEIGHT),
            ("mood-dark", {"viewport": DESKTOP, "color_scheme": "dark"}, HEIGHT),
            ("mood-phone", phone, 1_800),
        ):
            page = visit(browser, served, **context)
            show_songs(page)
            save(page, name, height)
        page = visit(browser, served, viewport=DESKTOP)
        _go_live(page)
        save(page, "mood-live", 1_000)
        _teach(served)
        page = visit(browser, served, viewport=DESKTOP)
        page.get_by_role("radio", name="Teach it your face").click()
        expect(page.get_by_text("How well they are told apart")).to_be_visible(timeout=WAIT_MS)
        save(page, "mood-teach", 800)


def _find_songs(served: RunningApp) -> None:
    """As if these had been found a moment ago."""
    tracks = [YoutubeTrack.from_result(f"picture{n:04}", *song) for n, song in enumerate(SONGS)]
    settings = {"EARMARK_HOME": str(served.home), "EARMARK_YOUTUBE_HOST": served.youtube.address}
    with patch.dict(os.environ, settings):
        cache.save_playlist(compose_query("happy"), "yt-dlp", tuple(tracks), is_complete=False)


def _teach(served: RunningApp) -> None:
    """Two moods, of faces that nobody has."""
    recognizer = EmotionNetRecognizer.load()
    with patch.dict(os.environ, {"EARMARK_HOME": str(served.home)}):
        for number, name in enumerate(("punk", "Monday morning")):
            base = drawn_face(number).astype(int)
            rng = np.random.default_rng(number)
            faces = [(base + rng.normal(0, 25, base.shape)).clip(0, 255).astype(np.uint8) for _ in range(15)]
            save_mood(learn_mood(recognizer, name, faces))


def _go_live(page: Page) -> None:
    """Half a minute of live video."""
    page.get_by_role("radio", name="Live video").click()
    page.frame_locator(FRAME).get_by_role("button", name="Start the camera").click()
    expect(page.get_by_role("heading", name="You look")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator(".st-key-mood_line svg.marks")).to_be_visible(timeout=WAIT_MS)
    page.wait_for_timeout(25_000)
