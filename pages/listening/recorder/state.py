"""What the recorder of one visit has received."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.listening.recorder.take import Take

if TYPE_CHECKING:
    from pages.listening.recorder.live import LiveTake

_KEY = "recorder"


@dataclass
class RecorderState:
    """The latest recording, as far as it has arrived."""

    id: str = ""  # the browser's name of it
    take: Take | None = None  # its sound, until it is over
    live: "LiveTake | None" = None  # or this, of which nothing is kept
    received: int = 0  # samples that the browser may forget
    is_over: bool = False
    finished: bytes | None = None  # the whole as WAV, to be predicted in the next run of the page
    answered_s: float = 0.0  # length of the sound behind the answer
    answer: dict[str, Any] | None = None  # as the recorder shows it
    message: str = ""  # a sentence, where there is no answer
    error: str = ""  # a sentence
    history: list[dict[str, Any]] = field(default_factory=list)  # what was named live and when, at the end
    calls_page: bool = False  # whether the whole page has to follow


def recorder_state() -> RecorderState:
    """Return the state of this visit."""
    return st.session_state.setdefault(_KEY, RecorderState())


def begin_recording(id_: str) -> RecorderState:
    """Forget the recording before -> the state of a new one. A finished one is still predicted."""
    before = recorder_state()
    if before.live is not None:
        before.live.stop()
    st.session_state[_KEY] = RecorderState(id_, finished=before.finished)
    return st.session_state[_KEY]
