"""Benchmark of what a visitor feels: `python -m tests.benchmarks.app.bench_felt [--rounds 3] [--video 20]`.

On a server that has opened every page: how long a page, an answer and a piece of music take in a browser,
whether the page jumps meanwhile, and whether anybody looks at a spinner that does not say what it does.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from genre.text import genre_name
from tests.benchmarks.app.bench_generate import press_to_player_s
from tests.benchmarks.app.bench_mood_live import live_rows
from tests.benchmarks.app.bench_used_server import PATIENCE_MS, visit_all_pages
from tests.benchmarks.measure import Row, browser_program, parse_arguments, report_table, threads_row
from tests.support.browser.serving import chromium, serve

TITLES = {  # of each page, by the name of its link
    "Train": "Which model learns best?",
    "Generate": "Music that was never played",
    "Mood": "Songs for the look on your face",
    "Guess first": "Guess first",
    "Listen": "What genre is this?",
}
DESKTOP = {"width": 1_280, "height": 900}  # the links are in view
EXAMPLES = ("rock", "jazz", "hiphop")
LOOK_MS = 3_000  # at a page, for what moves late

# As web.dev defines cumulative layout shift: the worst five seconds, without what follows a press at once.
# And each spinner that ever came without a word beside it.
WATCH = """
window.felt = {shifts: [], mute: 0};
new PerformanceObserver(list => {
    for (const entry of list.getEntries())
        if (!entry.hadRecentInput) window.felt.shifts.push([entry.startTime, entry.value]);
}).observe({type: "layout-shift", buffered: true});
const seen = new WeakSet();
setInterval(() => {
    for (const spinner of document.querySelectorAll("[data-testid=stSpinner]"))
        if (!seen.has(spinner) && !spinner.innerText.trim()) { seen.add(spinner); window.felt.mute++; }
}, 50);
"""


def worst_shift(shifts: list[list[float]]) -> float:
    """Compute the layout shift of the worst session window: gaps below 1 s, 5 s at most."""
    worst = window = 0.0
    began_ms = last_ms = float("-inf")
    for time_ms, value in shifts:
        if time_ms - last_ms > 1_000 or time_ms - began_ms > 5_000:
            window, began_ms = 0.0, time_ms
        window, last_ms = window + value, time_ms
        worst = max(worst, window)
    return worst


def switch_s(page: Page, name: str) -> float:
    """Press the link of a page -> seconds until its title and its first control can be seen."""
    start = time.perf_counter()
    page.get_by_role("link", name=name, exact=True).first.click()
    page.get_by_role("heading", name=TITLES[name], level=1).wait_for()
    page.locator("[data-testid=stMain] :is(button, input)").first.wait_for()
    passed_s = time.perf_counter() - start
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(500)
    return passed_s


def answer_s(page: Page, genre: str) -> float:
    """Press an example -> seconds until its genre stands on the page."""
    name = genre_name(genre).capitalize()
    start = time.perf_counter()
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_text(f"{name}, synthesised").first.wait_for()
    page.locator(".answer-genre").first.wait_for()
    passed_s = time.perf_counter() - start
    page.locator("[data-test-script-state=notRunning]").wait_for()
    return passed_s


def page_rows(browser: Browser, address: str, n_rounds: int) -> list[Row]:
    """Switches, answers, music, layout shifts and mute spinners."""
    visit_all_pages(browser, address).close()
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script(WATCH)
    page = context.new_page()
    page.goto(address)
    page.get_by_role("heading", name=TITLES["Listen"], level=1).wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()
    page.wait_for_timeout(LOOK_MS)
    answers = [answer_s(page, genre) for genre in EXAMPLES]
    page.wait_for_timeout(LOOK_MS)
    switches: dict[str, list[float]] = {name: [] for name in TITLES}
    pieces: list[float] = []
    for _ in range(n_rounds):
        for name in TITLES:
            switches[name].append(switch_s(page, name))
            if name == "Generate":
                pieces.append(press_to_player_s(page))
                page.wait_for_timeout(LOOK_MS)
    felt = page.evaluate("window.felt")
    medians = {name: statistics.median(values) for name, values in switches.items()}
    slowest = max(medians, key=medians.__getitem__)
    context.close()
    return [
        ("page switch: the slowest page", f"{medians[slowest]:.2f} s ({slowest})", "0.7 s"),
        *((f"  to {name}", f"{median:.2f} s", "") for name, median in medians.items()),
        ("first example of a visit to its answer, warm", f"{answers[0]:.2f} s", "1 s"),
        ("  a later one", f"{statistics.median(answers[1:]):.2f} s", ""),
        ("Generate: press to player, 10 s of music", f"{statistics.median(pieces):.2f} s", "4 s"),
        ("layout shift of all that, the worst window", f"{worst_shift(felt['shifts']):.3f}", "0.1"),
        ("spinners without words", f"{felt['mute']}", "0"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="how often to go round the pages (default: 3)")
    parser.add_argument("--video", type=float, default=20.0, help="seconds of live video (default: 20)")
    options = parse_arguments(parser)
    if program := browser_program():
        with (
            tempfile.TemporaryDirectory() as home,
            serve(Path(home)) as address,
            chromium(program) as browser,
        ):
            rows = page_rows(browser, address, options.rounds)
        video = [
            ("live video: pictures a second", *row[1:]) for row in live_rows(program, options.video / 60)[:1]
        ]
        report_table("Felt", [threads_row(), *rows, *video])


if __name__ == "__main__":
    main()
