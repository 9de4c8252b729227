"""One visitor of the app in a real Chromium, who waits until the server has answered all that was asked."""

import re
from typing import Any

from playwright.sync_api import Browser, Page, WebSocket, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

# Lines of others that do no harm, by what they contain.
BENIGN = (
    # Streamlit's own stylesheets and iframes
    "Unrecognized feature: 'ambient-light-sensor'",
    "Unrecognized feature: 'battery'",
)
# Streamlit looks for its server below the page's own address first.
FIRST_LOOK = re.compile(r"/\w+/_stcore/")
PHONE = {"width": 390, "height": 844}
ANSWER_MS = 30_000  # on a busy machine
BUSY_MS = 90_000  # where much is to be made first
_DEBOUNCE_MS = 300  # a slider tells its value this late
_LOOK_MS = 50


class Visit:
    """A page of a fresh browser context, and what its console said."""

    def __init__(
        self, browser: Browser, address: str, landmark: str = "Your answer appears here",
        **context: object,
    ) -> None:  # fmt: skip
        self.context = browser.new_context(**context)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self._talk = _Talk(self.page)
        self.page.goto(address)
        expect(self.page.get_by_text(landmark)).to_be_visible(timeout=ANSWER_MS)

    def _note(self, message: Any) -> None:
        harmless = (any(known in message.text for known in BENIGN)
                    or FIRST_LOOK.search(message.location.get("url", "")))
        if message.type == "error" and not harmless:
            self.complaints.append(message.text)

    def settle(self) -> None:
        """Wait until the page shows what came of the last click or key.

        Streamlit's own sign that a script runs comes late on a busy machine: who trusts it alone looks
        at the page of before.
        """
        self.page.wait_for_timeout(_DEBOUNCE_MS)
        for _ in range(BUSY_MS // _LOOK_MS):
            if self._talk.answered:
                break
            self.page.wait_for_timeout(_LOOK_MS)
        assert self._talk.answered, "the server did not answer"
        self.page.locator("[data-test-script-state=notRunning]").wait_for(timeout=BUSY_MS)

    def leave(self) -> None:
        self.context.close()
        assert not self.complaints

    def wait_for_answer(self) -> str:
        """-> the genre named, once its bars are drawn."""
        bars = self.page.locator(".st-key-bars .bars .point")
        expect(bars).to_have_count(10, timeout=ANSWER_MS)
        return self.page.get_by_test_id("stMetricValue").first.inner_text()

    def overflow(self) -> float:
        """By how many pixels the page, or something to be seen on it, is wider than the screen."""
        return self.page.evaluate(
            """() => {
                const boxes = "html, [data-testid=stMain], [data-testid=stAppViewContainer]";
                const seen = "button, p, h1, h3, canvas, audio, .main-svg, [data-testid=stText]";
                return Math.max(
                    ...[...document.querySelectorAll(boxes)]
                        .map(box => box.scrollWidth - box.clientWidth),
                    ...[...document.querySelectorAll(seen)].filter(e => e.checkVisibility())
                        .map(e => e.getBoundingClientRect().right - window.innerWidth));
            }"""
        )


class _Talk:
    """What a page asks of Streamlit's server and what it hears, on their WebSocket."""

    def __init__(self, page: Page) -> None:
        self.answered = False  # the page itself is the first question
        self._started = False
        page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        if "/_stcore/stream" in socket.url:
            socket.on("framesent", self._sent)
            socket.on("framereceived", self._received)

    def _sent(self, frame: bytes | str) -> None:
        asked = BackMsg.FromString(_bytes(frame))
        if asked.WhichOneof("type") == "rerun_script" and not asked.rerun_script.is_auto_rerun:
            self.answered = self._started = False

    def _received(self, frame: bytes | str) -> None:
        heard = ForwardMsg.FromString(_bytes(frame))
        kind = heard.WhichOneof("type")
        if kind == "new_session":
            self._started = True
        elif kind == "script_finished" and heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            self.answered = self.answered or self._started


def _bytes(frame: bytes | str) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("latin-1")
