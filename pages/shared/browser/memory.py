"""Choices that the visitor's own browser remembers, in a cookie: for a reload, and for the next visit.

    values = recall("songs")                    what the browser sent when this visit began
    remember("songs", {"language": "Tamil"})        at the end of a run; writes only what has changed

Streamlit reads cookies and cannot write them, so that a script in the page does. Anybody can write into their
own cookie: what comes back is text of bounded length, which the page checks like any other choice.
"""

import json
from urllib.parse import quote, unquote

import streamlit as st

MAX_CHARS = 1_000  # of a cookie; browsers keep 4,096 bytes
YEAR_S = 365 * 24 * 3600
_KEY = "remembered"  # in the session state: {name: values}

_WRITE = '<script>document.cookie = "NAME=VALUE; max-age=AGE; path=/; SameSite=Lax";</script>'


def recall(name: str) -> dict[str, str]:
    """Return what was remembered under this name; empty where there is nothing, or nothing to be read."""
    values_by_name = st.session_state.setdefault(_KEY, {})
    if name not in values_by_name:
        values_by_name[name] = _read(str(st.context.cookies.get(_cookie(name), "")))
    return values_by_name[name]


def remember(name: str, values: dict[str, str]) -> None:
    """Let the browser remember these from now on."""
    if values == recall(name):
        return
    text = quote(json.dumps(values), safe="")
    if len(text) > MAX_CHARS:
        return
    st.session_state[_KEY][name] = values
    script = _WRITE.replace("NAME", _cookie(name)).replace("VALUE", text).replace("AGE", str(YEAR_S))
    st.html(script, unsafe_allow_javascript=True)


def _cookie(name: str) -> str:
    return f"earmark-{name}"


def _read(text: str) -> dict[str, str]:
    try:
        values = json.loads(unquote(text[:MAX_CHARS]))
    except ValueError:
        return {}
    if not isinstance(values, dict):
        return {}
    return {key: value for key, value in values.items() if isinstance(key, str) and isinstance(value, str)}
