"""Live in a real Chromium: the fake microphone plays, the genre is named, and it stops when told."""

import re

from playwright.sync_api import Page, expect

from genre.audio.clip import load_clip
from genre.inference.load import load_classifier
from genre.text import genre_name
from tests.conftest import RECORDING_S
from tests.support.browser.serving import FRAME, disk_full
from tests.support.browser.visits import PHONE, Visit

BUSY_MS = 90_000  # on a busy machine


def open_panel(page: Page):
    """Ask for live listening -> the frame with its button."""
    page.get_by_text("Name it live, while it plays").click()
    frame = page.frame_locator(FRAME)
    expect(frame.get_by_role("button", name=re.compile("start listening", re.I))).to_be_visible(
        timeout=BUSY_MS
    )
    return frame


def test_live_names_what_the_microphone_records_and_stops(browser, streamlit_server, microphone_recording):
    visitor = Visit(browser, streamlit_server)
    page = visitor.page
    with disk_full(streamlit_server):  # the sound is in memory alone
        frame = open_panel(page)
        frame.get_by_role("button", name=re.compile("start listening", re.I)).click()
        expect(page.get_by_text("How loud it arrives")).to_be_visible(timeout=BUSY_MS)
        metric = page.locator(".st-key-live_panel").get_by_test_id("stMetricValue").first
        latest = genre_name(load_classifier().classify(load_clip(microphone_recording)).genre).capitalize()
        expect(metric).to_have_text(latest, timeout=BUSY_MS)
        expect(page.locator(".st-key-live_bars .bars .point")).to_have_count(10, timeout=BUSY_MS)
        page.wait_for_timeout(1_000 * RECORDING_S)
        expect(metric).to_have_text(latest)
        frame.get_by_role("button", name="Stop").click()
        expect(page.get_by_text("How loud it arrives")).to_have_count(0, timeout=BUSY_MS)
        expect(metric).to_have_count(0)
    visitor.leave()


def test_live_fits_a_phone(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server, viewport=PHONE, has_touch=True, is_mobile=True)
    open_panel(visitor.page)
    assert visitor.overflow() <= 0
    visitor.leave()
