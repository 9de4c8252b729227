"""The role of the visit whose page runs, and the check that each action of the operator begins with.

if is_operator(): st.button(...)         what is not allowed is not shown
require_operator("delete trainings")     and would not be done either
"""

import streamlit as st
from streamlit import runtime

from pages.access.tokens import LOCAL_NAME, PROXY_HEADERS, Access, Credentials, Role, access, is_loopback


class AccessError(ValueError):
    """An action that this visitor may not do; the text says who may."""


def credentials(house: Access) -> Credentials:
    """Return what the browser sent when this visit began."""
    headers = st.context.headers
    # Streamlit leaves out the address of a visitor on this machine.
    client = st.context.ip_address or "127.0.0.1"
    is_forwarded = any(name in headers for name in PROXY_HEADERS)
    return Credentials(
        headers.get("Host") or "", client, st.context.cookies.get(house.cookie, ""), is_forwarded
    )


def role() -> Role | None:
    """Find the role of this visit; None where Earmark runs without serve.py, and other machines reach it."""
    house = access()
    if house is not None:
        return house.role_of(credentials(house))
    if not _is_served():  # a page that runs in a test
        return Role.OPERATOR
    return Access(LOCAL_NAME).role_of(credentials(Access(LOCAL_NAME)))


def _is_served() -> bool:
    """Whether there is a server; AppTest has something in its place."""
    return runtime.exists() and type(runtime.get_instance()) is runtime.Runtime


def is_operator() -> bool:
    """Whether this visit may do everything."""
    return role() == Role.OPERATOR


def is_at_this_machine() -> bool:
    """Whether this visitor sits at the machine that runs Earmark, as far as the connection tells."""
    house = access()
    if house is None and not _is_served():  # a page that runs in a test
        return True
    sender = credentials(house or Access(LOCAL_NAME))
    return not sender.is_forwarded and is_loopback(sender.client)


def require_operator(action: str) -> None:
    """Raise AccessError unless this visit is the operator's. `action`: "delete trainings"."""
    if not is_operator():
        raise AccessError(f"Only the host of this Earmark can {action}: ask them.")


def require_visitor() -> None:
    """End the page where nobody has checked who comes in: for app.py, before anything else."""
    if role() is None:
        st.error("Earmark was started without its gate: start it with `make run`.", icon=":material/lock:")
        st.stop()


def may_invite() -> bool:
    """Whether there is an address to invite others to, and this visit may."""
    house = access()
    return house is not None and house.is_shared and is_operator()
