"""The pictures of the Generate page, made with the published generator."""

from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

WIDE = {"width": 1_000, "height": 900}
PHONE = {"width": 390, "height": 844}
WAIT_MS = 120_000
SEED = 2_026
HEIGHT = 1_150  # of the picture in the README: the request and the piece
PROMPT = "a calm late-night jazz piano with a marimba"


def visit(browser: Browser, address: str, **context: object) -> Page:
    """The page at rest."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{address}/generate")
    expect(page.locator(".st-key-stored_pieces button").last).to_be_visible(timeout=WAIT_MS)
    _rest(page)
    return page


def take(browser: Browser, address: str, save: Callable[..., None]) -> None:
    """`save(page, name, height)` saves a picture."""
    page = visit(browser, address, viewport=WIDE)
    save(page, "generate-empty", _draw_all(page))

    page = visit(browser, address, viewport=WIDE)
    page.get_by_text("Describe it").click()
    box = page.get_by_label("Say what you would like to hear")
    box.fill(PROMPT)
    box.press("Enter")
    page.locator(".st-key-phrases").wait_for()
    _generate(page, 4)
    page.get_by_role("button", name="What does the Listen page hear?").click()
    page.locator(".st-key-prediction_bars .bars .point, .st-key-item [data-testid=stAlert]").first.wait_for()
    _draw_all(page)
    save(page, "generate", HEIGHT)

    page = visit(browser, address, viewport=WIDE, color_scheme="dark")
    page.get_by_text("Reggae", exact=True).first.click()
    _rest(page)
    _generate(page, 4)
    save(page, "generate-dark", _draw_all(page))

    page = visit(browser, address, viewport=PHONE, has_touch=True, is_mobile=True)
    _generate(page, 1)
    save(page, "generate-phone", height=1_500)


def _generate(page: Page, n_clips: int) -> None:
    for name, value in (("Pieces", n_clips), ("Seed", SEED)):
        box = page.get_by_role("spinbutton", name=name)
        if not box.is_visible():
            page.get_by_text("Fine tuning").click()
            _rest(page)
        box.fill(str(value))
        box.press("Enter")
        _rest(page)
    page.get_by_text("Fine tuning").click()  # closed again, so that the piece is in the picture
    _rest(page)
    page.get_by_role("button", name="Generate", exact=True).click()
    expect(page.locator("audio")).to_have_count(n_clips, timeout=WAIT_MS)
    expect(page.locator(".st-key-waiting")).to_have_count(0, timeout=WAIT_MS)
    _rest(page)


def _rest(page: Page) -> None:
    page.locator("[data-test-script-state=notRunning]").wait_for()


def _draw_all(page: Page) -> int:
    """Let the charts below the edge of the window be drawn -> the height of all, in pixels."""
    page.set_viewport_size({"width": page.viewport_size["width"], "height": 3_200})
    page.locator(".st-key-balance svg.marks, .st-key-balance canvas").first.wait_for()
    page.wait_for_timeout(2_000)
    last = page.locator(".st-key-train_one").bounding_box()
    return round(last["y"] + last["height"] + 40)
