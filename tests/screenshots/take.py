"""The pictures of the README, and of each page in the dark, on a phone and empty: `make screenshots` writes
assets/screenshots/*.webp, of which git keeps those of the README."""

import sys
import tempfile
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from genre.audio.clip import Clip
from genre.synth import dataset as synth
from tests.screenshots import answer as screenshots_answer
from tests.screenshots import generate as screenshots_generate
from tests.screenshots import library as screenshots_library
from tests.screenshots import mood as screenshots_mood
from tests.screenshots import train as screenshots_train
from tests.support.browser.chromium import find_chromium
from tests.support.browser.serving import REPOSITORY, chromium, serve

FOLDER = REPOSITORY / "assets" / "screenshots"
DESKTOP = {"width": 900, "height": 800}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 60_000
QUALITY = 80  # percent: a fifth of what PNG takes


def visit(browser: Browser, address: str, **context: object) -> Page:
    page = browser.new_context(**context).new_page()
    page.goto(address)
    expect(page.locator(".st-key-to_come .bars .point")).to_have_count(10, timeout=WAIT_MS)
    return page


def wait_for_answer(page: Page) -> None:
    expect(page.locator(".player-legend li").first).to_be_visible(timeout=WAIT_MS)


def keep(page: Page, name: str, height: int | None = None) -> None:
    """Save the whole page, or its upper `height` pixels, as a small picture."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(2_000)  # the page scrolls to its answer, and its last widgets arrive
    page.evaluate(_TO_THE_TOP)
    page.set_viewport_size(
        {"width": page.viewport_size["width"], "height": height or page.evaluate(_USED_HEIGHT)}
    )
    page.wait_for_timeout(1_500)  # charts settle into the new size
    page.evaluate(_TO_THE_TOP)
    save(Image.open(BytesIO(page.screenshot())), name)
    page.context.close()


def save(picture: Image.Image, name: str) -> None:
    picture.save(FOLDER / f"{name}.webp", quality=QUALITY, method=6)


_TO_THE_TOP = "document.querySelector('[data-testid=stMain]').scrollTo(0, 0)"
_USED_HEIGHT = """() => Math.ceil(
    40 + Math.max(...[...document.querySelectorAll(
            "[data-testid=stMain] :is(button, .main-svg, [data-testid=stDataFrame])")]
        .map(element => element.getBoundingClientRect().bottom)))"""


def main() -> int:
    program = find_chromium()
    if program is None:
        print("Screenshots need Chromium: install it, or name it with EARMARK_CHROMIUM.")
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home, serve(Path(home)) as address, chromium(program) as browser:
        keep(visit(browser, address, viewport=DESKTOP), "listen-empty")
        for name, context in {
            "listen": {"viewport": DESKTOP},
            "listen-dark": {"viewport": DESKTOP, "color_scheme": "dark"},
            "listen-phone": {"viewport": PHONE, "has_touch": True, "is_mobile": True},
        }.items():
            page = visit(browser, address, **context)
            page.get_by_role("button", name="Hungarian Dance").click()
            wait_for_answer(page)
            keep(page, name, height=1_900)
        page = visit(browser, address, viewport=DESKTOP)
        files = batch(Path(home))
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(files)
        wait_for_answer(page)
        keep(page, "listen-table", height=1_350)
        screenshots_generate.take(browser, address, keep)
        screenshots_train.take(browser, address, Path(home), keep)
        screenshots_library.take(browser, save)
    screenshots_mood.take(program, keep)
    screenshots_answer.take(program, FOLDER / "answer.webp")
    return 0


def batch(folder: Path) -> list[Path]:
    """Some clips, and a file that is none."""
    names = {
        "side-a-01.wav": "jazz",
        "side-a-02.wav": "classical",
        "rehearsal.wav": "metal",
        "from-the-radio.wav": "reggae",
        "party.wav": "hiphop",
    }
    for name, genre in names.items():
        (folder / name).write_bytes(Clip(synth.render(genre, 1, 24.0), 24.0).to_wav())
    (folder / "lyrics.txt").write_text("Woke up this morning")
    return [folder / name for name in (*names, "lyrics.txt")]


if __name__ == "__main__":
    sys.exit(main())
