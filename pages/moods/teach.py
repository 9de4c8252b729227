"""Teaching a custom mood: pictures of it are taken, it gets a name, and is recognized from then on.

A click while the page works ends the run at its next touch of Streamlit, be it only of the session state,
and the next run begins with the same files. So the state is fetched first, and each result is written to
it at once.
"""

import cv2
import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from genre.errors import error_sentence
from genre.text import counted
from mood.emotion.custom_moods.learning import MAX_MOOD_FRAMES, MIN_MOOD_FRAMES, learn_mood
from mood.emotion.faces import (
    MAX_PHOTOGRAPH_SIDE,
    FaceError,
    crop_face,
    decode_image,
    detect_faces,
    explain_no_face,
)
from mood.emotion.live import LiveRecognizer
from pages.access.roles import is_operator
from pages.moods.own_moods import keep_mood
from pages.moods.photo import IMAGE_TYPES, take_snapshot
from pages.moods.recognizer import load_earmark_network
from pages.moods.state import mood_state
from pages.shared.flash import set_flash, show_flash
from pages.shared.widgets import escaped, fragment, renew, widget_key

N_IN_ROW = 8  # faces side by side
N_RECORDED = 15  # pictures in one recording from live video
RECORDING_REFRESH_S = 0.5
FLASH = "teach"  # place of the message why pictures were skipped


def teach_by_pictures(from_camera: bool) -> None:
    """Take one snapshot after the other, or files, many at once."""
    left, right = st.columns([3, 2])
    with left:
        (_take_snapshot if from_camera else _choose_files)()
        show_flash(FLASH, warning_icon=":material/face:")
        _show_faces()
    with right:
        _show_instructions(
            "Make the face, and take 10 to 20 pictures of it."
            if from_camera
            else "Choose 10 to 20 pictures of the face."
        )
        _name_mood()


def teach_by_video(live: LiveRecognizer | None, beside: DeltaGenerator) -> None:
    """Record some seconds of video of the face."""
    with beside:
        _show_instructions("Start the camera, make the face, and record four seconds of it.")
        if live:
            _record_faces(live)
        else:
            _show_record_button(None)
        _name_mood()
        _show_faces()


def _show_instructions(first_step: str) -> None:
    st.markdown(
        "Punk? Dreamy? Monday morning?\n\n"
        f"1. {first_step}\n"
        "2. Give the mood a name.\n"
        "3. Earmark recognises it from then on, and finds songs for it."
    )
    st.caption(":material/lock: Only numbers that describe the pictures are saved, never the pictures.")


def _take_snapshot() -> None:
    photo = take_snapshot("teach_camera", "Take a picture of that mood")
    if photo is not None:
        _add_faces([photo])
        renew("teach_camera")
        st.rerun()


def _choose_files() -> None:
    photos = st.file_uploader(
        "Pictures of that mood",
        type=IMAGE_TYPES,
        accept_multiple_files=True,
        key=widget_key("teach_files"),
        label_visibility="collapsed",
    )
    if photos:
        with st.spinner("Looking for your face"):
            _add_faces(photos)
        renew("teach_files")
        st.rerun()


@fragment(run_every=RECORDING_REFRESH_S)
def _record_faces(live: LiveRecognizer) -> None:
    """Show a button, and its progress while it records."""
    if not live.n_captures:
        _show_record_button(live)
        return
    captures = live.captured_faces()
    st.progress(len(captures) / live.n_captures, f"Hold that face: {len(captures)} of {live.n_captures}")
    if len(captures) == live.n_captures:
        faces = _training_faces()
        live.start_capture(0)
        faces.extend(captures)
        st.rerun()


def _show_record_button(live: LiveRecognizer | None) -> None:
    """Show the button, which cannot be pressed before there is a video."""
    count = min(N_RECORDED, MAX_MOOD_FRAMES - len(_training_faces()))
    st.button(
        f"Record {count} pictures" if count else f"{MAX_MOOD_FRAMES} pictures are the most",
        type="primary" if live and not _training_faces() else "secondary",
        icon=":material/radio_button_checked:",
        key="record",
        width="stretch",
        disabled=not (live and count),
        on_click=live.start_capture if live else None,
        args=(count,),
        help="Takes about four seconds. Move your head a little meanwhile."
        if live
        else "Start the camera first.",
    )


def _training_faces() -> list[np.ndarray]:
    """Return the faces so far: crops (48, 48), in memory until the mood is taught."""
    return mood_state().training_faces


def _add_faces(photos: list[UploadedFile]) -> None:
    """Add the largest face of each picture, and of none twice."""
    state = mood_state()
    faces, file_errors = state.training_faces, state.file_errors
    for photo in photos:
        if photo.file_id not in file_errors:
            file_errors[photo.file_id] = _add_face(photo, faces)
    errors = [file_errors[photo.file_id] for photo in photos if file_errors[photo.file_id]]
    if errors:
        skipped = f"{len(errors)} of {len(photos)} pictures were left out. " if len(photos) > 1 else ""
        set_flash(FLASH, skipped + errors[0], "warning")


def _add_face(photo: UploadedFile, faces: list[np.ndarray]) -> str:
    """Add the largest face of a picture -> the reason why it was skipped, or nothing."""
    if len(faces) >= MAX_MOOD_FRAMES:
        return f"{MAX_MOOD_FRAMES} faces are the most."
    try:
        image = decode_image(photo.getvalue(), MAX_PHOTOGRAPH_SIDE)
        boxes = detect_faces(image, thorough=True)
        if not boxes:
            return explain_no_face(image)
        faces.append(crop_face(image, boxes[0]))
    except FaceError as error:
        return str(error)
    return ""


def _show_faces() -> None:
    """Show the faces so far as the network sees them, side by side."""
    faces = _training_faces()
    if not faces:
        return
    shown = [cv2.cvtColor(face, cv2.COLOR_GRAY2RGBA) for face in faces]
    shown += [np.zeros_like(shown[0])] * (-len(faces) % N_IN_ROW)  # nothing is seen of these
    rows = [np.hstack(shown[first : first + N_IN_ROW]) for first in range(0, len(shown), N_IN_ROW)]
    st.image(
        np.vstack(rows),
        width="stretch",
        alt=f"The {counted(len(faces), 'face')} that the mood is learnt from, small and grey",
    )
    st.caption("So small and grey Earmark sees them. They are gone when the mood is taught.")


def _name_mood() -> None:
    """Show the number of pictures, the name, and the button that teaches."""
    state = mood_state()
    faces, names = state.training_faces, state.learnt_names
    if names:
        renew("teach_name")
        st.toast(f"**{escaped(names[0])}** is known from now on.", icon=":material/school:")
        state.latest_taught = names[0]
        names.clear()
    count = len(faces)
    if not count:
        if state.latest_taught:
            st.success(f"Earmark has learnt **{escaped(state.latest_taught)}**. Does it work?")
            st.button(
                "Try it: make that face",
                type="primary",
                icon=":material/face:",
                key="try_mood",
                on_click=_try,
            )
        return
    words = f", {MIN_MOOD_FRAMES - count} to go" if count < MIN_MOOD_FRAMES else ": enough, more are better"
    st.progress(
        min(1.0, count / MIN_MOOD_FRAMES), f"{count} {'picture' if count == 1 else 'pictures'}{words}"
    )
    name = st.text_input("Its name", key=widget_key("teach_name"), max_chars=40, placeholder="punk")
    st.caption(
        ":material/group: Everybody who uses this Earmark will see this mood."
        if is_operator()
        else ":material/person: Only you will see this mood. It ends with your visit: export it to keep it."
    )
    with st.container(horizontal=True):
        is_pressed = st.button(
            "Teach it",
            type="primary",
            disabled=count < MIN_MOOD_FRAMES,
            icon=":material/school:",
            key="teach",
        )
        if is_pressed and name.strip():
            _save_mood(name, faces, names)
        if st.button("Start over", icon=":material/delete:", key="teach_over"):
            faces.clear()
            renew("teach_name")
            st.rerun()
    if is_pressed and not name.strip():
        st.warning("Give it a name first.", icon=":material/edit:")


def _try() -> None:
    """Go to the songs, where faces are read."""
    mood_state().latest_taught, mood_state().is_face_wanted = "", True
    st.session_state.view = "songs"


def _save_mood(name: str, faces: list[np.ndarray], names: list[str]) -> None:
    """Learn a mood from `faces`; its name goes to `names`, which the next run announces."""
    try:
        with st.spinner("Learning"):
            mood = keep_mood(learn_mood(load_earmark_network(), name, faces))
            faces.clear()
            names.append(mood.name)
    except (ValueError, OSError) as error:
        st.error(escaped(error_sentence(error)), icon=":material/error:")
        return
    st.rerun()
