"""Widgets of all pages: escaped text, widgets that start afresh, downloads, fragments."""

import functools
import re
from collections.abc import Callable
from threading import Thread
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

STILL = {"displayModeBar": False, "responsive": True}  # plotly's settings without its toolbar
STATIC = STILL | {"staticPlot": True}  # settings that also take away any reaction to a touch


def escaped(text: str) -> str:
    """Escape markdown in a name that comes from people or files."""
    line = re.sub(r"[^\S\u00a0]+", " ", text).strip()  # replaces all space but a no-break space
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~:$&=^@\"'])", r"\\\1", line)


def unique_names(names: list[str]) -> list[str]:
    """Make each name unique: the second "My painter" becomes "My painter 2". The first ones stay."""
    unique: list[str] = []
    for name in names:
        number, candidate = 1, name
        while candidate in unique:
            number += 1
            candidate = f"{name} {number}"
        unique.append(candidate)
    return unique


def widget_key(widget: str) -> str:
    """Return the present key of a widget that can be renewed."""
    return f"{widget}_{st.session_state.get(f'{widget}_count', 0)}"


def renew(widget: str) -> None:
    """Give a widget a new key: it starts afresh at the next run, and lets its file go."""
    st.session_state[f"{widget}_count"] = st.session_state.get(f"{widget}_count", 0) + 1


def fragment(run_every: float | None = None) -> Callable[[Callable], Callable]:
    """Make a Streamlit fragment in a container of its own: the only kind that pages use.

    If a fragment is due while the whole page runs, Streamlit (1.67) drops what that run drew in it, takes
    its place away, and draws it anew where it was counted before: there stands by now what came below it.
    In a container of its own nothing does.
    """

    def decorate(function: Callable) -> Callable:
        run = st.fragment(function, run_every=run_every)

        @functools.wraps(function)
        def in_its_container(*arguments: object) -> None:
            with st.container():
                run(*arguments)

        return in_its_container

    return decorate


def download_button(
    label: str,
    content: str | bytes | Callable[[], str | bytes],
    file_name: str,
    mime: str,
    *,
    key: str,
    icon: str = ":material/download:",
    **options: Any,
) -> None:
    """Show a button that saves a file, without a run of the page; a function makes it when it is pressed.

    Streamlit (1.67) drops a file that a function made as soon as two scripts of anybody have ended: with a
    room of visitors that is before the browser has fetched it. Here it stays until the visitor's page runs
    again.
    """
    if callable(content):
        content = _kept(content, file_name, mime, f"download {key}")
    st.download_button(label, content, file_name, mime, key=key, icon=icon, on_click="ignore", **options)


def _kept(make: Callable[[], str | bytes], file_name: str, mime: str, place: str) -> Callable[[], bytes]:
    """Let what `make` returns belong to this visitor's page, at a place of its own."""
    run = get_script_run_ctx()

    def make_and_keep() -> bytes:
        content = make()
        content = content.encode() if isinstance(content, str) else content
        files = runtime.get_instance().media_file_mgr
        # Streamlit knows a visitor by the thread.
        keeper = Thread(target=files.add, args=(content, mime, place, file_name, True))
        add_script_run_ctx(keeper, run)
        keeper.start()
        keeper.join()
        return content

    return make_and_keep
