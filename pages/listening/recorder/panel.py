"""The recorder on the page: what it sends is predicted while it records, and is a clip when it stops."""

from typing import TYPE_CHECKING, Any

import streamlit as st

from genre.audio.constants import SAMPLE_RATE
from genre.models.cards import ArtefactError
from genre.text import clock, genre_name
from pages.listening.predict import add_file, classify, predict_clips
from pages.listening.recorder.component import arrived_sound, mount_recorder
from pages.listening.recorder.state import RecorderState, begin_recording, recorder_state
from pages.listening.recorder.take import MAX_S, SoundMessage, Take, TakeError, read_message
from pages.listening.state import listen_state
from pages.shared.browser.permissions import is_insecure, show_insecure
from pages.shared.models import current_classifier
from pages.shared.turns import short_turn
from pages.shared.widgets import fragment, renew, widget_key

if TYPE_CHECKING:
    from pages.listening.recorder.live import Span

# Heights that are kept for the component until it is there, before and after an answer; it then may grow.
PLACE_PX, SMALL_PLACE_PX = 304, 112
FIRST_ANSWER_S = 4.8  # of sound before the first answer
NEXT_ANSWER_S = 2.0  # of new sound before each later one
NOTHING = "Nothing was recorded. Press the button again, and let it run for some seconds."
PLAIN = "plain_recorder"  # session state: whether the browser's own recorder is shown instead


def show_recorder() -> None:
    """Show the recorder, and predict what it recorded."""
    place_px = SMALL_PLACE_PX if listen_state().has_clips else PLACE_PX
    with st.container(key="recorder_panel", height=place_px, border=False):
        _run_recorder()
        if is_insecure():
            show_insecure("microphone", "choose a file or an example below")
        elif st.session_state.get(PLAIN):
            _show_plain_recorder()
    state = recorder_state()
    if state.finished:
        try:
            current_classifier()
        except ArtefactError as error:
            state.finished, state.error = None, str(error)
            st.rerun()
        _predict_recording(state.finished)


def _predict_recording(content: bytes) -> None:
    """Predict a recording; a click may end the run before that, and the next one resumes it."""
    state = listen_state()
    number = state.n_recordings + 1

    def note(_: int) -> None:
        state.n_recordings, recorder_state().finished = number, None

    predict_clips([add_file(f"Recording {number}", lambda: content, "recording")], note)
    st.rerun()


def _show_plain_recorder() -> None:
    """Show Streamlit's recorder: for browsers in which ours cannot run."""
    recording = st.audio_input("Record", sample_rate=SAMPLE_RATE, key=widget_key("recorder"))
    if recording is not None:
        content = recording.getvalue()
        renew("recorder")  # makes the recorder ready for the next recording
        _predict_recording(content)


@fragment()
def _run_recorder() -> None:
    """Show the component, and answer its messages: each runs this part of the page alone."""
    state = recorder_state()
    if state.take:
        _answer_so_far(state, state.take)
    mount_recorder(_data(state), on_sound=_on_sound, on_plain=_on_plain)
    if state.calls_page:
        state.calls_page = False
        st.rerun()


def _data(state: RecorderState) -> dict[str, Any]:
    """What the component shows, and what it may forget."""
    return {
        "max_s": MAX_S,
        "blocked": is_insecure(),
        "take": state.id,
        "received": state.received,
        "arrived": state.is_over,  # nothing of it need be sent again
        "finished": state.is_over and state.finished is None,  # its answer is there
        "answer": state.answer,
        "message": state.message,
        "error": state.error,
        "history": state.history,
    }


def _on_plain() -> None:
    st.session_state[PLAIN] = True
    recorder_state().calls_page = True


def _on_sound() -> None:
    """Take what came; a message that none of ours would send ends the recording with a sentence."""
    state, value = recorder_state(), arrived_sound()
    if value is None:
        return
    try:
        message = read_message(value)
        if message.take != state.id:
            state = begin_recording(message.take)
        elif state.is_over:
            return  # the end was sent twice
        if message.live:
            _add_live(state, message)
        else:
            _add(state, message)
    except (TakeError, ArtefactError) as error:
        take = value.get("take") if isinstance(value, dict) else None
        state = begin_recording(take if isinstance(take, str) else "")
        state.error, state.is_over = str(error), True


def _add(state: RecorderState, message: SoundMessage) -> None:
    """Add to the take; the whole becomes a clip at its end."""
    if state.take is None:
        state.take = Take(message)
    state.take.add(message)
    state.received = state.take.received
    if state.take.done:
        state.is_over = True
        if state.received:
            state.finished, state.calls_page = state.take.to_wav(), True
        else:
            state.error = NOTHING
        state.take = None


def _add_live(state: RecorderState, message: SoundMessage) -> None:
    """Name what plays, and keep nothing of it."""
    from pages.listening.answer.marks import forming_answer, recording_message
    from pages.listening.recorder.live import LiveTake

    if state.live is None:
        state.live = LiveTake(current_classifier().classify)
    state.live.add(message)
    latest = state.live.latest()
    state.received = state.live.received
    state.answer = forming_answer(latest)
    state.message = "" if latest.genre else recording_message(latest.message)
    if state.live.done:
        state.history = _describe_spans(state.live.spans())
        state.live.stop()
        state.live, state.is_over = None, True


def _describe_spans(spans: "list[Span]") -> list[dict[str, Any]]:
    """Describe what was named live and when, for the component."""
    from pages.listening.answer.marks import colour_of, genre_mark

    return [
        {
            "time": clock(span.start_s),
            "name": genre_name(span.genre).capitalize(),
            "mark": genre_mark(span.genre),
            "colour": colour_of(span.genre),
            "seconds": round(span.end_s - span.start_s, 1),
        }
        for span in spans
    ]


def _answer_so_far(state: RecorderState, take: Take) -> None:
    """Predict what has arrived, if that is enough and the processor is free."""
    from pages.listening.answer.marks import forming_answer, recording_message

    seconds = take.seconds
    if seconds < (state.answered_s + NEXT_ANSWER_S if state.answered_s else FIRST_ANSWER_S):
        return
    with short_turn() as has_come:
        if not has_come:
            return
        try:
            prediction = classify(take.clip())
        except ArtefactError as error:
            state.error = str(error)
            return
    state.answered_s = seconds
    state.answer = forming_answer(prediction)
    state.message = "" if prediction.genre else recording_message(prediction.message)
