"""Earmark in a browser: `streamlit run serve.py`, which lets visitors in and serves this script."""

import streamlit as st

from pages.access.roles import may_invite, require_visitor
from pages.library.access import may_see_library
from pages.shared.browser.address import enter_page
from pages.shared.browser.scripts import help_keyboard
from pages.shared.presenter.stage import PRESENTER
from pages.shared.presenter.view import offer_presenter
from pages.shared.style import CONTRAST, FOCUS_RINGS, ICON_BUTTONS, TOUCH, page_style
from pages.shared.uploads import keep_uploads_in_memory

keep_uploads_in_memory()  # before there is a page to upload from
st.set_page_config(page_title="Earmark", page_icon="assets/icons/earmark.png", layout="centered")
st.logo("assets/icons/earmark.svg", size="large")
# First: what stands last is missing while a page that grows is drawn, and the stage would fall apart.
st.html(ICON_BUTTONS + FOCUS_RINGS + CONTRAST + TOUCH + PRESENTER)
require_visitor()

pages = [
    st.Page("pages/listen.py", title="Listen", icon=":material/graphic_eq:", default=True),
    st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
    st.Page("pages/generate.py", title="Generate", icon=":material/music_note:"),
    st.Page("pages/mood.py", title="Mood", icon=":material/mood:"),
    st.Page("pages/guess.py", title="Guess first", icon=":material/quiz:", url_path="guess"),
]
if may_see_library():
    pages.insert(4, st.Page("pages/music.py", title="My music", icon=":material/library_music:"))
if may_invite():
    pages.append(st.Page("pages/invite.py", title="Invite", icon=":material/qr_code_2:"))
page = st.navigation(pages, position="top")
st.set_page_config(page_title=f"{page.title} · Earmark")
st.html(page_style(page.url_path))
enter_page(page.url_path)
page.run()
help_keyboard()  # last: a script takes up a line
offer_presenter()
