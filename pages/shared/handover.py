"""Clips that one page hands to the Listen page, which predicts them when it is next drawn."""

from dataclasses import dataclass

import streamlit as st

KEY = "handed_clips"


@dataclass(frozen=True)
class HandedClip:
    """A clip on its way."""

    name: str
    content: bytes  # of an audio file


def handed_clips() -> list[HandedClip]:
    """Return the clips of this visit that wait; whoever serves one removes it."""
    return st.session_state.setdefault(KEY, [])


def hand_to_listen(name: str, content: bytes) -> None:
    """Hand a clip to the Listen page and go there."""
    clip = HandedClip(name, content)
    if clip not in handed_clips():
        handed_clips().append(clip)
    st.switch_page("pages/listen.py")
