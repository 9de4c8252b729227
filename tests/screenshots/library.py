"""The picture of a library: eighty synthesised pieces, scanned by the shipped model, on their map."""

import os
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from mutagen.id3 import TIT2, TPE1
from mutagen.wave import WAVE
from PIL import Image
from playwright.sync_api import Browser, expect

from genre import GENRES
from genre.audio.clip import Clip
from genre.library.scan import scan_folders
from genre.synth import dataset as synth
from genre.text import genre_name
from tests.support.browser.serving import serve

PIECES = 8  # of each genre
SECONDS = 10.0
WIDE = {"width": 1_200, "height": 720}
WAIT_MS = 60_000


def take(browser: Browser, save: Callable[[Image.Image, str], None]) -> None:
    """`save(picture, name)` stores a picture."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        scan_folders([str(make_music(Path(home) / "music"))])
        with serve(Path(home)) as address:
            for name, scheme in (("library", "light"), ("library-dark", "dark")):
                page = browser.new_context(viewport=WIDE, color_scheme=scheme).new_page()
                page.goto(f"{address}/music")
                library = page.get_by_test_id("stMainBlockContainer")
                expect(library.locator(".main-svg").first).to_be_visible(timeout=WAIT_MS)
                page.wait_for_timeout(2_000)
                save(Image.open(BytesIO(page.screenshot())), name)
                page.context.close()


def make_music(folder: Path) -> Path:
    """Write the pieces, each with a title."""
    folder.mkdir()
    for genre in GENRES:
        for number in range(1, PIECES + 1):
            path = folder / f"{genre} {number}.wav"
            path.write_bytes(Clip(synth.render(genre, number, SECONDS), SECONDS).to_wav())
            set_tags(path, f"{genre_name(genre).capitalize()} no. {number}")
    return folder


def set_tags(path: Path, title: str) -> None:
    file = WAVE(path)
    file.add_tags()
    assert file.tags is not None
    file.tags.add(TIT2(encoding=3, text=[title]))
    file.tags.add(TPE1(encoding=3, text=["The Synthesisers"]))
    file.save()
