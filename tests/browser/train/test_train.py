"""A comparison in a real Chromium: started, watched, reloaded, stopped, resumed, compared, used."""

import re

from playwright.sync_api import Locator, Page, TimeoutError, expect

from genre.runs.directory import list_runs, read_metrics
from genre.runs.process import lock_run, start_run, stop_run
from tests.support.browser.stage import require_on_stage
from tests.support.browser.train_visits import SLOW, Training, epoch, shorten, wait_for_epoch_after
from tests.support.browser.visits import BUSY_MS, MOVING, PHONE
from tests.support.training_runs import make_run, one_more_epoch

GENRES = ("classical", "metal", "reggae")
STEPS = ("Race", "Data", "Set up", "Watch", "Compare", "The papers", "The leak")


def test_three_models_from_start_to_use(browser, streamlit_server, served_home, three_genres):
    visitor = Training(browser, streamlit_server, "Set up", **MOVING)
    page = visitor.page
    visitor.choose("knn", "linear", SLOW)
    visitor.set_up(three_genres)
    page.get_by_role("button", name="Start 3 trainings").click()

    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve = page.locator(".st-key-race svg.marks")
    curve.wait_for(timeout=BUSY_MS)
    element = curve.element_handle()
    picture = element.inner_html()
    before = wait_for_epoch_after(page, epoch(page))
    wait_for_epoch_after(page, before + 1)
    visitor.settle()
    assert element.evaluate("svg => svg.isConnected"), "the chart is updated, not made anew"
    assert element.inner_html() != picture, "the curve grows"

    page.reload()
    expect(page.get_by_role("button", name="Stop all")).to_be_visible(timeout=BUSY_MS)
    curve.wait_for(timeout=BUSY_MS)
    wait_for_epoch_after(page, before)

    name = next(run.name for run in list_runs() if run.title == SLOW)
    page.locator(f".st-key-stop_{name}").get_by_role("button").click()
    resume = page.locator(f".st-key-resume_{name}").get_by_role("button")
    expect(resume).to_be_visible(timeout=BUSY_MS)
    folder = served_home / "runs" / name
    stopped_at = len(read_metrics(folder))
    for run in list_runs():
        stop_run(run.folder)
    for run in list_runs():  # some were done by then
        if run.state != "done":
            shorten(run.folder, len(read_metrics(run.folder)) + 5)
            if run.folder != folder:
                start_run(run.folder)
    resume.click()
    expect(page.get_by_text("3 done")).to_be_visible(timeout=4 * BUSY_MS)  # three trainings, each a process
    expect(page.locator(".celebration-card")).to_have_count(1)
    assert [done["epoch"] for done in read_metrics(folder)] == list(range(1, stopped_at + 6))

    page.keyboard.press("p")
    require_large(curve)
    page.keyboard.press("p")
    page.get_by_role("button", name="Compare them").click()
    expect(page.get_by_role("heading", name="How they learnt")).to_be_visible(timeout=BUSY_MS)
    expect(page.locator(".js-plotly-plot")).to_have_count(6, timeout=BUSY_MS)
    page.get_by_role("button", name="Put it on the Listen page").first.click()
    expect(page.get_by_text("The Listen page uses this model now")).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("link", name="Go and listen").click()

    page.get_by_text("Which model?").wait_for(timeout=BUSY_MS)
    page.get_by_role("button", name="Metal", exact=True).click()
    expect(page.locator(".answer-genre")).to_have_text(re.compile("Metal|Reggae|Classical"), timeout=BUSY_MS)
    expect(page.get_by_text(f"All {len(GENRES)} genres")).to_be_visible(timeout=BUSY_MS)
    choose_model(page, "the one that came with Earmark", "ten")
    visitor.leave()


def choose_model(page: Page, name: str, genres: str) -> None:
    """Choose an entry of "Which model?" until the answer has its genres: while the page is still being
    drawn, the list closes again. Ever more patience: each try breaks off an answer that was on its way.
    """
    box = page.get_by_test_id("stSelectbox").filter(has_text="Which model?").get_by_role("combobox")
    for patience_ms in (8_000, 15_000, 30_000, 60_000):
        try:
            box.click(timeout=patience_ms)
            page.get_by_role("option", name=name).click(timeout=patience_ms)
            expect(page.get_by_text(f"All {genres} genres")).to_be_visible(timeout=patience_ms)
            return
        except (AssertionError, TimeoutError):
            page.keyboard.press("Escape")
    raise AssertionError(f"{name} could not be chosen")


def test_a_zoom_stays_when_epochs_come_and_runs_end(browser, streamlit_server, served_home):
    folder, other = make_run("running", epochs=12), make_run("running", seed=1)
    with lock_run(folder):
        with lock_run(other):
            visitor = Training(browser, streamlit_server, "Watch")
            page = visitor.page
            page.get_by_text("All curves").click()
            chart = page.locator(".st-key-live_loss svg.marks")
            chart.wait_for(timeout=BUSY_MS)
            whole = epochs_in_sight(chart)
            assert whole[-1] >= 11  # the last figure may be left out for want of room
            assert segments(chart) == 2 * (11 + 3), "two curves of each training, without a gap"
            chart.hover()
            page.keyboard.down("Control")
            page.mouse.wheel(0, -500)
            page.keyboard.up("Control")
            zoomed = zoomed_epochs(chart, whole)
            assert whole[0] < zoomed[0] < zoomed[-1] < whole[-1]
            for epoch in (13, 14):
                before = chart.inner_html()
                one_more_epoch(folder, epoch)
                expect(page.get_by_text(f"Lesson {epoch} of 8")).to_be_visible(timeout=BUSY_MS)
                page.wait_for_timeout(500)
                assert chart.inner_html() != before, "the new epoch is drawn"
                assert epochs_in_sight(chart) == zoomed
        expect(page.locator(f".st-key-resume_{other.name}")).to_be_visible(timeout=BUSY_MS)
        assert epochs_in_sight(chart) == zoomed
        chart.dblclick()
        assert zoomed_epochs(chart, zoomed)[-1] >= 13, "a double click shows it whole"
        page.keyboard.press("p")
        require_large(page.locator(".st-key-race svg.marks"))
        page.keyboard.press("p")
    visitor.leave()


def zoomed_epochs(chart: Locator, whole: list[float]) -> list[float]:
    """The epochs in sight once they are others than before, and change no more."""
    seen = whole
    for _ in range(BUSY_MS // 500):
        chart.page.wait_for_timeout(500)
        before, seen = seen, epochs_in_sight(chart)
        if seen == before != whole:
            break
    return seen


def require_large(chart: Locator) -> None:
    """Fail unless the chart fills most of the presenter's view."""
    require_on_stage(chart.page, chart)
    assert chart.bounding_box()["height"] > 0.6 * chart.page.viewport_size["height"]


def segments(chart: Locator) -> int:
    """The pieces that join one epoch to the next."""
    return chart.locator(".mark-rule line").evaluate_all(
        """lines => lines.filter(line => line.closest("[class*=curve_marks]")
            && (Number(line.getAttribute("x2")) || Number(line.getAttribute("y2")))).length"""
    )


def epochs_in_sight(chart: Locator) -> list[float]:
    """The figures along the chart's horizontal axis."""
    return [
        float(text)
        for text in chart.locator("[aria-label^='X-axis'] .role-axis-label text").all_text_contents()
    ]


def test_a_phone_shows_every_step(browser, streamlit_server, served_home):
    make_run()
    make_run("stopped", seed=1)
    visitor = Training(browser, streamlit_server, STEPS[0], viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    steps = page.get_by_role("radiogroup", name="Step").get_by_role("radio")
    for step in STEPS:
        page.get_by_test_id("stButtonGroup").get_by_text(step, exact=True).tap()
        visitor.settle()
        assert visitor.overflow() <= 0, step
        boxes = [radio.bounding_box() for radio in steps.all()]
        assert len(boxes) == len(STEPS) and len({round(box["y"]) for box in boxes}) <= 2
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] for box in boxes)
        assert all(box["height"] >= 44 for box in boxes)
    visitor.leave()


def test_a_phone_compares_by_cards(browser, streamlit_server, served_home):
    make_run(model="cnn-simple", title="good", skill=3.0)
    make_run(model="linear", title="poor", skill=0.2)
    visitor = Training(browser, streamlit_server, "Compare", viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    visitor.settle()
    expect(page.locator(".st-key-run_table")).to_be_hidden()
    cards = page.locator("[class*=st-key-run_card_]")
    lanes = page.locator(".standings li")
    expect(lanes).to_have_count(2)
    for card in cards.all():
        box = card.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
        assert card.evaluate("card => card.scrollWidth - card.clientWidth") <= 0
    cards.get_by_text("Adding up", exact=True).tap()
    visitor.settle()
    expect(lanes).to_have_count(3)
    cards.get_by_text("poor", exact=True).tap()
    visitor.settle()
    expect(lanes).to_have_count(2)
    expect(page.locator(".standings")).not_to_contain_text("poor")
    assert visitor.overflow() <= 0
    page.get_by_text("All figures").tap()
    visitor.settle()
    expect(cards).to_have_count(0)
    expect(page.locator(".st-key-run_table")).to_be_visible()
    visitor.leave()
