"""The buttons that hand a piece on: to the Listen page, and to the library."""

import streamlit as st

from gan.sampling.gallery import GalleryItem
from genre.errors import error_sentence
from pages.generation.state import generate_state
from pages.library.access import may_see_library
from pages.library.keep import keep_in_library
from pages.shared.handover import hand_to_listen
from pages.shared.widgets import escaped


def show_hand_on(item: GalleryItem) -> None:
    """Show a button for the Listen page and, to the operator, one for the library."""
    if st.button(
        "Open on the Listen page",
        icon=":material/graphic_eq:",
        key="to_listen",
        help="There you see how its genre and its feelings change through the piece.",
    ):
        hand_to_listen(item.name, item.wav)
    if may_see_library():
        st.button(
            "Keep in My music",
            icon=":material/library_add:",
            key="to_library",
            on_click=_keep,
            args=(item,),
            help="It is saved as an MP3 on this machine, and shows up in My music.",
        )


def show_kept(item: GalleryItem) -> None:
    """Say what became of the latest press on Keep in My music, while its piece is open."""
    id_, sentence, is_error = generate_state().keeping
    if id_ != item.id:
        return
    if is_error:
        st.error(escaped(sentence), icon=":material/error:")
    else:
        st.success(escaped(sentence), icon=":material/library_music:")


def _keep(item: GalleryItem) -> None:
    from gan.sampling.audio import encode_audio  # imports torch

    state = generate_state()
    title = f"{item.title}, seed {item.request.seed}" if item.request else item.title
    try:
        path = keep_in_library(
            f"{item.file_name}-{item.id}.mp3", title, encode_audio(item.clip.samples, "mp3")
        )
    except (ValueError, OSError) as error:
        state.keeping = (item.id, error_sentence(error), True)
    else:
        state.keeping = (item.id, f"Saved as {path.name}. My music has it in a moment.", False)
