"""The recorder's component: a round button in the browser, without an iframe and without a build step."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

KEY = "sound_recorder"
_FOLDER = Path(__file__).parent


def _source(suffix: str) -> str:
    return (_FOLDER / f"recorder{suffix}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "earmark_recorder",
    html=_source(".html"),
    css=_source(".css"),
    js=_source(".js"),
    isolate_styles=False,  # the presenter's view reaches into it
)


def mount_recorder(data: dict[str, Any], on_sound: Callable[[], None], on_plain: Callable[[], None]) -> None:
    """Show the recorder. `on_sound` runs when sound has come, `on_plain` when it cannot work here."""
    _mount(key=KEY, data=data, on_sound_change=on_sound, on_plain_change=on_plain)


def arrived_sound() -> object:
    """Return what the recorder has sent, unchecked; for `on_sound`."""
    return st.session_state[KEY].get("sound")
