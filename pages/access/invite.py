"""The parts of the Invite screen."""

import streamlit as st

from pages.access.roles import require_operator
from pages.access.tokens import Role, access
from pages.access.upkeep import guest_names
from pages.shared.sharing.qr_code import qr_code

RULES = (
    (
        ":material/check:",
        "**Guests can**",
        "play and classify music, generate pieces, find songs for their mood, look at all trainings, and "
        "start small ones on the built-in music.",
    ),
    (
        ":material/lock:",
        "**Guests cannot**",
        "name folders of this machine, see each other's clips, pieces and pictures, or stop, rename, delete "
        "and publish anything of others.",
    ),
)


def show_invitation() -> None:
    """Show the guests' address as a code and as text."""
    house = access()
    if house is None:
        return
    require_operator("invite others")
    names = guest_names(house)
    left, right = st.columns([1, 1], vertical_alignment="center", gap="medium")
    with right:
        name = names[0]
        if len(names) > 1:
            name = st.selectbox(
                "This machine's name in the network",
                names,
                key="invite_name",
                help="Take another one if phones do not find the first.",
            )
        link = house.link(name, Role.GUEST)
        st.caption("Or send them the address:")
        st.code(link, language=None, wrap_lines=True)
        if house.is_https:
            st.caption(
                "Their browser warns once that nobody vouches for the certificate. They choose **Advanced** "
                "and **Proceed**; what is sent is encrypted all the same."
            )
        else:
            st.caption(
                "Over plain http, browsers give no microphone and no camera to other devices, and others in "
                "the network can read along. `make run HTTPS=1` has neither fault."
            )
    with left, st.container(key="invite_code"):
        st.html(qr_code(link, "Code that opens Earmark for guests"))


def show_rules() -> None:
    """Show what guests can and cannot do."""
    with st.container(border=True, gap="small"):
        for icon, title, text in RULES:
            st.markdown(f"{icon} {title} {text}")
    st.caption("The invitation ends when Earmark stops. The next start makes a new one.")


def show_operator_link() -> None:
    """Show, on request, the address that gives all rights."""
    house = access()
    if house is None:
        return
    require_operator("invite others")
    with st.expander("Operate from another device of yours", icon=":material/key:"):
        st.markdown("Whoever has this address can do all that you can, on every page. Keep it to yourself.")
        if st.toggle("Show it", key="show_operator_link"):
            link = house.link(st.session_state.get("invite_name") or guest_names(house)[0], Role.OPERATOR)
            st.code(link, language=None, wrap_lines=True)
            with st.container(key="operator_code"):
                st.html(qr_code(link, "Code that opens Earmark with all rights"))
