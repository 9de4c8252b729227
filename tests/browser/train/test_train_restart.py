"""A training outlives the server that started it: in a real Chromium, the server killed without notice."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from genre.runs.directory import list_runs, read_metrics
from genre.runs.process import delete_run, stop_run
from tests.support.browser.serving import process_of, serve
from tests.support.browser.train_visits import SLOW, Training, epoch, wait_for_epoch_after, wait_for_run
from tests.support.browser.visits import BUSY_MS


@pytest.fixture
def home(shared_cache, earmark_home) -> Path:
    """The EARMARK_HOME of two servers, one after the other; no training is left in it afterwards."""
    yield earmark_home
    for run in list_runs():
        stop_run(run.folder)
        delete_run(run.folder)


def test_a_training_outlives_its_server(browser, home, folder_of_music):
    with serve(home) as address:
        visitor = Training(browser, address, "Set up")
        visitor.choose(SLOW)
        visitor.set_up(folder_of_music(("classical", "metal", "reggae"), 8, 6.0))
        start = visitor.page.locator(".st-key-start button")
        expect(start).to_have_text(re.compile("Start$"), timeout=BUSY_MS)  # for one
        start.click()
        last_epoch = wait_for_epoch_after(visitor.page, 1)
        os.kill(process_of(address), signal.SIGKILL)
    visitor.close()

    (run,) = list_runs()
    folder = run.folder
    n_epochs = len(read_metrics(folder))
    assert n_epochs >= last_epoch
    wait_for_run(lambda run: run.last.get("epoch", 0) > n_epochs)  # it goes on with nobody to look
    with serve(home) as address:
        visitor = Training(browser, address, "Watch")
        page = visitor.page
        assert wait_for_epoch_after(page, last_epoch) > n_epochs
        expect(page.get_by_text("Trainings: 1 learning")).to_be_visible(timeout=BUSY_MS)
        curve = page.locator(".st-key-race svg.marks")
        curve.wait_for(timeout=BUSY_MS)
        wait_for_epoch_after(page, epoch(page))
        page.locator(f".st-key-stop_{folder.name}").get_by_role("button").click()
        expect(page.get_by_text(re.compile("^Stopped. Resume it"))).to_be_visible(timeout=BUSY_MS)
        expect(curve).to_be_visible()
        visitor.close()
    assert [line["epoch"] for line in read_metrics(folder)] == list(range(1, len(read_metrics(folder)) + 1))
    assert not visitor.console_errors
