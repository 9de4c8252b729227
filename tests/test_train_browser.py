"""A comparison in a real Chromium: started, watched, reloaded, stopped, resumed, compared, used."""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from genre.runs import Run, all_cores, delete, list_runs, load_report, metrics, own, start, stop
from pages._set_up import FIRST_MODELS
from tests.training_runs import make_run, one_more_epoch
from tests.visits import BUSY_MS, PHONE, Visit

GENRES = ("classical", "metal", "reggae")
TITLE = "Which model learns best?"
SLOW = "bigru"  # still learning when a fast machine has drawn the page anew: half a second an epoch


@pytest.fixture(scope="module")
def music(folder_of_music) -> Path:
    """The built-in music, small: three genres, eight pieces of 6 s each."""
    return folder_of_music(GENRES, 8, 6.0)


@pytest.fixture
def served_home(streamlit_home, monkeypatch) -> Iterator[Path]:
    """The server's EARMARK_HOME, for this process too; no training is left in it afterwards."""
    monkeypatch.setenv("EARMARK_HOME", str(streamlit_home))
    yield streamlit_home
    for run in list_runs():
        stop(run.folder)
        delete(run.folder)


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
            self.page.get_by_role("option", name=model, exact=True).click()
            self.settle()

    def set_up(self, music: Path) -> None:
        """Fill in what there is to learn from, and for how long: the longest that can be asked for."""
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
    visitor.choose("knn", "linear", SLOW)
    visitor.set_up(music)
    page.get_by_role("button", name="Start 3 trainings").click()

    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve = page.locator(".st-key-live_loss svg.marks")
    curve.wait_for(timeout=BUSY_MS)
    drawn = curve.element_handle()
    picture = drawn.inner_html()
    before = wait_for_epoch_after(page, epoch(page))
    wait_for_epoch_after(page, before + 1)
    visitor.settle()
    assert drawn.evaluate("svg => svg.isConnected"), "the chart is updated, not made anew"
    assert drawn.inner_html() != picture, "the curve grows"

    page.reload()
    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve.wait_for(timeout=BUSY_MS)
    wait_for_epoch_after(page, before)

    name = next(run.name for run in list_runs() if run.title == SLOW)
    page.locator(f".st-key-stop_{name}").get_by_role("button").click()
    resume = page.locator(f".st-key-resume_{name}").get_by_role("button")
    expect(resume).to_be_visible(timeout=BUSY_MS)
    folder = served_home / "runs" / name
    stopped_at = len(metrics(folder))
    for run in list_runs():
        stop(run.folder)
    for run in list_runs():  # some were done by then
        if run.state != "done":
            _shorten(run.folder, len(metrics(run.folder)) + 5)
            if run.folder != folder:
                start(run.folder)
    resume.click()
    expect(page.get_by_text("3 done")).to_be_visible(timeout=BUSY_MS)
    assert [done["epoch"] for done in metrics(folder)] == list(range(1, stopped_at + 6))

    page.get_by_role("button", name="Compare them").click()
    expect(page.get_by_role("heading", name="How they learnt")).to_be_visible(timeout=BUSY_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(6, timeout=BUSY_MS)
    page.get_by_role("button", name="Use it").first.click()
    expect(page.get_by_text("The Listen page hears with it now")).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("link", name="Go and listen").click()

    page.get_by_text("Which ear?").wait_for(timeout=BUSY_MS)
    page.get_by_role("button", name="Metal", exact=True).click()
    expect(page.locator(".st-key-bars .bars .point")).to_have_count(len(GENRES), timeout=BUSY_MS)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text(re.compile("Metal|Reggae|Classical"))
    choose_ear(page, "the one that came with Earmark", 10)
    visitor.leave()


def test_two_visitors_start_and_stop_at_once(browser, streamlit_server, served_home, music):
    both = [Training(browser, streamlit_server, "Set up") for _ in range(2)]
    for visitor in both:
        visitor.choose("knn", SLOW)
        visitor.set_up(music)
    press(both, "Start 2 trainings")
    for visitor in both:
        expect(cards(visitor.page)).to_have_count(4, timeout=BUSY_MS)
    names = sorted(run.name for run in list_runs())
    wait_for_run(lambda run: run.last.get("epoch", 0) > 2)
    assert sum(run.state == "running" for run in list_runs()) <= all_cores()

    press(both, "Stop all")
    for visitor in both:
        expect(visitor.page.get_by_text("0 learning, 0 waiting")).to_be_visible(timeout=BUSY_MS)
    lengths = {run.folder: len(metrics(run.folder)) + 3 for run in list_runs() if run.title == SLOW}
    assert len(lengths) == 2
    for folder, epochs in lengths.items():
        _shorten(folder, epochs)
    press(both, "Resume all")
    for visitor in both:
        expect(visitor.page.get_by_text("0 learning, 0 waiting, 4 done")).to_be_visible(timeout=BUSY_MS)
        expect(cards(visitor.page)).to_have_count(4)
    for folder, epochs in lengths.items():
        assert [done["epoch"] for done in metrics(folder)] == list(range(1, epochs + 1))
    assert sorted(run.name for run in list_runs()) == names, "none is lost and none was started twice"
    assert all(load_report(run.folder)["by_track"]["count"] for run in list_runs())
    assert json.loads((served_home / "queue.json").read_text()) == []
    for visitor in both:
        visitor.leave()


def press(visitors: list[Training], name: str) -> None:
    """Let all of them press the button of this name, none waiting for what becomes of it."""
    buttons = [visitor.page.get_by_role("button", name=name) for visitor in visitors]
    for button in buttons:
        button.wait_for(timeout=BUSY_MS)
    for button in buttons:
        button.dispatch_event("click")


def cards(page: Page) -> Locator:
    """Those of the trainings that are watched."""
    return page.locator("[class*=st-key-watched_]")


def wait_for_run(so: Callable[[Run], bool]) -> None:
    """Wait until one of the runs is so."""
    deadline = time.monotonic() + BUSY_MS / 1000
    while not any(so(run) for run in list_runs()):
        assert time.monotonic() < deadline, list_runs()
        time.sleep(0.2)


def choose_ear(page: Page, name: str, genres: int) -> None:
    """Choose an entry of "Which ear?" until the answer has its genres: while the page is still being
    drawn, the list closes again. Ever more patience: each try breaks off an answer that was on its way.
    """
    box = page.get_by_test_id("stSelectbox").filter(has_text="Which ear?").get_by_role("combobox")
    bars = page.locator(".st-key-bars .bars .point")
    for patience_ms in (8_000, 15_000, 30_000, 60_000):
        try:
            box.click(timeout=patience_ms)
            page.get_by_role("option", name=name).click(timeout=patience_ms)
            expect(bars).to_have_count(genres, timeout=patience_ms)
            return
        except (AssertionError, TimeoutError):
            page.keyboard.press("Escape")
    raise AssertionError(f"{name} could not be chosen")


def _shorten(folder: Path, epochs: int) -> None:
    """Let a stopped training end after so many epochs: we have seen enough."""
    config = json.loads((folder / "config.json").read_text())
    config["settings"]["recipe"]["epochs"] = epochs
    (folder / "config.json").write_text(json.dumps(config))


def test_a_zoom_stays_when_epochs_come_and_runs_end(browser, streamlit_server, served_home):
    folder, other = make_run("running", epochs=12), make_run("running", seed=1)
    with own(folder):
        with own(other):
            visitor = Training(browser, streamlit_server, "Watch")
            page = visitor.page
            chart = page.locator(".st-key-live_loss svg.marks")
            chart.wait_for(timeout=BUSY_MS)
            whole = epochs_in_sight(chart)
            assert whole[-1] >= 11  # the last figure may be left out for want of room
            assert segments(chart) == 2 * (11 + 3), "two curves of each training, without a gap"
            chart.hover()
            page.keyboard.down("Control")
            page.mouse.wheel(0, -500)
            page.keyboard.up("Control")
            page.wait_for_timeout(1_000)
            zoomed = epochs_in_sight(chart)
            assert whole[0] < zoomed[0] < zoomed[-1] < whole[-1]
            for epoch in (13, 14):
                before = chart.inner_html()
                one_more_epoch(folder, epoch)
                expect(page.get_by_text(f"Epoch {epoch} of 8")).to_be_visible(timeout=BUSY_MS)
                page.wait_for_timeout(500)
                assert chart.inner_html() != before, "the new epoch is drawn"
                assert epochs_in_sight(chart) == zoomed
        expect(page.locator(f".st-key-resume_{other.name}")).to_be_visible(timeout=BUSY_MS)
        assert epochs_in_sight(chart) == zoomed
        chart.dblclick()
        page.wait_for_timeout(1_000)
        assert epochs_in_sight(chart)[-1] >= 13, "a double click shows it whole"
    visitor.leave()


def segments(chart: Locator) -> int:
    """The pieces that join one epoch to the next."""
    return chart.locator(".mark-rule line").evaluate_all(
        """lines => lines.filter(line => line.closest("[class*=curve_marks]")
            && (Number(line.getAttribute("x2")) || Number(line.getAttribute("y2")))).length"""
    )


def epochs_in_sight(chart: Locator) -> list[float]:
    """The figures along the chart's horizontal axis."""
    return [float(text) for text in
            chart.locator("[aria-label^='X-axis'] .role-axis-label text").all_text_contents()]  # fmt: skip


@pytest.mark.parametrize("step", ["Data", "Set up", "Watch", "Compare", "The leak"])
def test_a_phone_shows_every_step(browser, streamlit_server, served_home, step):
    make_run()
    make_run("stopped", seed=1)
    visitor = Training(browser, streamlit_server, step, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.settle()
    assert visitor.overflow() <= 0
    visitor.leave()
