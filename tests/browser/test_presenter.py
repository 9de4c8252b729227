"""The picture of a clip over time, and the presenter's view, in a real Chromium."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.stage import READABLE_PX, STAGE, require_on_stage, type_px
from tests.support.browser.visits import MOVING, Visit
from tests.support.training_runs import make_run

PLACE_S = "document.querySelector('.st-key-answer_sound audio').currentTime"


# What is drawn round the page that has the focus: Streamlit's frame, and ours.
_FRAMES = """() => {
    const main = document.querySelector("[data-testid=stMain]");
    return [getComputedStyle(main, "::before").content, getComputedStyle(main).outlineStyle];
}"""


def is_presenting(page: Page) -> bool:
    return page.evaluate("document.documentElement.classList.contains('presenting')")


def test_an_answer_plays_and_is_shown_to_a_room(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server, viewport=STAGE, **MOVING)
    page = visitor.page
    page.get_by_role("button", name="Jazz", exact=True).click()
    visitor.wait_for_answer()
    visitor.settle()
    page.wait_for_function(f"{PLACE_S} > 0.5")  # it has started by itself
    picture = page.get_by_role("slider", name="Place in the clip")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    picture.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.wait_for_function(f"{PLACE_S} > 11.5")  # half of 24 s
    expect(page.locator(".player-readout")).to_have_text(re.compile(r"0:1\d of 0:24\. Jazz \d+\s%"))
    picture.press("Space")
    assert page.evaluate("document.querySelector('.st-key-answer_sound audio').paused")
    picture.press("Home")
    picture.press("ArrowRight")
    assert page.evaluate(PLACE_S) == 1
    expect(picture).to_have_attribute("aria-valuetext", re.compile(r"0:01 of 0:24"))

    page.get_by_role("combobox", name=re.compile("Did Earmark get it wrong")).press("p")
    assert not is_presenting(page), "a letter in a field is a letter"
    page.keyboard.press("Escape")
    picture.press("p")
    assert is_presenting(page)
    expect(page.get_by_text("Press Esc or P to leave")).to_be_visible()
    expect(page.get_by_test_id("stHeader")).to_be_hidden()
    for hidden in ("stFileUploader", "stDownloadButton", "stExpander", "stSelectbox"):
        expect(page.get_by_test_id(hidden).first).to_be_hidden()
    require_on_stage(
        page, *(page.locator(part) for part in (".answer-played", ".answer-genre", ".player-picture"))
    )
    assert type_px(page, ".answer-genre") > 100
    for selector in (
        ".answer-played",
        ".answer-lead",
        ".answer-certainty",
        ".answer-bars",
        ".player-readout",
    ):
        assert type_px(page, selector) >= READABLE_PX
    assert visitor.overflow() <= 0
    page.keyboard.press("Escape")
    assert not is_presenting(page)
    expect(page.get_by_test_id("stHeader")).to_be_visible()
    visitor.leave()


def test_every_page_has_a_presenters_view(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server, viewport=STAGE)
    page = visitor.page
    visitor.settle()
    page.mouse.click(8, 400)  # beside the page, whose frame must not cross the stage
    page.keyboard.press("p")
    assert page.evaluate(_FRAMES) == ["none", "none"]
    page.keyboard.press("p")
    assert page.evaluate("document.activeElement === document.body")
    for name, step, *shown in (
        ("Train", "Race", "Start the race"),
        ("Train", "Data", "Next: choose models"),
        ("Train", "Compare", "See how a test leaks"),
        ("Train", "The leak", "What five papers claimed"),
        ("Generate", "", "Blues", "Rock"),
        ("Mood", "", "Open the camera"),
        ("Listen", "", "Record"),
    ):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page).to_have_title(f"{name} · Earmark")
        if step:
            page.get_by_test_id("stButtonGroup").get_by_text(step, exact=True).click()
        visitor.settle()
        page.get_by_role("button", name="Presenter's view").click()
        assert is_presenting(page)
        expect(page.get_by_test_id("stHeader")).to_be_hidden()
        assert visitor.overflow() <= 0, name
        require_on_stage(page, *(page.get_by_role("button", name=button, exact=True) for button in shown))
        page.keyboard.press("P")
        assert not is_presenting(page)
    visitor.leave()


@pytest.mark.parametrize(
    ("step", "chart", "texts"),
    [
        (
            "Compare",
            ".standings",
            (".stAlert h3", ".standings p", ".standings small", ".standings b", ".standings-about"),
        ),
        (
            "The leak",
            ".drops",
            ("h3", ".drop figcaption", ".drop figcaption small", ".drop b", ".drop div > small", ".drop p"),
        ),
    ],
)
def test_a_comparison_and_the_leak_fill_the_stage(browser, streamlit_server, served_home, step, chart, texts):
    runs = [make_run(model="linear", skill=0.3), make_run(model="knn", skill=1.0)]
    runs.append(make_run(model="knn", split="segment", skill=9.0))
    query = "".join(f"&runs={run.name}" for run in runs) if step == "Compare" else ""
    address = f"{streamlit_server}/train?step={quote(step)}{query}"
    visitor = Visit(browser, address, "Which model learns best?", viewport=STAGE)
    page = visitor.page
    visitor.settle()
    page.keyboard.press("p")
    lanes = page.locator(f"{chart} > *")
    require_on_stage(page, *lanes.all(), *(page.locator(text).first for text in texts))
    assert all(type_px(page, text) >= READABLE_PX for text in texts)
    box = page.locator(chart).bounding_box()
    assert box["height"] > 0.55 * STAGE["height"] and box["y"] + box["height"] > 0.8 * STAGE["height"]
    hidden = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight - main.clientHeight")
    assert hidden <= 1, "nothing has to be scrolled"
    visitor.leave()


def test_each_paper_on_the_stage_has_its_bars(browser, streamlit_server):
    address = f"{streamlit_server}/train?step={quote('The papers')}"
    visitor = Visit(browser, address, "Which model learns best?", viewport=STAGE)
    visitor.settle()
    visitor.page.keyboard.press("p")
    bar = visitor.page.locator(".paper-bars i").first
    bar.scroll_into_view_if_needed()
    assert bar.bounding_box()["width"] > STAGE["width"] / 3
    visitor.leave()


@pytest.mark.parametrize(("step", "start"), [("Race", "Start the race"), ("Set up", "Start 2 trainings")])
def test_a_race_is_announced_to_a_room(browser, streamlit_server, step, start):
    address = f"{streamlit_server}/train?step={quote(step)}"
    visitor = Visit(browser, address, "Which model learns best?", viewport=STAGE)
    page = visitor.page
    visitor.settle()
    expect(page.locator(".line-up")).to_be_hidden()
    page.get_by_role("button", name="Presenter's view").click()
    expect(page.locator(".line-up li").first).to_have_text("Adding up")
    for selector in (".line-up-task", ".line-up li", ".line-up p"):
        assert type_px(page, selector) >= READABLE_PX
    expect(page.get_by_role("button", name=start)).to_be_in_viewport(ratio=1)
    expect(page.locator(".line-up")).to_be_in_viewport(ratio=1)
    shown = page.locator(
        "[data-testid=stMain] :is(button, input, h1, [data-testid=stCaptionContainer]):visible"
    )
    assert shown.count() == 1, "one thing at a time"
    assert visitor.overflow() <= 0
    visitor.leave()
