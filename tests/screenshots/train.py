"""The pictures of the Train page, out of the recorded trainings."""

import json
import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from genre.runs import directory as runs
from genre.runs import process
from genre.runs.catalogue import RECORDED

WIDE = {"width": 1_200, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 60_000
HEIGHT = 1_300  # of the comparison: the table, the winner, and how they learnt
UNDER_WAY = {  # what to show half done: how many epochs of it, and for how much longer (s)
    "linear-track": (12, 2.0),
    "cnn-simple-track": (9, 40.0),
    "cnn-complex-track": (5, 210.0),
}


def visit(browser: Browser, address: str, step: str, **context: object) -> Page:
    """The page at a step, at rest."""
    page = browser.new_context(**context).new_page()
    page.goto(f"{address}/train?step={quote(step)}")
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=WAIT_MS)
    page.locator("[data-test-script-state=notRunning]").wait_for(timeout=WAIT_MS)
    return page


def take(browser: Browser, address: str, home: Path, keep: Callable[..., None]) -> None:
    """`keep(page, name, height)` saves a picture; `home` is the server's EARMARK_HOME."""
    phone = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
    keep(visit(browser, address, "Set up", viewport=WIDE), "train-setup")
    for name, scheme in (("train-compare", "light"), ("train-dark", "dark")):
        page = visit(browser, address, "Compare", viewport=WIDE, color_scheme=scheme)
        _see_everything(page, 6)
        keep(page, name, HEIGHT)
    page = visit(browser, address, "The leak", viewport=WIDE)
    _see_everything(page, 3)
    keep(page, "train-leak")
    os.environ["EARMARK_HOME"] = str(home)
    with ExitStack() as stack:
        for name, (epochs, left_s) in UNDER_WAY.items():
            stack.enter_context(process.lock_run(_half_done(name, epochs, left_s)))
        for name, context in (("train-watch", {"viewport": WIDE}), ("train-phone", phone)):
            page = visit(browser, address, "Watch", **context)
            expect(page.locator(".st-key-race svg.marks")).to_have_count(1, timeout=WAIT_MS)
            keep(page, name)


def _see_everything(page: Page, charts: int) -> None:
    """Charts below the edge of the window are drawn when they come into view."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 3_600})
    expect(page.locator(".js-plotly-plot")).to_have_count(charts, timeout=WAIT_MS)
    page.wait_for_timeout(2_000)


def _half_done(name: str, epochs: int, left_s: float) -> Path:
    """A recorded training as it was after some epochs."""
    config = runs.load_config(RECORDED / name)
    folder = runs.create_run_folder("genre", config["settings"], config["title"])
    lines = (RECORDED / name / "metrics.jsonl").read_text().splitlines()[:epochs]
    (folder / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    runs.write_status(
        folder,
        state="running",
        progress=epochs / config["settings"]["recipe"]["epochs"],
        eta_s=left_s,
        message="",
        last=json.loads(lines[-1]),
    )
    time.sleep(0.01)  # they stand in the order of their creation
    return folder
