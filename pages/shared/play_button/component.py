"""A large round button that plays a sound: a ring shows how far it is, a figure how many seconds are left.

A browser's own player is a thin line, which nobody in the back row sees.
"""

from pathlib import Path

import streamlit as st

from pages.shared.style import SOUND_WITH_BUTTON

_FOLDER = Path(__file__).parent


def _source(suffix: str) -> str:
    return (_FOLDER / f"play_button{suffix}").read_text(encoding="utf-8")


_mount = st.components.v2.component(
    "earmark_play_button",
    html='<button type="button" class="play-button"></button>',
    css=_source(".css"),
    js=_source(".js"),
    isolate_styles=False,  # the presenter's view reaches into it
)


def play_with_button(sound: bytes, key: str, begins: str = "") -> None:
    """Show the button in the place of the browser's own player of a WAV file; `begins` as below."""
    st.html(SOUND_WITH_BUTTON)
    with st.container(key=f"button_sound_{key}", gap=None, width="content"):
        st.audio(sound, format="audio/wav")
        show_play_button(f"button_sound_{key}", begins)


def show_play_button(of: str, begins: str = "") -> None:
    """Show a button for the st.audio in the container with the key `of`.

    `begins` is a name for a sound that begins by itself, once, where the browser lets it. Streamlit's own
    autoplay (1.67) is silent if a run of the page moves the element after it was first shown.
    """
    _mount(key=f"play_{of}", data={"of": of, "begins": begins}, width="content")
