"""Every page for everyone, in a real Chromium: axe-core, the keyboard, a phone's width and 200 % zoom."""

from playwright.sync_api import Page, expect

from mood.playlist import cache
from mood.playlist.query import compose_query
from mood.playlist.youtube import YoutubeTrack
from tests.support.browser.accessibility import CONTRAST, grave_faults
from tests.support.browser.visits import PHONE, Visit
from tests.support.training_runs import make_run

DESKTOP = {"width": 1_280, "height": 900}
ZOOMED = {"width": 640, "height": 450}  # a screen of 1280 x 900 at 200 %
TABS = 60  # presses of Tab, at most, to go round a page
TRAIN = ("Race", "Data", "Set up", "Watch", "Compare", "The papers", "The leak")


def require_accessible(visitor: Visit) -> None:
    """Fail for a serious fault in light, in dark or on a phone, or for a page wider than the window."""
    page, found = visitor.page, {}
    for scheme, size, only, without in (
        ("light", DESKTOP, "", ""),
        ("dark", DESKTOP, CONTRAST, ""),
        ("light", PHONE, "", CONTRAST),
    ):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size(size)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
        page.wait_for_timeout(250)  # colours fade into one another
        for fault in grave_faults(page, only, without):
            found.setdefault((fault.rule, fault.element), f"{scheme} {size['width']}: {fault}")
        assert visitor.overflow() <= 0, size
    page.set_viewport_size(ZOOMED)
    page.wait_for_timeout(100)
    assert visitor.overflow() <= 0, "200 %"
    page.set_viewport_size(DESKTOP)
    assert not found, "\n".join(found.values())


def require_keyboard(page: Page) -> None:
    """Fail for a control that Tab does not reach, or that does not show it when it is reached."""
    assert page.evaluate(_MARK_CONTROLS) > 3
    blind, state = [], {"waiting": "everything"}
    for _ in range(TABS):
        page.keyboard.press("Tab")
        state = page.evaluate(_LOOK_AT_FOCUS)
        if state["name"] and not state["isVisible"]:
            blind.append(state["name"])
        if not state["waiting"]:
            break
    assert not state["waiting"], "never reached"
    assert not blind, "focus is not to be seen"


def open_page(browser, address: str, path: str, landmark: str) -> Visit:
    visitor = Visit(browser, f"{address}/{path}", landmark, viewport=DESKTOP)
    visitor.settle()
    return visitor


def test_listen(browser, streamlit_server):
    visitor = open_page(browser, streamlit_server, "", "What genre is this?")
    require_accessible(visitor)
    require_keyboard(visitor.page)
    visitor.page.get_by_role("button", name="Jazz", exact=True).click()
    visitor.wait_for_answer()
    visitor.settle()
    require_accessible(visitor)
    visitor.leave()


def test_train(browser, streamlit_server, served_home):
    visitor = open_page(browser, streamlit_server, "train", "Which model learns best?")
    require_accessible(visitor)
    require_keyboard(visitor.page)
    make_run()
    make_run("stopped", seed=1)
    make_run(model="knn")
    for step in TRAIN:
        visitor.page.get_by_test_id("stButtonGroup").get_by_text(step, exact=True).click()
        visitor.settle()
        require_accessible(visitor)
    visitor.leave()


def test_generate(browser, streamlit_server):
    visitor = open_page(browser, streamlit_server, "generate", "Music that was never played")
    require_accessible(visitor)
    page = visitor.page
    require_keyboard(page)
    page.get_by_role("button", name="Generate", exact=True).click()
    page.locator(".st-key-item audio").wait_for()
    visitor.settle()
    require_accessible(visitor)
    visitor.leave()


def test_mood(browser, streamlit_server, served_home):
    tracks = [YoutubeTrack.from_result(f"songs{n:06}", f"Song {n}", "Somebody", 200 + n) for n in range(4)]
    cache.save_playlist(compose_query("happy"), "yt-dlp", tuple(tracks), is_complete=True)
    visitor = open_page(browser, streamlit_server, "mood", "Songs for the look on your face")
    page = visitor.page
    visitor.context.route(
        "https://i.ytimg.com/**", lambda route: route.fulfill(body="", content_type="image/png")
    )
    require_accessible(visitor)
    require_keyboard(page)
    page.get_by_role("radio", name="Happy").click()
    expect(page.locator(".song-name")).to_have_count(len(tracks))
    page.mouse.move(0, 0)  # off the button that has come under it, whose help fades in
    visitor.settle()
    require_accessible(visitor)
    page.get_by_role("radio", name="Teach it your face").click()
    expect(page.get_by_text("Moods of your own")).to_be_visible()
    visitor.settle()
    require_accessible(visitor)
    page.get_by_role("radio", name="Act this mood").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text("The card is face down.")).to_be_visible()
    visitor.settle()
    require_accessible(visitor)
    visitor.leave()


def test_guess_first(browser, streamlit_server):
    visitor = open_page(browser, streamlit_server, "guess", "You hear ten seconds of music")
    page = visitor.page
    require_accessible(visitor)
    page.get_by_role("button", name="Guess the genres").click()
    options = page.locator(".st-key-game_options button")
    options.first.wait_for()
    visitor.settle()
    require_accessible(visitor)
    require_keyboard(page)
    page.keyboard.press("2")
    expect(page.locator(".game-truth")).to_be_visible()
    visitor.settle()
    page.get_by_role("button", name="End the game").hover()  # in the primary colour it was too dark
    require_accessible(visitor)
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("Piece 2 of 10")).to_be_visible()
    visitor.leave()


# A row of choices is one stop of Tab; the arrows go on from there. Tables and players draw their own rings.
_MARK_CONTROLS = """() => {
    const controls = "main :is(button, a, summary, textarea, input:not([type=file])), header a";
    window.toReach = new Map();
    for (const element of document.querySelectorAll(controls)) {
        const group = element.closest("[role=radiogroup], [role=toolbar]") ?? element;
        if (!element.checkVisibility({visibilityProperty: true}) || element.disabled || element.tabIndex < 0
            && group === element) continue;
        window.toReach.set(group, (element.ariaLabel || element.innerText || element.id).slice(0, 60));
    }
    return window.toReach.size;
}"""
_LOOK_AT_FOCUS = """() => {
    const element = document.activeElement;
    const group = element.closest("[role=radiogroup], [role=toolbar]");
    window.toReach.delete(element); window.toReach.delete(group);
    const hasRing = box => {
        const style = getComputedStyle(box);
        return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0)
            || style.boxShadow !== "none";
    };
    let box = element, isVisible = element === document.body;
    for (let level = 0; box && level < 4 && !isVisible; level++, box = box.parentElement)
        isVisible = hasRing(box) || /^INPUT|TEXTAREA/.test(element.tagName) && level > 0
            && getComputedStyle(box).borderColor !== getComputedStyle(document.body).borderColor
            && parseFloat(getComputedStyle(box).borderWidth) > 0;
    const name = element === document.body || /IFRAME|CANVAS|AUDIO/.test(element.tagName) ? ""
        : element.tagName + " " + (element.ariaLabel || element.innerText || element.id || "?").slice(0, 60);
    return {name, isVisible, waiting: [...window.toReach.values()].join(", ")};
}"""
