"""The emotion recognizers of the Mood screen, each loaded once for all visitors, and the choice of one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import streamlit as st

from genre.paths import home
from mood import BACKENDS
from pages.moods.state import mood_state
from pages.shared.models import is_model_loaded, shared_model

if TYPE_CHECKING:
    from mood.emotion.custom_moods.learning import CustomMood
    from mood.emotion.recognizer import EmotionNetRecognizer, EmotionRecognizer

EARMARK, DEEPFACE = BACKENDS
KIND = "emotion_recognizer"  # kind of model for shared_model
BACKEND_NAMES = {EARMARK: "Earmark's own", DEEPFACE: "DeepFace"}
ProgressCallback = Callable[[int, int | None], None]  # (bytes received, bytes in all if known)


def load_backend(name: str, progress: ProgressCallback | None = None) -> "EmotionRecognizer":
    """Load a backend. Raises ValueError (ArtefactError, RecognizerError) with a sentence otherwise."""
    return shared_model(KIND, name, lambda: _load_deepface(progress) if name == DEEPFACE else _load_earmark())


def load_default_backend() -> "EmotionRecognizer":
    """Load our own network without a word on the page."""
    return load_backend(EARMARK)


def chosen_backend() -> str:
    """Return the backend that the visitor chose in the settings."""
    return st.session_state.get("backend", EARMARK)


def current_recognizer() -> "EmotionRecognizer":
    """Return the visitor's choice; our own network also recognizes the custom moods.

    Loading is shown. Raises ValueError with a sentence when it cannot be.
    """
    if chosen_backend() == DEEPFACE:
        return load_with_progress(DEEPFACE)
    network, moods = load_earmark_network(), _enabled_moods()
    if not moods:
        return network
    key = network.fingerprint, tuple((mood.key, mood.name) for mood in moods)  # it changes with any of them
    return shared_model("custom_moods", key, lambda: _add_custom_moods(network, moods))


def load_with_progress(name: str) -> "EmotionRecognizer":
    """Load as `load_backend`, with a spinner or a progress bar."""
    if is_model_loaded(KIND, name):
        return load_backend(name)
    if name == EARMARK:
        with st.spinner("Waking up"):
            return load_backend(name)
    bar = st.progress(0.0, "Getting DeepFace ready")

    def progress(n_bytes: int, total: int | None) -> None:
        of = f" of {total / 1e6:.0f}" if total else ""
        bar.progress(
            min(1.0, n_bytes / total) if total else 0.0,
            f"Downloading DeepFace's weights, once: {n_bytes / 1e6:.1f}{of} MB",
        )

    try:
        return load_backend(name, progress)
    finally:
        bar.empty()


def load_earmark_network() -> "EmotionNetRecognizer":
    """Load our own network, which custom moods are built on. Raises ValueError with a sentence."""
    return cast("EmotionNetRecognizer", load_with_progress(EARMARK))


def saved_moods() -> "list[CustomMood]":
    """List the custom moods on disk, which all visitors have, and a guest's own.

    Torch is not imported while there are none.
    """
    own = list(mood_state().own_moods.values())
    if not any((home() / "moods").glob("*.safetensors")):
        return own
    from mood.emotion.custom_moods.storage import list_moods

    return list_moods() + own


def _enabled_moods() -> "list[CustomMood]":
    """List the custom moods that this visitor has not disabled."""
    disabled = mood_state().disabled_moods
    return [mood for mood in saved_moods() if mood.key not in disabled]


def _add_custom_moods(network: "EmotionNetRecognizer", moods: "list[CustomMood]") -> "EmotionRecognizer":
    """Add these moods to our network; those of another network are skipped."""
    from mood.emotion.custom_moods.learning import CustomMoodRecognizer

    usable = [mood for mood in moods if mood.network == network.fingerprint]
    return CustomMoodRecognizer(network, usable) if usable else network


def choose_backend() -> None:
    """Show the settings, which hardly anybody needs."""
    st.radio(
        "Who reads the face?",
        list(BACKEND_NAMES),
        key="backend",
        format_func=BACKEND_NAMES.__getitem__,
        captions=[
            "A small network that came with Earmark.",
            "The open-source library, for comparison. Its weights (6 MB) are downloaded the first "
            "time it is used. From then on it works without internet.",
        ],
        persist_state="session",
    )


def _load_earmark() -> "EmotionRecognizer":
    import numpy as np

    from mood.emotion.network import SIZE
    from mood.emotion.recognizer import EmotionNetRecognizer

    network = EmotionNetRecognizer.load()
    network.predict([np.zeros((SIZE, SIZE), np.uint8)])  # the first face takes far longer
    return network


def _load_deepface(progress: ProgressCallback | None) -> "EmotionRecognizer":
    from mood.emotion.recognizer import load_recognizer

    return load_recognizer(DEEPFACE, on_progress=progress)
