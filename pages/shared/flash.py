"""A message that outlives one rerun: set before st.rerun or in a callback, shown once after it."""

from typing import Literal, NamedTuple

import streamlit as st

Kind = Literal["error", "warning"]
_KEY = "flash"  # key in the session state: {place: Flash}


class Flash(NamedTuple):
    """The message: a sentence as plain markdown, and how it looks."""

    text: str
    kind: Kind


def set_flash(place: str, text: str, kind: Kind = "error") -> None:
    """Leave a message for the `show_flash` of the same place; a later one replaces it."""
    st.session_state.setdefault(_KEY, {})[place] = Flash(text, kind)


def show_flash(place: str, warning_icon: str | None = None) -> None:
    """Show the message that was left for this place, if any, for the last time."""
    match st.session_state.get(_KEY, {}).pop(place, None):
        case Flash(text, "warning"):
            st.warning(text, icon=warning_icon)
        case Flash(text, _):
            st.error(text, icon=":material/error:")
