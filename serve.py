"""Earmark's server: `streamlit run serve.py`. It serves app.py, behind the gate that says who may come in."""

import streamlit as st
from starlette.middleware import Middleware

from pages.access.gate import Gate
from pages.access.upkeep import keep_house

app = st.App("app.py", middleware=[Middleware(Gate)], lifespan=keep_house)
