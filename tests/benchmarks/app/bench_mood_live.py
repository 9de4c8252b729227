"""Benchmark of live video over a long time.

python -m tests.benchmarks.app.bench_mood_live [--minutes 5]
"""

import argparse
import re
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect

from tests.benchmarks.measure import Row, browser_program, memory_mb, parse_arguments, report_table
from tests.support.browser.mood_visits import serve_mood, without_internet, write_face_video
from tests.support.browser.serving import FRAME, chromium, process_of

PATIENCE_MS = 120_000
SETTLE_S = 10.0  # before the first look
LOOK_S = 2.0  # between two looks


def live_rows(program: str, minutes: float) -> list[Row]:
    """Frame rates as the page says them, and the server's memory."""
    with (
        tempfile.TemporaryDirectory() as folder,
        chromium(
            program, camera=write_face_video(Path(folder) / "face.mjpeg")
        ) as browser,  # with its own TMPDIR
        serve_mood(Path(folder)) as serving_spec,
    ):
        page = without_internet(browser.new_context()).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.goto(f"{serving_spec.address}/mood")
        page.get_by_role("radio", name="Live video").click()
        page.frame_locator(FRAME).get_by_role("button", name="Start the camera").click()
        rates = page.get_by_text(re.compile("pictures a second"))
        expect(rates).to_be_visible(timeout=PATIENCE_MS)
        page.wait_for_timeout(1000 * SETTLE_S)
        frames, read, memory, start = [], [], [], time.monotonic()
        while time.monotonic() - start < 60 * minutes:
            page.wait_for_timeout(1000 * LOOK_S)
            figures = re.findall(r"\d+", rates.inner_text())
            frames.append(int(figures[0]))
            read.append(int(figures[1]))
            memory.append(memory_mb(process_of(serving_spec.address)) or 0.0)
        left = serving_spec.left_on_disk()
    quarter = max(1, len(memory) // 4)
    return [
        (
            f"{minutes:g} minutes of live video, 640x480: frames a second",
            f"{statistics.median(frames)}",
            "20",
        ),
        ("  a slow moment (one look in twenty)", f"{sorted(frames)[len(frames) // 20]}", ""),
        ("  of them read", f"{statistics.median(read)}", ""),
        ("the server's memory in the first quarter", f"{max(memory[:quarter]):.0f} MB", ""),
        ("in the last quarter", f"{max(memory[-quarter:]):.0f} MB", "the same"),
        ("files left on disk", f"{len(left)}", "0"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    minutes = parse_arguments(parser).minutes
    if program := browser_program():
        report_table("Mood, live video", live_rows(program, minutes))


if __name__ == "__main__":
    main()
