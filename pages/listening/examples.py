"""Examples: real recordings that may be shared, and pieces played by the synthesiser, one a genre."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from genre import GENRES
from genre.data.recordings import Recording, recordings
from genre.text import genre_name
from pages.listening.figures import keep_figures
from pages.listening.predict import AddClip, predict_clips
from pages.listening.state import listen_state
from pages.shared.models import current_classifier, default_classifier, model_version
from pages.shared.style import EXAMPLES

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

    from genre.inference.classifier import Classifier
    from genre.inference.session import Session, SessionClip

EXAMPLE_S = 24.0
# Of the first eight seeds of each style, or twenty, the one whose piece the network finds most like it: these
# show what a prediction looks like and measure nothing.
EXAMPLE_SEEDS = {
    "blues": 4,
    "classical": 2,
    "country": 1,
    "disco": 9,
    "hiphop": 7,
    "jazz": 4,
    "metal": 0,
    "pop": 3,
    "reggae": 1,
    "rock": 3,
}
MAX_ANSWERS = 26  # examples by two models, 1.5 MB each


@st.cache_data(show_spinner=False, max_entries=len(GENRES))
def render_example(genre: str) -> bytes:
    """Render a piece in the style, as a WAV file."""
    from genre.audio.clip import Clip
    from genre.synth.dataset import render

    return Clip(render(genre, EXAMPLE_SEEDS[genre], EXAMPLE_S), EXAMPLE_S).to_wav()


def show_songs() -> None:
    """Show a button for each recording, in one row where there is room."""
    st.html(EXAMPLES)
    with st.container(
        horizontal=True, horizontal_alignment="center", vertical_alignment="center", gap="xsmall", key="songs"
    ):
        # Those that the model that came with Earmark is sure of come first.
        st.caption("Or try a song:", width="content")
        for recording in recordings():
            st.button(
                recording.title,
                key=f"song_{recording.file}",
                icon=":material/play_circle:",
                on_click=_request,
                args=(recording.file,),
            )


def show_examples(place: "DeltaGenerator") -> None:
    """Show a button for each genre, and predict the requested examples.

    `place` is near the buttons of the recordings: there stands that one of them is listened to.
    """
    state = listen_state()
    st.caption("Or try a piece that Earmark's synthesiser plays:")
    with st.container(horizontal=True, gap="xsmall", key="examples"):
        for genre in GENRES:
            label = genre_name(genre).capitalize()
            st.button(label, key=f"example_{genre}", on_click=_request, args=(genre,))
        # In their row, so that what comes below keeps its place; this very run then shows the answer.
        if requested := list(state.requested_examples):
            with nullcontext() if requested[0] in GENRES else place:
                predict_clips(
                    [_add(name) for name in requested],
                    lambda number: state.requested_examples.remove(requested[number]),
                    opens_last=True,
                )


@dataclass(frozen=True)
class ExampleAnswer:
    """An example as a model predicts it: the same for all visitors, and so computed once."""

    clip: "SessionClip"
    figures: dict[str, Any] = field(default_factory=dict)  # of the page's, by name


@st.cache_resource(show_spinner=False, max_entries=MAX_ANSWERS)
def answer_example(name: str, version: tuple[str | None, int], _classifier: "Classifier") -> ExampleAnswer:
    """Predict an example by the model of this name and time of change."""
    from genre.inference.session import Session

    title, read = _example(name)
    return ExampleAnswer(Session().add(title, read(), "example", _classifier.classify))


def answer_songs() -> None:
    """Predict the recordings by the model that came with Earmark, before anybody asks."""
    for song in recordings():
        answer_example(song.file, (None, 0), default_classifier())


def _add(name: str) -> AddClip:
    def add(session: "Session") -> "SessionClip":
        answer = answer_example(name, model_version(), current_classifier())
        clip = session.adopt(answer.clip)
        keep_figures(clip, answer.figures)
        return clip

    return add


def _example(name: str) -> tuple[str, Callable[[], bytes]]:
    """A recording or a genre -> (the name of the clip, how to read it)."""
    song = next((song for song in recordings() if song.file == name), None)
    if song:
        return _title(song), song.path.read_bytes
    return f"{genre_name(name).capitalize()}, synthesised", partial(render_example, name)


def _title(song: Recording) -> str:
    return song.credit.replace(" / ", ", ")  # no path


def recording_of(clip: "SessionClip") -> Recording | None:
    """Find the recording that a clip is; None for all other clips."""
    if clip.source != "example":
        return None
    return next((song for song in recordings() if _title(song) == clip.name), None)


def label_of(clip: "SessionClip") -> str:
    """Say in one sentence which genre the source of a recording names; empty for all other clips."""
    song = recording_of(clip)
    if song is None or clip.prediction is None:
        return ""
    name = genre_name(song.genre)
    if clip.prediction.genre != song.genre:
        return f"A hard one: those who published it call it {name}."
    if not clip.prediction.description.familiar:
        return (
            f"A hard one: those who published it call it {name}, but it is unlike the {name} Earmark knows."
        )
    return f"Those who published it call it {name}, too."


def _request(name: str) -> None:
    """Note the example: uploads in work come first, and a button's press would be forgotten by then.

    So would be one of several quick clicks, each of which ends the run that serves the one before.
    """
    requested = listen_state().requested_examples
    if name not in requested:
        requested.append(name)
