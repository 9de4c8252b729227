"""Entry through app.py, also for a visitor whose first address is a page's own."""

import runpy

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from genre.paths import REPOSITORY


def enter() -> None:
    """Run app.py instead, if it has not run yet. Pages that are not the default one call it first.

    On a fresh server Streamlit takes a folder called pages for an app of its older kind, and runs the
    page alone, until somebody has opened app.py. A reload after a restart would meet just that.
    """
    if PagesManager.uses_pages_directory:  # st.navigation, which app.py calls, unsets it
        runpy.run_path(str(REPOSITORY / "app.py"))
        st.stop()
