"""The state of one visit to the Listen page, apart from its widgets."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import streamlit as st

if TYPE_CHECKING:
    from genre.inference.classifier import Classifier
    from genre.inference.session import Session
    from genre.inference.similarity import NeighbourIndex


@dataclass
class ListenState:
    """The state of a visit besides its widgets."""

    session: "Session | None" = None  # None until the first clip: the import takes a while
    open_id: str | None = None  # id of the prediction in full view
    model_version: tuple[str | None, int] | None = None  # model that made the predictions
    n_recordings: int = 0
    processed_uploads: set[str] = field(default_factory=set)  # ids of files with a prediction
    upload_batch: set[str] = field(default_factory=set)  # ids of files in work; not empty after a click
    # Recordings and genres whose buttons were pressed; served when no file is in work.
    requested_examples: list[str] = field(default_factory=list)
    requested_deletion: str | None = None  # the id of a prediction; likewise
    scroll_target: str | None = None  # the container with what is new
    starting_id: str | None = None  # id of the clip that came alone and latest: its sound starts by itself
    explanation: tuple[tuple, Any] | None = None  # (what it depends on, the latest Explanation)
    enhancement: tuple[tuple, Any] | None = None  # (what it depends on, the latest Enhanced)
    neighbours: "tuple[Classifier, NeighbourIndex] | None" = None
    # (id, part) of the clips shown last -> (the prediction, what was computed for it, by name)
    figures: OrderedDict[tuple, tuple[Any, dict[str, Any]]] = field(default_factory=OrderedDict)

    @property
    def has_clips(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.session)

    def forget_closer_looks(self) -> None:
        """Drop what was computed from a clip that is deleted."""
        self.explanation = self.enhancement = self.neighbours = None
        self.figures.clear()


def listen_state() -> ListenState:
    """Return the state of this visit."""
    if "listen" not in st.session_state:
        st.session_state.listen = ListenState()
    return st.session_state.listen


def visit_session() -> "Session":
    """Return the clips of this visit with their predictions, perhaps none yet."""
    state = listen_state()
    if state.session is None:
        from genre.inference.session import Session

        state.session = Session()
    return state.session
