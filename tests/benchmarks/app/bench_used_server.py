"""Benchmark of a server that was used: `python -m tests.benchmarks.app.bench_used_server [--presses 8]`.

After every page was opened, torch, Plotly and the face networks lie in the server's memory. Were Streamlit to
collect garbage after each run of a script, as is its default, it would walk through all of that each time.
Two servers, one as configured (.streamlit/config.toml) and one with that collection, take turns.
"""

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page

from genre.text import genre_name
from tests.benchmarks.app.bench_generate import press_to_player_s
from tests.benchmarks.measure import (
    Row,
    browser_program,
    cpu_s,
    memory_mb,
    parse_arguments,
    report_table,
    threads_row,
)
from tests.support.browser.serving import chromium, process_of, serve

SERVERS = {"off": (), "on": ("--runner.postScriptGC", "true")}  # the collection of garbage
PATIENCE_MS = 180_000
SETTLE_MS = 6_000  # until what a page fetches in the background is there


def visit_all_pages(browser: Browser, address: str) -> Page:
    """Open Listen and classify an example, open Train, Mood and Generate -> the page Generate."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.goto(address)
    name = genre_name("rock").capitalize()
    page.get_by_role("button", name=name, exact=True).click()
    page.locator(".player-legend li").first.wait_for()
    _rest(page)
    for path, title in (
        ("train", "Which model learns best?"),
        ("mood", "Songs for the look on your face"),
        ("generate", "Music that was never played"),
    ):
        page.goto(f"{address}/{path}")
        page.get_by_role("heading", name=title).wait_for()
        _rest(page)
    return page


def _rest(page: Page) -> None:
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(SETTLE_MS)
    page.locator("[data-test-script-state=notRunning]").wait_for()


def press_rows(program: str, n_presses: int) -> list[Row]:
    """From press to player, wall and CPU seconds of the server, of 10 s of generated music."""
    wall: dict[str, list[float]] = {name: [] for name in SERVERS}
    cpu: dict[str, list[float]] = {name: [] for name in SERVERS}
    memory: dict[str, float] = {}
    with ExitStack() as stack:
        browser = stack.enter_context(chromium(program))
        pages, processes = {}, {}
        for name, options in SERVERS.items():
            home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            address = stack.enter_context(serve(home, *options))
            pages[name], processes[name] = visit_all_pages(browser, address), process_of(address)
        for page in pages.values():
            press_to_player_s(page)  # loads the generator
            _rest(page)
        for _ in range(n_presses):
            for name, page in pages.items():
                before = cpu_s(processes[name])
                wall[name].append(press_to_player_s(page))
                page.locator("[data-test-script-state=notRunning]").wait_for()
                cpu[name].append(cpu_s(processes[name]) - before)
                page.wait_for_timeout(500)
        for name, process in processes.items():
            memory[name] = memory_mb(process) or 0.0
    rows = []
    for name in SERVERS:
        title = f"garbage collection after scripts {name}"
        rows += [
            (f"{title}: press to player", f"{statistics.median(wall[name]):.2f} s", "3 s" * (name == "off")),
            ("  the slowest press", f"{max(wall[name]):.2f} s", ""),
            ("  CPU of the server", f"{statistics.median(cpu[name]):.2f} s", ""),
            ("  memory of the server", f"{memory[name]:.0f} MB", ""),
        ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--presses", type=int, default=8, help="how often to press (default: 8)")
    options = parse_arguments(parser)
    if program := browser_program():
        report_table("Used server", [threads_row(), *press_rows(program, options.presses)])


if __name__ == "__main__":
    main()
