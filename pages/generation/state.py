"""The state of one visitor of the Generate screen, under one session key."""

import weakref
from dataclasses import dataclass, field

import streamlit as st

from gan.sampling.gallery import Gallery
from gan.sampling.job_queue import JobQueue, Ticket

STATE_KEY = "generate_state"


@dataclass
class GenerateState:
    """The state of a visit, apart from the values of widgets."""

    ticket: Ticket
    gallery: Gallery = field(default_factory=Gallery)
    opened_id: str | None = None  # of the item that is displayed in full
    repeated_id: str | None = None  # of an item that was generated once more
    error: str = ""  # why a request was refused or failed
    training_error: str = ""  # why a training could not be stopped, resumed or deleted
    scrolls_to_item: bool = False  # once, after a new item has come
    scrolls_to_waiting: bool = False  # once, after a request
    lessons_of: str | None = None  # id of the item whose genre the film of lessons has followed
    earlier_id: str | None = None  # of the item whose network alone is painted at the moment, or was last
    starting_id: str | None = None  # of the item that has come latest: its sound starts by itself
    is_page_complete: bool = False  # whether the whole page has run since the progress was last displayed
    shows_progress: bool = False  # whether the page was drawn while jobs were running
    shows_whole_gallery: bool = False
    opened_links: set[str] = field(default_factory=set)  # recipes of addresses that were made already
    imported_files: set[str] = field(default_factory=set)  # ids of uploads that were taken in
    keeping: tuple[str, str, bool] = (
        "",
        "",
        False,
    )  # the latest item for the library, a sentence, if it failed
    next_model: str | None = None  # run to be selected as generator when the page is drawn anew
    next_history: str | None = None  # run whose history is to be displayed when the page is drawn anew


@st.cache_resource(show_spinner=False)
def job_queue() -> JobQueue:
    """Return the queue of all visitors."""
    return JobQueue()


def generate_state() -> GenerateState:
    """Return the state of this visitor, created at the first call."""
    if STATE_KEY not in st.session_state:
        state = st.session_state[STATE_KEY] = GenerateState(job_queue().open_ticket())
        weakref.finalize(state, state.ticket.cancel)  # nobody collects the pieces of a visit that is over
    return st.session_state[STATE_KEY]
