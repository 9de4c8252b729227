"""The presenter's view in a real Chromium: its screen, and how large letters are on it."""

from playwright.sync_api import Page

STAGE = {"width": 1280, "height": 720}
READABLE_PX = 30  # on a screen of this width: 2.3 % of it, 4.6 cm of two metres


def type_px(page: Page, selector: str) -> float:
    """The size of letters as they are on the screen."""
    return page.locator(selector).first.evaluate(
        "element => parseFloat(getComputedStyle(element).fontSize) * (element.currentCSSZoom ?? 1)"
    )
