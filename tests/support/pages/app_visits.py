"""The app without a browser: its pages as a visitor finds them, and what is to be seen there."""

import json
import re
from collections.abc import Iterator

from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Element

from tests.support.browser.serving import REPOSITORY

APP = str(REPOSITORY / "app.py")
LONG_S = 120.0  # to wait on a busy machine


def visit(page: str, **state: object) -> AppTest:
    """Open a page with this in its session state."""
    app = AppTest.from_file(APP, default_timeout=LONG_S)
    for name, value in state.items():
        app.session_state[name] = value
    app.switch_page(f"pages/{page}.py")
    return healthy(app.run())


def healthy(app: AppTest) -> AppTest:
    """The page, if nothing went wrong on it."""
    assert not app.exception, app.exception
    return app


def press(app: AppTest, key: str) -> AppTest:
    return healthy(app.button(key=key).click().run())


def click_meanwhile() -> None:
    """From within a run of the page: a click that waits, and ends the run at its next touch of Streamlit."""
    run = get_script_run_ctx()
    run.script_requests.request_rerun(RerunData(page_script_hash=run.page_script_hash))


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def labels(app: AppTest) -> list[str]:
    """Of all buttons."""
    return [button.label for button in app.button]


def order(app: AppTest, *kinds: str) -> list[str]:
    """The kinds of elements among `kinds`, and the keys of buttons, from the top of the page down."""

    def walk(block: Block) -> Iterator[Element]:
        for child in block.children.values():
            yield from walk(child) if isinstance(child, Block) else [child]

    return [
        element.key if element.type == "button" else element.type
        for element in walk(app.main)
        if element.type in ("button", *kinds)
    ]


def words(app: AppTest) -> str:
    """All that the page says, as a reader sees it."""
    kinds = ("markdown", "caption", "info", "error", "warning", "success", "text", "subheader")
    return as_read("\n".join(str(element.value) for kind in kinds for element in app.get(kind)))


def as_read(text: str) -> str:
    """Without the backslashes that keep markdown from seeing more than words."""
    return re.sub(r"\\([^\w\s])", r"\1", text)


def predicted_genre(app: AppTest) -> str:
    """The genre that the Listen page names; empty where it names none."""
    named = re.search(r"</span><span>(.+?)</span></h2>", markup(app))
    return named[1] if named else ""


def markup(app: AppTest) -> str:
    """All of the page's own HTML."""
    return "\n".join(element.body for element in app.get("html"))


def component_data(app: AppTest, component: str = "earmark_recorder") -> dict:
    """What one of our components is told."""
    (one,) = [item.proto for item in app.get("bidi_component") if item.proto.component_name == component]
    return json.loads(one.json)
