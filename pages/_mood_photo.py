"""A face from the camera or from a file, and what was read on it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages._mood_reader import reader
from pages._mood_words import say_mood, score_bars
from pages._secure import devices_refused, say_refused
from pages._shared import renew, widget_key

if TYPE_CHECKING:
    from mood.reader import Reading

SHOWN_WIDTH = 640  # pixels that are kept of a picture, to be shown
TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "avif"]


@dataclass(frozen=True)
class Look:
    """A picture as it was read. It stays in memory until the next one, or until it is deleted."""

    picture: np.ndarray  # with frames around the faces
    readings: "tuple[Reading, ...]"


def take_photo() -> None:
    refused = devices_refused()
    if refused:
        say_refused("camera", "choose a photo")
    photo = st.camera_input(
        "Take a photo", key=widget_key("camera"), disabled=refused, label_visibility="collapsed",
        resolution="480p",
    )  # fmt: skip
    if photo is not None:
        look_at(photo.getvalue())
        renew("camera")
        st.rerun()


def choose_photo() -> None:
    photo = st.file_uploader(
        "A photo with a face", type=TYPES, key=widget_key("photo"), label_visibility="collapsed"
    )
    if photo is not None:
        look_at(photo.getvalue())
        renew("photo")
        st.rerun()


def look_at(content: bytes) -> None:
    """Read the faces in a picture; the largest one's emotion becomes the mood."""
    from mood.drawing import draw_faces
    from mood.faces import FaceError, decode, why_none
    from mood.reader import read_image

    st.session_state.pop("look", None)
    try:
        with st.spinner("Looking at your face"):
            image = decode(content)
            readings = read_image(reader(), image, thorough=True)
    except FaceError as error:
        st.session_state.look_refused = str(error)
        return
    except ValueError as error:
        st.session_state.reader_refused = str(error)
        return
    if not readings:
        st.session_state.look_refused = why_none(image)
        return
    mood = readings[0].emotion
    drawn = draw_faces(image, [reading.box for reading in readings], emotion=mood)
    st.session_state.look = Look(_small(drawn), tuple(readings))
    st.session_state.mood = mood


def show_look(look: Look) -> None:
    """The picture, and what it says; deleted at the press of a button."""
    from mood.smoothing import SURE  # brings torch along, which is there once a face was read

    first = look.readings[0]
    left, right = st.columns(2, vertical_alignment="center")
    with left:
        st.image(look.picture, width="stretch", alt="Your picture, with a frame around the face")
        if st.button("Another picture", icon=":material/restart_alt:", width="stretch",
                     help="Deletes this picture from our memory."):  # fmt: skip
            del st.session_state.look
            st.rerun()
    with right:
        say_mood(first.emotion, first.scores[first.emotion] >= SURE)
        st.html(score_bars(first.scores))
        if others := len(look.readings) - 1:
            st.caption(f"There {'is another face' if others == 1 else f'are {others} other faces'} "
                       "in the picture. The largest one leads.")  # fmt: skip


def show_refusals() -> None:
    """Why nothing was read, once."""
    if refused := st.session_state.pop("look_refused", None):
        st.warning(refused, icon=":material/face:")
    if refused := st.session_state.pop("reader_refused", None):
        st.error(refused, icon=":material/error:")


def _small(picture: np.ndarray) -> np.ndarray:
    import cv2

    scale = SHOWN_WIDTH / picture.shape[1]
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
