"""Figures and sounds of a clip, computed once: a rerun of the page, at each click, shows them again.

Decoding, spectrogram and charts of the shown clip took 70 to 390 ms of processor time at every rerun.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from pages.listening.state import listen_state

if TYPE_CHECKING:
    from genre.inference.session import SessionClip

Result = TypeVar("Result")

MAX_CLIPS = 3  # clips of a visit whose figures are kept: 3 MB each for 30 s, 55 MB for ten minutes


def keep_figures(result: "SessionClip", figures: dict[str, Any]) -> None:
    """Have `once` look in `figures` for the whole of this clip, and add to it what it computes."""
    listen_state().figures[result.id, None] = (result.full_prediction, figures)


def once(result: "SessionClip", name: str, compute: Callable[[], Result]) -> Result:
    """Return what `compute` returned for this clip, its chosen part and its prediction, under this name."""
    figures, key = listen_state().figures, (result.id, result.part)
    entry = figures.get(key)
    if entry is None or entry[0] is not result.prediction:  # another model has predicted it since
        entry = figures[key] = (result.prediction, {})
    figures.move_to_end(key)
    while len(figures) > MAX_CLIPS:
        figures.popitem(last=False)
    values = entry[1]
    if name not in values:
        values[name] = compute()
    return values[name]
