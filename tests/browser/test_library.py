"""My music in a real Chromium: a folder is scanned by the shipped model, mapped, clicked and played."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pages.library.map.walk import STOP_S
from tests.browser.test_accessibility import require_accessible
from tests.support.browser.serving import serve, troubles
from tests.support.browser.stage import READABLE_PX, STAGE, require_on_stage, type_px
from tests.support.browser.visits import BUSY_MS, MOVING, Visit

INK = {"light": "rgb(31, 35, 38)", "dark": "rgb(236, 233, 226)"}  # of all text
DESKTOP = {"width": 1280, "height": 800}
GENRES = ("metal", "classical", "reggae")
# Where a song of the map lies on the screen.
_FIRST_POINT = """() => {
    const chart = document.querySelector(".st-key-library_map .js-plotly-plot"), layout = chart._fullLayout;
    const trace = chart._fullData[0], box = chart.getBoundingClientRect(), zoom = chart.currentCSSZoom ?? 1;
    return [box.left + zoom * (layout.xaxis._offset + layout.xaxis.d2p(trace.x[0])),
            box.top + zoom * (layout.yaxis._offset + layout.yaxis.d2p(trace.y[0]))];
}"""
_FIRST_GENRE = "document.querySelector('.st-key-library_map .js-plotly-plot')._fullData[0].name"  # and number
# A finger on the song that is drawn last.
_FINGER = """() => {
    const chart = document.querySelector(".st-key-library_map .js-plotly-plot"), layout = chart._fullLayout;
    const trace = chart._fullData.at(-1), target = chart.querySelector(".nsewdrag");
    const box = chart.getBoundingClientRect(), finger = new Touch({identifier: 1, target,
        clientX: box.left + layout.xaxis._offset + layout.xaxis.d2p(trace.x.at(-1)),
        clientY: box.top + layout.yaxis._offset + layout.yaxis.d2p(trace.y.at(-1))});
    const touch = {bubbles: true, cancelable: true, touches: [finger], changedTouches: [finger]};
    target.dispatchEvent(new TouchEvent("touchstart", touch));
    document.dispatchEvent(new TouchEvent("touchend", {...touch, touches: []}));
}"""
_PLAYS = "() => [...document.querySelectorAll('audio')].some(sound => sound.currentTime > 0)"


@pytest.fixture
def address(tmp_path, monkeypatch) -> Iterator[str]:
    """A server that reaches no network."""
    monkeypatch.setenv("EARMARK_YOUTUBE_HOST", "127.0.0.1:9")
    home = tmp_path / "served"
    home.mkdir()
    with serve(home) as running:
        yield running
        assert troubles(home) == []


@pytest.fixture
def music(tmp_path, wav) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for genre in GENRES:
        (folder / f"{genre} song.wav").write_bytes(wav(genre, 11.0))
    return folder


def test_a_folder_is_scanned_mapped_and_played_on_both_pages(browser, address, music):
    visit = Visit(browser, f"{address}/music", "Your music, as a map", viewport=STAGE, **MOVING)
    page = visit.page
    page.get_by_role("textbox", name="Or name a folder of music").fill(str(music))
    page.get_by_role("button", name="Listen to this folder").click()
    expect(page.get_by_text("3 files read.")).to_be_visible(timeout=BUSY_MS)
    views = page.locator(".st-key-library_view")
    chart = page.locator(".st-key-library_map")
    expect(chart.locator(".main-svg").first).to_be_visible(timeout=BUSY_MS)
    expect(page.get_by_role("progressbar")).to_have_count(0)
    visit.settle()
    assert page.evaluate("document.querySelector('.st-key-library_map .js-plotly-plot').data.length") >= 1
    page.keyboard.press("p")
    _walk_on_the_stage(page, visit)
    page.keyboard.press("p")
    require_accessible(visit)
    page.set_viewport_size(STAGE)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        expect(page.get_by_test_id("stApp")).to_have_css("color-scheme", scheme)
        expect(chart.locator(".textpoint text").first).to_have_css("fill", INK[scheme])
    chart.scroll_into_view_if_needed()
    page.mouse.click(*page.evaluate(_FIRST_POINT))
    player = page.locator(".st-key-library_player")
    expect(player.get_by_text("song").first).to_be_visible()
    page.set_viewport_size(DESKTOP)
    for part in (player, chart.locator(".main-svg").first, page.locator(".map-legend")):
        expect(part).to_be_in_viewport(ratio=0.99)
    page.wait_for_function(_PLAYS)
    expect(page.get_by_text("Sounds like it")).to_be_visible()
    expect(chart.locator(".map-neighbour")).to_have_count(2)
    assert visit.overflow() <= 0
    page.mouse.move(0, 0)
    expect(chart.locator(".hovertext")).to_have_count(0)
    page.evaluate(_FINGER)
    expect(chart.locator(".hovertext")).to_be_visible()  # Plotly knows what a finger is on: a tap plays it
    views.get_by_role("radio", name="Songs").click()
    expect(page.get_by_text("3 of 3 songs")).to_be_visible()
    page.keyboard.press("p")
    require_on_stage(page, *page.locator(".stage-songs li").all())
    assert type_px(page, ".stage-songs li") >= READABLE_PX
    page.keyboard.press("p")
    with page.expect_download() as download:
        page.get_by_role("button", name="Playlist of 3 songs").click()
    listed = Path(download.value.path()).read_text().splitlines()[2::2]
    assert sorted(listed) == sorted(str(path) for path in music.iterdir())
    _play_on_the_mood_page(page, visit)
    visit.leave()


def _walk_on_the_stage(page: Page, visit: Visit) -> None:
    """A room hears a song after the other, each with its name at its dot; then a tap plays one."""
    chart = page.locator(".st-key-library_map")
    start = page.get_by_role("button", name="Play a walk through the map")
    require_on_stage(page, chart.locator(".main-svg").first, start)
    start.click()
    page.wait_for_function(_PLAYS)
    end = page.get_by_role("button", name="End the walk")
    visit.settle()
    expect(chart.locator(".map-gone")).to_have_count(0)
    name, genre = (page.locator(f".map-caption {part}") for part in ("b", "span"))
    require_on_stage(page, name, genre, chart.locator(".map-here"), end)
    for part in (".map-caption b", ".map-caption span"):
        assert type_px(page, part) >= READABLE_PX
    first = name.text_content()
    page.evaluate(f"document.querySelector('.st-key-library_walk audio').currentTime = {1.5 * STOP_S}")
    expect(chart.locator(".map-gone")).to_have_count(1)
    expect(name).not_to_have_text(first)
    expect(page.locator(".walk [aria-current]")).to_have_count(1)
    end.click()
    expect(chart.locator(".map-here")).to_have_count(0)
    page.mouse.click(*page.evaluate(_FIRST_POINT))
    expect(genre).to_have_text(re.compile(page.evaluate(_FIRST_GENRE).partition(" ")[0], re.IGNORECASE))
    page.wait_for_function(_PLAYS)
    visit.settle()


def _play_on_the_mood_page(page: Page, visit: Visit) -> None:
    """Without a network the first choice is a list of one's own music."""
    page.get_by_role("link", name="Mood").click()
    page.get_by_role("radio", name="Angry").click()
    songs = page.locator(".st-key-own_songs")
    expect(songs.get_by_text("These songs need no internet")).to_be_visible()
    page.get_by_role("radio", name="Calm me down").click()
    visit.settle()
    expect(songs.get_by_text("Ends")).to_be_visible()
    songs.get_by_role("button", name="Play").first.click()
    page.wait_for_function(_PLAYS)
