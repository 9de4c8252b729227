"""Benchmark of the Generate page, from press to player: `python -m tests.benchmarks.app.bench_generate`."""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page

from gan.request import GenerationRequest
from gan.sampling.gallery import Gallery, GalleryItem
from gan.sampling.sampler import Sampler
from genre import GENRES
from tests.benchmarks.measure import (
    Row,
    browser_program,
    median_durations_ms,
    memory_mb,
    memory_rows,
    parse_arguments,
    report_table,
    threads_row,
)
from tests.support.browser.serving import chromium, serve

LOOK_AROUND_S = 6.0  # before a visitor clicks for the first time
LENGTHS_S = (3, 10, 30)
N_CLIPS = 60


def generation_rows() -> list[Row]:
    """A request to a WAV file, and the memory of many."""
    sampler = Sampler.load()
    rows = []
    for seconds in LENGTHS_S:
        request = GenerationRequest({"jazz": 1.0}, seconds=seconds, seed=1)
        mel_ms, wav_ms = median_durations_ms(
            lambda request=request: sampler.generate_mel(request),
            lambda request=request: GalleryItem.from_generated(sampler.generate(request)).wav,
            times=5,
            warm_up=1,
        )
        rows.append((f"{seconds} s of music, request to WAV file", f"{wav_ms:.0f} ms", ""))
        rows.append(("  of that, the spectrogram", f"{mel_ms:.0f} ms", ""))
        rows.append(("  times faster than it plays", f"{1000 * seconds / wav_ms:.0f}", "20"))
    gallery, memory = Gallery(), []
    for seed in range(N_CLIPS):
        request = GenerationRequest({GENRES[seed % 10]: 1.0}, seconds=30.0, seed=seed)
        gallery.add(GalleryItem.from_generated(sampler.generate(request)))
        memory.append(memory_mb())
    return rows + memory_rows(
        f"memory with {N_CLIPS // 3} and with {N_CLIPS} clips of 30 s", memory, N_CLIPS // 3
    )


def page_rows(program: str) -> list[Row]:
    """A visitor's waiting times, in a real browser."""
    with tempfile.TemporaryDirectory() as home, chromium(program) as browser:
        page = browser.new_page()
        start = time.perf_counter()
        with serve(Path(home)) as address:
            page.goto(f"{address}/generate")
            page.locator(".st-key-stored_pieces button").last.wait_for()
            first = time.perf_counter() - start
            time.sleep(LOOK_AROUND_S)
            clicks = {10: [press_to_player_s(page, None)]}
            clicks[10] += [press_to_player_s(page, None) for _ in range(3)]
            clicks[30] = [press_to_player_s(page, 20)] + [press_to_player_s(page, None) for _ in range(2)]
    return [
        ("from `streamlit run` to the first painted page", f"{first:.1f} s", "3 s"),
        ("first click to its sound, 10 s of music", f"{clicks[10][0]:.2f} s", "3 s"),
        ("a later click, 10 s of music", f"{statistics.median(clicks[10][1:]):.2f} s", "3 s"),
        ("a later click, 30 s of music", f"{statistics.median(clicks[30]):.2f} s", "3 s"),
    ]


def press_to_player_s(page: Page, longer_s: int | None = None) -> float:
    """Press Surprise me -> seconds until a player with the new music can be pressed."""
    if longer_s:
        slider = page.get_by_role("slider", name="Length")
        for _ in range(longer_s):
            slider.press("ArrowRight")
        page.locator("[data-test-script-state=notRunning]").wait_for()
    player = page.locator(".st-key-item audio")
    before = player.get_attribute("src") if player.count() else None
    start = time.perf_counter()
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_function(
        """before => {
            const audio = document.querySelector(".st-key-item audio");
            return audio && audio.src && !audio.src.endsWith(before) && audio.readyState >= 1;
        }""",
        arg=before or "nothing",
    )
    return time.perf_counter() - start


def main() -> None:
    parse_arguments(argparse.ArgumentParser(description=__doc__.splitlines()[0]))
    rows = generation_rows()
    if program := browser_program():
        rows += page_rows(program)
    report_table("Generate", [threads_row(), *rows])


if __name__ == "__main__":
    main()
