"""Choices that stand in the page's address, so that Back, Forward, a reload and a copied address find them.

    follow_address("step", STEPS, "Set up")      before the widget with this key
    choice = st.segmented_control(..., key="step")
    step = write_address("step", choice)         after it

A choice is written only when it is not what the address says already: each writing is one step for Back, and
one that the visitor did not make would have to be pressed away.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import streamlit as st

_KEY = "address"  # in the session state


@dataclass
class _Address:
    """What the address of this visit's present page said at the last run."""

    page: str = ""
    entry: int = 0  # the number of pages that were opened before
    written: dict[str, str | None] = field(default_factory=dict)  # by key; None: nothing
    bare: dict[str, str] = field(default_factory=dict)  # by key: what the address without it stands for


def enter_page(path: str) -> None:
    """Note which page runs: on another one the address begins anew."""
    if _address().page != path:
        st.session_state[_KEY] = _Address(path, _address().entry + 1)


def page_entry() -> int:
    """The number of the present page among those that this visit has opened."""
    return _address().entry


def follow_address(key: str, options: Collection[str], default: str) -> bool:
    """Set the choice to what the address asks for, if that is new -> whether the visitor had another one.

    Where the page was opened without a word of it in the address, it is what the visitor had before.
    """
    address = _address()
    requested = st.query_params.get(key)
    if requested not in options:
        requested = None
    is_new = key not in address.bare
    if is_new:
        address.bare[key] = default if requested else st.session_state.get(key, default)
    if is_new or requested != address.written[key]:
        address.written[key] = requested
        before, st.session_state[key] = st.session_state.get(key), requested or address.bare[key]
        return before not in (None, st.session_state[key])
    return False


def write_address(key: str, value: str | None, drop: str = "") -> str:
    """Write a choice into the address unless it says so already, and `drop` another key in the same step.

    -> the choice; without a value that of the address.
    """
    address = _address()
    present = address.written[key] or address.bare[key]
    if value and value != present:
        address.written[key] = value
        parameters = {name: st.query_params.get_all(name) for name in st.query_params if name != drop}
        st.query_params.from_dict({**parameters, key: value})
    return value or present


def _address() -> _Address:
    return st.session_state.setdefault(_KEY, _Address())
