"""How the Train page bears many runs and a long day: `python -m tests.benchmarks.bench_dashboard`.

An hour of watching is done in --minutes of it, which are few unless you ask for all sixty.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from genre import plots_training, runs
from genre.catalogue import Catalogue, to_csv
from genre.plots_training import Learning
from tests.benchmarks.measure import memory_mb, print_table
from tests.chromium import find_chromium
from tests.serving import REPOSITORY, chromium, serve
from tests.training_runs import make_run, one_more_epoch

RUNS = 500
UPDATES = 2_400  # an hour at one every 1.5 s
EPOCHS = 400  # what the curves have at the end of it
LOOKS = 40  # at the memory
PATIENCE_MS = 120_000  # on a busy machine
MODELS = ("knn", "linear", "cnn-simple", "cnn-complex", "bigru")

Row = tuple[str, str, str]


def listing_rows() -> list[Row]:
    """500 run directories, listed for the first time, again, and filtered on the page."""
    for number in range(RUNS):
        make_run(model=MODELS[number % 5], split=("track", "segment")[number % 2], seed=number)
    catalogue = Catalogue()
    first = _seconds(catalogue.entries)
    again = statistics.median(_seconds(catalogue.entries) for _ in range(10))
    csv = _seconds(lambda: to_csv(catalogue.entries()))
    app = AppTest.from_file(str(REPOSITORY / "app.py"), default_timeout=120)
    app.session_state["step"] = "Compare"
    app.session_state["compared"] = []
    app.switch_page("pages/train.py")
    app.run()
    opened = statistics.median(_seconds(app.run) for _ in range(3))
    filtered = []
    for model in MODELS:
        box = app.multiselect(key="only_model").set_value([model])
        filtered.append(_seconds(box.run))
    assert not app.exception and len(app.dataframe[0].value) >= RUNS // 5
    return [
        (f"{RUNS} runs listed for the first time", f"{first:.2f} s", "1 s"),
        ("the same again", f"{1000 * again:.0f} ms", ""),
        ("the page with all of them, the server's part", f"{opened:.2f} s", "1 s"),
        ("filtering them by model", f"{statistics.median(filtered):.2f} s", "0.3 s"),
        ("all of them as CSV", f"{1000 * csv:.0f} ms", ""),
    ]


def hour_rows() -> list[Row]:
    """What every update does, as often as in an hour, while three runs grow."""
    folders = [make_run("running", seed=number, epochs=1) for number in range(3)]
    catalogue, memory, spent = Catalogue(), [], []
    for update in range(UPDATES):
        began = time.perf_counter()
        if update % (UPDATES // EPOCHS) == 0:
            for folder in folders:
                one_more_epoch(folder, update // (UPDATES // EPOCHS) + 2)
        chosen = catalogue.entries()[:10]
        learnings = [Learning(entry.title, runs.metrics(entry.run.folder)) for entry in chosen]
        for measure in ("accuracy", "loss"):
            json.dumps(plots_training.live_curve(learnings, measure))
        spent.append(time.perf_counter() - began)
        if update % (UPDATES // 12) == 0:
            memory.append(memory_mb() or 0.0)
    return [
        (f"memory at the start of {UPDATES} updates, an hour's worth", f"{memory[1]:.0f} MB", ""),
        ("memory at their end", f"{memory[-1]:.0f} MB", "the same"),
        ("one update, while 500 other runs lie there", f"{1000 * statistics.median(spent):.0f} ms", "100 ms"),
    ]


def page_rows(program: str, home: Path) -> list[Row]:
    """The page with many runs as a browser shows it: opened, opened again, filtered."""
    opened = []
    with serve(home) as address, chromium(program) as browser:
        context = browser.new_context()
        for _ in range(4):
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            opened.append(_seconds(lambda page=page: _open(page, f"{address}/train?step=Compare")))
        page.evaluate(_NOTE_THE_TABLE)
        filtered = [_seconds(lambda model=model: _filter(page, model)) for model in MODELS[:3]]
    return [
        (f"a browser opens it, {RUNS} runs, the server's first visit", f"{opened[0]:.1f} s", ""),
        ("a later one", f"{statistics.median(opened[1:]):.1f} s", ""),
        ("filtering there, from the key to the new table", f"{statistics.median(filtered):.2f} s", ""),
    ]


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


def watching_rows(program: str, home: Path, minutes: float) -> list[Row]:
    """The memory of the browser and of its server while the curves of three runs grow."""
    with ExitStack() as stack:
        address = stack.enter_context(serve(home))
        page = stack.enter_context(chromium(program)).new_page()
        page.set_default_timeout(PATIENCE_MS)
        folders = [make_run("running", seed=number, epochs=1) for number in range(3)]
        for folder in folders:
            stack.enter_context(runs.own(folder))
        page.goto(f"{address}/train?step=Watch")
        page.locator(".st-key-live_loss svg.marks").wait_for()
        heaps, servers, began = [], [], time.monotonic()
        for epoch in range(1, EPOCHS + 1):
            for folder in folders:
                one_more_epoch(folder, epoch + 1)
            page.wait_for_timeout(max(0.0, 1000 * (began + 60 * minutes * epoch / EPOCHS - time.monotonic())))
            if epoch % (EPOCHS // LOOKS) == 0:
                heaps.append(_heap_mb(page))
                servers.append(memory_mb(_server()) or 0.0)
    quarter = LOOKS // 4
    return [
        (f"{EPOCHS} epochs of three runs in {minutes:g} minutes: the browser's heap at first",
         f"{min(heaps[:quarter]):.0f} MB", ""),
        ("in the last quarter", f"{min(heaps[-quarter:]):.0f} MB", "the same"),
        ("at most", f"{max(heaps):.0f} MB", ""),
        ("the server at first", f"{max(servers[:quarter]):.0f} MB", ""),
        ("in the last quarter", f"{max(servers[-quarter:]):.0f} MB", "the same"),
    ]  # fmt: skip


def _server() -> int:
    """The process that serves the app: our child."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = path.read_text().rpartition(")")[2].split()[1]
            command = (path.parent / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
        if int(parent) == os.getpid() and b"streamlit" in command:
            return int(path.parent.name)
    return 0


def _heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 2**20


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=4.0, help="how long to watch the curves")
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        print_table("Train, many runs", listing_rows())
        print_table("Train, an hour of updates", hour_rows())
        if program := find_chromium():
            print_table("Train, in a browser", page_rows(program, Path(home)))
            print_table("Train, watched", watching_rows(program, Path(home), minutes))
        else:
            print("There is no Chromium or Chrome here: the page is not measured.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
