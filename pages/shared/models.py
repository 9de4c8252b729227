"""The models of all pages: each is loaded once for all visitors, and warmed up in the background.

classifier = current_classifier()                              # the Listen page's
sampler = shared_model("sampler", (name, mtime_ns), load)      # any other kind
warm_up("genre.audio.overview", default_classifier)            # at the end of a page
"""

import importlib
import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, TypeVar

import streamlit as st

from genre import GENRES
from genre.models.cards import ArtefactError, load_card
from genre.paths import PROMOTED, home, promoted_models

if TYPE_CHECKING:
    from genre.inference.classifier import Classifier

MAX_MODELS = 4  # models of a kind in memory; the one unused for longest is dropped
WARM_UP_DELAY_S = 0.5  # the first paint comes before the imports, which hold the interpreter's lock
MODEL_CHOICE = "listen_model"  # key of the selectbox on the Listen page

Model = TypeVar("Model")
logger = logging.getLogger(__name__)


class ModelCache:
    """The loaded models by kind and key. Several threads may use it."""

    def __init__(self) -> None:
        self._models: dict[str, OrderedDict[Hashable, Any]] = {}
        self._lock = threading.Lock()
        self._loading: dict[tuple[str, Hashable], threading.Lock] = {}

    def get(self, kind: str, key: Hashable, load: Callable[[], Model]) -> Model:
        """Return the model, from `load` unless it is there. Two models can load at the same time."""
        with self._lock:
            loading = self._loading.setdefault((kind, key), threading.Lock())
        with loading:
            with self._lock:
                models = self._models.setdefault(kind, OrderedDict())
                if key in models:
                    models.move_to_end(key)
                    return models[key]
            model = load()
            with self._lock:
                models[key] = model
                if len(models) > MAX_MODELS:
                    dropped, _ = models.popitem(last=False)
                    self._loading.pop((kind, dropped), None)
            return model

    def has(self, kind: str, key: Hashable) -> bool:
        """Whether the model is loaded, so that no visitor waits for it."""
        with self._lock:
            return key in self._models.get(kind, ())


@st.cache_resource(show_spinner=False)
def _cache() -> ModelCache:
    """Return the cache that all visitors share.

    The models are not cached by Streamlit itself: it would record, and replay to every visitor, the progress
    bar that a loader moves.
    """
    return ModelCache()


def shared_model(kind: str, key: Hashable, load: Callable[[], Model]) -> Model:
    """Return a model that all visitors share. `key` tells models of a kind apart: name, time of change.

    Raises what `load` raises; it is then called again next time.
    """
    return _cache().get(kind, key, load)


def is_model_loaded(kind: str, key: Hashable) -> bool:
    """Whether `shared_model` returns at once."""
    return _cache().has(kind, key)


def chosen_model() -> str | None:
    """Return the promoted model that the visitor chose on the Listen page; None for the one of Earmark."""
    name = st.session_state.get(MODEL_CHOICE)
    return name if name in promoted_models() else None


def choose_model(name: str | None) -> None:
    """Choose for the visitor, before the selectbox is drawn."""
    st.session_state[MODEL_CHOICE] = name


def take_off(name: str) -> None:
    """Offer a promoted model no longer, to nobody. Raises ValueError with a sentence, or OSError."""
    from genre.training.publish import unpublish_model  # imports torch

    was_chosen = chosen_model() == name
    unpublish_model(name)
    if was_chosen:
        choose_model(None)


def is_taught_by_synthesiser() -> bool:
    """Whether the chosen model has never learnt from real music."""
    if name := chosen_model():
        from genre.data.dataset import BUILT_IN  # takes a while

        try:
            return load_card(home() / PROMOTED / name).data.get("name") == BUILT_IN
        except ArtefactError:
            pass
    return False


def chosen_genres() -> tuple[str, ...]:
    """Read the genres of the chosen model from its card."""
    if name := chosen_model():
        try:
            return tuple(load_card(home() / PROMOTED / name).genres) or GENRES
        except ArtefactError:
            pass  # the first clip says what is wrong with the model
    return GENRES


def model_version() -> tuple[str | None, int]:
    """Return the chosen model, and when it was promoted (ns)."""
    name = chosen_model()
    return name, (home() / PROMOTED / name / "card.json").stat().st_mtime_ns if name else 0


def current_classifier() -> "Classifier":
    """Load the chosen model. Raises ArtefactError."""
    name, changed_ns = model_version()
    return shared_model("classifier", (name, changed_ns), lambda: _load_classifier(name))


def default_classifier() -> "Classifier":
    """Load the model that came with Earmark. Raises ArtefactError."""
    return shared_model("classifier", (None, 0), lambda: _load_classifier(None))


def _load_classifier(name: str | None) -> "Classifier":
    """Load a classifier and let it classify once: the first clip takes far longer."""
    import numpy as np

    from genre.audio.clip import SAMPLE_RATE, Clip
    from genre.inference.load import load_classifier

    classifier = load_classifier(name) if name else load_classifier()
    chirp = np.sin(np.linspace(0, 150, 3 * SAMPLE_RATE) ** 2, dtype=np.float32)
    classifier.classify(Clip(chirp + chirp[::-1], 3.0))  # two tones that cross pass for music
    return classifier


class WarmUp:
    """The imports and loaders that run once a process, one after another in one background thread."""

    def __init__(self) -> None:
        self._known: set[str | Callable[[], object]] = set()
        self._steps: deque[str | Callable[[], object]] = deque()
        self._lock = threading.Lock()
        self._is_running = False

    def add(self, *steps: str | Callable[[], object]) -> None:
        """Queue the steps that are new."""
        with self._lock:
            new = [step for step in steps if step not in self._known]
            self._known.update(new)
            self._steps.extend(new)
            if self._is_running or not self._steps:
                return
            self._is_running = True
        threading.Timer(WARM_UP_DELAY_S, self._run).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._steps:
                    self._is_running = False
                    return
                step = self._steps.popleft()
            try:
                importlib.import_module(step) if isinstance(step, str) else step()
            except (ImportError, ValueError, OSError) as error:  # the visitor gets the reason at a click
                logger.warning("Warm-up of %s: %s", step, error)


_WARM_UP = WarmUp()


def warm_up(*steps: str | Callable[[], object]) -> None:
    """Load in the background what the first click needs, while the visitor looks around.

    A step is the name of a module to import or a function of a module: both are known again in the next
    run of the page.
    """
    # Not in the background: plotly looks for pandas in sys.modules and would use one half loaded.
    import pandas  # noqa: F401

    _WARM_UP.add(*steps)
