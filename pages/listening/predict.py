"""Predictions for new files, and again for all clips when the model changes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from genre.models.cards import ArtefactError
from pages.listening.state import listen_state, visit_session
from pages.shared.flash import set_flash
from pages.shared.models import choose_model, current_classifier, model_version
from pages.shared.sound_budget import clips_budget
from pages.shared.turns import visitor_turn
from pages.shared.widgets import renew

if TYPE_CHECKING:
    from genre.audio.clip import Clip
    from genre.inference.classifier import Prediction
    from genre.inference.session import Session, SessionClip

AddClip = Callable[["Session"], "SessionClip"]


def classify(clip: "Clip") -> "Prediction":
    """Classify with the chosen model. Raises ArtefactError."""
    return current_classifier().classify(clip)


def add_file(name: str, read: Callable[[], bytes], source: str) -> AddClip:
    """Return what adds a file to a session: its bytes are read when its turn comes, and then predicted."""
    return lambda session: session.add(name, read(), source, classify)


def predict_clips(
    clips: list[AddClip],
    on_prediction: Callable[[int], None] = lambda number: None,
    is_resumed: bool = False,
    opens_last: bool = False,
) -> None:
    """Add each clip to the visit's session, which predicts it, and open the first or the last one.

    `on_prediction` gets the number of each clip as soon as it is done. A click may end the run before the
    rest: those clips are resumed in the next run, and leave open what is.
    """
    from genre.inference.session import MAX_SOUND_S  # importing takes a while

    state = listen_state()
    session, open_id = visit_session(), state.open_id if is_resumed else None
    session.max_sound_s = clips_budget.share_s(session, MAX_SOUND_S)
    with st.spinner("Listening"):
        try:
            current_classifier()
        except ArtefactError as error:
            st.error(str(error))
            st.stop()
        progress = st.progress(0.0) if len(clips) > 1 else None
        for number, add in enumerate(clips):
            if progress:
                progress.progress(number / len(clips), f"Clip {number + 1} of {len(clips)}")
            with visitor_turn():
                result = add(session)
            on_prediction(number)
            if open_id is None or opens_last:
                open_id = state.open_id = result.id
    state.scroll_target = "results"
    state.starting_id = open_id if len(clips) == 1 else None
    if not is_resumed:
        renew("table")


def follow_model() -> None:
    """Make all predictions those of the present model.

    It may have been chosen here or on the Train page, and anybody may have unpublished it or put another in
    its place. A damaged one is refused.
    """
    state = listen_state()
    while state.session and state.model_version != (version := model_version()):
        try:
            with st.spinner("Listening again"), visitor_turn():
                state.session.classify_again(classify)
        except ArtefactError as error:
            if version[0] is None:  # the model that came with Earmark is the only one left
                st.error(str(error), icon=":material/error:")
                st.stop()
            set_flash("model", str(error))
            choose_model(None)
        else:
            state.model_version = version
            for result in state.session:
                if (key := f"part_{result.id}") in st.session_state:  # the slider goes back to the whole clip
                    st.session_state[key] = (0.0, result.max_part_s)
    state.model_version = model_version()
