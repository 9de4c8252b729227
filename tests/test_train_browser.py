"""A comparison in a real Chromium: started, watched, reloaded, stopped, resumed, compared, used."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from genre import synth
from genre.runs import list_runs, metrics, stop
from tests.test_browser import PHONE, Visit

BUSY_MS = 60_000  # on a busy machine
GENRES = ("classical", "metal", "reggae")
TITLE = "Which model learns best?"


@pytest.fixture(scope="module")
def music(tmp_path_factory) -> Path:
    """The built-in music, small: three genres, eight pieces of 6 s each."""
    folder = tmp_path_factory.mktemp("tiny")
    for genre in GENRES:
        for seed in range(8):
            synth._write(folder / genre / f"{genre}.{seed:05d}.wav", genre, seed, 6.0)
    return folder


@pytest.fixture
def served_home(streamlit_home, monkeypatch) -> Iterator[Path]:
    """The server's EARMARK_HOME, for this process too; nothing goes on learning afterwards."""
    monkeypatch.setenv("EARMARK_HOME", str(streamlit_home))
    yield streamlit_home
    for run in list_runs():
        stop(run.folder)


class Training(Visit):
    """A visitor of the Train page."""

    def __init__(self, browser: Browser, address: str, step: str, **context: object) -> None:
        super().__init__(browser, f"{address}/train?step={quote(step)}", TITLE, **context)

    def _note(self, message) -> None:
        # Streamlit looks for its server below the page's own address first.
        if "/train/_stcore/" not in message.location.get("url", ""):
            super()._note(message)

    def go(self, step: str) -> None:
        self.page.get_by_test_id("stButtonGroup").get_by_role("radio", name=step).click()


def epoch(page: Page) -> int:
    """The furthest epoch that any training says it is at."""
    texts = page.get_by_text(re.compile(r"^Epoch \d+ of")).all_inner_texts()
    return max((int(text.split()[1]) for text in texts), default=0)


def wait_for_epoch_after(page: Page, before: int) -> int:
    deadline = time.monotonic() + BUSY_MS / 1000
    while (now := epoch(page)) <= before:
        assert time.monotonic() < deadline, f"it stays at epoch {now}"
        page.wait_for_timeout(300)
    return now


def test_three_models_from_start_to_use(browser, streamlit_server, served_home, music):
    visitor = Training(browser, streamlit_server, "Set up")
    page = visitor.page
    page.get_by_text("Music: the built-in music").click()
    page.get_by_text("A folder of mine").click()
    path = page.get_by_placeholder("/home/me/music")
    path.fill(str(music))
    path.press("Enter")
    expect(page.get_by_text("(24 tracks, 3 genres)")).to_be_visible(timeout=BUSY_MS)
    page.get_by_text("Fine tuning").click()
    for name, value in (("Epochs", "300"), ("Patience", "0")):
        box = page.get_by_role("spinbutton", name=name)
        box.fill(value)
        box.press("Tab")
    expect(page.get_by_text("Estimate:")).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("button", name="Start 3 trainings").click()

    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve = page.locator(".st-key-live_loss svg.marks")
    curve.wait_for(timeout=BUSY_MS)
    drawn = curve.element_handle()
    picture = drawn.inner_html()
    before = wait_for_epoch_after(page, epoch(page))
    page.wait_for_timeout(2_000)
    assert drawn.evaluate("svg => svg.isConnected"), "the chart is updated, not made anew"
    assert drawn.inner_html() != picture, "the curve grows"

    page.reload()
    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve.wait_for(timeout=BUSY_MS)
    wait_for_epoch_after(page, before)

    name = next(run.name for run in list_runs() if run.title == "cnn-simple")
    page.locator(f".st-key-stop_{name}").get_by_role("button").click()
    resume = page.locator(f".st-key-resume_{name}").get_by_role("button")
    expect(resume).to_be_visible(timeout=BUSY_MS)
    folder = served_home / "runs" / name
    stopped_at = len(metrics(folder))
    _shorten(folder, stopped_at + 20)
    resume.click()
    expect(page.get_by_text("3 done")).to_be_visible(timeout=BUSY_MS)
    assert [done["epoch"] for done in metrics(folder)] == list(range(1, stopped_at + 21))

    visitor.go("Compare")
    expect(page.get_by_role("heading", name="How they learnt")).to_be_visible(timeout=BUSY_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(5, timeout=BUSY_MS)
    page.get_by_role("button", name="Use it").first.click()
    page.get_by_label("Its name on the Listen page").fill("my-ear")
    page.get_by_label("Its name on the Listen page").press("Enter")
    page.get_by_role("button", name="Offer it there").click()
    page.get_by_role("link", name="Go and listen").click(timeout=BUSY_MS)

    page.get_by_text("Which ear?").wait_for(timeout=BUSY_MS)
    page.get_by_role("button", name="Metal", exact=True).click()
    expect(page.locator(".st-key-bars .bars .point")).to_have_count(10, timeout=BUSY_MS)
    choose_ear(page, "my-ear", len(GENRES))
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile("Metal|Reggae|Classical"))
    visitor.context.close()
    assert not visitor.complaints


def choose_ear(page: Page, name: str, genres: int) -> None:
    """Choose an entry of "Which ear?" until the answer has its genres: while the page is still being
    drawn, the list closes again.
    """
    box = page.get_by_test_id("stSelectbox").filter(has_text="Which ear?").get_by_role("combobox")
    bars = page.locator(".st-key-bars .bars .point")
    for _ in range(12):
        box.fill(name)
        box.press("Enter")
        try:
            expect(bars).to_have_count(genres, timeout=6_000)
            return
        except AssertionError:
            continue
    raise AssertionError(f"{name} could not be chosen")


def _shorten(folder: Path, epochs: int) -> None:
    """Let a stopped training end after so many epochs: we have seen enough."""
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["recipe"]["epochs"] = epochs
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("step", ["Data", "Set up", "Watch", "Compare", "The leak"])
def test_a_phone_shows_every_step(browser, streamlit_server, served_home, step):
    visitor = Training(browser, streamlit_server, step, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=BUSY_MS)
    assert visitor.overflow() <= 0
    visitor.context.close()
    assert not visitor.complaints
