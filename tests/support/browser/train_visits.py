"""Visitors of the Train page in a real Chromium."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Page, expect

from genre.runs.directory import Run, list_runs
from pages.training.run_display import model_label
from pages.training.setup.plan import FIRST_MODELS
from tests.support.browser.visits import BUSY_MS, Visit

TITLE = "Which model learns best?"
SLOW = "bigru"  # still learning when a fast machine has drawn the page anew: half a second an epoch


class Training(Visit):
    """A visitor of the Train page."""

    def __init__(self, browser: Browser, address: str, step: str, **context: object) -> None:
        super().__init__(browser, f"{address}/train?step={quote(step)}", TITLE, **context)

    def choose(self, *models: str) -> None:
        """These and no others."""
        box = self.page.get_by_test_id("stMultiSelect").filter(has_text="Models")
        for _ in FIRST_MODELS:
            box.get_by_role("combobox").press("Backspace")
        self.settle()
        for model in models:
            box.get_by_role("combobox").press_sequentially(model)
            self.page.get_by_role("option", name=model_label(model), exact=True).click()
            self.settle()

    def set_up(self, music: Path) -> None:
        """Fill in what there is to learn from, and for how long: the longest that can be requested."""
        page = self.page
        page.get_by_text("Music: the built-in music").click()
        page.get_by_text("A folder of mine").click()
        self.settle()
        path = page.get_by_placeholder("/home/me/music")
        path.fill(str(music))
        path.press("Enter")
        self.settle()
        expect(page.get_by_text("(24 tracks, 3 genres)")).to_be_visible(timeout=BUSY_MS)
        page.get_by_text("Fine tuning").click()
        self.settle()
        for name, value in (("Epochs", "1000"), ("Patience", "0")):
            box = page.get_by_role("spinbutton", name=name)
            box.fill(value)
            box.press("Tab")
            self.settle()
        expect(page.get_by_text("Estimate:")).to_be_visible(timeout=BUSY_MS)


def epoch(page: Page) -> int:
    """The furthest epoch that any training says it is at."""
    texts = page.get_by_text(re.compile(r"^Lesson \d+ of")).all_inner_texts()
    return max((int(text.split()[1]) for text in texts), default=0)


def wait_for_epoch_after(page: Page, before: int) -> int:
    deadline = time.monotonic() + BUSY_MS / 1000
    while (now := epoch(page)) <= before:
        assert time.monotonic() < deadline, f"it stays at epoch {now}"
        page.wait_for_timeout(300)
    return now


def wait_for_run(so: Callable[[Run], bool]) -> None:
    """Wait until one of the runs is so: each is a process of its own, which takes its time to start."""
    deadline = time.monotonic() + 4 * BUSY_MS / 1000
    while not any(so(run) for run in list_runs()):
        assert time.monotonic() < deadline, list_runs()
        time.sleep(0.2)


def shorten(folder: Path, epochs: int) -> None:
    """Let a stopped training end after so many epochs: we have seen enough."""
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["recipe"]["epochs"] = epochs
    (folder / "config.json").write_text(json.dumps(config))
