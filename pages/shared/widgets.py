"""Widgets of all pages: escaped text, widgets that start afresh, charts without a toolbar, fragments."""

import functools
import re
from collections.abc import Callable

import streamlit as st

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
