"""Two visitors of the Train page at once, in a real Chromium."""

import json
import re

from playwright.sync_api import Locator, Page, expect

from genre.compute import all_cores
from genre.runs.directory import list_runs, read_metrics
from genre.runs.report import load_report
from tests.support.browser.train_visits import SLOW, Training, shorten, wait_for_run
from tests.support.browser.visits import BUSY_MS


def test_two_visitors_start_and_stop_at_once(browser, streamlit_server, served_home, three_genres):
    both = [Training(browser, streamlit_server, "Set up") for _ in range(2)]
    for visitor, models in zip(both, (("knn", SLOW), (SLOW,)), strict=True):  # one more than two cores
        visitor.choose(*models)
        visitor.set_up(three_genres)
    press(both, "Start", ".st-key-start")
    for visitor in both:
        expect(cards(visitor.page)).to_have_count(3, timeout=BUSY_MS)
    names = sorted(run.name for run in list_runs())
    wait_for_run(lambda run: run.last.get("epoch", 0) > 2)
    assert sum(run.state == "running" for run in list_runs()) <= all_cores()

    press(both, "Stop all")
    for visitor in both:
        expect(visitor.page.get_by_text(re.compile("^Trainings: (?!.*(learning|waiting))"))).to_be_visible(
            timeout=BUSY_MS
        )
    lengths = {
        run.folder: len(read_metrics(run.folder)) + 3 for run in list_runs() if run.settings["model"] == SLOW
    }
    assert len(lengths) == 2
    for folder, epochs in lengths.items():
        shorten(folder, epochs)
    press(both, "Resume all")
    for visitor in both:
        expect(visitor.page.get_by_text("Trainings: 3 done")).to_be_visible(timeout=BUSY_MS)
        expect(cards(visitor.page)).to_have_count(3)
    for folder, epochs in lengths.items():
        assert [epoch["epoch"] for epoch in read_metrics(folder)] == list(range(1, epochs + 1))
    assert sorted(run.name for run in list_runs()) == names, "none is lost and none was started twice"
    assert all(load_report(run.folder).by_track["count"] for run in list_runs())
    assert json.loads((served_home / "queue.json").read_text()) == []
    for visitor in both:
        visitor.leave()


def press(visitors: list[Training], name: str, place: str = "body") -> None:
    """Let all of them press the button of this name, none waiting for what becomes of it."""
    buttons = [visitor.page.locator(place).get_by_role("button", name=name) for visitor in visitors]
    for button in buttons:
        button.wait_for(timeout=BUSY_MS)
    for button in buttons:
        button.dispatch_event("click")


def cards(page: Page) -> Locator:
    """Those of the trainings that are watched."""
    return page.locator("[class*=st-key-watched_]")
