"""Earmark in a browser: `streamlit run app.py`."""

import streamlit as st

st.set_page_config(page_title="Earmark", page_icon="assets/icons/earmark.png", layout="centered")
st.logo("assets/icons/earmark.svg", size="large")
# A button whose key begins with icon_ shows its icon alone; who listens to the page hears its words.
st.html("""<style>[class*="st-key-icon_"] :is(button, a) :is([data-testid=stMarkdownContainer], p) {
    position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }</style>""")

pages = [
    st.Page("pages/listen.py", title="Listen", icon=":material/graphic_eq:", default=True),
    st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
    st.Page("pages/generate.py", title="Generate", icon=":material/music_note:"),
    st.Page("pages/mood.py", title="Mood", icon=":material/mood:"),
]
st.navigation(pages, position="top").run()
