"""The moods that were taught here: used or put aside, renamed, exported, imported, deleted."""

from collections.abc import Callable

import streamlit as st

from genre.failure import explain
from mood.taught import MAX_NAME, Taught, delete, export, import_mood, rename, separate
from pages._mood_reader import OWN, forget_fits, plain, taught_moods
from pages._shared import escaped, renew, widget_key


def show_moods() -> None:
    moods = taught_moods()
    st.subheader("Moods of your own", anchor=False)
    if refused := st.session_state.pop("moods_refused", None):
        st.error(refused, icon=":material/error:")
    if not moods:
        st.info("None yet. A mood that you teach is recognised from then on, and can be chosen like the "
                "others.", icon=":material/star:")  # fmt: skip
    else:
        try:
            network = plain(OWN).fingerprint
        except ValueError as error:  # no weights
            st.error(escaped(str(error)), icon=":material/error:")
            return
        with st.container(border=True, gap="small"):
            for mood in moods:
                _one(mood, usable=mood.network == network)
        _separation([mood for mood in moods if mood.network == network])
    with st.popover("Import a mood", icon=":material/upload_file:"):
        file = st.file_uploader("A mood that was exported from Earmark", type="safetensors",
                                key=widget_key("mood_file"))  # fmt: skip
    if file is not None:
        _try(lambda: import_mood(plain(OWN), file.getvalue()))
        renew("mood_file")
        st.rerun()


def _one(mood: Taught, usable: bool) -> None:
    """A line: is it used, and all that can be done with it. Taught to another network it is not usable."""
    aside = st.session_state.setdefault("moods_aside", set())
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"mood_{mood.key}"):
        with st.container(gap=None):
            st.markdown(f":material/star: **{escaped(mood.name)}**")
            st.caption(f"{mood.frames} pictures" if usable else "Taught to another version of Earmark: "
                       "delete it and teach it again.")  # fmt: skip
        used = st.toggle("Recognise it", mood.key not in aside and usable, disabled=not usable,
                         key=f"use_{mood.key}")  # fmt: skip
        if usable:
            (aside.discard if used else aside.add)(mood.key)
        with st.popover("Rename, export or delete", icon=":material/more_vert:", key=f"icon_more_{mood.key}",
                        help="Rename, export or delete"):  # fmt: skip
            name = st.text_input("Name", mood.name, max_chars=MAX_NAME, key=f"name_{mood.key}")
            pressed = st.button("Rename", icon=":material/edit:", key=f"rename_{mood.key}", width="stretch")
            if pressed and name.strip() not in ("", mood.name):
                _try(lambda: rename(mood.key, name))
                st.rerun()
            st.download_button(
                "Export", export(mood), "earmark-mood.safetensors", "application/octet-stream",
                key=f"export_{mood.key}", on_click="ignore", icon=":material/download:", width="stretch",
            )  # fmt: skip
            if st.button("Delete", icon=":material/delete:", key=f"delete_{mood.key}", width="stretch"):
                _try(lambda: delete(mood.key))
                st.rerun()


def _separation(moods: list[Taught]) -> None:
    """How well they are told apart."""
    if len(moods) < 2:
        st.caption("Teach a second one, and you see how well the two are told apart.")
        return
    with st.spinner("Comparing the moods"):
        message = _separated(tuple((mood.key, mood.name) for mood in moods))
    st.caption(f"How well they are told apart: {escaped(message)}",
               help="A fifth of the pictures of each is kept aside in turn, and read with what the others "
               "teach.")  # fmt: skip


@st.cache_data(show_spinner=False, max_entries=16)
def _separated(moods: tuple[tuple[str, str], ...]) -> str:
    return separate([mood for mood in taught_moods() if (mood.key, mood.name) in moods]).message


def _try(act: Callable[[], object]) -> None:
    """Do it, or say why not."""
    try:
        act()
        forget_fits()
    except (ValueError, OSError) as error:
        st.session_state.moods_refused = escaped(explain(error))
