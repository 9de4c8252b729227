"""The list of custom moods: enabled or disabled, renamed, exported, imported, deleted."""

from collections.abc import Callable

import streamlit as st

from genre.errors import error_sentence
from mood.emotion.custom_moods.learning import MAX_NAME_CHARS, CustomMood, cross_validate
from mood.emotion.custom_moods.storage import export_mood
from pages.moods import own_moods
from pages.moods.recognizer import load_earmark_network, saved_moods
from pages.moods.state import mood_state
from pages.shared.flash import set_flash, show_flash
from pages.shared.widgets import download_button, escaped, renew, widget_key

FLASH = "custom_moods"  # place of the message why a mood could not be changed


def show_moods() -> None:
    """Show the list, and the import of a mood."""
    moods = saved_moods()
    st.subheader("Moods of your own", anchor=False)
    show_flash(FLASH)
    if not moods:
        st.info(
            "None yet. A mood that you teach is recognised from then on, and can be chosen like the others.",
            icon=":material/star:",
        )
    else:
        try:
            network = load_earmark_network().fingerprint
        except ValueError as error:  # there are no weights
            st.error(escaped(str(error)), icon=":material/error:")
            return
        with st.container(border=True, gap="small"):
            for mood in moods:
                _show_mood(mood, is_usable=mood.network == network)
        _show_separation([mood for mood in moods if mood.network == network])
    with st.popover(
        "Import a mood", icon=":material/upload_file:", key=widget_key("mood_import"), on_change="rerun"
    ):
        file = st.file_uploader(
            "A mood that was exported from Earmark", type="safetensors", key=widget_key("mood_file")
        )
    if file is not None:
        _apply(lambda: own_moods.keep_imported(load_earmark_network(), file.getvalue()))
        renew("mood_file")
        renew("mood_import")  # and so closed
        st.rerun()


def _show_mood(mood: CustomMood, is_usable: bool) -> None:
    """Show one mood with its actions; a mood of another network is not usable."""
    disabled = mood_state().disabled_moods
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key=f"mood_{mood.key}"):
        with st.container(gap=None):
            st.markdown(f":material/star: **{escaped(mood.name)}**")
            st.caption(
                f"{mood.n_frames} pictures"
                if is_usable
                else "Taught to another version of Earmark: delete it and teach it again."
            )
        is_enabled = st.toggle(
            "Recognise it",
            mood.key not in disabled and is_usable,
            disabled=not is_usable,
            key=f"use_{mood.key}",
        )
        if is_usable:
            (disabled.discard if is_enabled else disabled.add)(mood.key)
        if not own_moods.may_change(mood):
            return
        with st.popover(
            "Rename, export or delete",
            icon=":material/more_vert:",
            key=f"icon_more_{mood.key}",
            help="Rename, export or delete",
        ):
            name = st.text_input("Name", mood.name, max_chars=MAX_NAME_CHARS, key=f"name_{mood.key}")
            pressed = st.button("Rename", icon=":material/edit:", key=f"rename_{mood.key}", width="stretch")
            if pressed and name.strip() not in ("", mood.name):
                _apply(lambda: own_moods.rename(mood.key, name))
                st.rerun()
            download_button(
                "Export",
                export_mood(mood),
                "earmark-mood.safetensors",
                "application/octet-stream",
                key=f"export_{mood.key}",
                width="stretch",
            )
            _offer_deletion(mood)


def _offer_deletion(mood: CustomMood) -> None:
    """Show a button that asks before a mood is deleted."""
    state = mood_state()
    if st.button("Delete", icon=":material/delete:", key=f"delete_{mood.key}", width="stretch"):
        state.deletion_asked = mood.key
    if state.deletion_asked != mood.key:
        return
    st.markdown(f"Delete **{escaped(mood.name)}**? It cannot be brought back.")
    if st.button("Yes, delete it", type="primary", key=f"delete_now_{mood.key}", width="stretch"):
        state.deletion_asked = ""
        _apply(lambda: own_moods.delete(mood.key))
        st.rerun()


def _show_separation(moods: list[CustomMood]) -> None:
    """Show how well the moods are separated, by cross-validation."""
    if len(moods) < 2:
        st.caption("Teach a second one, and you see how well the two are told apart.")
        return
    with st.spinner("Comparing the moods"):
        message = _separation_message(tuple((mood.key, mood.name) for mood in moods))
    st.caption(
        f"How well they are told apart: {escaped(message)}",
        help="A fifth of the pictures of each is kept aside in turn, and read with what the others teach.",
    )


@st.cache_data(show_spinner=False, max_entries=16)
def _separation_message(moods: tuple[tuple[str, str], ...]) -> str:
    return cross_validate([mood for mood in saved_moods() if (mood.key, mood.name) in moods]).message


def _apply(action: Callable[[], object]) -> None:
    """Run an action on the moods; the next run shows its error."""
    try:
        action()
    except (ValueError, OSError) as error:
        set_flash(FLASH, escaped(error_sentence(error)))
