"""The screen My music: the visitor's own songs, read where they lie, as a map. The operator alone has it."""

import streamlit as st

from pages.library.access import may_see_library
from pages.library.panel import show_library
from pages.shared.entry import enter
from pages.shared.models import warm_up

enter()
if not may_see_library():  # the address opens the page without its entry in the navigation
    st.error("Only the host of this Earmark sees the music on its machine.", icon=":material/lock:")
    st.stop()
st.title("Your music, as a map")
show_library()
warm_up("genre.library.search")
