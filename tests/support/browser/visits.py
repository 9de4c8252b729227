"""A visitor of the app in a real Chromium, who waits until the server has answered every request."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, WebSocket, expect
from playwright.sync_api import Error as PlaywrightError
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# Console lines of other software that do no harm, by a part of their text.
BENIGN = (
    # Streamlit's own stylesheets and iframes
    "Unrecognized feature: 'ambient-light-sensor'",
    "Unrecognized feature: 'battery'",
    # Streamlit drops the sound of an element when a click ends the run that would have shown it again.
    "Audio source error",
)
# Streamlit looks for its server below the page's own address first, and for sound that it has dropped.
BENIGN_ADDRESS = re.compile(r"/\w+/_stcore/|/media/\w+\.wav$")
PHONE = {"width": 390, "height": 844}
MOVING = {"reduced_motion": "no-preference"}
BUSY_MS = 90_000  # patience with everything: how long a busy machine takes is for benchmarks to say
_DEBOUNCE_MS = 400  # a slider sends its value up to 300 ms late
_POLL_MS = 50
# Timers of one page fire in order: when this one does, what a click set off has been sent.
_AFTER_DEBOUNCE = "ms => new Promise(done => setTimeout(() => setTimeout(done), ms))"

expect.set_options(timeout=BUSY_MS)

open_visits: list["Visit"] = []  # for the screenshots of a failure
_idle_contexts: dict[tuple[Browser, str], list[BrowserContext]] = {}  # by browser and options


class Visit:
    """A page of a browser context that nobody else uses meanwhile, and the errors in its console.

    A context is used again once a visit has left it, without cookies and storage: what it has cached of
    Streamlit's scripts spares the next visit half of its processor time. `prepare` is called with it first.
    The visitor wants reduced motion, which spares a tenth more; MOVING is one who does not.
    """

    def __init__(
        self,
        browser: Browser,
        address: str,
        landmark: str = "Your answer appears here",
        prepare: Callable[[BrowserContext], object] = lambda context: None,
        **options: object,
    ) -> None:
        options = {"reduced_motion": "reduce"} | options
        self._idle = _idle_contexts.setdefault((browser, repr(sorted(options.items()))), [])
        self.context = self._idle.pop() if self._idle else browser.new_context(**options)
        self.context.set_default_timeout(BUSY_MS)
        prepare(self.context)
        self.page: Page = self.context.new_page()
        self.console_errors: list[str] = []
        self.page.on("console", self._collect_error)
        self.page.on("pageerror", lambda error: self.console_errors.append(f"{error}\n{error.stack}"))
        self._traffic = _Traffic(self.page)
        open_visits.append(self)
        self.page.goto(address)
        expect(self.page.get_by_text(landmark)).to_be_visible(timeout=BUSY_MS)

    def _collect_error(self, message: Any) -> None:
        is_harmless = any(text in message.text for text in BENIGN) or BENIGN_ADDRESS.search(
            message.location.get("url", "")
        )
        is_fault = message.type == "error" or (
            message.type == "warning" and "Infinite extent" in message.text
        )
        if is_fault and not is_harmless:
            self.console_errors.append(message.text)

    def settle(self) -> None:
        """Wait until the page shows the result of the last click or key.

        Streamlit's own sign that a script runs comes late on a busy machine: a test that trusts it alone
        looks at the page of before. The wait for the debounce is a timer of the page itself, because on a
        busy machine the page may send a click later than any time measured here.
        """
        self.page.evaluate(_AFTER_DEBOUNCE, _DEBOUNCE_MS)
        self.page.wait_for_timeout(_POLL_MS)
        for _ in range(BUSY_MS // _POLL_MS):
            if self._traffic.is_answered:
                break
            self.page.wait_for_timeout(_POLL_MS)
        assert self._traffic.is_answered, "the server did not answer"
        self.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=BUSY_MS)
        # A kind of element that the page has not shown before is a grey box until its script is loaded.
        expect(self.page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=BUSY_MS)

    def close(self) -> None:
        """Close the page, and leave the context to the next visit."""
        if self not in open_visits:
            return
        open_visits.remove(self)
        try:
            for page in self.context.pages:
                page.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
                page.close()
            self.context.unroute_all()
            self.context.clear_cookies()
            self.context.clear_permissions()
        except PlaywrightError:  # a page that has crashed or shows an error of the network
            self.context.close()
        else:
            self._idle.append(self.context)

    def leave(self) -> None:
        """Close the page; fails if its console has shown an error."""
        self.close()
        assert not self.console_errors, "\n".join(map(str, self.console_errors))

    def wait_for_answer(self) -> str:
        """Return the genre on the page, once its picture is drawn."""
        expect(self.page.locator(".player-legend li").first).to_be_visible(timeout=BUSY_MS)
        return self.page.locator(".answer-genre span").last.inner_text()

    def overflow(self) -> float:
        """By how many pixels the page, or something to be seen on it, is wider than the screen."""
        return self.page.evaluate(
            """() => {
                const boxes = "html, [data-testid=stMain], [data-testid=stAppViewContainer]";
                const parts = "button, p, h1, h3, canvas, audio, .main-svg, [data-testid=stText]";
                return Math.max(
                    ...[...document.querySelectorAll(boxes)]
                        .map(box => box.scrollWidth - box.clientWidth),
                    ...[...document.querySelectorAll(parts)].filter(e => e.checkVisibility()
                            && !e.closest("[role=radiogroup]"))  // a row of choices scrolls by itself
                        .map(e => e.getBoundingClientRect().right - window.innerWidth));
            }"""
        )


class _Traffic:
    """The messages between a page and Streamlit's server, on their WebSocket."""

    def __init__(self, page: Page) -> None:
        self.is_answered = False  # the page itself is the first request
        self._has_started = False
        page.on("websocket", self._watch)

    def _watch(self, socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", self._on_sent)
            socket.on("framereceived", self._on_received)

    def _on_sent(self, frame: bytes | str) -> None:
        request = BackMsg.FromString(_bytes(frame))
        if request.WhichOneof("type") == "rerun_script" and not request.rerun_script.is_auto_rerun:
            self.is_answered = self._has_started = False

    def _on_received(self, frame: bytes | str) -> None:
        message = ForwardMsg.FromString(_bytes(frame))
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._has_started = True
        elif kind == "script_finished" and message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.is_answered = self.is_answered or self._has_started


def _bytes(frame: bytes | str) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("latin-1")


def save_screenshots(folder: Path, name: str) -> None:
    """The pages that are open, as PNG files in `folder`: how a test that failed left them."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, visit in enumerate(open_visits, 1):
        with suppress(PlaywrightError):  # the browser itself may have ended
            visit.page.screenshot(path=folder / f"{name}-{number}.png", full_page=True, timeout=10_000)


def close_all() -> None:
    """Close the pages that a failed test has left open, so that they ask the server nothing more."""
    for visit in list(open_visits):
        with suppress(PlaywrightError):
            visit.close()
    open_visits.clear()
