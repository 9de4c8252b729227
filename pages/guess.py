"""The screen Guess first: a game for one, for a room that raises hands, or for phones that vote.

It is a script of its own, because the phones open an address of its own: /guess?room=ABCD.
"""

import streamlit as st

from pages.game.screen import show_screen
from pages.game.state import game_state
from pages.shared.entry import enter
from pages.shared.models import default_classifier, warm_up

enter()
st.title("Guess first")
code = st.query_params.get("room", "").strip().upper()
if code and code != game_state().code:
    from pages.game.phone import show_phone

    show_phone(code)
else:
    show_screen()
    warm_up(default_classifier)
