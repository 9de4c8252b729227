"""Who reads the faces: our own network or DeepFace's, each loaded once for all visitors."""

import functools
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import streamlit as st

from genre.home import home

if TYPE_CHECKING:
    from mood.reader import Reader
    from mood.taught import Taught

OWN, DEEPFACE = "own", "deepface"
NAMES = {OWN: "Earmark's own", DEEPFACE: "DeepFace"}
Progress = Callable[[int, int | None], None]  # bytes that have come, bytes in all if known

_loaded: dict[str, "Reader"] = {}
_loading = {name: threading.Lock() for name in NAMES}  # DeepFace's download holds up nobody else


def load(name: str, progress: Progress | None = None) -> "Reader":
    """Raises ValueError (ArtefactError, ReaderError) with a sentence when it cannot be."""
    if name not in _loaded:
        with _loading[name]:
            if name not in _loaded:
                _loaded[name] = _load_deepface(progress) if name == DEEPFACE else _load_own()
    return _loaded[name]


def chosen() -> str:
    return st.session_state.get("reader", OWN)


def reader() -> "Reader":
    """The visitor's choice, which knows the moods that were taught if it is our own network.

    Loading is shown. Raises ValueError with a sentence when it cannot be.
    """
    if chosen() == DEEPFACE:
        return plain(DEEPFACE)
    own = plain(OWN)
    keys = moods_in_use()
    return _with_moods(own, keys) if keys else own


def plain(name: str) -> "Reader":
    """As `load`, and the waiting is shown."""
    if name in _loaded:
        return _loaded[name]
    if name == OWN:
        with st.spinner("Waking up"):
            return load(name)
    bar = st.progress(0.0, "Getting DeepFace ready")

    def progress(done: int, total: int | None) -> None:
        of = f" of {total / 1e6:.0f}" if total else ""
        bar.progress(min(1.0, done / total) if total else 0.0,
                     f"Downloading DeepFace's weights, once: {done / 1e6:.1f}{of} MB")  # fmt: skip

    try:
        return load(name, progress)
    finally:
        bar.empty()


def taught_moods() -> "list[Taught]":
    """The moods that were taught here, whoever taught them; torch stays unloaded while there are none."""
    if not any((home() / "moods").glob("*.safetensors")):
        return []
    from mood.taught import list_moods

    return list_moods()


def moods_in_use() -> tuple[str, ...]:
    """Keys of the taught moods that this visitor has not put aside."""
    aside = st.session_state.get("moods_aside", set())
    return tuple(mood.key for mood in taught_moods() if mood.key not in aside)


@functools.lru_cache(maxsize=4)
def _with_moods(own: "Reader", keys: tuple[str, ...]) -> "Reader":
    """Our network with the moods of these keys; those taught to another version are left out."""
    from mood.taught import TaughtReader, list_moods

    moods = [mood for mood in list_moods() if mood.key in keys and mood.network == own.fingerprint]
    return TaughtReader(own, moods) if moods else own


def forget_fits() -> None:
    """After a mood was renamed."""
    _with_moods.cache_clear()


def choose_reader() -> None:
    """The settings that hardly anybody needs."""
    st.radio(
        "Who reads the face?", list(NAMES), key="reader", format_func=NAMES.get,
        captions=[
            "A small network that came with Earmark.",
            "The open-source library, for comparison. Its weights (6 MB) are downloaded the first "
            "time it is used. From then on it works without internet.",
        ],
        persist_state="session",
    )  # fmt: skip


def warm_up() -> None:
    """Load what the first face needs while the visitor still looks at the camera."""

    def load_quietly() -> None:
        with suppress(ValueError):  # said when a face is to be read
            load(OWN)

    if OWN not in _loaded:
        threading.Timer(0.3, load_quietly).start()


def _load_own() -> "Reader":
    import numpy as np

    from mood.network import SIZE
    from mood.reader import EmotionReader

    own = EmotionReader.load()
    own.read([np.zeros((SIZE, SIZE), np.uint8)])  # the first face takes far longer
    return own


def _load_deepface(progress: Progress | None) -> "Reader":
    from mood.deepface_reader import DeepFaceReader

    return DeepFaceReader.load(progress)
