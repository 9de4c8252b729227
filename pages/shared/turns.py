"""The turns of visitors at what takes the processor: classification, explanation, photographs.

Generation has a queue of its own (gan/sampling/job_queue.py) and trainings are processes of their own, so
that listening waits behind neither.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from genre.compute import all_cores
from genre.fair_queue import FairQueue

# Pieces of work at a time: one alone leaves cores idle, and ten visitors wait longer (`make soak`).
AT_ONCE = min(4, all_cores())
NOTICE_S = 0.3  # seconds; a shorter wait is not worth a word
POLL_S = 0.25


@st.cache_resource(show_spinner=False)
def _queue() -> FairQueue:
    """Return the queue that all visitors share."""
    return FairQueue(AT_ONCE)


@contextmanager
def visitor_turn() -> Iterator[None]:
    """Wait for this visit's turn, telling how many come first, and hold it.

    A click, or a visitor who leaves, ends the wait at the next word on the page.
    """
    run = get_script_run_ctx()
    place = _queue().enter(run.session_id if run else None)
    try:
        if run is None:  # a download, which is made outside of the page
            place.wait()
        elif not place.wait(NOTICE_S):
            notice = st.empty()
            while not place.wait(POLL_S):
                notice.caption(f":material/hourglass_top: {waiting_text(place.n_ahead)}")
            notice.empty()
        yield
    finally:
        place.leave()


@contextmanager
def short_turn() -> Iterator[bool]:
    """Hold this visit's turn -> whether it came at once: for work that can be left out."""
    run = get_script_run_ctx()
    place = _queue().enter(run.session_id if run else None)
    try:
        yield place.wait(NOTICE_S)
    finally:
        place.leave()


def waiting_text(n_ahead: int) -> str:
    """Describe how long the queue is before this visit's work."""
    return "You are next" if n_ahead <= 1 else f"{n_ahead} others come before you"
