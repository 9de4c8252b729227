"""Moods of one's own: pictures of it are taken, it gets a name, and is known from then on.

A click while the page works ends the run at its next touch of Streamlit, be it only of the session state,
and the next run begins with the same files. So the lists are fetched first, and what is done is noted in
them at once.
"""

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator
from streamlit.runtime.uploaded_file_manager import UploadedFile

from genre.failure import explain
from mood.faces import FaceError, crop, decode, find_faces, why_none
from mood.live import LiveMood
from mood.taught import FEWEST, MOST, learn, save_mood
from pages._mood_moods import show_moods
from pages._mood_photo import TYPES
from pages._mood_reader import OWN, plain
from pages._secure import devices_refused, say_refused
from pages._shared import escaped, fragment, renew, widget_key

RECORDED = 15  # pictures in one go from live video
LOOK_S = 0.5


def teach_by_pictures(from_camera: bool) -> None:
    """One snapshot after the other, or files, many at once."""
    left, right = st.columns([3, 2])
    with left:
        (_snapshot if from_camera else _files)()
        if refused := st.session_state.pop("teach_refused", None):
            st.warning(refused, icon=":material/face:")
    with right:
        _explain()
        st.caption(f":material/videocam: Quickest with live video: {RECORDED} pictures in four seconds.")
        _name_it()
    show_moods()


def teach_by_video(live: LiveMood | None, beside: DeltaGenerator) -> None:
    """Some seconds of the face that is to be known."""
    with beside:
        _explain()
        if live:
            _record(live)
        _name_it()
    show_moods()


def _explain() -> None:
    st.markdown(
        "Punk? Dreamy? Monday morning? Make the face of **a mood of your own**, take 10 to 20 "
        "pictures of it, and give it a name. Everybody who uses this Earmark will see it."
    )
    st.caption(":material/lock: Only numbers that describe the pictures are saved, never the pictures.")


def _snapshot() -> None:
    refused = devices_refused()
    if refused:
        say_refused("camera", "choose a photo")
    photo = st.camera_input(
        "Take a picture of that mood", key=widget_key("teach_camera"), disabled=refused,
        label_visibility="collapsed", resolution="480p",
    )  # fmt: skip
    if photo is not None:
        _add([photo])
        renew("teach_camera")
        st.rerun()


def _files() -> None:
    photos = st.file_uploader(
        "Pictures of that mood", type=TYPES, accept_multiple_files=True, key=widget_key("teach_files"),
        label_visibility="collapsed",
    )  # fmt: skip
    if photos:
        with st.spinner("Looking for your face"):
            _add(photos)
        renew("teach_files")
        st.rerun()


@fragment(run_every=LOOK_S)
def _record(live: LiveMood) -> None:
    """A button, and while it works how far it is."""
    if not live.wanted:
        count = min(RECORDED, MOST - len(_faces()))
        st.button(f"Record {count} pictures" if count else f"{MOST} pictures are the most",
                  icon=":material/radio_button_checked:", key="record", disabled=not count,
                  on_click=live.keep, args=(count,),
                  help="Takes about four seconds. Move your head a little meanwhile.")  # fmt: skip
        return
    kept = live.kept()
    st.progress(len(kept) / live.wanted, f"Hold that face: {len(kept)} of {live.wanted}")
    if len(kept) == live.wanted:
        faces = _faces()
        live.keep(0)
        faces.extend(kept)
        st.rerun()


def _faces() -> list[np.ndarray]:
    """The faces taken so far: crops (48, 48), in memory until the mood is taught."""
    return st.session_state.setdefault("teach_faces", [])


def _add(photos: list[UploadedFile]) -> None:
    """The largest face of each picture, and of none twice."""
    faces, refusals = _faces(), st.session_state.setdefault("teach_refusals", {})
    for photo in photos:
        if photo.file_id not in refusals:
            refusals[photo.file_id] = _refusal(photo, faces)
    refused = [refusals[photo.file_id] for photo in photos if refusals[photo.file_id]]
    if refused:
        left_out = f"{len(refused)} of {len(photos)} pictures were left out. " if len(photos) > 1 else ""
        st.session_state.teach_refused = left_out + refused[0]


def _refusal(photo: UploadedFile, faces: list[np.ndarray]) -> str:
    """Add the face of a picture -> why that could not be, or nothing."""
    if len(faces) >= MOST:
        return f"{MOST} faces are the most."
    try:
        image = decode(photo.getvalue())
        boxes = find_faces(image, thorough=True)
        if not boxes:
            return why_none(image)
        faces.append(crop(image, boxes[0]))
    except FaceError as error:
        return str(error)
    return ""


def _name_it() -> None:
    """How many there are, the name, and the button that teaches."""
    faces, known = _faces(), st.session_state.setdefault("teach_known", [])
    if known:
        renew("teach_name")
        st.toast(f"**{escaped(known[0])}** is known from now on.", icon=":material/school:")
        known.clear()
    count = len(faces)
    if not count:
        return
    words = f", {FEWEST - count} to go" if count < FEWEST else ": enough, more are better"
    st.progress(min(1.0, count / FEWEST), f"{count} {'picture' if count == 1 else 'pictures'}{words}")
    name = st.text_input("Its name", key=widget_key("teach_name"), max_chars=40, placeholder="punk")
    with st.container(horizontal=True):
        taught = st.button("Teach it", type="primary", disabled=count < FEWEST, icon=":material/school:",
                           key="teach")  # fmt: skip
        if taught and name.strip():
            _teach(name, faces, known)
        if st.button("Start over", icon=":material/delete:", key="teach_over"):
            faces.clear()
            renew("teach_name")
            st.rerun()
    if taught and not name.strip():
        st.warning("Give it a name first.", icon=":material/edit:")


def _teach(name: str, faces: list[np.ndarray], known: list[str]) -> None:
    """Of `faces` a mood, whose name goes to `known`: the next run tells of it."""
    try:
        with st.spinner("Learning"):
            mood = save_mood(learn(plain(OWN), name, faces))
            faces.clear()
            known.append(mood.name)
    except (ValueError, OSError) as error:
        st.error(escaped(explain(error)), icon=":material/error:")
        return
    st.rerun()
