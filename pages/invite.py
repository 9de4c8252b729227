"""The Invite screen: the address for guests, as a code to scan and as text. The operator alone has it."""

import streamlit as st

from pages.access.invite import show_invitation, show_operator_link, show_rules
from pages.access.roles import may_invite
from pages.shared.entry import enter

enter()
if not may_invite():  # the address opens the page without its entry in the navigation
    st.error("Only the host of this Earmark can invite others.", icon=":material/lock:")
    st.stop()
st.title("Invite others")
st.markdown("Let them scan the code with the camera of their phone. It opens Earmark as a guest.")
show_invitation()
show_rules()
show_operator_link()
