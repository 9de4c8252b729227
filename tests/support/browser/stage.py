"""The presenter's view in a real Chromium: its screen, how large letters are on it, and what it cuts off."""

from playwright.sync_api import Locator, Page, expect

STAGE = {"width": 1280, "height": 720}
READABLE_PX = 30  # on a screen of this width: 2.3 % of it, 4.6 cm of two metres
PATIENCE = 100  # looks, 50 ms apart, until a chart fits


def type_px(page: Page, selector: str) -> float:
    """The size of letters as they are on the screen."""
    return page.locator(selector).first.evaluate(
        "element => parseFloat(getComputedStyle(element).fontSize) * (element.currentCSSZoom ?? 1)"
    )


def require_on_stage(page: Page, *shown: Locator) -> None:
    """Fail unless `shown` is to be seen whole, or if anything is cut off, or small in a chart."""
    for element in shown:
        expect(element).to_be_in_viewport(ratio=0.99)
    for _ in range(PATIENCE):  # a chart is drawn anew for the stage
        faults = page.evaluate(_FAULTS, READABLE_PX)
        if not faults:
            return
        page.wait_for_timeout(50)
    raise AssertionError(", ".join(faults))


_FAULTS = """readable => {
    const faults = [];
    for (const element of document.querySelectorAll("main :is(button, canvas, .main-svg, .marks, text)")) {
        const box = element.getBoundingClientRect(), name = element.textContent.trim().slice(0, 40);
        if (!box.width || !element.checkVisibility()) continue;
        if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) faults.push(`${name} is cut off`);
        const letters = parseFloat(getComputedStyle(element).fontSize) * (element.currentCSSZoom ?? 1);
        if (element.tagName === "text" && letters < readable) faults.push(`${name} is small`);
    }
    return faults;
}"""
