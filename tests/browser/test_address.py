"""The address of a page in a real Chromium: Back, Forward, a reload, a copy of it."""

import re
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser.serving import troubles
from tests.support.browser.visits import Visit


def chosen(page: Page, name: str) -> None:
    """Wait until a segment is the chosen one."""
    segment = page.get_by_test_id("stButtonGroup").get_by_role("radio", name=re.compile(name))
    expect(segment.first).to_be_checked()


def choose(visitor: Visit, name: str) -> None:
    visitor.page.get_by_test_id("stButtonGroup").get_by_text(name, exact=True).click()
    visitor.settle()
    chosen(visitor.page, name)


def go(visitor: Visit, page: str) -> None:
    visitor.page.get_by_role("link", name=page, exact=True).first.click()
    visitor.settle()
    expect(visitor.page).to_have_title(f"{page} · Earmark")


def test_back_and_forward_on_train(browser, streamlit_server, served_home):
    visitor = Visit(browser, streamlit_server)
    page = visitor.page
    expect(page).to_have_title("Listen · Earmark")
    go(visitor, "Train")
    chosen(page, "Race")
    choose(visitor, "The leak")
    choose(visitor, "Compare")
    assert page.url.endswith("/train?step=Compare")

    page.go_back()
    chosen(page, "The leak")
    visitor.settle()
    page.go_back()
    chosen(page, "Race")
    visitor.settle()
    page.go_forward()
    chosen(page, "The leak")
    visitor.settle()
    page.reload()
    chosen(page, "The leak")
    visitor.settle()

    go(visitor, "Mood")
    assert page.url.endswith("/mood"), "no word of another page"
    page.go_back()
    chosen(page, "The leak")
    visitor.settle()
    page.go_back()
    chosen(page, "Race")
    visitor.settle()
    page.go_back()
    expect(page).to_have_title("Listen · Earmark")
    visitor.settle()
    assert "?" not in page.url
    visitor.leave()


def test_tab_lands_on_the_chosen_step(browser, streamlit_server):
    visitor = Visit(browser, f"{streamlit_server}/train", "Which model learns best?")
    page = visitor.page
    chosen(page, "Race")
    visitor.settle()
    page.get_by_role("link", name="Mood", exact=True).focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('role')") == "radio":
            break
    expect(page.get_by_test_id("stButtonGroup").get_by_role("radio", name="Race")).to_be_focused()
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert ring == "3px"
    visitor.leave()


def test_a_reload_asks_while_there_is_something_to_lose(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server)
    page = visitor.page
    requests: list[str] = []
    page.on("dialog", lambda dialog: (requests.append(dialog.type), dialog.accept()))
    page.reload()
    visitor.settle()
    assert not requests
    page.get_by_role("button", name="Jazz", exact=True).click()
    visitor.wait_for_answer()
    visitor.settle()
    page.reload()
    assert requests == ["beforeunload"]
    visitor.leave()


def test_the_log_of_the_server_is_clean(browser, streamlit_server, served_home):
    """After a start, which sets the step; and after whatever else was tested here before."""
    visitor = Visit(browser, f"{streamlit_server}/train?step=Compare", "Which model learns best?")
    page = visitor.page
    chosen(page, "Compare")
    for step in ("Watch", "Set up"):
        choose(visitor, step)
    page.reload()
    chosen(page, "Set up")
    visitor.leave()
    assert not troubles(served_home)


@pytest.mark.parametrize(
    ("path", "landmark", "names"),
    [
        (f"train?step={quote('The leak')}", "The same model, twice", ["The leak"]),
        ("mood?view=teach&teach_way=file", "Moods of your own", ["Teach it your face", "Photo file"]),
    ],
)
def test_a_copied_address(browser, streamlit_server, path, landmark, names):
    visitor = Visit(browser, f"{streamlit_server}/{path}", landmark)
    for name in names:
        chosen(visitor.page, name)
    visitor.settle()
    assert visitor.page.url.endswith(path), "it is left as it came"
    visitor.leave()
