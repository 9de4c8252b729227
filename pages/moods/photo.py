"""A face from the camera or from a file, and the emotions recognized on it."""

import numpy as np
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.moods.choices import forget_mood
from pages.moods.labels import score_bars, show_choice, show_mood_heading, show_record
from pages.moods.recognizer import EARMARK, chosen_backend, current_recognizer
from pages.moods.state import RecognizedPhoto, mood_state
from pages.shared.browser.permissions import is_insecure, show_insecure
from pages.shared.flash import set_flash, show_flash
from pages.shared.turns import visitor_turn
from pages.shared.widgets import renew, widget_key

MAX_DISPLAY_WIDTH = 640  # pixels; a wider picture is reduced for display
FLASH = "photo"  # place of the message why nothing was recognized
IMAGE_TYPES = ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "avif"]


def take_photo() -> None:
    photo = take_snapshot("camera", "Take a photo")
    if photo is not None:
        recognize_photo(photo.getvalue())
        renew("camera")
        st.rerun()


def take_snapshot(widget: str, label: str) -> UploadedFile | None:
    """Show the camera -> the picture taken. It is opened by a button, so that a page does not ask for it.

    `widget` is the name of a widget that can be renewed.
    """
    is_refused = is_insecure()
    if is_refused:
        show_insecure("camera", "choose a photo")
    if not (is_refused or st.session_state.get("camera_is_open")):
        with st.container(
            border=True, height=280, horizontal_alignment="center", vertical_alignment="center"
        ):
            st.button(
                "Open the camera",
                type="primary",
                icon=":material/photo_camera:",
                key="open_camera",
                on_click=_open_camera,
                help="The browser asks whether Earmark may use it.",
            )
        return None
    return st.camera_input(
        label, key=widget_key(widget), disabled=is_refused, label_visibility="collapsed", resolution="480p"
    )


def _open_camera() -> None:
    st.session_state.camera_is_open = True


def choose_photo() -> None:
    photo = st.file_uploader(
        "A photo with a face", type=IMAGE_TYPES, key=widget_key("photo"), label_visibility="collapsed"
    )
    if photo is not None:
        recognize_photo(photo.getvalue(), shows_failure=True)
        renew("photo")
        st.rerun()


def recognize_photo(content: bytes, shows_failure: bool = False) -> None:
    """Read the faces in a picture; the largest one's emotion becomes the mood.

    `shows_failure`: a picture without a face is displayed too. The camera shows what it sees anyway.
    """
    from mood.emotion.drawing import draw_faces
    from mood.emotion.faces import MAX_PHOTOGRAPH_SIDE, FaceError, decode_image, explain_no_face
    from mood.emotion.recognizer import recognize_emotions

    state = mood_state()
    state.photo = None
    image = None
    try:
        with st.spinner("Looking at your face"), visitor_turn():
            image = decode_image(content, MAX_PHOTOGRAPH_SIDE)
            faces = recognize_emotions(current_recognizer(), image, thorough=True)
            if not faces:
                raise FaceError(explain_no_face(image))
    except FaceError as error:
        if image is None or not shows_failure:
            set_flash(FLASH, str(error), "warning")
        else:
            state.photo = RecognizedPhoto(_shrink(image), (), str(error))
        return
    except ValueError as error:
        set_flash(FLASH, str(error))
        return
    mood = faces[0].emotion
    annotated = draw_faces(image, [face.box for face in faces], emotion=mood)
    state.photo = RecognizedPhoto(_shrink(annotated), tuple(faces))
    state.is_photo_new, state.is_photo_small, state.is_face_wanted = True, False, False
    st.session_state.mood = mood


def show_photo(photo: RecognizedPhoto) -> None:
    """Show the picture with its mood; it is deleted at the press of a button."""
    state = mood_state()
    key = "portrait_small" if state.is_photo_small or not photo.faces else "portrait_large"
    with st.container(key=key):
        left, right = st.columns([1, 2], vertical_alignment="center")
    with left:
        st.image(photo.picture, width="stretch", alt=f"Your picture, with {len(photo.faces)} faces framed")
        st.button(
            "Another picture",
            icon=":material/restart_alt:",
            key="another_picture",
            help="Deletes this picture from Earmark's memory, and begins anew.",
            on_click=_forget_picture,
        )
    with right:
        reading = st.container(key="photo_reading", gap="xsmall")
        if not photo.faces:
            reading.warning(photo.problem, icon=":material/face:")
            if choice := st.session_state.get("mood"):
                show_choice(choice)
            return
        with reading:
            _show_reading(photo)


def _show_reading(photo: RecognizedPhoto) -> None:
    """Show what was read of the largest face, and how often such a reading is right."""
    from mood.emotion.tracking import CONFIDENCE_THRESHOLD  # the import brings torch, loaded by now

    state, largest = mood_state(), photo.faces[0]
    is_confident = largest.scores[largest.emotion] >= CONFIDENCE_THRESHOLD
    show_mood_heading(largest.emotion, is_confident, correction=st.session_state.get("mood"))
    st.html(score_bars(largest.scores))
    if chosen_backend() == EARMARK:
        show_record(largest.emotion)
    if not state.is_photo_small:  # in the presenter's view alone
        st.button(
            "Songs for this mood",
            type="primary",
            icon=":material/queue_music:",
            width="stretch",
            key="photo_songs",
            on_click=_go_on_to_songs,
        )
    if others := len(photo.faces) - 1:
        st.caption(
            f"There {'is another face' if others == 1 else f'are {others} other faces'} "
            "in the picture. The largest one leads."
        )


def _go_on_to_songs() -> None:
    mood_state().is_photo_small = True


def _forget_picture() -> None:
    """Begin anew: what the visitor said of this picture holds for no other."""
    mood_state().photo, mood_state().is_face_wanted = None, True
    forget_mood()


def show_photo_errors() -> None:
    """Show why nothing was recognized, for the last time."""
    show_flash(FLASH, warning_icon=":material/face:")


def _shrink(picture: np.ndarray) -> np.ndarray:
    import cv2

    scale = MAX_DISPLAY_WIDTH / picture.shape[1]
    if scale >= 1:
        return picture
    return cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
