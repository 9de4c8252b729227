"""The Mood page in a real Chromium: a snapshot and live video become songs, and no face is saved."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.benchmarks.measure import memory_mb
from tests.support.browser.chromium import find_chromium
from tests.support.browser.mood_visits import (
    RunningApp,
    serve_mood,
    take_photo,
    without_internet,
    write_face_video,
)
from tests.support.browser.serving import FRAME, chromium, disk_full, process_of
from tests.support.browser.stage import STAGE, require_on_stage
from tests.support.browser.visits import BUSY_MS, PHONE, Visit
from tests.support.faces import astronaut, encoded

PERIOD_S, MAX_PERIODS = 6.0, 12  # of live video, until its memory stays; how soon depends on the machine
GROWTH_MB = 15.0  # in a period; leaving frames behind takes 1 MB each, and 20 of them come in a second
IS_PRESENTING = "document.documentElement.classList.contains('presenting')"
FRAME_IS_LARGE = f'document.querySelector("{FRAME}").getBoundingClientRect().width > innerWidth / 2.2'
TITLE = "Songs for the look on your face"


@pytest.fixture(scope="module")
def running_app(tmp_path_factory) -> Iterator[RunningApp]:
    with serve_mood(tmp_path_factory.mktemp("mood")) as running:
        yield running


@pytest.fixture(scope="module")
def camera(tmp_path_factory) -> Iterator[Browser]:
    """Chromium with a face before its camera."""
    program = find_chromium()
    if program is None:
        pytest.skip("no Chromium or Chrome is installed; EARMARK_CHROMIUM can name one")
    with chromium(
        program, camera=write_face_video(tmp_path_factory.mktemp("camera") / "face.mjpeg")
    ) as running:
        yield running


class MoodVisit(Visit):
    """A visitor of the Mood page, without internet."""

    def __init__(self, browser: Browser, running_app: RunningApp, **options: object) -> None:
        self.running_app = running_app
        super().__init__(browser, f"{running_app.address}/mood", TITLE, without_internet, **options)

    def leave(self) -> None:
        super().leave()
        assert self.running_app.left_on_disk() == []


@pytest.fixture
def visit(camera, running_app) -> Iterator[MoodVisit]:
    visitor = MoodVisit(camera, running_app)
    yield visitor
    visitor.leave()


def songs(page: Page):
    return page.locator(".song-name")


def test_a_snapshot_becomes_songs(visit):
    page, youtube = visit.page, visit.running_app.youtube
    youtube.behave("songs")
    take_photo(page, BUSY_MS)
    expect(page.get_by_role("heading", name="You look happy")).to_be_visible(timeout=BUSY_MS)
    expect(songs(page).first).to_be_visible(timeout=BUSY_MS)
    visit.settle()
    assert youtube.requests[0]["query"] == "happy songs"
    expect(songs(page).first).to_be_in_viewport(ratio=1), "the page leads to them"
    count, titles = len(youtube.requests), songs(page).all_inner_texts()

    page.keyboard.press("p")
    play = page.get_by_role("button", name="Play ").first
    happy, sad = (page.get_by_role("radio", name=name) for name in ("Happy", "Sad"))
    heading = page.get_by_role("heading", name="You look happy")
    photo, go_on = (
        page.locator("[data-testid=stImage] img"),
        page.get_by_role("button", name="Songs for this"),
    )
    expect(go_on).to_be_visible(timeout=BUSY_MS)
    require_on_stage(page, heading, photo, page.locator(".mood-bars"), go_on, happy, sad)
    assert photo.bounding_box()["height"] > 400, "as large as live video"
    expect(page.get_by_role("button", name="Another picture")).to_be_in_viewport(ratio=1)
    go_on.click()
    expect(songs(page).first).to_be_visible(timeout=BUSY_MS)
    require_on_stage(page, heading, songs(page).first, songs(page).nth(2), play, happy, sad)
    expect(page.get_by_role("button", name="Another picture")).to_be_in_viewport(ratio=1)
    page.keyboard.press("p")
    play.click()
    player = page.locator("iframe[src*='youtube.com/embed']")
    expect(player).to_have_count(1, timeout=BUSY_MS)
    expect(player).to_have_attribute("src", re.compile("songOne0001"))
    page.get_by_role("button", name="Shuffle").click()
    visit.settle()
    assert songs(page).all_inner_texts() != titles
    assert sorted(songs(page).all_inner_texts()) == sorted(titles)

    page.keyboard.press("p")
    sad.click()
    expect(page.get_by_role("heading", name="You say sad")).to_be_visible(timeout=BUSY_MS)
    page.keyboard.press("p")
    expect(page.get_by_text("What Earmark asked YouTube for: sad songs")).to_be_visible(timeout=BUSY_MS)
    count = len(youtube.requests)
    page.get_by_role("link", name="Listen").click()
    expect(page.get_by_text("What genre is this?")).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("link", name="Mood").click()
    expect(page.get_by_text("What Earmark asked YouTube for: sad songs")).to_be_visible(timeout=BUSY_MS)
    expect(songs(page)).to_have_count(len(titles), timeout=BUSY_MS)
    assert len(youtube.requests) == count, "coming back asks nobody"

    page.get_by_role("button", name="English, any artist").click()
    artist = page.get_by_role("textbox", name="Artist")
    artist.fill("The Lanterns")
    artist.press("Enter")
    visit.settle()
    page.reload()
    sad.click()
    expect(page.get_by_role("button", name="English, The Lanterns")).to_be_visible(), "it is remembered"
    visit.settle()


def test_a_large_photo_is_read_without_a_disk(visit, tmp_path):
    page, path = visit.page, tmp_path / "photo.png"
    path.write_bytes(encoded(astronaut().repeat(3, 0).repeat(3, 1), compress_level=0))
    assert path.stat().st_size > 1 << 20, "beyond 1 MiB Starlette moves an upload to a file, if it is let"
    page.get_by_role("radio", name="Photo file").click()
    with disk_full(visit.running_app.address):
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(path)
        expect(page.get_by_role("heading", name="You look happy")).to_be_visible(timeout=BUSY_MS)
        visit.settle()


def test_live_video_becomes_songs_and_its_memory_stays(visit):
    page = visit.page
    with disk_full(visit.running_app.address):  # pictures are in memory alone
        page.get_by_role("radio", name="Live video").click()
        start = page.frame_locator(FRAME).get_by_role("button", name="Start the camera")
        start.wait_for(timeout=BUSY_MS)
        page.keyboard.press("p")
        require_on_stage(page, page.locator(FRAME), page.get_by_role("radio", name="Disgusted"))
        page.keyboard.press("p")
        start.click(timeout=BUSY_MS)
        expect(page.get_by_role("heading", name="You look happy")).to_be_visible(timeout=BUSY_MS)
        expect(page.locator(".st-key-mood_line svg.marks")).to_be_visible(timeout=BUSY_MS)
    page.frame_locator(FRAME).get_by_role("button", name="Stop").press("p")
    assert page.evaluate(IS_PRESENTING), "the frame of the video has the focus"
    expect(page.get_by_role("button", name="Songs for this mood")).to_be_in_viewport(ratio=1)
    page.wait_for_function(FRAME_IS_LARGE)
    expect(page.locator(FRAME)).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    assert not page.evaluate(IS_PRESENTING)
    memory = [memory_mb(process_of(visit.running_app.address))]
    while memory[0] is not None and (len(memory) < 2 or memory[-1] - memory[-2] > GROWTH_MB):
        assert len(memory) <= MAX_PERIODS, f"it takes more and more memory: {memory} MB"
        page.wait_for_timeout(1_000 * PERIOD_S)
        memory.append(memory_mb(process_of(visit.running_app.address)))
    rate = page.get_by_text(re.compile(r"^[1-9]\d* pictures a second"))  # the benchmark has the true figure
    expect(rate).to_be_visible(timeout=BUSY_MS)
    page.get_by_role("button", name="Songs for this mood").click()
    expect(songs(page).first).to_be_visible(timeout=BUSY_MS)
    page.set_viewport_size(STAGE)
    page.frame_locator(FRAME).get_by_role("button", name="Stop").press("p")
    require_on_stage(page, *(songs(page).nth(n) for n in range(3)))
    page.keyboard.press("Escape")
    page.frame_locator(FRAME).get_by_role("button", name="Stop").click()
    expect(page.get_by_text("Press Start the camera")).to_be_visible(timeout=BUSY_MS)


def test_the_camera_fits_a_large_stage(camera, running_app):
    """Streamlit makes the picture as large as its frame is on the screen, which the stage enlarges."""
    visitor = MoodVisit(camera, running_app, viewport={"width": 1920, "height": 1080})
    page = visitor.page
    for view in ("Find songs", "Act this mood"):
        page.get_by_role("radio", name=view).click()
        if view == "Act this mood":
            page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_role("button", name="Open the camera", exact=True).click(timeout=BUSY_MS)
        shutter = page.get_by_role("button", name="Take Photo")
        expect(shutter).to_be_visible(timeout=BUSY_MS)
        page.get_by_role("button", name="Presenter's view").click()
        require_on_stage(page, shutter)
        page.keyboard.press("p")
    visitor.leave()


def test_a_mood_is_learnt_from_live_video(visit):
    page = visit.page
    page.get_by_role("radio", name="Teach it your face").click()
    page.frame_locator(FRAME).get_by_role("button", name="Start the camera").click(timeout=BUSY_MS)
    page.get_by_role("button", name="Record 15 pictures").click(timeout=BUSY_MS)
    expect(page.get_by_text("15 pictures: enough")).to_be_visible(timeout=BUSY_MS)
    page.get_by_label("Its name").fill("space")
    page.get_by_label("Its name").press("Enter")
    visit.settle()
    page.get_by_role("button", name="Teach it").click()
    expect(page.get_by_text("is known from now on")).to_be_visible(timeout=BUSY_MS)
    files = visit.running_app.left_on_disk()
    assert [path.suffix for path in files] == [".safetensors"] and files[0].stat().st_size < 500_000
    files[0].unlink()


@pytest.mark.parametrize("view", ["Find songs", "Teach it your face"])
def test_a_phone_shows_everything(camera, running_app, view):
    visitor = MoodVisit(camera, running_app, viewport=PHONE, has_touch=True, is_mobile=True)
    page = visitor.page
    page.get_by_role("radio", name=view).click()
    if view == "Find songs":
        happy = page.get_by_role("radio", name="Happy")
        assert happy.bounding_box()["height"] > 70, "its face and its word"
        happy.click()
        expect(songs(page).first).to_be_in_viewport(ratio=1, timeout=BUSY_MS)
    visitor.settle()
    assert visitor.overflow() <= 0
    visitor.leave()
