"""The app in a real Chromium: uploading, phone and dark, and a quiet console."""

import csv
import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from genre.audio.clip import SAMPLE_RATE
from tests.support.audio import container_bytes, soundfile_bytes
from tests.support.browser.visits import BUSY_MS, PHONE, Visit


@pytest.fixture
def visit(browser, streamlit_server) -> Iterator[Visit]:
    visitor = Visit(browser, streamlit_server)
    yield visitor
    visitor.leave()


def test_five_files_of_five_formats_make_a_table_of_five_rows(visit, play, tmp_path):
    samples = {genre: play(genre)[:, None] for genre in ("jazz", "metal", "pop", "rock", "blues")}
    contents = {
        "jazz.wav": soundfile_bytes(samples["jazz"], SAMPLE_RATE, format="WAV"),
        "metal.flac": soundfile_bytes(samples["metal"], SAMPLE_RATE, format="FLAC"),
        "pop.ogg": soundfile_bytes(samples["pop"], SAMPLE_RATE, format="OGG", subtype="VORBIS"),
        "rock.mp3": soundfile_bytes(samples["rock"], SAMPLE_RATE, format="MP3", subtype="MPEG_LAYER_III"),
        "blues.m4a": container_bytes(samples["blues"], SAMPLE_RATE, "ipod", "aac"),
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    visit.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [tmp_path / name for name in contents]
    )
    visit.wait_for_answer()
    expect(visit.page.get_by_role("heading", name="5 clips")).to_be_visible()
    grid = visit.page.locator("[data-testid=stDataFrame] [role=grid]")
    expect(grid).to_have_attribute("aria-rowcount", "6")  # with the header
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download CSV").click()
    with open(download.value.path(), newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows] == list(contents)
    assert all(row["genre"] and 0 < float(row["probability"]) <= 1 for row in rows)
    with visit.page.expect_download() as download:
        visit.page.get_by_role("button", name="Download JSON").click()
    assert len(json.loads(download.value.path().read_text())) == 5


# Buttons and the like of the page that are lower than a finger needs.
_LOW_TARGETS = """() => [...document.querySelectorAll("header button, main :is(button, summary, label)")]
    .filter(e => e.checkVisibility() && e.innerText && e.getBoundingClientRect().height < 44)
    .map(e => e.ariaLabel ?? e.innerText)"""


def test_a_phone_shows_everything_and_scrolls_to_the_answer(browser, streamlit_server):
    visitor = Visit(browser, streamlit_server, viewport=PHONE, has_touch=True, is_mobile=True)
    visitor.settle()
    assert visitor.overflow() <= 0
    assert visitor.page.evaluate(_LOW_TARGETS) == []
    visitor.page.get_by_role("button", name="Menu", exact=True).click()
    expect(visitor.page.get_by_role("link", name="Guess first")).to_be_in_viewport(ratio=1)
    visitor.page.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    visitor.page.get_by_role("button", name="Metal").click()
    visitor.wait_for_answer()
    assert visitor.overflow() <= 0
    expect(visitor.page.locator(".answer-genre")).to_be_in_viewport(ratio=1)
    link = visitor.page.get_by_role("link", name="Choose other music").bounding_box()
    header = visitor.page.get_by_test_id("stHeader").bounding_box()
    assert link["y"] >= header["y"] + header["height"], "the header covers none of it"
    visitor.page.get_by_role("button", name="Jazz").click()
    expect(visitor.page.get_by_role("heading", name="2 clips")).to_be_visible(timeout=BUSY_MS)
    expect(visitor.page.locator(".answer-genre")).to_have_text(re.compile("Jazz"))
    expect(visitor.page.locator(".answer-genre")).to_be_in_viewport(ratio=1)
    assert visitor.overflow() <= 0
    visitor.leave()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_visitor(browser, streamlit_server, scheme):
    visitor = Visit(browser, streamlit_server, color_scheme=scheme)
    background = visitor.page.get_by_test_id("stApp").evaluate(
        "element => getComputedStyle(element).backgroundColor"
    )
    expect(visitor.page.get_by_role("button", name="Vibe Ace")).to_be_in_viewport(ratio=1)
    assert background == {"light": "rgb(252, 251, 248)", "dark": "rgb(20, 24, 27)"}[scheme]
    visitor.leave()


def test_a_row_of_the_table_opens_its_answer(visit, wav, tmp_path):
    for genre in ("jazz", "metal"):
        (tmp_path / f"{genre}.wav").write_bytes(wav(genre))
    visit.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(
        [tmp_path / "jazz.wav", tmp_path / "metal.wav"]
    )
    visit.wait_for_answer()
    name = visit.page.get_by_test_id("stText")
    expect(name).to_have_text("jazz.wav")
    grid = visit.page.get_by_test_id("stDataFrame")
    grid.scroll_into_view_if_needed()
    grid.click(position={"x": 20, "y": 35 * 2 + 17})  # the box at the second row
    expect(name).to_have_text("metal.wav", timeout=BUSY_MS)
