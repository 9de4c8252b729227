"""Clips that another page has handed over, such as a piece of the Generate page."""

from pages.listening.predict import AddClip, add_file, predict_clips
from pages.shared.handover import HandedClip, handed_clips


def predict_handed() -> None:
    """Predict the clips that wait, and open the last one."""
    waiting = handed_clips()
    if clips := list(waiting):
        predict_clips(
            [_add(clip) for clip in clips], lambda number: waiting.remove(clips[number]), opens_last=True
        )


def _add(clip: HandedClip) -> AddClip:
    return add_file(clip.name, lambda: clip.content, "generated")
