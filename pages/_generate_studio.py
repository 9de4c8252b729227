"""What a visitor of the Generate screen has: a painter, a place at the desk, and a gallery."""

import json
import random
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from gan.desk import Desk, DeskError, Order
from gan.gallery import Gallery, Piece
from genre import runs
from genre.home import WEIGHTS
from genre.runs import Run
from pages._shared import told_apart

if TYPE_CHECKING:
    from gan.sample import Dreamer
    from gan.wish import Wish

SHIPPED = "gan"  # in assets/weights
SEEDS = 1_000_000
OTHER_PAINTER = ("Another painter made this piece, which is not here, or no more. Its spectrogram (NPZ) can "
                 "be played here all the same.")  # fmt: skip


def own_trainings() -> dict[str, Run]:
    """The generator's trainings by what to call them, newest first, without what cannot be read."""
    own = [run for run in runs.list_runs("gan") if run.state != "damaged"]
    names = told_apart([run.title or run.name for run in reversed(own)])
    return dict(zip(reversed(names), own, strict=True))


def own_painters() -> dict[str, str]:
    """The trainings that are done: name of the run -> what to call it. A plain DCGAN takes no wishes."""
    return {run.name: title for title, run in own_trainings().items()
            if run.state == "done" and run.settings.get("network") == "earmark"}


def painter_genres() -> tuple[str, ...]:
    """What the chosen painter can paint; nothing when there is none. Read without torch, which is slow."""
    name = _painter()
    try:
        genres = json.loads((_folder(name) / name / "card.json").read_text())["genres"]
    except (OSError, ValueError, KeyError, TypeError):
        return ()
    return tuple(genre for genre in genres if isinstance(genre, str))


def lessons() -> Path:
    """What the training of the shipped painter left to look at."""
    return WEIGHTS / SHIPPED / "training"


def _painter() -> str:
    chosen = st.session_state.get("painter")
    return chosen if chosen and chosen in own_painters() else SHIPPED


def _folder(name: str) -> Path:
    return WEIGHTS if name == SHIPPED else runs.runs_folder()


def _changed(name: str) -> int:
    weights = _folder(name) / name / "model.safetensors"
    return weights.stat().st_mtime_ns if weights.exists() else 0


@st.cache_data(show_spinner=False, max_entries=50)
def _fingerprint(name: str, folder: Path, changed: int) -> str:
    from gan.sample import fingerprint

    return fingerprint(folder / name) if changed else ""


def painter_of(recipe: dict) -> str | None:
    """The painter here that a piece's recipe names by its weights; None where it is not, or no more."""
    weights = recipe.get("weights")
    return next((name for name in [SHIPPED, *own_painters()]
                 if weights and weights == _fingerprint(name, _folder(name), _changed(name))), None)


@st.cache_resource(show_spinner=False, max_entries=3)
def _dreamer(name: str, folder: Path, changed: int) -> "Dreamer":
    """Once for all visitors, warmed up: the first piece takes longer. Raises ArtefactError."""
    from gan.sample import Dreamer
    from gan.wish import Wish

    painter = Dreamer.load(name, folder)
    painter.dream(Wish({painter.genres[0]: 1.0}, seconds=3.0))
    return painter


@st.cache_resource(show_spinner=False)
def _desk() -> Desk:
    """One for all visitors."""
    return Desk()


def order() -> Order:
    """What this visitor waits for."""
    if "order" not in st.session_state:
        st.session_state.order = _desk().order()
    return st.session_state.order


def crowded() -> bool:
    """Whether the desk waits for trainings that hold all cores."""
    return _desk().crowded


def gallery() -> Gallery:
    if "gallery" not in st.session_state:
        st.session_state.gallery = Gallery()
    return st.session_state.gallery


def ask_again(recipe: dict, wishes: "Sequence[Wish]", origin: str) -> None:
    """Ask the painter of a piece for more: another one would give the same noise another sound."""
    name = painter_of(recipe)
    if name is None:
        st.session_state.wish_refused = OTHER_PAINTER
    else:
        ask(wishes, origin, name)


def ask(wishes: "Sequence[Wish]", origin: str = "", painter: str | None = None) -> None:
    """Ask a painter, by default the chosen one, for a piece of each wish."""
    name = painter or _painter()
    who = (name, _folder(name), _changed(name))
    ask_for([lambda wish=wish: Piece.of(_dreamer(*who).dream(wish), origin) for wish in wishes])


def ask_for(works: list[Callable[[], Piece]]) -> None:
    """Ask for pieces that are made by other means."""
    for name in ("wish_refused", "known_piece"):
        st.session_state.pop(name, None)  # what was said of the wish before
    if not order().active:
        st.session_state.pop("opened_piece", None)  # the first one that comes is shown
    try:
        order().ask([_with_sound(work) for work in works])
    except DeskError as error:
        st.session_state.wish_refused = str(error)


def _with_sound(work: Callable[[], Piece]) -> Callable[[], Piece]:
    def make() -> Piece:
        piece = work()
        _ = piece.wav  # encoded now, so that no click waits for it
        return piece

    return make


def collect() -> None:
    """Take what the desk has ready into the gallery.

    The session state is read before and written after: at any touch of it a click may end the run, and
    what was collected and not yet taken in would be lost.
    """
    mine, kept, opened, news = order(), gallery(), st.session_state.get("opened_piece"), {}
    for made in mine.collect():
        if isinstance(made, DeskError):
            news["wish_refused"] = str(made)
            continue
        known = kept.get(made.id) is not None
        piece = kept.add(made)
        if known:
            news["known_piece"] = piece.id
        if kept.get(opened) is None:
            opened = piece.id
            news |= {"opened_piece": opened, "arrived": True}
    st.session_state.update(news)


def new_seed() -> int:
    return random.randrange(SEEDS)


@st.cache_resource(show_spinner=False)
def warm_up() -> None:
    """Load what the first piece needs while the visitor still looks around."""
    # Not in the background: plotly looks for pandas in sys.modules and would use one half loaded.
    import pandas  # noqa: F401

    def load() -> None:
        with suppress(ValueError, OSError):  # weights that are damaged: the first click says so
            _dreamer(SHIPPED, _folder(SHIPPED), _changed(SHIPPED))

    threading.Timer(0.5, load).start()
