"""The operator, a guest and a stranger at one server, each in a browser context of its own."""

import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

from tests.support.browser.chromium import find_chromium
from tests.support.browser.serving import chromium
from tests.support.browser.stage import require_on_stage
from tests.support.browser.train_visits import TITLE
from tests.support.browser.visits import BUSY_MS, PHONE, Visit
from tests.support.pages.open_house import STRANGE_HOST, serve_open_house
from tests.support.training_runs import make_run


@pytest.fixture
def house(earmark_home):
    earmark_home.mkdir()
    make_run(title="a training of the host")
    with serve_open_house(earmark_home) as running:
        yield running


def test_a_guest_comes_in_by_the_invitation_and_the_operator_has_more(house):
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium or Chrome is installed; EARMARK_CHROMIUM can name one")
    strange = f"http://{STRANGE_HOST}:{house.port}"
    with chromium(program, hosts=f"MAP {STRANGE_HOST} 127.0.0.1") as browser:
        operator = Visit(browser, f"{house.address}/invite", "Invite others")
        link = operator.page.get_by_test_id("stCode").first.inner_text().strip()
        code = operator.page.get_by_role("img", name="Code that opens Earmark")
        expect(code).to_be_visible()
        operator.settle()
        picture = cv2.imdecode(np.frombuffer(code.screenshot(), np.uint8), cv2.IMREAD_COLOR)
        assert link in read_codes(picture), "what a phone would read"
        assert house.guest_token in link and operator.overflow() <= 0

        guest = Visit(browser, strange, "This Earmark is private", viewport=PHONE)
        assert guest.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        guest.console_errors.clear()  # the browser reports the status 401 of the page
        guest.page.get_by_role("textbox").fill(link)
        guest.page.get_by_role("button", name="Come in").click()
        expect(guest.page.get_by_text("Your answer appears here")).to_be_visible(timeout=BUSY_MS)
        assert "token" not in guest.page.url

        for visitor, address, n_buttons in ((operator, house.address, 1), (guest, strange, 0)):
            visitor.page.goto(f"{address}/train?step=Compare&runs=none")
            expect(visitor.page.get_by_text(TITLE)).to_be_visible(timeout=BUSY_MS)
            visitor.page.goto(f"{address}/train?step=Data")
            expect(visitor.page.get_by_text("tracks in 10 genres")).to_be_visible(timeout=BUSY_MS)
            expect(visitor.page.get_by_text("A folder of mine")).to_have_count(n_buttons)
        guest.page.goto(f"{strange}/invite")
        expect(guest.page.get_by_text("Page not found")).to_be_visible(timeout=BUSY_MS)
        assert house.guest_token not in guest.page.content()
        play_a_round(operator, house.address, guest, strange)
        operator.leave()
        guest.close()


def read_codes(picture: np.ndarray) -> list[str]:
    """What OpenCV reads at several sizes: at any one of them it misses some codes that phones read."""
    sizes = [cv2.resize(picture, None, fx=k, fy=k, interpolation=cv2.INTER_AREA) for k in (1, 2, 3, 0.75)]
    return [cv2.QRCodeDetector().detectAndDecode(size)[0] for size in sizes]


def play_a_round(screen: Visit, address: str, phone: Visit, strange: str) -> None:
    """The game Guess first: a screen, and a phone that scans its code and votes."""
    page = screen.page
    page.goto(f"{address}/guess")
    page.get_by_role("radio", name="The room votes on phones").click()
    screen.settle()
    page.get_by_role("button", name="Guess the genres").click()
    expect(page.get_by_text("0 of 0 have voted")).to_be_visible()
    page.wait_for_function("document.querySelector('audio')?.currentTime > 0", timeout=BUSY_MS)  # of itself
    button = page.locator(".play-button")
    expect(button).to_have_accessible_name("Pause")
    button.click()
    expect(button).to_have_accessible_name("Play")
    expect(button).to_have_text(re.compile(r"\d s$"))  # so much is left
    assert page.evaluate("document.querySelector('audio').paused")
    (code,) = re.findall(r"room=([A-Z]{4})", page.get_by_text("room=").inner_text())

    phone.page.goto(f"{strange}/guess?room={code}")
    phone.page.get_by_label("Your name").fill("Ada")
    phone.page.get_by_role("button", name="Join the game").click()
    phone.page.locator(".st-key-phone_options button").first.click()
    expect(phone.page.get_by_text("You can still change your mind")).to_be_visible()
    assert phone.overflow() <= 0
    expect(page.get_by_text("1 of 1 has voted")).to_be_visible()
    page.keyboard.press("p")
    show = page.get_by_role("button", name="Show the answer")
    require_on_stage(page, button, page.locator(".game-options"), page.locator(".qr-code"), show)
    show.click()
    expect(page.locator(".game-truth")).to_be_visible()
    truth = page.locator(".game-truth").inner_text().strip()
    expect(phone.page.get_by_test_id("stAlert")).to_contain_text(truth)
    sides = page.locator(".game-side").all()
    require_on_stage(page, *sides, button, page.get_by_role("button", name="Next piece"))
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Next piece").click()
    expect(phone.page.get_by_role("heading", name="Piece 2 of 10")).to_be_visible()
    page.get_by_role("button", name="End the game").click()
    page.get_by_role("button", name="Play again").click()
    expect(phone.page.get_by_text("There is no game with this code")).to_be_visible()
    page.get_by_role("radio", name="The room raises hands").click()
    screen.settle()
    page.get_by_role("button", name="Guess the genres").click()
    hands = page.get_by_role("spinbutton")
    expect(hands).to_have_count(4)
    page.keyboard.press("p")
    fields = page.get_by_test_id("stNumberInputContainer")
    require_on_stage(page, *fields.all(), page.get_by_role("button", name="Show the answer"))
    page.keyboard.press("p")
    page.get_by_role("button", name="End the game").click()
    screen.settle()
