"""What all screens share: text shown as it is, widgets that start afresh, charts without a toolbar."""

import re

import streamlit as st

STILL = {"displayModeBar": False, "responsive": True}  # plotly


def escaped(text: str) -> str:
    """Text that markdown shows as it is: names come from people and files."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|<>~:$&=^@\"'])", r"\\\1", " ".join(text.split()))


def widget_key(widget: str) -> str:
    """The key under which a widget that can be renewed is known now."""
    return f"{widget}_{st.session_state.get(f'{widget}_count', 0)}"


def renew(widget: str) -> None:
    """Give a widget a new key: it starts afresh at the next run, and lets its file go."""
    st.session_state[f"{widget}_count"] = st.session_state.get(f"{widget}_count", 0) + 1
