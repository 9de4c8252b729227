"""The game Guess first in a real Chromium: a screen, and a phone that scans its code."""

import re

from playwright.sync_api import expect

from tests.support.browser.stage import require_on_stage
from tests.support.browser.visits import PHONE, Visit


def test_a_phone_votes_and_the_screen_answers(browser, streamlit_server):
    screen = Visit(browser, f"{streamlit_server}/guess", "Ten pieces of music")
    page = screen.page
    page.get_by_role("radio", name="The room votes on phones").click()
    screen.settle()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("0 of 0 have voted")).to_be_visible()
    playing = page.locator("audio")
    expect(playing).to_have_js_property("paused", False)
    (code,) = re.findall(r"room=([A-Z]{4})", page.get_by_text("guess?room=").inner_text())

    phone = Visit(
        browser,
        f"{streamlit_server}/guess?room={code}",
        "Listen to the piece in the room",
        viewport=PHONE,
        has_touch=True,
        is_mobile=True,
    )
    phone.page.get_by_label("Your name").fill("Ada")
    phone.page.get_by_role("button", name="Join the game").click()
    phone.page.locator(".st-key-phone_options button").first.click()
    expect(phone.page.get_by_text("You can still change your mind")).to_be_visible()
    assert phone.overflow() <= 0
    expect(page.get_by_text("1 of 1 has voted")).to_be_visible()
    page.keyboard.press("p")
    show = page.get_by_role("button", name="Show the answer")
    require_on_stage(page, page.locator(".game-options"), page.locator(".qr-code"), show)
    page.get_by_role("button", name="Show the answer").click()
    expect(page.locator(".game-truth")).to_be_visible()
    truth = page.locator(".game-truth").inner_text().removeprefix("It is").strip()
    expect(phone.page.get_by_test_id("stAlert")).to_contain_text(truth)
    require_on_stage(page, page.get_by_role("button", name="Next piece"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next piece").click()
    expect(phone.page.get_by_role("heading", name="Piece 2 of 10")).to_be_visible()
    page.get_by_role("button", name="End the game").click()
    expect(phone.page.get_by_text("There is no game with this code")).to_be_visible()
    phone.leave()
    page.get_by_role("radio", name="The room raises hands").click()
    screen.settle()
    page.get_by_role("button", name="Start").click()
    hands = page.get_by_role("spinbutton")
    expect(hands).to_have_count(4)
    page.keyboard.press("p")
    fields = page.get_by_test_id("stNumberInputContainer")
    require_on_stage(page, *fields.all(), page.get_by_role("button", name="Show the answer"))
    page.keyboard.press("p")
    page.get_by_role("button", name="End the game").click()
    screen.settle()
    screen.leave()
