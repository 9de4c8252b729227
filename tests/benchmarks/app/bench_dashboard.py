"""Benchmark of the Train page, many runs and a long time: `python -m tests.benchmarks.app.bench_dashboard`.

An hour of watching is done in --minutes of it, which are few unless you ask for all sixty. Ends with
status 1 if the browser or the server then holds more than MAX_GROWTH_MB of what it could forget.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page

from genre.plots import training as plots_training
from genre.plots.training import Learning
from genre.runs import directory as runs
from genre.runs import process
from genre.runs.catalogue import Catalogue, to_csv
from pages.training.state import TrainState
from tests.benchmarks.measure import (
    Row,
    browser_program,
    cpu_s,
    duration_s,
    memory_mb,
    parse_arguments,
    report_table,
)
from tests.support.browser.serving import chromium, process_of, serve
from tests.support.pages.app_visits import visit
from tests.support.training_runs import make_run, one_more_epoch

RUNS = 500
UPDATES = 2_400  # an hour at one every 1.5 s
EPOCHS = 400  # what the curves have at the end of it
LOOKS = 40  # at the memory
PATIENCE_MS = 120_000  # on a busy machine
MAX_GROWTH_MB = {"browser": 20.0, "server": 40.0}
MODELS = ("knn", "linear", "cnn-simple", "cnn-complex", "bigru")


def listing_rows() -> list[Row]:
    """500 run directories, listed for the first time, again, and filtered on the page."""
    for number in range(RUNS):
        make_run(model=MODELS[number % 5], split=("track", "segment")[number % 2], seed=number)
    catalogue = Catalogue()
    first = _measured(catalogue.entries, 1)
    again = _measured(catalogue.entries)
    csv = _measured(lambda: to_csv(catalogue.entries()))
    app = visit("train", step="Compare", train=TrainState(compared=[]))
    opened = _measured(app.run)
    boxes = (app.multiselect(key="only_model").set_value([model]) for model in MODELS)
    filtered = _measured(lambda: next(boxes).run(), len(MODELS))
    assert not app.exception and len(app.dataframe[0].value) >= RUNS // 5
    compared = visit(
        "train", step="Compare", train=TrainState(compared=[entry.id for entry in catalogue.entries()[:3]])
    )
    assert len(compared.get("plotly_chart")) > 3
    return [
        (f"{RUNS} runs listed for the first time", first, "1 s"),
        ("the same again", again, ""),
        ("the page with all of them, the server's part", opened, "1 s"),
        ("the same, three of them compared", _measured(compared.run), "1 s"),
        ("filtering them by model", filtered, "0.3 s"),
        ("all of them as CSV", csv, ""),
    ]


def _measured(work: Callable[[], object], times: int = 10) -> str:
    """The median duration by the clock, and of the processor alone: others may be at work, too."""
    by_clock, of_processor = [], []
    for _ in range(times):
        start = time.process_time()
        by_clock.append(duration_s(work))
        of_processor.append(time.process_time() - start)
    clock, processor = (1000 * statistics.median(durations) for durations in (by_clock, of_processor))
    return f"{clock:.0f} ms, processor {processor:.0f} ms"


def hour_rows() -> list[Row]:
    """What every update does, as often as in an hour, while three runs grow."""
    folders = [make_run("running", seed=number, epochs=1) for number in range(3)]
    catalogue, memory, elapsed = Catalogue(), [], []
    for update in range(UPDATES):
        start = time.perf_counter()
        if update % (UPDATES // EPOCHS) == 0:
            for folder in folders:
                one_more_epoch(folder, update // (UPDATES // EPOCHS) + 2)
        entries = catalogue.entries()[:10]
        learnings = [Learning(entry.title, runs.read_metrics(entry.run.folder)) for entry in entries]
        for measure in ("accuracy", "loss"):
            json.dumps(plots_training.live_curve(learnings, measure))
        elapsed.append(time.perf_counter() - start)
        if update % (UPDATES // 12) == 0:
            memory.append(memory_mb() or 0.0)
    return [
        (f"memory at the start of {UPDATES} updates, an hour's worth", f"{memory[1]:.0f} MB", ""),
        ("memory at their end", f"{memory[-1]:.0f} MB", "the same"),
        (
            "one update, while 500 other runs lie there",
            f"{1000 * statistics.median(elapsed):.0f} ms",
            "100 ms",
        ),
    ]


def page_rows(program: str, home: Path) -> list[Row]:
    """The page with many runs as a browser shows it: opened, opened again, filtered."""
    opened, changed, elapsed = [], [], []
    with serve(home) as address, chromium(program) as browser:
        server = process_of(address)
        context = browser.new_context()
        for _ in range(4):
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            before = cpu_s(server)
            opened.append(duration_s(lambda page=page: _open(page, f"{address}/train?step=Compare")))
            elapsed.append(cpu_s(server) - before)
        for _ in range(3):
            _step(page, "The leak")
            page.get_by_role("heading", name="The same model, twice").wait_for()
            page.locator("[data-test-script-state=notRunning]").wait_for()
            changed.append(duration_s(lambda: _change_to_compare(page)))
        page.evaluate(_NOTE_THE_TABLE)
        filtered = [duration_s(lambda model=model: _filter(page, model)) for model in MODELS[:3]]
    return [
        (f"a browser opens it, {RUNS} runs, the server's first visit", f"{opened[0]:.1f} s", ""),
        ("a later one", f"{statistics.median(opened[1:]):.1f} s", "1 s"),
        ("the server's processor, of that", f"{statistics.median(elapsed[1:]):.2f} s", ""),
        ("from another step to the table", f"{statistics.median(changed):.2f} s", "1 s"),
        ("filtering there, from the key to the new table", f"{statistics.median(filtered):.2f} s", "0.3 s"),
    ]


def _step(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).click()


def _change_to_compare(page: Page) -> None:
    _step(page, "Compare")
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()


def _open(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_test_id("stDataFrame").first.wait_for()
    page.locator("[data-test-script-state=notRunning]").wait_for()


_NOTE_THE_TABLE = """() => new MutationObserver(() => {
        const grid = document.querySelector("[data-testid=stDataFrame] [role=grid]");
        window.rows = grid ? Number(grid.getAttribute("aria-rowcount")) : 0;
    }).observe(document.body, {subtree: true, childList: true, attributes: true})"""


def _filter(page: Page, model: str) -> None:
    """Add a model to those that are shown."""
    before = page.evaluate("window.rows")
    box = page.get_by_test_id("stMultiSelect").filter(has_text="Model").get_by_role("combobox")
    box.fill(model)
    box.press("Enter")
    page.wait_for_function("before => window.rows && window.rows !== before", arg=before, polling=20)


def watching_rows(program: str, home: Path, minutes: float) -> tuple[list[Row], list[str]]:
    """The memory of the browser and of its server while the curves of three runs grow -> (rows, what
    has grown too much). The longer curves themselves are not held against the browser: a page that is
    loaded anew has them, too.
    """
    with ExitStack() as stack:
        address = stack.enter_context(serve(home))
        server = process_of(address)
        page = stack.enter_context(chromium(program)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        folders = [make_run("running", seed=number, epochs=1) for number in range(3)]
        for folder in folders:
            stack.enter_context(process.lock_run(folder))
        _watch(page, f"{address}/train?step=Watch")
        heaps, servers, start = [], [], time.monotonic()
        for epoch in range(1, EPOCHS + 1):
            for folder in folders:
                one_more_epoch(folder, epoch + 1)
            page.wait_for_timeout(max(0.0, 1000 * (start + 60 * minutes * epoch / EPOCHS - time.monotonic())))
            if epoch % (EPOCHS // LOOKS) == 0:
                heaps.append(_heap_mb(page))
                servers.append(memory_mb(server) or 0.0)
        page.get_by_text(f"Lesson {EPOCHS + 1} of").first.wait_for()  # it has kept up
        _watch(page, f"{address}/train?step=Watch")
        page.wait_for_timeout(5_000)
        anew = _heap_mb(page)
    part = LOOKS // 8
    middle = slice(LOOKS // 2 - part // 2, LOOKS // 2 - part // 2 + part)
    browser = [min(heaps[:part]), min(heaps[middle]), min(heaps[-part:])]
    serving = [max(servers[:part]), max(servers[middle]), max(servers[-part:])]
    more = {"browser": browser[-1] - anew, "server": serving[-1] - serving[0]}
    rows = [
        ("the browser's heap at the start, in the middle, at the end", _three(browser), ""),
        ("the same curves in a page loaded anew", f"{anew:.0f} MB", ""),
        ("what the browser could forget", f"{more['browser']:.0f} MB", f"{MAX_GROWTH_MB['browser']:.0f} MB"),
        ("the server at the start, in the middle, at the end", _three(serving), ""),
        ("by how much it has grown", f"{more['server']:.0f} MB", f"{MAX_GROWTH_MB['server']:.0f} MB"),
    ]
    return rows, [
        f"The {who} holds {more[who]:.0f} MB too many, of which {most:.0f} are allowed."
        for who, most in MAX_GROWTH_MB.items()
        if more[who] > most
    ]


def _watch(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_text("All curves").click()
    page.locator(".st-key-live_loss svg.marks").wait_for()


def _three(memory: list[float]) -> str:
    return ", ".join(f"{megabytes:.0f}" for megabytes in memory) + " MB"


def _heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=4.0, help="how long to watch the curves")
    minutes = parse_arguments(parser).minutes
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        report_table("Train, many runs", listing_rows())
        report_table("Train, an hour of updates", hour_rows())
        if program := browser_program():
            report_table("Train, in a browser", page_rows(program, Path(home)))
            rows, complaints = watching_rows(program, Path(home), minutes)
            report_table(
                "Train, three runs watched", [("epochs, minutes", f"{EPOCHS}, {minutes:g}", ""), *rows]
            )
            if complaints:
                sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main()
