"""Scrolling to new content below the edge of the screen, as on a phone."""

import streamlit as st

_SCRIPT = """<script>{  // a block of its own: it runs again for every call
    const part = document.querySelector(".st-key-KEY");
    if (part && part.getBoundingClientRect().top > 0.7 * window.innerHeight) {
        part.style.scrollMarginTop = "4.5rem";  // the height of the header
        part.scrollIntoView({behavior: "smooth"});
    }
}</script>"""


def scroll_to(key: str) -> None:
    """Scroll to the container with this key, unless it is in view."""
    st.html(_SCRIPT.replace("KEY", key), unsafe_allow_javascript=True)
