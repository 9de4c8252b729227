"""The animated picture of a recording that is answered: twenty seconds of the Listen page as they are."""

import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from genre.audio.clip import load_clip
from genre.data.recordings import recordings
from tests.support.browser.serving import chromium, serve

WINDOW = {"width": 640, "height": 640}
WIDTH = 560  # pixels of the picture
LENGTH_S, STEP_S = 20.0, 0.25
BEGIN_S, RECORD_S = 1.0, 11.5  # until the button is pressed, and until it is pressed again
QUALITY = 66  # percent
WAIT_MS = 60_000
SONG = recordings()[0].path


def take(program: str, path: Path) -> None:
    """Record the song, and write what is to be seen meanwhile as an animated WebP."""
    with tempfile.TemporaryDirectory() as folder:
        microphone = Path(folder) / "song.wav"
        microphone.write_bytes(load_clip(SONG).to_wav())
        with serve(Path(folder)) as address, chromium(program, microphone) as browser:
            page = browser.new_page(viewport=WINDOW)
            page.goto(address)
            expect(page.get_by_role("button", name="Record", exact=True)).to_be_visible(timeout=WAIT_MS)
            page.get_by_role("button", name="Pop", exact=True).click()  # loads the model
            page.locator(".player-legend li").first.wait_for(timeout=WAIT_MS)
            page.get_by_role("button", name="Delete").click()
            expect(page.get_by_text("Your answer appears here")).to_be_visible(timeout=WAIT_MS)
            page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")
            page.mouse.move(0, 0)
            page.wait_for_timeout(2_000)
            frames, durations_ms = _film(page)
            if not page.locator(".answer-genre").is_visible():
                raise RuntimeError("The machine is too busy for twenty seconds: try again later.")
    frames[0].save(
        path,
        save_all=True,
        append_images=frames[1:],
        duration=durations_ms,
        loop=0,
        quality=QUALITY,
        method=6,
        minimize_size=True,
    )


def _film(page: Page) -> tuple[list[Image.Image], list[int]]:
    """Press the button twice, and look at the page all the while -> pictures, and how long each lasts."""
    frames, times = [], []
    presses = [(BEGIN_S, "Record"), (BEGIN_S + RECORD_S, "Stop recording")]
    start = time.perf_counter()
    while (now := time.perf_counter() - start) < LENGTH_S:
        if presses and now >= presses[0][0]:
            page.get_by_role("button", name=presses.pop(0)[1], exact=True).click()
        picture = Image.open(BytesIO(page.screenshot())).convert("RGB")
        frames.append(
            picture.resize((WIDTH, WIDTH * picture.height // picture.width), Image.Resampling.LANCZOS)
        )
        times.append(time.perf_counter() - start)
        page.wait_for_timeout(1_000 * max(0.0, STEP_S - (time.perf_counter() - start - now)))
    ends = [*times[1:], max(LENGTH_S, times[-1] + STEP_S)]
    return frames, [round(1_000 * (end - begin)) for begin, end in zip(times, ends, strict=True)]
