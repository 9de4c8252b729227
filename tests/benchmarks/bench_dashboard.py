"""How the Train page bears many runs and a long day: `python -m tests.benchmarks.bench_dashboard`."""

import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page
from streamlit.testing.v1 import AppTest

from genre import plots_training, runs
from genre.catalogue import Catalogue, to_csv
from genre.plots_training import Learning
from tests.benchmarks.measure import memory_mb, print_table
from tests.chromium import find_chromium
from tests.serving import REPOSITORY, chromium, serve
from tests.training_runs import make_run

RUNS = 500
UPDATES = 2_400  # an hour at one every 1.5 s
EPOCHS = 400  # what the curves have at the end of it
PAGE_UPDATES = 120
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
                _one_more_epoch(folder, update // (UPDATES // EPOCHS) + 2)
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


def _one_more_epoch(folder: Path, epoch: int) -> None:
    line = {"epoch": epoch, "loss": 2.3 / epoch, "accuracy": 1 - 0.8 / epoch, "part": 1, "seconds": 1}
    with open(folder / "metrics.jsonl", "a") as file:
        file.write(json.dumps(line) + "\n")
    runs.write_status(folder, state="running", progress=epoch / 1000, message="", last=line)


def page_rows(program: str, home: Path) -> list[Row]:
    """The browser's own memory while curves grow before its eyes."""
    with serve(home) as address, chromium(program) as browser:
        page = browser.new_page()
        began = time.perf_counter()
        page.goto(f"{address}/train?step={quote('Compare')}")
        page.get_by_test_id("stDataFrame").first.wait_for()
        page.locator("[data-test-script-state=notRunning]").wait_for()
        opened = time.perf_counter() - began
        folder = make_run("running", epochs=1)
        with runs.own(folder):
            page.goto(f"{address}/train?step=Watch")
            page.locator(".st-key-live_loss svg.marks").wait_for()
            heaps, epoch = [], 1
            for update in range(PAGE_UPDATES):
                epoch += 1
                _one_more_epoch(folder, epoch)
                page.wait_for_timeout(500)
                if update in (PAGE_UPDATES // 4, PAGE_UPDATES - 1):
                    heaps.append(_heap_mb(page))
    return [
        (f"the page with {RUNS} runs in a browser, a server's first visit", f"{opened:.1f} s", ""),
        (f"the browser's heap after {PAGE_UPDATES // 4} epochs watched", f"{heaps[0]:.0f} MB", ""),
        (f"after {PAGE_UPDATES}", f"{heaps[1]:.0f} MB", "the same"),
    ]


def _heap_mb(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"] / 2**20


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> int:
    with tempfile.TemporaryDirectory() as home:
        os.environ["EARMARK_HOME"] = home
        rows = listing_rows() + hour_rows()
        if program := find_chromium():
            rows += page_rows(program, Path(home))
        else:
            print("There is no Chromium or Chrome here: the page is not measured.")
    print_table("Train", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
