"""The memory of one visitor's Mood screen between reruns, under one key of the session state."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import streamlit as st

if TYPE_CHECKING:
    import numpy as np

    from mood.emotion.custom_moods.learning import CustomMood
    from mood.emotion.recognizer import FaceEmotion

KEY = "mood_state"


@dataclass(frozen=True)
class RecognizedPhoto:
    """A picture and its faces. It stays in memory until the next one, or until it is deleted."""

    picture: "np.ndarray"  # (H, W, 3) RGB uint8, with frames around the faces
    faces: "tuple[FaceEmotion, ...]"
    problem: str = ""  # why there is no face, as a sentence


@dataclass
class MoodState:
    """The state but for the values of widgets, which Streamlit keeps under their own keys."""

    photo: RecognizedPhoto | None = None
    is_photo_new: bool = False  # whether it was read just now, and the page is to lead to it
    is_photo_small: bool = False  # whether the presenter's view has gone on from it to the songs
    is_face_wanted: bool = False  # whether the camera stays on the page beside the songs of a mood
    is_mood_new: bool = False  # whether a mood was chosen just now, and the page is to lead to its songs
    live_mood: str | None = None  # mood taken from the live video, not yet the choice among the moods
    disabled_moods: set[str] = field(default_factory=set)  # keys of custom moods
    own_moods: "dict[str, CustomMood]" = field(default_factory=dict)  # key -> a guest's mood
    training_faces: "list[np.ndarray]" = field(default_factory=list)  # crops (48, 48) of a new mood
    file_errors: dict[str, str] = field(default_factory=dict)  # file id -> why it was skipped, or nothing
    learnt_names: list[str] = field(default_factory=list)  # names of moods just taught, to be announced
    deletion_asked: str = ""  # key of a mood whose deletion is to be confirmed
    latest_taught: str = ""  # name of the mood taught last, until it is tried


def mood_state() -> MoodState:
    """Return this visitor's state."""
    return st.session_state.setdefault(KEY, MoodState())
