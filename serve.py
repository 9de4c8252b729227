"""Earmark's server: `streamlit run serve.py`. It serves app.py, behind the gate that says who may come in."""

import streamlit as st
from starlette.middleware import Middleware

from pages.access.gate import Gate
from pages.access.upkeep import keep_house
from pages.shared.browser.first_paint import FirstPaint

app = st.App("app.py", middleware=[Middleware(Gate), Middleware(FirstPaint)], lifespan=keep_house)
