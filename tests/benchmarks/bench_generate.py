"""How soon the Generate page plays: `python -m tests.benchmarks.bench_generate`."""

import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Page

from gan.gallery import Gallery, Piece
from gan.sample import Dreamer, Wish
from genre import GENRES
from tests.benchmarks.measure import Row, browser_at_hand, medians_ms, memory_mb, memory_row, print_table
from tests.serving import chromium, serve

LOOK_AROUND_S = 6.0  # before a visitor clicks for the first time
LENGTHS_S = (3, 10, 30)
MANY = 60  # pieces


def painting_rows() -> list[Row]:
    """A wish to a WAV file, and the memory of many."""
    painter = Dreamer.load()
    rows = []
    for seconds in LENGTHS_S:
        wish = Wish({"jazz": 1.0}, seconds=seconds, seed=1)
        mel, whole = medians_ms(
            lambda wish=wish: painter.mel(wish), lambda wish=wish: Piece.of(painter.dream(wish)).wav,
            times=5, warm_up=1,
        )  # fmt: skip
        rows.append((f"{seconds} s of music, wish to WAV file", f"{whole:.0f} ms", ""))
        rows.append(("  of that, the spectrogram", f"{mel:.0f} ms", ""))
        rows.append(("  times faster than it plays", f"{1000 * seconds / whole:.0f}", "20"))
    gallery, memory = Gallery(), []
    for seed in range(MANY):
        gallery.add(Piece.of(painter.dream(Wish({GENRES[seed % 10]: 1.0}, seconds=30.0, seed=seed))))
        memory.append(memory_mb())
    return rows + memory_row(f"memory with {MANY // 3} and with {MANY} pieces of 30 s", memory, MANY // 3)


def page_rows(program: str) -> list[Row]:
    """What a visitor waits for, in a real browser."""
    with tempfile.TemporaryDirectory() as home, chromium(program) as browser:
        page = browser.new_page()
        start = time.perf_counter()
        with serve(Path(home)) as address:
            page.goto(f"{address}/generate")
            page.get_by_role("button", name="Let me hear one").wait_for()
            first = time.perf_counter() - start
            time.sleep(LOOK_AROUND_S)
            clicks = {10: [_clicked(page, None)]}
            clicks[10] += [_clicked(page, None) for _ in range(3)]
            clicks[30] = [_clicked(page, 20)] + [_clicked(page, None) for _ in range(2)]
    return [
        ("from `streamlit run` to the first painted page", f"{first:.1f} s", "3 s"),
        ("first click to its sound, 10 s of music", f"{clicks[10][0]:.2f} s", "3 s"),
        ("a later click, 10 s of music", f"{statistics.median(clicks[10][1:]):.2f} s", "3 s"),
        ("a later click, 30 s of music", f"{statistics.median(clicks[30]):.2f} s", "3 s"),
    ]


def _clicked(page: Page, longer_s: int | None) -> float:
    """Ask for something new -> seconds until a player that holds it can be pressed."""
    if longer_s:
        slider = page.get_by_role("slider", name="Length")
        for _ in range(longer_s):
            slider.press("ArrowRight")
        page.locator("[data-test-script-state=notRunning]").wait_for()
    player = page.locator(".st-key-piece audio")
    before = player.get_attribute("src") if player.count() else None
    start = time.perf_counter()
    page.get_by_role("button", name="Surprise me").click()
    page.wait_for_function(
        """before => {
            const audio = document.querySelector(".st-key-piece audio");
            return audio && audio.src && !audio.src.endsWith(before) && audio.readyState >= 1;
        }""",
        arg=before or "nothing",
    )
    return time.perf_counter() - start


def main() -> None:
    rows = painting_rows()
    if program := browser_at_hand():
        rows += page_rows(program)
    print_table(f"Generate, {torch.get_num_threads()} threads", rows)


if __name__ == "__main__":
    main()
